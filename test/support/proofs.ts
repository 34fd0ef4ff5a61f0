import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { nowSeconds } from './test-client.ts'
import type { DpopKey } from './test-client.ts'
import type { PrivateJwk } from './fixtures.ts'
import { signAny } from './sign-any.ts'

/** What a proof is made for. */
export type ProofTarget = {
  readonly key: DpopKey
  readonly method: string
  readonly url: string
  readonly nonce: string
  readonly jti: string
  readonly accessToken?: string
}

type Changes = {
  /** Members set to `undefined` are left out. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly signer?: PrivateJwk
}

/** A proof that must be refused, and the words that show it was refused for its own reason. */
export type BadProof = {
  readonly id: string
  /** Reads on from "refuses". */
  readonly what: string
  readonly says: RegExp
  /** The values of the DPoP header fields. */
  readonly make: (target: ProofTarget) => readonly string[]
}

/** Makes a proof and checks nothing: what a library would refuse to sign is signed. */
export function forge(target: ProofTarget, changes: Changes = {}): string {
  const { key, method, url, nonce, jti, accessToken } = target
  const header = { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk, ...changes.header }
  const ath =
    accessToken === undefined ? {} : { ath: createHash('sha256').update(accessToken).digest('base64url') } // prettier-ignore
  const claims = { jti, htm: method, htu: url, iat: nowSeconds(), nonce, ...ath, ...changes.claims }
  return signAny(changes.signer ?? key.jwk, header, claims)
}

const rsa = (modulusLength: number) => pair(generateKeyPairSync('rsa', { modulusLength }))
const ec = (namedCurve: string) => pair(generateKeyPairSync('ec', { namedCurve }))

function pair({ privateKey, publicKey }: ReturnType<typeof generateKeyPairSync>) {
  return {
    signer: privateKey.export({ format: 'jwk' }) as PrivateJwk,
    jwk: publicKey.export({ format: 'jwk' }),
  }
}

const otherKey = ec('P-256')
const p384 = ec('P-384')
const rsa2048 = rsa(2048)
const rsa1024 = rsa(1024)
/** Never a real key: making one takes minutes. Its size is looked at before its signature. */
const rsa16384 = { kty: 'RSA', e: 'AQAB', n: Buffer.concat([Uint8Array.of(0xff), randomBytes(2047)]).toString('base64url') } // prettier-ignore

const claims = (value: Readonly<Record<string, unknown>>) => (target: ProofTarget) => [
  forge(target, { claims: value }),
]
const header = (value: Readonly<Record<string, unknown>>) => (target: ProofTarget) => [
  forge(target, { header: value }),
]
const htu = (change: (url: string) => unknown) => (target: ProofTarget) => [
  forge(target, { claims: { htu: change(target.url) } }),
]
const parts =
  (change: (parts: readonly string[]) => readonly string[]) => (target: ProofTarget) => [
    change(forge(target).split('.')).join('.'),
  ]
const jwk = (change: (jwk: object, target: ProofTarget) => unknown) => (target: ProofTarget) => [
  forge(target, { header: { jwk: change(target.key.publicJwk, target) } }),
]
const swapPort = (url: string) => url.replace(/:\d+/, (port) => `:${Number(port.slice(1)) + 1}`)
const hour = 3_600

/** The negative matrix of RFC 9449 4.3. Keys are ES256 unless a case says otherwise. */
export const badProofs: readonly BadProof[] = [
  { id: 'DPOP-01', what: 'two DPoP headers', says: /More than one/, make: (target) => [forge(target), forge({ ...target, jti: randomBytes(8).toString('hex') })] },
  { id: 'DPOP-01', what: 'two proofs in one header', says: /More than one/, make: (target) => [`${forge(target)}, ${forge(target)}`] },
  { id: 'DPOP-02', what: 'an empty header', says: /compact JWS/, make: () => [''] },
  { id: 'DPOP-02', what: 'a text that is no JWT', says: /compact JWS/, make: () => ['dpop'] },
  { id: 'DPOP-02', what: 'a JWT of two parts', says: /compact JWS/, make: parts(([a = '', b = '']) => [a, b]) },
  { id: 'DPOP-02', what: 'a JWT of five parts', says: /compact JWS/, make: parts((all) => [...all, '', '']) },
  { id: 'DPOP-02', what: 'a JWT with padding', says: /compact JWS/, make: parts(([a = '', b = '', c = '']) => [`${a}=`, b, c]) },
  { id: 'DPOP-02', what: 'claims that are a list', says: /compact JWS/, make: ({ key }) => [signAny(key.jwk, { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk }, [])] },
  { id: 'DPOP-02', what: 'a JWT of more than 8 kB', says: /compact JWS/, make: claims({ long: 'x'.repeat(6_500) }) },
  { id: 'DPOP-03', what: 'a proof without typ', says: /typ/, make: header({ typ: undefined }) },
  { id: 'DPOP-03', what: 'a typ with something behind it', says: /typ/, make: header({ typ: 'dpop+jwt+wrongyousee' }) },
  { id: 'DPOP-03', what: 'the typ of any JWT', says: /typ/, make: header({ typ: 'JWT' }) },
  { id: 'DPOP-04', what: 'a proof without alg', says: /alg/, make: header({ alg: undefined }) },
  { id: 'DPOP-04', what: 'alg none', says: /alg/, make: header({ alg: 'none' }) },
  { id: 'DPOP-04', what: 'HS256 with the public key as secret', says: /alg/, make: header({ alg: 'HS256' }) },
  { id: 'DPOP-04', what: 'RS256', says: /alg/, make: (target) => [forge(target, { signer: rsa2048.signer, header: { alg: 'RS256', jwk: rsa2048.jwk } })] },
  { id: 'DPOP-04', what: 'ES384', says: /alg/, make: (target) => [forge(target, { signer: p384.signer, header: { alg: 'ES384', jwk: p384.jwk } })] },
  { id: 'DPOP-04', what: 'an unknown crit', says: /signature/, make: header({ crit: ['tx_id'], tx_id: 1 }) },
  { id: 'DPOP-04', what: 'an unencoded payload by crit', says: /signature/, make: header({ crit: ['b64'], b64: false }) },
  { id: 'DPOP-05', what: 'a proof without jwk', says: /jwk/, make: header({ jwk: undefined }) },
  { id: 'DPOP-05', what: 'a jwk that is a text', says: /jwk/, make: jwk((own) => JSON.stringify(own)) },
  { id: 'DPOP-05', what: 'a private key in jwk', says: /private/, make: jwk((_own, { key }) => key.jwk) },
  { id: 'DPOP-05', what: 'a symmetric key in jwk', says: /private/, make: jwk((own) => ({ ...own, k: 'c2VjcmV0' })) },
  { id: 'DPOP-05', what: 'a jwk without kty', says: /kty/, make: jwk((own) => ({ ...own, kty: undefined })) },
  { id: 'DPOP-05', what: 'a jwk that does not fit alg', says: /fit alg/, make: header({ jwk: rsa2048.jwk }) },
  { id: 'DPOP-05', what: 'an alg that does not fit the jwk', says: /fit alg/, make: header({ alg: 'EdDSA' }) },
  { id: 'DPOP-05', what: 'a curve that does not fit alg', says: /fit alg/, make: (target) => [forge(target, { signer: p384.signer, header: { jwk: p384.jwk } })] },
  { id: 'DPOP-05', what: 'a point that is not on the curve', says: /usable/, make: jwk((own) => ({ ...own, x: Buffer.alloc(32, 1).toString('base64url') })) },
  { id: 'DPOP-05', what: 'a coordinate that is too short', says: /malformed/, make: jwk((own) => ({ ...own, x: 'AQ' })) },
  { id: 'DPOP-05', what: 'an RSA key of 1024 bits', says: /2048 bits/, make: (target) => [forge(target, { signer: rsa1024.signer, header: { alg: 'PS256', jwk: rsa1024.jwk } })] },
  { id: 'DPOP-05', what: 'an RSA key of 16384 bits', says: /RSA key/, make: (target) => [forge(target, { signer: rsa2048.signer, header: { alg: 'PS256', jwk: rsa16384 } })] },
  { id: 'DPOP-06', what: 'a broken signature', says: /signature/, make: parts(([a = '', b = '', c = '']) => [a, b, `${c.startsWith('A') ? 'B' : 'A'}${c.slice(1)}`]) },
  { id: 'DPOP-06', what: 'no signature', says: /signature/, make: parts(([a = '', b = '']) => [a, b, '']) },
  { id: 'DPOP-06', what: 'the signature of another key', says: /signature/, make: (target) => [forge(target, { signer: otherKey.signer })] },
  { id: 'DPOP-06', what: 'changed claims', says: /signature/, make: (target) => [splice(forge(target), forge(target, { claims: { changed: true } }))] },
  { id: 'DPOP-07', what: 'a proof without jti', says: /jti/, make: claims({ jti: undefined }) },
  { id: 'DPOP-07', what: 'an empty jti', says: /jti/, make: claims({ jti: '' }) },
  { id: 'DPOP-07', what: 'a jti that is a number', says: /jti/, make: claims({ jti: 7 }) },
  { id: 'DPOP-07', what: 'a jti of 257 characters', says: /jti/, make: claims({ jti: 'j'.repeat(257) }) },
  { id: 'DPOP-07', what: 'a proof without iat', says: /iat/, make: claims({ iat: undefined }) },
  { id: 'DPOP-07', what: 'an iat that is a text', says: /iat/, make: claims({ iat: '1700000000' }) },
  { id: 'DPOP-08', what: 'a proof without htm', says: /htm/, make: claims({ htm: undefined }) },
  { id: 'DPOP-08', what: 'the htm of another method', says: /htm/, make: claims({ htm: 'PUT' }) },
  { id: 'DPOP-08', what: 'an htm in another case', says: /htm/, make: (target) => [forge(target, { claims: { htm: target.method.toLowerCase() } })] },
  { id: 'DPOP-09', what: 'a proof without htu', says: /htu/, make: claims({ htu: undefined }) },
  { id: 'DPOP-09', what: 'an htu that is a number', says: /htu/, make: claims({ htu: 7 }) },
  { id: 'DPOP-09', what: 'an htu without host', says: /htu/, make: htu((url) => new URL(url).pathname) },
  { id: 'DPOP-09', what: 'the htu of another path', says: /htu/, make: htu((url) => `${url}x`) },
  { id: 'DPOP-09', what: 'the htu of a path with a slash more', says: /htu/, make: htu((url) => `${url}/`) },
  { id: 'DPOP-09', what: 'the htu of a path in another case', says: /htu/, make: htu((url) => `${new URL(url).origin}${new URL(url).pathname.toUpperCase()}`) },
  { id: 'DPOP-09', what: 'an htu whose slash is percent-encoded', says: /htu/, make: htu((url) => `${new URL(url).origin}/%2F${new URL(url).pathname.slice(1)}`) },
  { id: 'DPOP-09', what: 'the htu of another host', says: /htu/, make: htu((url) => url.replace('localhost', 'localhost.example')) },
  { id: 'DPOP-09', what: 'the htu of another port', says: /htu/, make: htu(swapPort) },
  { id: 'DPOP-09', what: 'the htu of another scheme', says: /htu/, make: htu((url) => (url.startsWith('https') ? url.replace('https', 'http') : url.replace('http', 'https'))) },
  { id: 'DPOP-09', what: 'an htu with user information', says: /htu/, make: htu((url) => url.replace('://', '://user@')) },
  { id: 'DPOP-10', what: 'a nonce that is a number', says: /nonce/, make: claims({ nonce: 7 }) },
  { id: 'DPOP-11', what: 'an iat more than 60 seconds ahead', says: /iat/, make: (target) => [forge(target, { claims: { iat: nowSeconds() + 63 } })] },
  { id: 'DPOP-11', what: 'an iat an hour ahead', says: /iat/, make: (target) => [forge(target, { claims: { iat: nowSeconds() + hour } })] },
  { id: 'DPOP-11', what: 'an nbf more than 60 seconds ahead', says: /nbf/, make: (target) => [forge(target, { claims: { nbf: nowSeconds() + 63 } })] },
  { id: 'DPOP-11', what: 'an nbf that is a text', says: /nbf/, make: claims({ nbf: 'now' }) },
  { id: 'DPOP-11', what: 'an exp an hour ago', says: /exp/, make: (target) => [forge(target, { claims: { exp: nowSeconds() - hour } })] },
  { id: 'DPOP-11', what: 'an exp that is a text', says: /exp/, make: claims({ exp: 'later' }) },
] // prettier-ignore

/** What else must be refused where an access token is presented. */
export const badHashes: readonly BadProof[] = [
  { id: 'DPOP-12', what: 'a proof without ath', says: /ath/, make: claims({ ath: undefined }) },
  { id: 'DPOP-12', what: 'the ath of another token', says: /ath/, make: claims({ ath: createHash('sha256').update('another').digest('base64url') }) },
  { id: 'DPOP-12', what: 'an ath with padding', says: /ath/, make: (target) => [forge(target, { claims: { ath: `${createHash('sha256').update(target.accessToken ?? '').digest('base64url')}=` } })] },
  { id: 'DPOP-12', what: 'an ath that is a number', says: /ath/, make: claims({ ath: 7 }) },
] // prettier-ignore

/** Proofs that look odd and are sound all the same. */
export const soundProofs: readonly Omit<BadProof, 'says'>[] = [
  { id: 'DPOP-09', what: 'an htu with query and fragment', make: htu((url) => `${url}?a=1&b=2#end`) },
  { id: 'DPOP-09', what: 'an htu with scheme and host in upper case', make: htu((url) => url.replace('http', 'HTTP').replace('localhost', 'LocalHost')) },
  { id: 'DPOP-09', what: 'an htu with dot segments', make: htu((url) => `${new URL(url).origin}/x/../.${new URL(url).pathname}`) },
  { id: 'DPOP-09', what: 'an htu with needless percent-encoding', make: htu((url) => url.replace(/[a-z]$/, (last) => `%${last.charCodeAt(0).toString(16)}`)) },
  { id: 'DPOP-11', what: 'an iat 10 seconds ago', make: (target) => [forge(target, { claims: { iat: nowSeconds() - 10 } })] },
  { id: 'SP-AS-13', what: 'an iat 8 seconds ahead', make: (target) => [forge(target, { claims: { iat: nowSeconds() + 8 } })] },
  { id: 'DPOP-11', what: 'an iat of an hour ago with a current nonce', make: (target) => [forge(target, { claims: { iat: nowSeconds() - hour } })] },
  { id: 'DPOP-11', what: 'an nbf of now and an exp in five minutes', make: (target) => [forge(target, { claims: { nbf: nowSeconds(), exp: nowSeconds() + 300 } })] },
  { id: 'SP-AS-13', what: 'an nbf 8 seconds ahead', make: (target) => [forge(target, { claims: { nbf: nowSeconds() + 8 } })] },
  { id: 'DPOP-15', what: 'unknown members in header and claims', make: (target) => [forge(target, { header: { tx_id: 'a' }, claims: { tx_id_key: { b: ['c'] } } })] },
  { id: 'DPOP-05', what: 'kid, x5c and jku in the header, which mean nothing', make: (target) => [forge(target, { header: { kid: 'x', x5c: ['AAAA'], jku: 'https://keys.example/' } })] },
  { id: 'DPOP-07', what: 'a jti of 256 characters', make: (target) => [forge({ ...target, jti: target.jti.padEnd(256, 'j') })] },
] // prettier-ignore

/** Header and signature of one JWT around the claims of another. */
function splice(signed: string, other: string): string {
  const [head = '', , signature = ''] = signed.split('.')
  return [head, other.split('.')[1] ?? '', signature].join('.')
}
