import { generatedSubPrefix } from '../../clients/ids.ts'
import { digest, randomText, tuple } from '../../encoding.ts'
import type { Shelf } from '../shelf.ts'

/**
 * The account's own salt, made when it is first needed. Never changed: it, and no secret that is
 * rotated, keeps pairwise subjects the same for ever (OIDC Core 8.1).
 */
export function pairwiseSalt(shelf: Shelf): string {
  const known = shelf.read<string>('pairwise-salt')
  if (known !== undefined) return known
  const salt = randomText(32)
  shelf.write('pairwise-salt', salt)
  return salt
}

/**
 * How the clients of one sector know the account: says nothing about how others do, and has the form
 * of generated subjects, which no client id has.
 */
export async function pairwiseSubject(
  issuer: string,
  sector: string,
  salt: string,
): Promise<string> {
  return `${generatedSubPrefix}${await digest(tuple('pairwise', issuer, sector, salt))}`
}
