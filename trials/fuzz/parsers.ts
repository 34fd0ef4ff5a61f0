import type { Parser } from './support/property.ts'

/**
 * Everything that reads what somebody else wrote, and the file of what is promised of it. The command, its
 * table and the short form in the tests all go by this list; a test looks for readers that it lacks.
 */
export const parsers = {
  'request parameters': async () => (await import('./properties/parameters.ts')).parameters,
  'redirect comparison': async () => (await import('./properties/redirect-uri.ts')).redirectUri,
  'request objects and rules': async () => (await import('./properties/requests.ts')).requests,
  'client metadata': async () => (await import('./properties/metadata.ts')).metadata,
  'addresses that are called': async () => (await import('./properties/metadata.ts')).outbound,
  'key sets of clients': async () => (await import('./properties/jwks.ts')).jwks,
  'htu normalisation': async () => (await import('./properties/target.ts')).targets,
  'DPoP proofs': async () => (await import('./properties/proofs.ts')).proofs,
  'DPoP nonces': async () => (await import('./properties/nonce.ts')).nonce,
  'window arithmetic of proofs': async () => (await import('./properties/replay.ts')).replay,
  'the Authorization header': async () => (await import('./properties/browser.ts')).presentation,
  handles: async () => (await import('./properties/handles.ts')).handles,
  JWTs: async () => (await import('./properties/jwt.ts')).jwt,
  'encrypted JWTs': async () => (await import('./properties/jwe.ts')).jwe,
  DER: async () => (await import('./properties/der.ts')).der,
  'X.509 and SAN': async () => (await import('./properties/x509.ts')).x509,
  'distinguished names': async () =>
    (await import('./properties/distinguished-name.ts')).distinguishedName,
  'IP addresses of certificates': async () => (await import('./properties/addresses.ts')).addresses,
  'public keys of certificates': async () => (await import('./properties/jwks.ts')).publicKeys,
  'authorization details': async () => (await import('./properties/details.ts')).details,
  'comparison of details': async () => (await import('./properties/details.ts')).detailRights,
  CBOR: async () => (await import('./properties/webauthn.ts')).cbor,
  passkeys: async () => (await import('./properties/webauthn.ts')).webauthn,
  cookies: async () => (await import('./properties/browser.ts')).cookieHeader,
  'seals and interactions': async () => (await import('./properties/browser.ts')).seals,
  'answers of a bound login': async () => (await import('./properties/settings.ts')).logins,
  'signed HTTP messages': async () => (await import('./properties/messages.ts')).messages,
  'evidence files': async () => (await import('./properties/evidence.ts')).evidence,
  'canonical JSON': async () => (await import('./properties/encoding.ts')).canonical,
  encodings: async () => (await import('./properties/encoding.ts')).encoding,
  settings: async () => (await import('./properties/settings.ts')).settings,
} as const satisfies Readonly<Record<string, () => Promise<Parser>>>

export type ParserName = keyof typeof parsers

export const parserNames = Object.keys(parsers) as readonly ParserName[]
