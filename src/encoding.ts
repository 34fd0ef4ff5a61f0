/** Bytes and texts. WebCrypto only. */

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array<ArrayBuffer> =>
  encoder.encode(text) as Uint8Array<ArrayBuffer>

/** ECMAScript 2026 has base64 and hex; workerd does both natively, Node 24 not yet, and no type knows of them. */
type Base64 = { readonly alphabet: 'base64url'; readonly omitPadding?: true }
const native = Uint8Array as unknown as {
  readonly fromBase64?: (text: string, options: Base64) => Uint8Array<ArrayBuffer>
  readonly fromHex?: (text: string) => Uint8Array<ArrayBuffer>
  readonly prototype: { toBase64?: (this: Uint8Array, options: Base64) => string }
}
const { fromBase64, fromHex: hexToBytes } = native
const { toBase64 } = native.prototype

export function toBase64Url(bytes: Uint8Array): string {
  if (toBase64 !== undefined) {
    return toBase64.call(bytes, { alphabet: 'base64url', omitPadding: true })
  }
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

/** Strict: the alphabet of RFC 4648 5 without padding, and only the canonical text of the bytes. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = fromBase64?.(text, { alphabet: 'base64url' }) ?? decodeInSteps(text)
  return toBase64Url(bytes) === text ? bytes : undefined
}

/** Whether a text is what `fromBase64Url` takes, without making the bytes. */
export const isBase64Url = (text: string): boolean =>
  /^[A-Za-z0-9_-]*$/.test(text) &&
  fromBase64Url(text.slice(text.length - (text.length % 4))) !== undefined

function decodeInSteps(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexOf[byte] ?? ''
  return text
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (hexToBytes !== undefined && /^(?:[0-9A-Fa-f]{2})*$/.test(text)) return hexToBytes(text)
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Joins texts so that different lists never give the same name: object names, KV keys and key
 * derivation labels are such tuples and begin with the issuer id.
 *
 * @example tuple('bank', 'client', 'app') // '4:bank6:client3:app'
 */
export function tuple(...parts: readonly string[]): string {
  let joined = ''
  for (const part of parts) joined += `${octetsIn(part)}:${part}`
  return joined
}

/** Most texts are ASCII: those need not be encoded to be counted. */
const octetsIn = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : utf8(text).length)

/** Strict UTF-8, as it came: throws on anything else. One for all, since it keeps nothing. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of bytes that must be UTF-8. Throws when they are not. */
export const textOf = (bytes: Uint8Array | ArrayBuffer): string => strict.decode(bytes)

/** The same text in memory of its own: a piece of a longer text may hold on to all of that. */
export const alone = (text: string): string => textOf(utf8(text))

export async function sha256(data: Uint8Array | string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = typeof data === 'string' ? utf8(data) : data
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

/** base64url(SHA-256(text)). */
export async function digest(data: Uint8Array | string): Promise<string> {
  return toBase64Url(await sha256(data))
}

export const randomBytes = (length: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(length))

/** A random text of `length` bytes in base64url; 16 bytes are 128 bits. */
export const randomText = (length: number): string => toBase64Url(randomBytes(length))

/** Compares without an early end. Differences in length show; all uses compare digests. */
export function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Whether parsed JSON stays within bounds of nesting and of values in all. Walks level by level, without
 * recursion: whatever somebody wrote.
 */
export function isBounded(
  value: unknown,
  most: { readonly depth: number; readonly values?: number },
): boolean {
  let level: readonly unknown[] = [value]
  let count = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    count += level.length
    if (depth > most.depth || count > (most.values ?? Infinity)) return false
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    )
  }
  return true
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
