import { afterEach, describe, expect, inject, it } from 'vitest'
import { send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'

const server = inject('server')
const web = testClient('web')
const key = await makeDpopKey()
const accounts = `${server.api}/accounts`
const sensitive = `${server.api}/accounts/current/transactions`

afterEach(() => moveClock(0))

const challengeOf = (answer: Answer): string => answer.headers.get('www-authenticate') ?? ''

describe('a resource that needs a strong and recent sign-in', () => {
  it('RFC 9470 3 tells the holder of a token of a client alone what to ask for', async () => {
    const grant = { grant_type: 'client_credentials', scope: 'accounts' }
    const { accessToken } = await web.token(grant, { key })
    expect((await getResource(accounts, accessToken, { key })).status).toBe(200)
    const answer = await getResource(sensitive, accessToken, { key })
    expect(refusal(answer)).toBe('401 insufficient_user_authentication')
    expect(challengeOf(answer)).toMatch(
      /^DPoP error="insufficient_user_authentication", error_description="[^"]+", acr_values="urn:fapi-edge:acr:two-factors urn:fapi-edge:acr:phishing-resistant", max_age="300", algs="/,
    )
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.json).not.toHaveProperty('transactions')
  })

  it('RFC 9470 3 says what else is wrong first: no token, another key, too little scope', async () => {
    const none = await send(sensitive)
    expect(none.status).toBe(401)
    expect(challengeOf(none)).toMatch(/^DPoP algs="/)
    const { accessToken } = await web.redeem(await web.code({ key }), { key })
    const foreign = await getResource(sensitive, accessToken, { key: await makeDpopKey() })
    expect(refusal(foreign)).toBe('401 invalid_token')
    const openid = await web.redeem(await web.code({ key, fields: { scope: 'openid' } }), { key })
    const little = await getResource(sensitive, openid.accessToken, { key })
    expect(refusal(little)).toBe('403 insufficient_scope')
    expect(challengeOf(little)).not.toContain('acr_values')
  })
})
