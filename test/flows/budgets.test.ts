import { describe, expect, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const mtls = testClient('mtlsPki')
const key = await makeDpopKey()
const grant = { grant_type: 'client_credentials', scope: 'accounts' }

type Price = { readonly calls: number; readonly depth: number; readonly rows: number }

function priceOf(answer: Answer): Price {
  const text = answer.headers.get('server-timing') ?? ''
  const [, calls, depth, rows] = /do;desc="calls=(\d+) depth=(\d+) rows=(\d+)"/.exec(text) ?? []
  return { calls: Number(calls), depth: Number(depth), rows: Number(rows) }
}

/** Attempts after warming, enough to meet each of the guards a nonce may name. */
const attempts = 8

/**
 * The price on a warm isolate. The first use of a guard in a slot makes its table, and every half
 * minute a request renews the keys beside itself; neither is the price of a request, so the least counts.
 */
async function warmPrice(expected: number, ask: () => Promise<Answer>): Promise<Price> {
  const prices: Price[] = []
  await ask()
  for (let count = 0; count < attempts; count += 1) {
    const answer = await ask()
    expect(answer.status, answer.text).toBe(expected)
    prices.push(priceOf(answer))
  }
  const least = (member: keyof Price) => Math.min(...prices.map((price) => price[member]))
  return { calls: least('calls'), depth: least('depth'), rows: least('rows') }
}

function expectWithin(price: Price, budget: Price): void {
  const { calls, depth, rows } = price
  const found = `calls=${calls} depth=${depth} rows=${rows}, budget ${JSON.stringify(budget)}`
  expect(calls, found).toBe(budget.calls)
  expect(depth, found).toBe(budget.depth)
  expect(rows, found).toBeGreaterThan(0)
  expect(rows, found).toBeLessThanOrEqual(budget.rows)
}

describe('the price of a request in storage (design section 3)', () => {
  it('of PAR with private_key_jwt and DPoP is 3 calls side by side and 4 rows', async () => {
    const price = await warmPrice(201, async () => (await web.par({ key })).answer)
    expectWithin(price, { calls: 3, depth: 1, rows: 4 })
  })

  it('of a code with private_key_jwt and DPoP is 3 calls side by side and 3 rows', async () => {
    const price = await warmPrice(200, async () => {
      return (await web.redeem(await web.code({ key }), { key })).answer
    })
    expectWithin(price, { calls: 3, depth: 1, rows: 3 })
  })

  it('of a refresh with private_key_jwt and DPoP is 3 calls side by side and 3 rows', async () => {
    const { refreshToken } = await web.redeem(await web.code({ key }), { key })
    const price = await warmPrice(
      200,
      async () => (await web.refresh(refreshToken, { key })).answer,
    )
    expectWithin(price, { calls: 3, depth: 1, rows: 3 })
  })

  it('of a code with a certificate for both is 2 calls side by side and 1 row', async () => {
    const price = await warmPrice(200, async () => (await mtls.redeem(await mtls.code())).answer)
    expectWithin(price, { calls: 2, depth: 1, rows: 1 })
  })

  it('of a refresh with a certificate for both is 2 calls side by side and 1 row', async () => {
    const { refreshToken } = await mtls.redeem(await mtls.code())
    const price = await warmPrice(200, async () => (await mtls.refresh(refreshToken)).answer)
    expectWithin(price, { calls: 2, depth: 1, rows: 1 })
  })

  it('of client credentials with private_key_jwt and DPoP is 2 calls side by side and 2 rows', async () => {
    const price = await warmPrice(200, async () => (await web.token(grant, { key })).answer)
    expectWithin(price, { calls: 2, depth: 1, rows: 2 })
  })

  it('of a protected resource with DPoP and revocation is 2 calls side by side and 1 row', async () => {
    const { accessToken } = await web.token(grant, { key })
    const price = await warmPrice(200, () =>
      getResource(`${server.api}/accounts`, accessToken, { key }),
    )
    expectWithin(price, { calls: 2, depth: 1, rows: 1 })
  })

  it('of a request refused before storage is nothing', async () => {
    const forged = await warmPrice(401, async () => {
      return (await web.par({ key, claims: { aud: 'https://other.example' } })).answer
    })
    const nonceless = await warmPrice(400, async () => {
      return (await web.token(grant, { key, proofOptions: { nonce: undefined } })).answer
    })
    const nothing = { calls: 0, depth: 0, rows: 0 }
    expect([forged, nonceless]).toEqual([nothing, nothing])
  })
})
