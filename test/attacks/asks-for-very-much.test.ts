import { beforeAll, describe, expect, inject, it } from 'vitest'
import { agreeTo, asking, payment } from '../support/details.ts'
import type { Detail } from '../support/details.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { DpopKey } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
let key: DpopKey

beforeAll(async () => {
  key = await makeDpopKey()
})

/** As many and as long as one request may hold. */
const many: readonly Detail[] = Array.from({ length: 15 }, (_, index) => ({
  ...payment,
  creditorName: `${'<&"ä'.repeat(17)}${index}`,
  remittanceInformationUnstructured: `${'<&"ä'.repeat(34)}${index}`,
}))
const choices = Object.fromEntries(
  many.flatMap((_detail, index) => [
    [`take.${index}`, '1'],
    [`choose.${index}.debtorAccount`, '0'],
  ]),
)

describe('a request for as much as there may be', () => {
  it('RAR-19 is shown, agreed to, and its token looked at and revoked', async () => {
    const options = { key, fields: asking(...many) }
    const tokens = await agreeTo(web, users.alice, { options, choices })
    expect(tokens.answer.status, tokens.answer.text).toBe(200)
    expect(tokens.answer.json['authorization_details']).toHaveLength(15)
    const look = async () =>
      (await getResource(`${server.api}/accounts`, tokens.accessToken, { key })).status
    expect(await look()).toBe(200)
    await web.post('/revoke', { token: tokens.accessToken })
    expect(await look()).toBe(401)
  })
})
