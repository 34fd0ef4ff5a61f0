import { issuerAlgorithms } from '../objects/ring-name.ts'
import type { Issuer } from '../types.ts'

/** With what an issuer has no key, nothing can be signed: what is wrong with such members, in words. */
export function problemWithSigning<Member extends string>(
  members: readonly Member[],
  metadata: { readonly [member in Member]?: unknown },
  issuer: Issuer,
): string | undefined {
  const known: readonly unknown[] = issuerAlgorithms(issuer)
  const wrong = members.find(
    (member) => metadata[member] !== undefined && !known.includes(metadata[member]),
  )
  if (wrong === undefined) return undefined
  const choice = known.length === 1 ? '' : 'one of '
  return `${wrong} must be ${choice}${known.join(', ')}`
}
