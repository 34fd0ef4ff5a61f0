import { listDurableObjectIds } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeParties, push, settle } from '../objects/support/flow.ts'
import { assertion, bank, other, post, read } from '../objects/support/issuers.ts'
import type { Party } from '../objects/support/issuers.ts'
import { env } from '../objects/support/objects.ts'

/** `PUSH_LIMIT` of `wrangler.toml`: in a minute, for one client. */
const limit = 300

let app: Party
let api: Party

beforeAll(async () => {
  ;({ app, api } = await makeParties())
  for (const issuer of [bank, other]) await settle(issuer, [app, api])
})

const pushedRequests = async () => (await listDurableObjectIds(env.PUSHED_REQUEST)).length

describe('a client that floods the PAR endpoint', () => {
  it('SP-PAR-05 ATK-A1-32 2.3 is answered 429 before anything is used, and nobody else is', async () => {
    const before = await pushedRequests()
    let accepted = 0
    let refused: Response | undefined
    let used = ''
    // A new minute may begin on the way.
    while (refused === undefined && accepted <= 2 * limit) {
      used = await assertion(app, bank)
      const { response } = await push(bank, app, { assertion: used })
      if (response.status === 201) accepted += 1
      else refused = response
    }
    expect(accepted).toBeGreaterThanOrEqual(limit)
    expect(accepted).toBeLessThanOrEqual(2 * limit)
    if (refused === undefined) throw new Error('nothing was refused')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await read(refused)).toMatchObject({
      status: 429,
      json: { error: 'too_many_requests' },
    })
    // Its assertion is not used up, and every pushed request there is was accepted.
    expect(await pushedRequests()).toBe(before + accepted)
    const elsewhere = { as: app, assertion: used, fields: { token: 'x' } }
    expect((await post(bank, '/revoke', elsewhere)).status).toBe(200)
    expect((await post(bank, '/revoke', elsewhere)).status).toBe(401)
    for (const [issuer, party] of [[bank, api], [other, app]] as const) {
      expect((await push(issuer, party)).response.status).toBe(201)
    } // prettier-ignore
  })
})
