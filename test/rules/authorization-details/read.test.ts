import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  detailsRequested,
  detailsOfToken,
  parseDetails,
  limits,
} from '../../../src/authorization-details/read.ts'
import { bag, codeOf, makeIssuer, valueOf } from '../support/issuer.ts'
import { anyText, holds, holdsAsync } from '../support/property.ts'
import { detailSettings, payment } from './support/shipped.ts'

const issuer = makeIssuer({ authorization_details_types: detailSettings })
const requested = (text: string) => detailsRequested(issuer, bag({ authorization_details: text }))
const refusal = async (value: unknown) => {
  const result = await requested(typeof value === 'string' ? value : JSON.stringify(value))
  return result.ok ? 'accepted' : `${result.refusal.code} ${result.refusal.description}`
}
const details = 'invalid_authorization_details'

describe('the text', () => {
  it.each([
    ['{}'], ['"payment_initiation"'], ['5'], ['null'], ['true'], [''.padEnd(3)], ['['], ['[{]'], ['[{"type":"a"},]'], ["[{'type':'a'}]"],
    ['[]'], ['[[]]'], ['[5]'], ['["payment_initiation"]'], ['[null]'], ['[{}]'], ['[{"type":""}]'], ['[{"type":5}]'], ['[{"type":["a"]}]'],
    ['[[{"type":"a"}]]'],
  ])('RAR-01 is a JSON array of objects with a type: %s is refused', async (text) => {
    expect(codeOf(parseDetails(text))).toBe(details)
    expect(codeOf(await requested(text))).toBe(details)
    expect(valueOf(parseDetails('[{"type":"a"}]'))).toEqual([{ type: 'a' }])
  }) // prettier-ignore

  it('RAR-19 has limits, and what keeps within them is read', () => {
    const wide = (count: number) => `[{"type":"a","x":[${'1,'.repeat(count)}1]}]`
    const deep = (levels: number) => `[{"type":"a","x":${'['.repeat(levels)}${']'.repeat(levels)}}]`
    const many = (count: number) => JSON.stringify(Array(count).fill({ type: 'a' }))
    const long = (length: number) => JSON.stringify([{ type: 'a', x: 'y'.repeat(length) }])
    const large = (size: number) => `[{"type":"a"}${' '.repeat(size - 14)}]`
    const pairs = [
      [wide(249), wide(250)],
      [deep(6), deep(7)],
      [many(16), many(17)],
      [long(1024), long(1025)],
      [large(limits.bytes), large(limits.bytes + 1)],
    ] as const
    for (const [fits, exceeds] of pairs) {
      expect(codeOf(parseDetails(fits))).toBeUndefined()
      expect(codeOf(parseDetails(exceeds))).toBe(details)
    }
    expect(codeOf(parseDetails('['.repeat(limits.bytes)))).toBe(details)
    expect(codeOf(parseDetails(`["${'é'.repeat(9000)}"]`))).toBe(details)
  })

  it.each([
    '[{"type":"a","type":"b"}]', '[{"type":"a","x":{"y":1,"y":1}}]', '[{"type":"a","\\u0074ype":"b"}]', '[{"type":"a","x":1,"x" : 2}]',
  ])('RAR-01 names no member twice: %s', (text) => {
    expect(parseDetails(text)).toMatchObject({ refusal: { description: 'authorization_details names a member twice' } })
    expect(codeOf(parseDetails('[{"type":"a","x":"\\"y\\":","y":"z\\\\"}]'))).toBeUndefined()
  }) // prettier-ignore

  it('RAR-01 holds numbers that there are', () => {
    expect(codeOf(parseDetails('[{"type":"a","x":1e999}]'))).toBe(details)
    expect(codeOf(parseDetails('[{"type":"a","x":[{"y":-1e999}]}]'))).toBe(details)
    expect(codeOf(parseDetails('[{"type":"a","x":1e99}]'))).toBeUndefined()
  })

  it('RAR-01 holds whole characters', () => {
    expect(codeOf(parseDetails('[{"type":"a","x":"\\ud800"}]'))).toBe(details)
    expect(codeOf(parseDetails('[{"type":"a","\\udfff":"x"}]'))).toBe(details)
    expect(codeOf(parseDetails('[{"type":"a","x":"\\ud83d\\ude00"}]'))).toBeUndefined()
  })

  it('RAR-19 of any kind is answered, never thrown at, and a refusal echoes no value', async () => {
    const jsonish = fc.oneof(
      anyText(300),
      fc.json(),
      fc.array(fc.dictionary(fc.constantFrom('type', 'x', '__proto__', 'constructor'), fc.jsonValue())).map((v) => JSON.stringify(v)),
      fc.jsonValue().map((value) => JSON.stringify([{ ...payment, creditorName: value }])),
      fc.tuple(fc.constantFrom(...Object.keys(payment)), fc.jsonValue()).map(([name, value]) => JSON.stringify([{ ...payment, [name]: value }])),
    ) // prettier-ignore
    await holdsAsync(
      fc.asyncProperty(jsonish, async (text) => {
        const result = await requested(text)
        if (result.ok) return
        const { code, description } = result.refusal
        expect(code).toBe(details)
        expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,600}$/)
      }),
      1000,
    )
  })

  it('RAR-01 is the same whether white space stands in it or not', () => {
    holds(
      fc.property(fc.array(fc.record({ type: fc.constant('a'), x: fc.jsonValue({ maxDepth: 2 }) }), { minLength: 1, maxLength: 3 }), (value) => {
        const plain = parseDetails(JSON.stringify(value))
        const spaced = parseDetails(JSON.stringify(value, null, 2))
        expect(spaced).toEqual(plain)
      }),
    ) // prettier-ignore
  })
})

describe('each detail', () => {
  it('RAR-02 is of a type that is known', async () => {
    expect(await refusal([payment])).toBe('accepted')
    for (const type of ['unknown', 'constructor', '__proto__', 'Payment_initiation']) {
      expect(await refusal([{ ...payment, type }])).toBe(`${details} ${type}: the type is not known here`) // prettier-ignore
    }
    expect(await refusal([{ ...payment, type: 'x"\n<b>' }])).toMatch(/the type is not known here$/)
  })

  const { creditorName: _name, ...nameless } = payment
  it.each([
    ['an unknown field', { ...payment, urgent: true }, 'field urgent is not known'],
    ['an unknown field inside', { ...payment, creditorAccount: { ...payment.creditorAccount, bic: 'X' } }, 'field creditorAccount.bic is not known'],
    ['another type', { ...payment, creditorName: 7 }, 'field creditorName is not as its schema says (type)'],
    ['a number for an amount', { ...payment, instructedAmount: { currency: 'EUR', amount: 5 } }, 'field instructedAmount.amount is not as its schema says (type)'],
    ['an invalid value', { ...payment, instructedAmount: { currency: 'eur', amount: '5' } }, 'field instructedAmount.currency is not as its schema says (pattern)'],
    ['a missing field', nameless, 'field creditorName is required'],
    ['a missing field inside', { ...payment, creditorAccount: {} }, 'field creditorAccount.iban is required'],
    ['a value that is not in the list', { type: 'account_information', actions: ['steal'] }, 'field actions.0 is not as its schema says (enum)'],
    ['nothing', { type: 'account_information', actions: [] }, 'field actions is not as its schema says (minItems)'],
    ['a member called __proto__', JSON.parse(`{"type":"payment_initiation","__proto__":{"creditorName":"x"}}`) as object, 'field creditorName is required'],
  ])('RAR-03 is as its schema says: %s is refused by the name of the field', async (_what, detail, why) => {
    const { type } = detail as { type?: string }
    expect(await refusal([detail])).toMatch(new RegExp(`^${details} ${type}: field `))
    expect(await refusal([detail])).toContain(why.split(' is ')[1])
    expect(await refusal([payment])).toBe('accepted')
  }) // prettier-ignore

  it('RAR-03 that is refused is not echoed', async () => {
    const secret = 'DE00-my-secret'
    const said = await refusal([{ ...payment, creditorAccount: { iban: secret } }])
    expect(said).toBe(`${details} payment_initiation: field creditorAccount.iban is not as its schema says (pattern)`) // prettier-ignore
    expect(said).not.toContain('secret')
  })

  it('RAR-04 fails the whole request', async () => {
    expect(await refusal([payment, { ...payment, creditorName: '' }])).toContain(details)
    expect(await refusal([payment, payment])).toBe('accepted')
  })

  it('RAR-10 leaves open what the person or the server fills in', async () => {
    const account = { type: 'account_information', actions: ['list_accounts'] }
    const open = [{ ...account, accounts: [] }]
    expect(valueOf(await requested(JSON.stringify(open)))).toEqual([account])
    expect(valueOf(await requested(JSON.stringify([account])))).toEqual([account])
    const accounts = [{ iban: 'DE02120300000000202051' }]
    expect(await refusal([{ ...account, accounts }])).toBe(`${details} account_information: field accounts is filled in by the person who agrees`) // prettier-ignore
    expect(await refusal([{ ...payment, identifier: 'mine' }])).toBe(`${details} payment_initiation: field identifier is filled in by this server`) // prettier-ignore
  })

  it('RAR-07 may name in a token request what was filled in', async () => {
    const full = [{ type: 'account_information', actions: ['list_accounts'], accounts: [{ iban: 'DE02120300000000202051' }] }] // prettier-ignore
    const text = JSON.stringify(full)
    expect(valueOf(await detailsOfToken(issuer, bag({ authorization_details: text })))).toEqual(
      full,
    )
    const bad = text.replace('DE02', 'x')
    expect(codeOf(await detailsOfToken(issuer, bag({ authorization_details: bad })))).toBe(details)
    expect(valueOf(await detailsOfToken(issuer, bag({ scope: 'openid' })))).toBeUndefined()
  })

  it('RAR-12 is for places at the resource servers of its type, written in one way', async () => {
    const at = (...locations: string[]) => refusal([{ ...payment, locations }])
    expect(await at('https://api.bank.example')).toBe('accepted')
    expect(await at('https://api.bank.example/payments')).toBe('accepted')
    for (const place of ['https://other.bank.example', 'https://api.bank.example.evil.example', 'https://api.bank.example/a/../../x', 'HTTPS://api.bank.example/x']) {
      expect(await at('https://api.bank.example', place)).toBe(`${details} payment_initiation: field locations names no resource server of this type`)
    } // prettier-ignore
  })

  it('RAR-19 with a long, hostile text is judged at once', async () => {
    const hostile = `${'a '.repeat(511)}\u0000`
    const all = Array.from({ length: 10 }, () => ({ ...payment, creditorName: hostile }))
    expect(await refusal(all)).toContain('creditorName')
  })
})
