import type { Call } from './call.ts'
import { hashPassword } from './people/password.ts'
import { randomText } from './encoding.ts'
import { throttleBuckets } from './people/throttling.ts'

/**
 * Makes an issuer's fixed set of objects when it is first started: the sign-in throttle's buckets, and
 * a decoy account that is asked in place of people who do not exist, so that both cost the same.
 */
export async function provision(call: Call): Promise<void> {
  const { storage, stubs, issuer } = call
  const buckets = Array.from({ length: throttleBuckets }, (_, bucket) =>
    storage.object('Throttle.prepare', () => stubs.throttle(bucket).prepare()),
  )
  const accountId = stubs.newAccountId()
  const account = stubs.account(accountId)
  if (account === undefined) throw new Error('the namespace refused its own id')
  const password = await hashPassword(randomText(32))
  await Promise.all(buckets)
  // The directory decides whose decoy it is; nobody else makes an account.
  const decoy = await storage.object('Directory.addAccount', () =>
    stubs.directory().addAccount({ username: '', sub: '', accountId }),
  )
  if (decoy === 'sub-taken' || decoy.accountId !== accountId) return
  await storage.object('Account.put', () =>
    account.put({ issuer: issuer.id, username: '', sub: '', password }),
  )
}
