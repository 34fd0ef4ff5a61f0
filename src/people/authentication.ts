import type { Authentication, AuthorizationRequest, Issuer } from '../types.ts'

/** Authentication context classes by the number of factors. */
const acrByFactors = { 1: 'urn:fapi-edge:acr:one-factor' } as const

/** What a password sign-in reaches. `now` in milliseconds. */
export function passwordAuthentication(now: number): Authentication {
  return { acr: acrByFactors[1], amr: ['pwd'], time: Math.floor(now / 1000) }
}

export const acrValues = (issuer: Issuer): readonly string[] => [acrByFactors[issuer.factors]]

/** Whether this issuer can reach an `acr` the client called essential (OIDC Core 5.5.1.1). */
export function canReach(issuer: Issuer, request: AuthorizationRequest): boolean {
  const { essentialAcr } = request
  return essentialAcr.length === 0 || essentialAcr.some((acr) => acrValues(issuer).includes(acr))
}
