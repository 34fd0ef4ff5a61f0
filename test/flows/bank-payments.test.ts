import { describe, expect, inject, it } from 'vitest'
import { agreeTo, asking, payment, savings } from '../support/details.ts'
import type { Detail } from '../support/details.ts'
import type { Answer } from '../support/http.ts'
import { getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import type { Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const key = await makeDpopKey()
const { type: _type, ...order } = payment

type Fields = Readonly<Record<string, string | undefined>>

/** Asks for these details, and the person agrees to everything. */
const agree = (details: readonly Detail[], more: Fields = {}): Promise<Tokens> =>
  agreeTo(web, users.alice, { options: { key, fields: { ...asking(...details), ...more } } })
const detailsOf = (tokens: Tokens) =>
  (tokens.answer.json['authorization_details'] ?? []) as readonly Detail[]

async function call(
  tokens: Tokens,
  path: string,
  options: { readonly method?: string; readonly body?: string } = {},
): Promise<Answer> {
  const nonce = await nonceOf(`${server.api}/accounts`)
  const headers = [['content-type', 'application/json']] as const
  const given = { key, proofOptions: { nonce }, headers, ...options }
  return getResource(`${server.api}${path}`, tokens.accessToken, given)
}

const pay = (tokens: Tokens, what: object = order) =>
  call(tokens, '/payments', { method: 'POST', body: JSON.stringify(what) })
const challengeOf = (answer: Answer) => answer.headers.get('www-authenticate') ?? ''

/** Nothing is paid by it until all that is wrong was refused. */
const one = await agree([payment])

describe('a payment', () => {
  it('RAR-11 is made as the person agreed to it, and can be looked up', async () => {
    const tokens = await agree([payment])
    const [granted] = detailsOf(tokens)
    const made = await pay(tokens)
    expect(made.status, made.text).toBe(201)
    const id = granted?.['identifier']
    const debtorAccount = granted?.['debtorAccount']
    expect(made.json).toMatchObject({ ...order, id, status: 'accepted', debtorAccount })
    expect(made.headers.get('cache-control')).toContain('no-store')
    const found = await call(tokens, made.headers.get('location') ?? '')
    expect([found.status, found.json]).toEqual([200, made.json])
  })

  it('RAR-11 needs a detail: a scope, however wide, is answered with the type that would do', async () => {
    const scoped = await web.redeem(await web.code({ key }), { key })
    const refused = await pay(scoped)
    expect([refused.status, refused.json['error']]).toEqual([403, 'insufficient_scope'])
    expect(challengeOf(refused)).toMatch(
      /^DPoP error="insufficient_scope".*authorization_details_types="payment_initiation", algs=/,
    )
    expect((await call(scoped, '/payments/any')).status).toBe(403)
    expect((await pay(await agree([payment]))).status).toBe(201)
  })

  it('RAR-11 needs a detail of its own type', async () => {
    const reading = await agree([{ type: 'account_information', actions: ['list_accounts'] }])
    const refused = await pay(reading)
    expect([refused.status, refused.json['error']]).toEqual([403, 'insufficient_scope'])
    expect((await call(reading, '/accounts')).status).toBe(200)
  })

  it.each([
    ['instructedAmount', { instructedAmount: { currency: 'EUR', amount: '123.51' } }],
    ['instructedAmount', { instructedAmount: { currency: 'EUR', amount: '1.00' } }],
    ['instructedAmount', { instructedAmount: { currency: 'USD', amount: '123.50' } }],
    ['creditorAccount', { creditorAccount: savings }],
    ['creditorName', { creditorName: 'Merchant B' }],
    ['remittanceInformationUnstructured', { remittanceInformationUnstructured: 'Another' }],
    ['remittanceInformationUnstructured', { remittanceInformationUnstructured: undefined }],
    ['debtorAccount', { debtorAccount: savings }],
  ])('is refused with another %s: %j; what was agreed to is still made', async (name, change) => {
    const tokens = await agree([payment])
    const refused = await pay(tokens, { ...order, ...change })
    expect([refused.status, refused.json['error']]).toEqual([403, 'insufficient_scope'])
    expect(refused.json['error_description']).toBe(`${name} is not what the person agreed to`)
    expect(refused.text).not.toContain('123.50')
    expect((await pay(tokens)).status).toBe(201)
  })

  it.each([
    ['no JSON', 'amount=1', 400],
    ['nothing', '', 400],
    ['a list', JSON.stringify([order]), 400],
    ['null', 'null', 400],
    ['an empty object', '{}', 400],
    ['an unknown member', JSON.stringify({ ...order, urgent: true }), 400],
    ['a member called __proto__', `{"__proto__":{},${JSON.stringify(order).slice(1)}`, 400],
    ['an amount that is a number', JSON.stringify({ ...order, instructedAmount: { currency: 'EUR', amount: 123.5 } }), 400],
    ['an amount of nothing', JSON.stringify({ ...order, instructedAmount: { currency: 'EUR', amount: '0.00' } }), 400],
    ['an amount below nothing', JSON.stringify({ ...order, instructedAmount: { currency: 'EUR', amount: '-1' } }), 400],
    ['an amount with more', JSON.stringify({ ...order, instructedAmount: { currency: 'EUR', amount: '1', more: 1 } }), 400],
    ['an IBAN of wrong check digits', JSON.stringify({ ...order, creditorAccount: { iban: 'DE03100100109307118603' } }), 400],
    ['an account that is a text', JSON.stringify({ ...order, creditorAccount: 'DE02100100109307118603' }), 400],
    ['a name of two lines', JSON.stringify({ ...order, creditorName: 'A\nB' }), 400],
    ['a name of 71 characters', JSON.stringify({ ...order, creditorName: 'A'.repeat(71) }), 400],
    ['a name that is a list', JSON.stringify({ ...order, creditorName: ['A'] }), 400],
    ['an identifier that is an object', JSON.stringify({ ...order, identifier: {} }), 400],
    ['depth', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 400],
    ['more than 64 KiB', JSON.stringify({ ...order, creditorName: 'A'.repeat(65_536) }), 413],
  ] as const)('is refused with a body of %s, in words', async (_what, body, status) => {
    const refused = await call(one, '/payments', { method: 'POST', body })
    expect(refused.status, refused.text).toBe(status)
    expect(refused.json['error']).toBe(status === 413 ? 'payload_too_large' : 'invalid_request')
    expect(String(refused.json['error_description']).length).toBeGreaterThan(5)
  }) // prettier-ignore

  it('is made after all these', async () => {
    expect((await pay(one)).status).toBe(201)
  })

  it('is not there under other methods and names', async () => {
    const tokens = one
    const [get, put] = [await call(tokens, '/payments'), await call(tokens, '/payments/x', { method: 'PUT' })]
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET'])
    for (const name of ['unknown', '%00', '..%2f', '%ff', 'a'.repeat(2_000)]) {
      expect((await call(tokens, `/payments/${name}`)).status).toBe(404)
    }
  }) // prettier-ignore
})

describe('each detail pays once', () => {
  it('whatever token of the grant says so', async () => {
    const tokens = await agree([payment])
    const [granted] = detailsOf(tokens)
    expect((await pay(tokens)).status).toBe(201)
    const again = await pay(tokens)
    expect(again.status).toBe(409)
    expect(again.json).toMatchObject({ error: 'conflict', payment_id: granted?.['identifier'] })
    const renewed = await web.refresh(tokens.refreshToken, { key })
    expect((await pay(renewed)).status).toBe(409)
    const narrowed = await web.refresh(tokens.refreshToken, { key, fields: asking(payment) })
    expect(detailsOf(narrowed)).toEqual([granted])
    expect((await pay(narrowed)).status).toBe(409)
  })

  it('however many at a time', async () => {
    const tokens = await agree([payment])
    const answers = await Promise.all(Array.from({ length: 12 }, () => pay(tokens)))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([201, ...Array<number>(11).fill(409)])
  })

  it('and two details pay twice, by name or one after the other', async () => {
    const other = { ...payment, creditorName: 'Merchant B' }
    const tokens = await agree([payment, other])
    const [, second] = detailsOf(tokens)
    const identifier = second?.['identifier']
    const wrong = await pay(tokens, { ...order, identifier })
    expect([wrong.status, wrong.json['error']]).toEqual([403, 'insufficient_scope'])
    expect((await pay(tokens, { ...order, identifier: 'unknown' })).status).toBe(403)
    expect((await pay(tokens)).status).toBe(201)
    const named = await pay(tokens, { ...order, creditorName: 'Merchant B', identifier })
    expect([named.status, named.json['id']]).toEqual([201, identifier])
    expect((await pay(tokens)).status).toBe(409)
  })

  it('RAR-21 also after a merge, which adds a payment and brings none back', async () => {
    const first = await agree([payment], { grant_management_action: 'create' })
    expect((await pay(first)).status).toBe(201)
    const merge = { grant_management_action: 'merge', grant_id: String(first.answer.json['grant_id']) }
    const merged = await agree([{ ...payment, creditorName: 'Merchant B' }], merge)
    expect(detailsOf(merged)).toHaveLength(2)
    expect((await pay(merged)).status).toBe(409)
    expect((await pay(merged, { ...order, creditorName: 'Merchant B' })).status).toBe(201)
  }) // prettier-ignore

  it('and another consent to the same pays once more, unseen by the first', async () => {
    const [first, second] = [await agree([payment]), await agree([payment])]
    const made = [await pay(first), await pay(second)]
    expect(made.map(({ status }) => status)).toEqual([201, 201])
    expect(made[0]?.json['id']).not.toBe(made[1]?.json['id'])
    const location = made[1]?.headers.get('location') ?? ''
    expect((await call(first, location)).status).toBe(404)
    expect((await call(second, location)).status).toBe(200)
  })

  it('RAR-18 and none after the grant was revoked', async () => {
    const tokens = await agree([payment])
    expect((await web.post('/revoke', { token: tokens.refreshToken })).status).toBe(200)
    const refused = await pay(tokens)
    expect([refused.status, refused.json['error']]).toEqual([401, 'invalid_token'])
  })
})
