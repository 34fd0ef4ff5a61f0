import { remember } from '../bounded.ts'
import { concat, fromBase64Url, randomBytes, toBase64Url, utf8 } from '../encoding.ts'
import type { SecretKeys } from '../secrets.ts'
import { locationHints } from './location.ts'
import type { LocationHint } from './location.ts'

/**
 * DPoP nonces (RFC 9449 8, 9) that need no storage: base64url(secret id ‖ role ‖ hint ‖ n ‖ slot ‖
 * random ‖ MAC). `(hint, n)` names the replay guard: the client signs it into its proof, so every copy
 * of that proof meets the same guard. The role is the server: nonces of the authorization server and
 * of a resource server are not interchangeable.
 */
export type NonceRole = 'authorization-server' | 'resource-server'

/** Seconds of one slot; a nonce is valid in its own slot and the next. */
export const slotSeconds = 180

/** Which guard decides about a proof, and until when (milliseconds since the epoch). */
export type Route = { readonly hint: LocationHint; readonly n: number; readonly validUntil: number }

export type NonceKeys = { readonly role: NonceRole; readonly secret: SecretKeys }

const roles: readonly NonceRole[] = ['authorization-server', 'resource-server']
const secretIdLength = 8
const randomLength = 6
const bodyLength = secretIdLength + 1 + 1 + 2 + 4 + randomLength
const macLength = 16

const slotOf = (now: number): number => Math.floor(now / 1000 / slotSeconds)

/** Nonces this isolate made or read lately; valid or not is still judged by their slot each time. */
const minted = new WeakMap<SecretKeys, Map<string, string>>()
const readBefore = new WeakMap<SecretKeys, Map<string, Reading>>()
const mostRemembered = 2_000

/** Makes a nonce for a caller at `hint`; `guards` is the number of guards per hint. */
export async function mintNonce(
  keys: NonceKeys,
  place: { readonly hint: LocationHint; readonly guards: number },
  now: number,
): Promise<string> {
  const random = randomBytes(2)
  const n = (((random[0] ?? 0) << 8) | (random[1] ?? 0)) % place.guards
  const name = `${keys.role} ${place.hint} ${n} ${slotOf(now)}`
  const cache = cacheOf(minted, keys.secret)
  const known = cache.get(name)
  if (known !== undefined) return known
  const nonce = await makeNonce(keys, { hint: place.hint, n }, now)
  remember(cache, mostRemembered, name, nonce)
  return nonce
}

async function makeNonce(
  keys: NonceKeys,
  guard: { readonly hint: LocationHint; readonly n: number },
  now: number,
): Promise<string> {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint8(0, roles.indexOf(keys.role))
  view.setUint8(1, locationHints.indexOf(guard.hint))
  view.setUint16(2, guard.n)
  view.setUint32(4, slotOf(now))
  const id = utf8(keys.secret.current.padEnd(secretIdLength))
  const body = concat(id, new Uint8Array(view.buffer), randomBytes(randomLength))
  return toBase64Url(concat(body, await mac(keys, keys.secret.current, body)))
}

type Reading = { readonly hint: LocationHint; readonly n: number; readonly slot: number }

/** Reads a nonce back. Undefined: not ours, of another role, or no longer (or not yet) valid. */
export async function readNonce(
  keys: NonceKeys,
  nonce: string,
  now: number,
): Promise<Route | undefined> {
  if (nonce.length > 64) return undefined
  const cache = cacheOf(readBefore, keys.secret)
  const name = `${keys.role} ${nonce}`
  const reading = cache.get(name) ?? (await openNonce(keys, nonce))
  if (reading === undefined) return undefined
  remember(cache, mostRemembered, name, reading)
  const { hint, n, slot } = reading
  const age = slotOf(now) - slot
  if (age !== 0 && age !== 1) return undefined
  return { hint, n, validUntil: (slot + 2) * slotSeconds * 1000 }
}

async function openNonce(keys: NonceKeys, nonce: string): Promise<Reading | undefined> {
  const bytes = fromBase64Url(nonce)
  if (bytes?.length !== bodyLength + macLength) return undefined
  const body = bytes.slice(0, bodyLength)
  const secretId = String.fromCharCode(...body.slice(0, secretIdLength)).trimEnd()
  const expected = await mac(keys, secretId, body)
  if (expected.length === 0 || !sameBytes(expected, bytes.slice(bodyLength))) return undefined
  const view = new DataView(body.buffer, secretIdLength)
  const hint = locationHints[view.getUint8(1)]
  if (view.getUint8(0) !== roles.indexOf(keys.role) || hint === undefined) return undefined
  return { hint, n: view.getUint16(2), slot: view.getUint32(4) }
}

function cacheOf<T>(
  caches: WeakMap<SecretKeys, Map<string, T>>,
  secret: SecretKeys,
): Map<string, T> {
  const cache = caches.get(secret) ?? new Map<string, T>()
  caches.set(secret, cache)
  return cache
}

async function mac(
  keys: NonceKeys,
  secretId: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const key = await keys.secret.key(secretId)
  if (key === undefined) return new Uint8Array()
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, body)).slice(0, macLength)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}
