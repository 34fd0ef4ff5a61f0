import { issuerSecrets } from '../../../src/call.ts'
import type { Call } from '../../../src/call.ts'
import { parseMasterSecret } from '../../../src/secrets.ts'
import type { Issuer } from '../../../src/types.ts'
import { makeIssuer } from './issuer.ts'

const secret = `one:${Buffer.alloc(32, 1).toString('base64url')}`

/** As much of a call as cookies and interactions use; the rest is not there. */
export function makeCall(
  given: {
    readonly headers?: Readonly<Partial<Record<string, string>>>
    readonly issuer?: Issuer
    readonly now?: number
    readonly secret?: string
  } = {},
): Call {
  const issuer = given.issuer ?? makeIssuer()
  const master = parseMasterSecret(given.secret ?? secret)
  if (typeof master === 'string') throw new Error(master)
  const call: Pick<Call, 'issuer' | 'request' | 'secrets' | 'now'> = {
    issuer,
    request: new Request(`${issuer.url}/login`, {
      headers: given.headers as Record<string, string>,
    }),
    secrets: issuerSecrets(master, issuer.id),
    now: given.now ?? 1_800_000_000_000,
  }
  return call as Call
}
