import { describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import { storageCost } from '../support/attack.ts'

const web = testClient('web')
const second = testClient('second')

describe('an attacker who injects a code', () => {
  it('ATK-A1-01 ATK-A3-02 cannot redeem a stolen code in a session with another verifier; its owner still can', async () => {
    const key = await makeDpopKey()
    const victim = await web.code()
    const attacker = await web.par()
    const injected = await web.redeem(
      { code: victim.code, verifier: attacker.verifier },
      { key: await makeDpopKey() },
    )
    expect(refusal(injected.answer)).toBe('400 invalid_grant')
    expect((await web.redeem(victim, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-02 cannot push a request that weakens or drops PKCE', async () => {
    const challenge = web.authorizationFields('a'.repeat(43))['code_challenge'] ?? ''
    const downgrades: readonly Record<string, string | undefined>[] = [
      { code_challenge: undefined },
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge: '' },
      { code_challenge_method: undefined },
      { code_challenge_method: '' },
      { code_challenge_method: 'plain' },
      { code_challenge_method: 'plain', code_challenge: 'a'.repeat(43) },
      { code_challenge_method: 'none' },
      { code_challenge_method: 's256' },
      { code_challenge_method: 'S256 plain' },
      { code_challenge_method: 'S512' },
      { code_challenge: challenge.slice(0, -1) },
      { code_challenge: `${challenge}A` },
      { code_challenge: `${challenge}=` },
      { code_challenge: challenge.replace(/^./, '+') },
    ]
    for (const fields of downgrades) {
      const { answer } = await web.par({ fields })
      expect(refusal(answer), JSON.stringify(fields)).toBe('400 invalid_request')
      expect(storageCost(answer).rows).toBe(0)
    }
    expect((await web.par()).answer.status).toBe(201)
  })

  it('ATK-A1-02 cannot redeem a code without the verifier, or with the challenge in its place', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    const challenge = web.authorizationFields(given.verifier)['code_challenge'] ?? ''
    const tries = [undefined, '', challenge, `${given.verifier}a`, 'short', 'ö'.repeat(43)]
    for (const verifier of tries) {
      const { answer } = await web.redeem(given, { key, fields: { code_verifier: verifier } })
      expect(refusal(answer), verifier).toBe('400 invalid_grant')
    }
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-03 cannot redeem a code as another client, which leaves it redeemable for its owner', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    const asOther = await second.redeem(given, { key })
    expect(refusal(asOther.answer)).toBe('400 invalid_grant')
    const redirect_uri = web.fixture.redirectUri
    const withItsAddress = await second.redeem(given, { key, fields: { redirect_uri } })
    expect(refusal(withItsAddress.answer)).toBe('400 invalid_grant')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-03 cannot redeem a code for another redirect_uri than it was sent to', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    for (const redirect_uri of ['https://web.example/cb/', 'https://evil.example/cb', 'x']) {
      const { answer } = await web.redeem(given, { key, fields: { redirect_uri } })
      expect(refusal(answer), redirect_uri).toBe('400 invalid_grant')
    }
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('ATK-A4-02 cannot bind a code to their own DPoP key when the client bound it at PAR', async () => {
    const key = await makeDpopKey()
    const attacker = await makeDpopKey()
    for (const options of [{ key }, { fields: { dpop_jkt: key.jkt } }]) {
      const given = await web.code(options)
      const stolen = await web.redeem(given, { key: attacker })
      expect(refusal(stolen.answer)).toBe('400 invalid_grant')
      const own = await web.redeem(given, { key })
      expect(own.claims['cnf']).toEqual({ jkt: key.jkt })
    }
  })
})
