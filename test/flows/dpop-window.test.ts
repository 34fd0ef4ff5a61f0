import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFixtures } from '../support/fixtures.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { control, makeDpopKey, moveClock, nonceOf, nowSeconds, proof, testClient } from '../support/test-client.ts' // prettier-ignore
import type { Server, TestClient } from '../support/test-client.ts'

/** A server of its own: it wakes and sweeps every object it has, and the shared one has thousands. */
let runtime: Runtime
let server: Server
let client: TestClient

beforeAll(async () => {
  const { fixtures, config } = await makeFixtures()
  runtime = await startRuntime({ config })
  server = { ...runtime, ca: '' }
  client = testClient(fixtures.clients.web, server)
})

afterAll(async () => {
  await runtime.stop()
})

const grant = { grant_type: 'client_credentials' }
const slot = 180

/** Seconds the clock is ahead. It only goes on: about a past it forgot a guard decides nothing. */
let ahead = 0

async function goTo(offset: number): Promise<void> {
  ahead = offset
  await moveClock(offset, server)
}

/** Moves the clock to the beginning of a time slot that is still to come, and `into` it. */
async function moveIntoSlot(into: number): Promise<number> {
  const now = nowSeconds()
  await goTo(ahead + Math.ceil(now / slot) * slot - now + into)
  return ahead
}

/** What the server says now to this very proof, in a request that is new otherwise. */
async function present(given: string): Promise<unknown> {
  const { answer } = await client.token(grant, { proof: given })
  return answer.status === 200 ? 'accepted' : answer.json['error_description']
}

const used = 'The proof was used before'
const stale = 'A current nonce of this server is required'

const slotNow = (): number => Math.floor(nowSeconds() / slot)

/** Seconds after the proof was accepted: about every edge of slots, tables and sweeps. */
const moments = [
  1, 60, 130, 182, 200, 237, 262, 280, 302, 335, 390, 422, 482, 602, 662, 722, 962, 3_602, 90_000,
] // prettier-ignore

describe('the window of a proof', () => {
  for (const into of [1, 90, 170]) {
    it(`DPOP-14 never accepts a proof again that was accepted ${into} seconds into a slot, whatever sleeps, wakes and is swept`, async () => {
      const start = await moveIntoSlot(into)
      const key = await makeDpopKey()
      const url = client.url('/token')
      const born = slotNow()
      const nonce = await nonceOf(url, server)
      const given = await proof(key, url, { nonce })
      const unused = await Promise.all(moments.map(() => proof(key, url, { nonce })))
      expect(await present(given)).toBe('accepted')
      expect(await present(given)).toBe(used)
      for (const [index, moment] of moments.entries()) {
        await goTo(start + moment)
        await control(index % 2 === 0 ? '/evict' : '/alarms', {}, server)
        // A nonce lives in its own slot and the next; its proofs live as long, and each but once.
        const lives = slotNow() <= born + 1
        expect([moment, await present(given)]).toEqual([moment, lives ? used : stale])
        const fresh = await present(unused[index] ?? '')
        expect([moment, fresh]).toEqual([moment, lives ? 'accepted' : stale])
      }
    })
  }

  it('DPOP-14 keeps what was used through a sweep of older slots', async () => {
    const start = await moveIntoSlot(10)
    const key = await makeDpopKey()
    const url = client.url('/token')
    const make = async () => proof(key, url, { nonce: await nonceOf(url, server) })
    const first = await make()
    expect(await present(first)).toBe('accepted')
    for (const moment of [200, 400, 600, 800]) {
      await goTo(start + moment)
      const given = await make()
      expect(await present(given)).toBe('accepted')
      expect((await control('/alarms', {}, server)).status).toBe(200)
      await control('/evict', {}, server)
      expect(await present(given)).toBe(used)
      expect(await present(first)).not.toBe('accepted')
    }
  })
})
