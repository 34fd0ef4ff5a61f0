import { randomBytes } from 'node:crypto'
import { Failure } from '../failure.ts'
import { readSecretIds } from './worker.ts'

/** One secret of 256 bits, in the form of the Worker secret MASTER_SECRET: `id:base64url`. */
const makeSecret = (number: number): string => `s${number}:${randomBytes(32).toString('base64url')}`

/** A first master secret. */
export const newSecret = (): string => makeSecret(1)

/**
 * Puts a new secret in front of a list. The old ones stay: what they sealed is still in use.
 *
 * @example await rotateSecret('s1:AAA…') // 's2:BBB…,s1:AAA…'
 */
export async function rotateSecret(list: string): Promise<string> {
  const ids = await readSecretIds(list)
  if (typeof ids === 'string') throw new Failure(ids)
  const numbers = ids.map((id) => Number(/^s(\d+)$/.exec(id)?.[1] ?? 0))
  return `${makeSecret(Math.max(...numbers) + 1)},${list.trim()}`
}
