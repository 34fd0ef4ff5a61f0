import { describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { newPerson } from '../support/people.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'

describe('a name with half a character', () => {
  it('ATK-A1-34 of a client keeps nobody from agreeing to it', async () => {
    const admin = await openAdmin()
    const { fixture } = await registerClient(admin, { client_name: 'Half \ud83d' })
    const client = testClient(fixture)
    const key = await makeDpopKey()
    const pushed = await client.par({ key })
    const person = await newPerson({ code: false })
    const callback = await client.approve(pushed.requestUri, person)
    const code = callback.searchParams.get('code') ?? ''
    expect(code).not.toBe('')
  })
})
