import { remember } from '../bounded.ts'
import { digest, isRecord, sameText } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { fitsAlgorithm, problemWithJwk } from '../clients/jwks.ts'
import type { Algorithm, Profile } from '../profiles/profile.ts'
import { decodeJwt, importKey, thumbprintOf, verifySignature } from '../tokens/jwt.ts'

/** What a verified proof says. The nonce is not yet judged and the `jti` not yet used. */
export type Proof = {
  readonly jkt: string
  readonly jti: string
  readonly nonce: string | undefined
  /** Seconds since the epoch. */
  readonly issuedAt: number
}

export type ProofExpectation = {
  readonly method: string
  /** The configured public URL of this endpoint, without query. */
  readonly url: string
  /** The presented access token: the proof must carry its hash (RFC 9449 4.3-11). */
  readonly accessToken?: string
  readonly profile: Pick<
    Profile,
    'algorithms' | 'futureSkew' | 'expirySkew' | 'nonce' | 'proofWindow'
  >
  /** Milliseconds since the epoch. */
  readonly now: number
}

const invalid = (description: string, detail?: string) =>
  refuse('invalid_dpop_proof', description, detail)

/**
 * Checks a DPoP proof as far as that needs no storage (RFC 9449 4.3). Cheap checks first, the
 * signature late, nothing is used up. `header` is the field value as joined by `Headers`.
 * Errors: `invalid_dpop_proof`. With nonces required, freshness comes from the nonce; see `nonce.ts`.
 */
export async function verifyProof(
  header: string,
  expected: ProofExpectation,
): Promise<Result<Proof>> {
  if (header.includes(',')) return invalid('More than one DPoP header was sent')
  const jwt = decodeJwt(header)
  if (jwt === undefined) return invalid('The DPoP header is not a compact JWS')
  const { header: head, claims } = jwt
  if (head['typ'] !== 'dpop+jwt') return invalid('typ must be dpop+jwt')
  const alg = expected.profile.algorithms.find((known) => known === head['alg'])
  if (alg === undefined) return invalid('alg is not supported')
  const key = await proofKey(head['jwk'], alg)
  if (!key.ok) return key
  const { jti, htm, htu, iat, nonce } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > 256)
    return invalid('jti is missing or unusable')
  if (htm !== expected.method) return invalid('htm does not match the request method')
  if (typeof htu !== 'string' || (htu !== expected.url && !sameTarget(htu, expected.url))) {
    return invalid('htu does not match the request URL', `expected ${expected.url}`)
  }
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return invalid('iat is missing')
  if (nonce !== undefined && typeof nonce !== 'string') return invalid('nonce is not a text')
  const time = problemWithTimes(claims, iat, expected)
  if (time !== undefined) return invalid(time)
  if (expected.accessToken !== undefined) {
    const { ath } = claims
    const hash = await digest(expected.accessToken)
    if (typeof ath !== 'string' || !sameText(ath, hash))
      return invalid('ath does not match the access token')
  }
  if (!(await verifySignature(header, key.value.key, alg)))
    return invalid('The signature does not verify')
  return accept({ jkt: key.value.jkt, jti, nonce, issuedAt: iat })
}

/** With a valid nonce an old `iat` does not limit the proof; a future one always does. */
function problemWithTimes(
  claims: Readonly<Record<string, unknown>>,
  iat: number,
  expected: ProofExpectation,
): string | undefined {
  const { profile } = expected
  const now = expected.now / 1000
  if (iat > now + profile.futureSkew) return 'iat lies too far in the future'
  if (profile.nonce === 'off' && iat < now - profile.proofWindow)
    return 'iat lies too far in the past'
  const { nbf, exp } = claims
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > now + profile.futureSkew)) {
    return 'nbf lies too far in the future'
  }
  if (exp !== undefined && (typeof exp !== 'number' || exp <= now - profile.expirySkew)) {
    return 'exp has passed'
  }
  return undefined
}

type ProofKey = { readonly key: CryptoKey; readonly jkt: string; readonly alg: Algorithm }

/** Imported proof keys of this isolate, newest last. A phone uses one key for many proofs. */
const imported = new Map<string, ProofKey>()
const mostImported = 1_000

/** The same by the member `jwk` of a header this isolate read before: it was judged then. */
const judged = new WeakMap<object, ProofKey>()

async function proofKey(jwk: unknown, alg: Algorithm): Promise<Result<ProofKey>> {
  const before = isRecord(jwk) ? judged.get(jwk) : undefined
  if (before?.alg === alg) return accept(before)
  const problem = problemWithJwk(jwk)
  if (problem !== undefined) return invalid(`jwk: ${problem}`)
  const { kty, crv, x, y, n, e } = jwk as JsonWebKey
  // Only the members that make the key: kid, x5c, jku and alg of a stranger's header mean nothing.
  const bare: JsonWebKey =
    kty === 'RSA'
      ? { kty, n: n ?? '', e: e ?? '' }
      : { kty: kty ?? '', crv: crv ?? '', x: x ?? '', ...(kty === 'EC' ? { y: y ?? '' } : {}) }
  if (!fitsAlgorithm(bare, alg)) return invalid('jwk does not fit alg')
  // Of those members only, or a stranger's key could take another's place.
  const name = JSON.stringify([alg, bare])
  try {
    const made = imported.get(name) ?? {
      key: await importKey(bare, alg),
      jkt: await thumbprintOf(bare),
      alg,
    }
    remember(imported, mostImported, name, made)
    judged.set(jwk as object, made)
    return accept(made)
  } catch {
    return invalid('jwk is not a usable key')
  }
}

/** Whether two URLs name the same target, without query and fragment (RFC 9449 4.3-9, RFC 3986 6.2). */
export function sameTarget(htu: string, url: string): boolean {
  const left = normalTarget(htu)
  return left !== undefined && left === normalTarget(url)
}

function normalTarget(text: string): string | undefined {
  if (text.length > 2_048 || !/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) return undefined
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return undefined
  const path = url.pathname.replace(/%[0-9a-f]{2}/gi, (octet) => {
    const char = String.fromCharCode(parseInt(octet.slice(1), 16))
    return /[A-Za-z0-9._~-]/.test(char) ? char : octet.toUpperCase()
  })
  return `${url.origin}${path}`
}
