import { describe, expect, it } from 'vitest'
import { describeDetail } from '../../../src/pages/describe-details.ts'
import { chooseSpeech } from '../../../src/pages/words.ts'
import { makeIssuer } from '../support/issuer.ts'

/* A type whose schema leaves open what an amount and a day look like. */

const text = { type: 'string', maxLength: 64 }
const amount = {
  type: 'object',
  properties: { currency: text, amount: text },
  required: ['currency', 'amount'],
  additionalProperties: false,
}
const said = { title: 'Pay', sentences: ['{limit:amount} until {until:date}'] }
const types = makeIssuer({
  authorization_details_types: {
    loose: {
      schema: {
        type: 'object',
        properties: { limit: amount, until: text },
        required: ['limit', 'until'],
        additionalProperties: false,
      },
      resource_servers: ['https://api.bank.example'],
      consent: { en: said, de: said },
    },
  },
}).detailTypes

/** What the person reads. */
function read(currency: string, value: string, until = '2026-01-31'): string {
  const detail = { type: 'loose', limit: { currency, amount: value }, until }
  const { lines } = describeDetail(types, detail, chooseSpeech({ uiLocales: ['en'] }))
  return lines
    .flat()
    .map((piece) => (typeof piece === 'string' ? piece : piece.value))
    .join('')
}

describe('what a person reads of a detail', () => {
  it('RAR-14 is an amount as money, every digit of it', () => {
    expect(read('EUR', '1234567.890')).toBe('€1,234,567.89 until 31 January 2026')
    expect(read('EUR', '0.000000001')).toContain('€0.000000001')
  })

  it.each([
    ['EUR', '1e3'], ['EUR', '0x10'], ['EUR', ' 7 '], ['EUR', 'abc'], ['EUR', ''], ['EUR', 'Infinity'], ['EUR', '01.0'], ['EUR', '-0'],
    ['€', '5'], ['', '5'], ['eur', '5'], ['EURO', '5'],
  ])('RAR-14 RAR-19 is what was written where that is no amount: %j %j', (currency, value) => {
    const shown = (one: string) => (one.trim() === '' ? '?' : one.trim())
    expect(read(currency, value)).toBe(`${shown(value)} ${shown(currency)} until 31 January 2026`)
  }) // prettier-ignore

  it.each(['2026', '1 (31 January 2030)', '2026-02-30', '2026-01-31T23:00:00-11:00', 'tomorrow'])(
    'RAR-14 is what was written where that is no day: %j',
    (until) => {
      expect(read('EUR', '5', until)).toBe(`€5.00 until ${until}`)
    },
  )

  it('RAR-14 is the day of an instant in UTC', () => {
    expect(read('EUR', '5', '2026-01-31T23:00:00Z')).toBe('€5.00 until 31 January 2026')
  })
})
