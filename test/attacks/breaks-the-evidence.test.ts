import { describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'

const key = await makeDpopKey()

describe('texts that canonical JSON cannot hold', () => {
  it('RFC 8785 3.2.2.2 half a character in a name costs nobody their approval', async () => {
    const admin = await openAdmin()
    const { fixture } = await registerClient(admin, { client_name: 'Half \ud800 a name' })
    const client = testClient(fixture)
    const fields = { grant_management_action: 'create', scope: 'openid' }
    const code = await client.code({ key, fields })
    const tokens = await client.redeem(code, { key })
    expect(tokens.answer.status, tokens.answer.text).toBe(200)
    const grant = String(tokens.answer.json['grant_id'])
    const file = await admin.request('GET', `/grants/${grant}/evidence`)
    expect(file.status).toBe(200)
    expect(file.text.isWellFormed()).toBe(true)
    expect(file.text).toContain('Half \ufffd a name')
  })
})
