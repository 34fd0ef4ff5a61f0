import { describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, nonceOf, proof, testClient } from '../support/test-client.ts'
import type { DpopKey, RequestOptions, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const second = testClient('second')
const accounts = `${server.api}/accounts`

/** Whether the tokens of a first use still open the API and still refresh. */
async function alive(tokens: Tokens, key: DpopKey): Promise<readonly number[]> {
  const resource = await getResource(accounts, tokens.accessToken, { key })
  const refreshed = await web.refresh(tokens.refreshToken, { key })
  return [resource.status, refreshed.answer.status]
}

/** A token request whose every byte is known, as somebody who reads the wire would have it. */
async function captured(key: DpopKey): Promise<RequestOptions> {
  return {
    fields: { client_assertion: await web.assertion() },
    proof: await proof(key, web.url('/token'), { nonce: await nonceOf(web.url('/token')) }),
  }
}

describe('an attacker who replays a code', () => {
  it('ATK-A1-04 ATK-A4-01 cannot use a token request a second time byte for byte, nor kill the grant by it', async () => {
    const key = await makeDpopKey()
    const given = await web.code({ key })
    const request = await captured(key)
    const tokens = await web.redeem(given, request)
    expect(tokens.answer.status).toBe(200)
    for (let time = 0; time < 3; time += 1) {
      const replay = await web.redeem(given, request)
      expect(refusal(replay.answer)).toBe('401 invalid_client')
    }
    expect(await alive(tokens, key)).toEqual([200, 200])
  })

  it('ATK-A1-04 ATK-A4-01 cannot kill a grant with parts of the first request and things of their own', async () => {
    const key = await makeDpopKey()
    const attacker = await makeDpopKey()
    const given = await web.code({ key })
    const request = await captured(key)
    const tokens = await web.redeem(given, request)
    const usedProof = request.proof ?? ''
    const tries: readonly [string, () => Promise<Tokens>][] = [
      ['401 invalid_client', () => web.redeem(given, { fields: request.fields ?? {}, key: attacker })],
      ['400 invalid_dpop_proof', () => web.redeem(given, { proof: usedProof })],
      ['400 invalid_grant', () => web.redeem(given, { key: attacker })],
      ['400 invalid_grant', () => web.redeem({ ...given, verifier: 'v'.repeat(43) }, { key })],
      ['400 invalid_grant', () => second.redeem(given, { key })],
    ] // prettier-ignore
    for (const [expected, attempt] of tries) {
      expect(refusal((await attempt()).answer)).toBe(expected)
    }
    expect(await alive(tokens, key)).toEqual([200, 200])
  })

  it('ATK-A1-04 is noticed when the client itself uses the code again: its tokens end', async () => {
    const key = await makeDpopKey()
    const given = await web.code({ key })
    const tokens = await web.redeem(given, { key })
    expect(await alive(tokens, key)).toEqual([200, 200])
    const again = await web.redeem(given, { key })
    expect(refusal(again.answer)).toBe('400 invalid_grant')
    expect(await alive(tokens, key)).toEqual([401, 400])
  })

  it('ATK-A1-04 gets one success out of 20 parallel redemptions, and no live token after the reuse', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    const requests = await Promise.all(Array.from({ length: 20 }, () => captured(key)))
    const all = await Promise.all(requests.map((request) => web.redeem(given, request)))
    const successes = all.filter(({ answer }) => answer.status === 200)
    expect(successes).toHaveLength(1)
    const refusals = all.filter(({ answer }) => answer.status !== 200)
    expect(new Set(refusals.map(({ answer }) => refusal(answer)))).toEqual(
      new Set(['400 invalid_grant']),
    )
    expect(refusals.every(({ answer }) => !answer.text.includes('access_token'))).toBe(true)
    const [winner] = successes
    if (winner !== undefined) expect(await alive(winner, key)).toEqual([401, 400])
  })

  it('ATK-A1-04 gets one success out of 20 copies of one request, and the grant lives', async () => {
    const key = await makeDpopKey()
    const given = await web.code({ key })
    const request = await captured(key)
    const all = await Promise.all(Array.from({ length: 20 }, () => web.redeem(given, request)))
    const successes = all.filter(({ answer }) => answer.status === 200)
    // The copy that takes the code need not be the one that takes the assertion: then nobody wins.
    expect(successes.length).toBeLessThanOrEqual(1)
    for (const winner of successes) expect(await alive(winner, key)).toEqual([200, 200])
  })
})
