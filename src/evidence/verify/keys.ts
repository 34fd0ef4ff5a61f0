/** The issuer's keys: as the file has them, and as the verifier got them from elsewhere. */
import { isRecord } from '../../encoding.ts'
import { canonicalJson } from '../canonical.ts'
import type { Json } from '../canonical.ts'
import type { EvidenceFile } from '../file.ts'
import type { Faults, KeyStanding } from './finding.ts'

export type Key = {
  readonly jwk: Readonly<Record<string, Json>>
  /** Milliseconds. */
  readonly from?: number
  readonly until?: number
  readonly revoked?: number
}

export type Keys = {
  readonly evidence: (kid: unknown) => Key | undefined
  /** `held`: the key that an entry holds, for when the set has none of this name any more. */
  readonly signing: (kid: unknown, held?: Held) => Key | undefined
  /** What signatures were verified with, in the order they were asked for. */
  readonly used: ReadonlyMap<object, { readonly kid: string; readonly standing: KeyStanding }>
}

/** A key of an entry, and where it stands. */
export type Held = { readonly jwk: Key['jwk']; readonly where: string }

type JwkSet = readonly Readonly<Record<string, unknown>>[]

/** Members of a public key that make it this key and no other (RFC 7638). */
const material = ['kty', 'crv', 'x', 'y', 'n', 'e']

const sameKey = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>) =>
  material.every((name) => a[name] === b[name])

/** Evidence keys say since when they sign; a key that signs tokens vouches for no head. */
const isFor = (set: 'signing' | 'evidence', key: Readonly<Record<string, unknown>>): boolean =>
  (typeof key['from'] === 'number') === (set === 'evidence')

/**
 * The keys to verify with. `given`: JWKs from elsewhere; with them, a key of the file counts as confirmed
 * when it is one of these, and its times are theirs.
 */
export function openKeys(file: EvidenceFile, given: JwkSet | undefined, fault: Faults): Keys {
  const used = new Map<object, { readonly kid: string; readonly standing: KeyStanding }>()
  const find = (set: 'signing' | 'evidence') => (kid: unknown, held?: Held) => {
    const { keys } = file.keys[set]
    const index = keys.findIndex((key) => key['kid'] === kid)
    const jwk = keys[index] ?? held?.jwk
    if (typeof kid !== 'string' || jwk === undefined) return undefined
    const known = given?.find((key) => key['kid'] === kid && isFor(set, key))
    const isNew = !used.has(jwk)
    const isConfirmed = known !== undefined && sameKey(known, jwk)
    used.set(jwk, { kid, standing: isConfirmed ? 'confirmed' : 'the word of the file' })
    if (isNew && given !== undefined)
      compare(
        index < 0 ? (held?.where ?? '') : `keys.${set}.keys[${index}]`,
        { jwk, known, set },
        fault,
      )
    return keyOf(jwk, known)
  }
  return { evidence: find('evidence'), signing: find('signing'), used }
}

function compare(
  where: string,
  {
    jwk,
    known,
    set,
  }: {
    readonly jwk: Key['jwk']
    readonly known: Readonly<Record<string, unknown>> | undefined
    readonly set: 'signing' | 'evidence'
  },
  fault: Faults,
): void {
  if (known !== undefined && !sameKey(known, jwk)) {
    fault(where, 'The issuer has another key of this name.')
  }
  // Signing keys leave the issuer's set in time, evidence keys never do.
  if (known === undefined && set === 'evidence') {
    fault(where, 'This key is not among the keys of the issuer that were given.')
  }
}

function keyOf(jwk: Key['jwk'], known: Readonly<Record<string, unknown>> | undefined): Key {
  const times = known ?? jwk
  const time = (name: string) => {
    const value = times[name]
    return typeof value === 'number' ? { [name]: value } : {}
  }
  return { jwk, ...time('from'), ...time('until'), ...time('revoked') }
}

/** The keys of JWK Sets, as `ISSUER/jwks` and `ISSUER/evidence/jwks` give them. */
export function readKeySets(sets: readonly unknown[]): JwkSet | string {
  const keys: Readonly<Record<string, unknown>>[] = []
  for (const set of sets) {
    const list = isRecord(set) ? set['keys'] : undefined
    if (!Array.isArray(list)) return 'This is not a JWK Set.'
    for (const key of list as readonly unknown[]) {
      if (!isRecord(key) || typeof key['kid'] !== 'string') return 'A key has no kid.'
      if (textOfKey(key) === undefined) return 'A key holds half of a character.'
      const same = keys.find((other) => other['kid'] === key['kid'])
      if (same !== undefined && textOfKey(same) !== textOfKey(key)) {
        return `Two keys are called ${key['kid']}.`
      }
      keys.push(key)
    }
  }
  return keys
}

/** Undefined: it holds what canonical JSON cannot, a lone surrogate. */
function textOfKey(key: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return canonicalJson(key as Json)
  } catch {
    return undefined
  }
}
