import { fromBase64Url, randomBytes, sameText, toBase64Url, utf8 } from '../encoding.ts'

/** A stored password: PBKDF2-HMAC-SHA-256 with the parameters it was made with. */
export type PasswordHash = {
  readonly algorithm: 'PBKDF2-SHA-256'
  readonly iterations: number
  /** base64url. */
  readonly salt: string
  readonly hash: string
}

/** The platform refuses more than 100,000 iterations in production. */
const iterations = 100_000

/** Longest password looked at, in characters. */
export const mostPasswordCharacters = 256
export const leastPasswordCharacters = 8

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, iterations)
  return { algorithm: 'PBKDF2-SHA-256', iterations, salt: toBase64Url(salt), hash }
}

/** Compares; without a stored hash it takes the same time and says no. */
export async function verifyPassword(
  password: string,
  stored: PasswordHash | undefined,
): Promise<boolean> {
  const salt = fromBase64Url(stored?.salt ?? '') ?? new Uint8Array()
  const hash = await derive(
    password.slice(0, mostPasswordCharacters),
    stored === undefined ? new Uint8Array(16) : salt,
    stored?.iterations ?? iterations,
  )
  return stored !== undefined && sameText(hash, stored.hash)
}

async function derive(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  rounds: number,
): Promise<string> {
  const normal = utf8(password.normalize('NFKC'))
  const key = await crypto.subtle.importKey('raw', normal, 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }
  return toBase64Url(new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256)))
}
