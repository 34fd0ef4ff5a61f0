import type { Profile } from './profile.ts'

/** FAPI 2.0 Security Profile, Final (February 2025). */
export const fapi2Security: Profile = Object.freeze({
  name: 'fapi2-security',
  algorithms: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
  clientAuthentication: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
  senderConstraint: ['dpop', 'mtls'],
  assertionAudience: 'issuer-string',
  assertionLifetime: 600,
  responseTypes: ['code'],
  requestObjects: 'accepted',
  responseModes: ['query', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
  defaultResponseMode: 'query',
  codeChallengeMethods: ['S256'],
  nonce: 'required',
  futureSkew: 30,
  expirySkew: 10,
  proofWindow: 120,
  redirectUris: 'registered',
  loopbackRedirects: true,
  minimumLevel: 2,
  rememberedConsent: 'never',
  lifetimes: {
    pushedRequest: 300,
    interaction: 1800,
    authorizationCode: 60,
    accessToken: 300,
    idToken: 300,
    grant: 90 * 86_400,
  },
} as const)
