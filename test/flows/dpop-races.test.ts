import { describe, expect, it } from 'vitest'
import { places } from '../support/doors.ts'
import type { Answer } from '../support/http.ts'
import { getResource, makeDpopKey, nonceOf, proof, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const api = `${server.api}/accounts`
const client = testClient('web')
const times = 50

const together = (action: (index: number) => Promise<Answer>): Promise<readonly Answer[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => action(index)))

/** How often each outcome came about. */
function count(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { status, json } of answers) {
    const outcome = `${status} ${String(json['error'] ?? '')}`.trim()
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

describe('the same proof fifty times at once', () => {
  it('DPOP-14 gets one token for fifty fresh assertions', async () => {
    const key = await makeDpopKey()
    const url = client.url('/token')
    const given = await proof(key, url, { nonce: await nonceOf(url) })
    const answers = await together(() =>
      client.post('/token', { grant_type: 'client_credentials' }, { proof: given }),
    )
    expect(count(answers)).toEqual({ '200': 1, '400 invalid_dpop_proof': times - 1 })
    expect(answers.filter(({ json }) => json['access_token'] !== undefined)).toHaveLength(1)
  })

  for (const { name, status, open } of places.filter(({ name }) => !name.includes('code'))) {
    it(`DPOP-14 passes once at ${name}`, async () => {
      const key = await makeDpopKey()
      const door = await open(key)
      const { url, method, accessToken } = door
      const token = accessToken === undefined ? {} : { accessToken }
      const given = await proof(key, url, { method, nonce: await nonceOf(url), ...token })
      const answers = await together(() => door.knockAnew([given]))
      expect(count(answers)).toEqual({
        [String(door.opened)]: 1,
        [`${status} invalid_dpop_proof`]: times - 1,
      })
    })
  }
})

describe('the same assertion fifty times at once', () => {
  it('SP-AS-06 gets one token for fifty fresh proofs', async () => {
    const key = await makeDpopKey()
    const fields = { client_assertion: await client.assertion() }
    const answers = await together(() =>
      client.post('/token', { grant_type: 'client_credentials' }, { key, fields }),
    )
    expect(count(answers)).toEqual({ '200': 1, '401 invalid_client': times - 1 })
  })

  it('SP-AS-06 pushes one request', async () => {
    const fields = { client_assertion: await client.assertion() }
    const answers = await together(async () => (await client.par({ fields })).answer)
    expect(count(answers)).toEqual({ '201': 1, '401 invalid_client': times - 1 })
    expect(answers.filter(({ json }) => json['request_uri'] !== undefined)).toHaveLength(1)
  })
})

describe('the same code fifty times at once', () => {
  it('SP-AS-28 is redeemed once, and its reuse by its own client ends the grant', async () => {
    const given = await client.code()
    const key = await makeDpopKey()
    const answers = await together(async () => (await client.redeem(given, { key })).answer)
    expect(count(answers)).toEqual({ '200': 1, '400 invalid_grant': times - 1 })
    const winner = answers.find(({ status }) => status === 200)
    const accounts = await getResource(api, String(winner?.json['access_token']), { key })
    expect(accounts.status).toBe(401)
    expect(accounts.json['error']).toBe('invalid_token')
    const refreshed = await client.refresh(String(winner?.json['refresh_token']), { key })
    expect(refreshed.answer.status).toBe(400)
    expect(refreshed.answer.json['error']).toBe('invalid_grant')
  })

  it('SP-AS-28 stays good for its owner when a stranger repeats the request byte for byte', async () => {
    const given = await client.code()
    const key = await makeDpopKey()
    const fields = { client_assertion: await client.assertion() }
    const url = client.url('/token')
    const request = { fields, proof: await proof(key, url, { nonce: await nonceOf(url) }) }
    const answers = await together(async () => (await client.redeem(given, request)).answer)
    expect(count(answers)).toEqual({ '200': 1, '401 invalid_client': times - 1 })
    const winner = answers.find(({ status }) => status === 200)
    const accounts = await getResource(api, String(winner?.json['access_token']), { key })
    expect(accounts.status).toBe(200)
    const refreshed = await client.refresh(String(winner?.json['refresh_token']), { key })
    expect(refreshed.answer.status).toBe(200)
  })
})
