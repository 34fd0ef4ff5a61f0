import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { ClientFixture, PrivateJwk } from './fixtures.ts'
import { signAny } from './sign-any.ts'
import type { RequestOptions } from './wire-client.ts'
import { makeDpopKey } from './wire-keys.ts'

/** Whose proof is forged, at which issuer, and with the means of which other client. */
export type Forging = {
  readonly issuer: string
  /** The server's time, in seconds. */
  readonly now: number
  readonly victim: ClientFixture
  readonly other: ClientFixture
}

type Forgery = (given: Forging) => Promise<RequestOptions> | RequestOptions

const keyOf = ({ clientId, jwk }: ClientFixture): PrivateJwk => {
  if (jwk === undefined) throw new Error(`${clientId} has no key`)
  return jwk
}

/** Sound claims of an assertion, over which any may be laid. */
export function assertionClaims(
  { victim, issuer, now }: Forging,
  over: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { clientId } = victim
  const jti = randomBytes(16).toString('base64url')
  return { iss: clientId, sub: clientId, aud: issuer, iat: now, exp: now + 60, jti, ...over }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An assertion of the victim under any key and header. */
export const assertionBy = (
  key: PrivateJwk,
  given: Forging,
  header: Readonly<Record<string, unknown>> = {},
): string => signAny(key, { alg: given.victim.alg ?? 'ES256', ...header }, assertionClaims(given))

const sending = (client_assertion: string): RequestOptions => ({ fields: { client_assertion } })
const claiming =
  (claims: (given: Forging) => Readonly<Record<string, unknown>>): Forgery =>
  (given) => ({ claims: claims(given) })
const bent =
  (change: (assertion: string) => string): Forgery =>
  (given) =>
    sending(change(assertionBy(keyOf(given.victim), given)))
const critical =
  (header: Readonly<Record<string, unknown>>): Forgery =>
  (given) =>
    sending(assertionBy(keyOf(given.victim), given, header))

const publicMembers = ({ kty, crv, x, y, n, e }: PrivateJwk) => ({ kty, crv, x, y, n, e })
const publicPem = (key: PrivateJwk): string =>
  createPublicKey({ key: publicMembers(key) as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()

const hmacWith =
  (secretOf: (key: PrivateJwk) => string): Forgery =>
  (given) => {
    const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(assertionClaims(given))}`
    const secret = secretOf(keyOf(given.victim))
    const signature = createHmac('sha256', secret).update(input).digest('base64url')
    return sending(`${input}.${signature}`)
  }

const basic = (id: string): string => `Basic ${Buffer.from(`${id}:secret`).toString('base64')}`

/** What somebody without the client's key, or a client that breaks a rule, may send in its name. */
export const forgeries: Readonly<Record<string, Forgery>> = {
  'a bare client_id': ({ victim }) => ({ anonymous: true, fields: { client_id: victim.clientId } }),
  'nothing at all': () => ({ anonymous: true }),
  'an assertion without its type': () => ({ fields: { client_assertion_type: undefined } }),
  'another assertion type': () => ({
    fields: { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
  }),
  'a type without its assertion': () => ({ fields: { client_assertion: undefined } }),
  'an empty assertion': () => sending(''),
  'an unsigned assertion': (given) =>
    sending(`${encode({ alg: 'none' })}.${encode(assertionClaims(given))}.`),
  'alg "None" in other letters': (given) =>
    sending(`${encode({ alg: 'nOnE' })}.${encode(assertionClaims(given))}.AAAA`),
  'HS256 with the public key as JWK': hmacWith((key) => JSON.stringify(publicMembers(key))),
  'HS256 with the public key as PEM': hmacWith(publicPem),
  'HS256 with an empty key': hmacWith(() => ''),
  'RS256 with an RSA key': (given) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = privateKey.export({ format: 'jwk' }) as PrivateJwk
    return sending(signAny(key, { alg: 'RS256' }, assertionClaims(given)))
  },
  'the key of another client': (given) => sending(assertionBy(keyOf(given.other), given)),
  'the key of another client under the own kid': (given) =>
    sending(assertionBy(keyOf(given.other), given, { kid: keyOf(given.victim)['kid'] })),
  'a new key given in the header': async (given) => {
    const { jwk, publicJwk } = await makeDpopKey()
    return sending(assertionBy(jwk, given, { jwk: publicJwk }))
  },
  'a new key and a jku': async (given) => {
    const header = { jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x5u' }
    return sending(assertionBy((await makeDpopKey()).jwk, given, header))
  },
  'a changed payload': (given) => {
    const [head, , signature] = assertionBy(keyOf(given.victim), given).split('.')
    const payload = encode(assertionClaims(given, { exp: given.now + 300 }))
    return sending(`${head}.${payload}.${signature}`)
  },
  'no signature': bent((text) => text.replace(/[^.]+$/, '')),
  'two parts': bent((text) => text.replace(/\.[^.]+$/, '')),
  'five parts': bent((text) => `${text}.AAAA.AAAA`),
  'base64 with padding': bent((text) => `${text}==`),
  'a leading space': bent((text) => ` ${text}`),
  'expired five minutes ago': claiming(({ now }) => ({ exp: now - 300 })),
  'issued in the future': claiming(({ now }) => ({ iat: now + 62, nbf: now + 62, exp: now + 122 })),
  'no exp': claiming(() => ({ exp: undefined })),
  'no sub': claiming(() => ({ sub: undefined })),
  'no sub, but a client_id': ({ victim }) => ({
    claims: { sub: undefined },
    fields: { client_id: victim.clientId },
  }),
  'no iss': claiming(() => ({ iss: undefined })),
  'no aud': claiming(() => ({ aud: undefined })),
  'no jti': claiming(() => ({ jti: undefined })),
  'an empty jti': claiming(() => ({ jti: '' })),
  'an iss that is not sub': claiming(({ other }) => ({ iss: other.clientId })),
  'a sub that is not iss': claiming(({ other }) => ({ sub: other.clientId })),
  'another client_id beside': ({ other }) => ({ fields: { client_id: other.clientId } }),
  'a crit header that names a claim': critical({ crit: ['exp'], exp: 1 }),
  'a crit header nobody knows': critical({ crit: ['x'], x: 1 }),
  'a crit header that is no list': critical({ crit: 'x', x: 1 }),
  'an empty crit header': critical({ crit: [] }),
  'a crit header that is not for JWTs': critical({ crit: ['b64'], b64: true }),
  'a secret beside': () => ({ fields: { client_secret: 'secret' } }),
  'HTTP Basic beside': ({ victim }) => ({ headers: [['authorization', basic(victim.clientId)]] }),
  'HTTP Basic alone': ({ victim }) => ({
    anonymous: true,
    headers: [['authorization', basic(victim.clientId)]],
  }),
  'an assertion as Bearer': (given) => ({
    anonymous: true,
    headers: [['authorization', `Bearer ${assertionBy(keyOf(given.victim), given)}`]],
  }),
  'a secret alone': ({ victim }) => ({
    anonymous: true,
    fields: { client_id: victim.clientId, client_secret: 's' },
  }),
  'an unknown client': claiming(() => ({ iss: 'nobody', sub: 'nobody' })),
  'a client named after a property': claiming(() => ({ iss: '__proto__', sub: '__proto__' })),
}
