import type { Call } from '../call.ts'
import { generatedSubPrefix } from '../clients/ids.ts'
import { randomText, sha256, toHex, tuple } from '../encoding.ts'
import type { Credential, PersonClaims } from '../objects/account.ts'
import { delegatedNamePrefix } from '../objects/account/delegated.ts'
import type { Proof } from '../types.ts'
import { personOf } from './session.ts'
import type { Person } from './session.ts'

/** Somebody whom another login vouches for. */
export type Vouched = {
  /** Which login, for ever: the upstream's issuer identifier, or the bound service's name. */
  readonly by: readonly ['upstream' | 'service', string]
  /** Its own name for the person; never told to clients. */
  readonly subject: string
  readonly proof: Proof
  readonly claims: PersonClaims
  /** What the person is called on pages. */
  readonly shownAs?: string
}

/** An account's name that nobody can choose: a digest of who vouches and for whom. */
export async function delegatedName({ by, subject }: Pick<Vouched, 'by' | 'subject'>) {
  return `${delegatedNamePrefix}${toHex(await sha256(tuple(...by, subject)))}`
}

/**
 * Finds the account of such a person, or makes it, and takes over what the other login says of them.
 * Their `sub` is made here as for everybody, so that clients learn nothing of the other login's.
 */
export async function welcome(
  call: Call,
  vouched: Vouched,
): Promise<{ readonly person: Person; readonly credential: Credential }> {
  const { storage, stubs, issuer } = call
  const username = await delegatedName(vouched)
  const sub = `${generatedSubPrefix}${randomText(16)}`
  const accountId = stubs.newAccountId()
  const named = await storage.object('Directory.addAccount', () =>
    stubs.directory().addAccount({ username, sub, accountId }),
  )
  const account = named === 'sub-taken' ? undefined : stubs.account(named.accountId)
  if (named === 'sub-taken' || account === undefined) throw new Error('no account could be made')
  const { claims } = vouched
  const shownAs = vouched.shownAs ?? shownName(claims)
  const credential = await storage.object('Account.welcome', () =>
    account.welcome({
      issuer: issuer.id,
      username,
      sub: named.sub,
      claims,
      ...(shownAs === undefined ? {} : { shownAs }),
    }),
  )
  if (credential === undefined) throw new Error('the account is another issuer’s')
  return { person: personOf(named.accountId, credential), credential }
}

/** The claim by which a person knows themselves best. */
function shownName(claims: PersonClaims): string | undefined {
  const names = [claims['preferred_username'], claims['email'], claims['name']]
  return names.find((name): name is string => typeof name === 'string' && isShowable(name))
}

/** One line that fits a page. */
export const isShowable = (name: string): boolean =>
  name.trim() !== '' && name.length <= 128 && !/\p{C}/u.test(name)
