import {
  concat,
  fromBase64Url,
  fromHex,
  randomBytes,
  sha256,
  toBase64Url,
  toHex,
} from './encoding.ts'

/**
 * Handles route themselves: base64url(kind ‖ object id ‖ secret). Only SHA-256 of the secret is stored,
 * and each object checks issuer and kind of the handle it is given.
 */
export type HandleKind =
  'pushed-request' | 'code' | 'refresh-token' | 'session' | 'setup-link' | 'setup-session'

export type Handle = {
  /** Hex id of the object that knows it. Not yet known to be an id of ours: see `objects/stubs.ts`. */
  readonly objectId: string
  /** Hex SHA-256 of the secret. */
  readonly secretHash: string
}

const kinds: Readonly<Record<HandleKind, number>> = {
  'pushed-request': 1,
  code: 2,
  'refresh-token': 3,
  session: 4,
  'setup-link': 5,
  'setup-session': 6,
}

const idLength = 32
const secretLength = 32

/** Makes a handle with a new secret, or with the given one (32 bytes). */
export async function makeHandle(
  kind: HandleKind,
  objectId: string,
  secret: Uint8Array = randomBytes(secretLength),
): Promise<{ readonly text: string; readonly handle: Handle }> {
  const text = toBase64Url(concat(Uint8Array.of(kinds[kind]), fromHex(objectId), secret))
  return { text, handle: { objectId, secretHash: toHex(await sha256(secret)) } }
}

/** Reads a handle of exactly this kind. Undefined for anything else. */
export async function readHandle(kind: HandleKind, text: string): Promise<Handle | undefined> {
  if (text.length > 128) return undefined
  const bytes = fromBase64Url(text)
  if (bytes?.length !== 1 + idLength + secretLength || bytes[0] !== kinds[kind]) return undefined
  const objectId = toHex(bytes.slice(1, 1 + idLength))
  return { objectId, secretHash: toHex(await sha256(bytes.slice(1 + idLength))) }
}

/** The home of an access token: the object that knows whether it is alive. */
export type TokenHome = 'grant' | 'client' | 'operator'

export type TokenId = {
  readonly home: TokenHome
  readonly objectId: string
  /** The home's epoch when the token was made; raising the home's ends all earlier tokens. */
  readonly epoch: number
  /** Which redemption the token came from; ended by that code's reuse. */
  readonly series: number
}

const homes: readonly TokenHome[] = ['grant', 'client', 'operator']

const randomLength = 16
const tokenIdLength = 1 + idLength + 8 + randomLength

/** The random part of an access token's id. */
export const newTokenRandom = (): string => toBase64Url(randomBytes(randomLength))

/** `jti` of an access token: base64url(home ‖ object id ‖ epoch ‖ series ‖ 16 random bytes). */
export function makeTokenId(id: TokenId, random: string = newTokenRandom()): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, id.epoch)
  view.setUint32(4, id.series)
  const home = Uint8Array.of(homes.indexOf(id.home) + 1)
  const bytes = fromBase64Url(random)
  if (bytes?.length !== randomLength) throw new Error('not the random part of a token id')
  return toBase64Url(concat(home, fromHex(id.objectId), new Uint8Array(view.buffer), bytes))
}

/** The random part of an access token's id; undefined for anything else. */
export function randomOf(tokenId: string): string | undefined {
  const bytes = fromBase64Url(tokenId)
  return bytes?.length === tokenIdLength
    ? toBase64Url(bytes.slice(tokenIdLength - randomLength))
    : undefined
}

export function readTokenId(text: string): TokenId | undefined {
  const bytes = fromBase64Url(text)
  if (bytes?.length !== tokenIdLength) return undefined
  const home = homes[(bytes[0] ?? 0) - 1]
  const view = new DataView(bytes.buffer, 1 + idLength)
  if (home === undefined) return undefined
  return {
    home,
    objectId: toHex(bytes.slice(1, 1 + idLength)),
    epoch: view.getUint32(0),
    series: view.getUint32(4),
  }
}
