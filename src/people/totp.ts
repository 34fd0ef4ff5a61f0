/**
 * One-time codes (RFC 4226, RFC 6238) with what every authenticator app knows: SHA-1, six digits, 30
 * seconds. The whole of a library for it weighs forty times as much as this; tests judge it by one.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'

/** Seconds a code is shown. */
export const period = 30
const digits = 6

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 6, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += alphabet[(held >>> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + (alphabet[(held << (5 - bits)) & 31] ?? '')
}

/** The whole bytes of a base32 text, without regard to case and padding. Throws on other characters. */
export function fromBase32(text: string): Uint8Array {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text.toUpperCase().replace(/=+$/, '')) {
    const value = alphabet.indexOf(letter)
    if (value < 0) throw new TypeError('not base32')
    held = (held << 5) | value
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push(held >>> bits)
    held &= (1 << bits) - 1
  }
  return Uint8Array.from(bytes)
}

/** The code of a time step (RFC 4226 5.3). */
export function codeAt(secret: Uint8Array, step: number): string {
  const counter = new DataView(new ArrayBuffer(8))
  counter.setBigUint64(0, BigInt(step))
  const mac = hmac(sha1, secret, new Uint8Array(counter.buffer))
  const at = (mac[mac.length - 1] ?? 0) & 15
  const number = new DataView(mac.buffer, mac.byteOffset).getUint32(at) & 0x7fff_ffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The time step of a moment (ms). */
export const stepAt = (now: number): number => Math.floor(now / 1000 / period)

/** What authenticator apps read from a picture (Key URI format). */
export function keyUri(
  secret: string,
  whose: { readonly issuer: string; readonly username: string },
) {
  const [issuer, username] = [whose.issuer, whose.username].map(encodeURIComponent)
  const parameters = `algorithm=SHA1&digits=${digits}&period=${period}`
  return `otpauth://totp/${issuer}:${username}?issuer=${issuer}&secret=${secret}&${parameters}`
}
