import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDetail } from '../../../src/pages/describe-details.ts'
import type { DetailAsk } from '../../../src/pages/describe-details.ts'
import { chooseSpeech } from '../../../src/pages/words.ts'
import { detailSettings, payment } from '../authorization-details/support/shipped.ts'
import { makeIssuer } from '../support/issuer.ts'
import { anyText, holds } from '../support/property.ts'

const { detailTypes } = makeIssuer({ authorization_details_types: detailSettings })
const say = (detail: object, language = 'en'): DetailAsk =>
  describeDetail(detailTypes, detail as typeof payment, chooseSpeech({ uiLocales: [language] }))
const lines = (detail: object, language?: string) =>
  say(detail, language).lines.map((line) =>
    line.map((piece) => (typeof piece === 'string' ? piece : `[${piece.value}]`)).join('').replaceAll('\u00a0', ' '),
  ) // prettier-ignore

describe('a detail in words', () => {
  it('RAR-05 says all that it holds, in each language', () => {
    expect(say(payment).title).toBe('Make one payment')
    expect(lines(payment)).toEqual([
      '[€123.50] to [Merchant A], account [DE02 1001 0010 9307 1186 03]',
      'Reference: [Ref 7]',
    ])
    expect(lines(payment, 'de')).toEqual([
      '[123,50 €] an [Merchant A], Konto [DE02 1001 0010 9307 1186 03]',
      'Verwendungszweck: [Ref 7]',
    ])
    const record = { type: 'patient_record', datatypes: ['allergies', 'medication'], period: { from: '2024-01-01', to: '2026-12-31' }, purpose: 'treatment' } // prettier-ignore
    expect(lines(record)).toEqual([
      'It may read allergies and medication.',
      'Entries from [1 January 2024] to [31 December 2026]',
      'Purpose: your treatment',
    ])
    expect(lines(record, 'de')[1]).toBe('Einträge vom [1. Januar 2024] bis zum [31. Dezember 2026]')
  })

  it('RAR-10 says what the person chose', () => {
    const accounts = [{ iban: 'DE02120300000000202051' }]
    const detail = { type: 'account_information', actions: ['read_balances'], accounts }
    expect(lines(detail)).toEqual([
      'It may read their balances.',
      'Which accounts? [DE02120300000000202051]',
    ])
  })

  it.each([
    ['0.001', 'EUR', '€0.001'], ['123456789012.345', 'EUR', '€123,456,789,012.345'], ['999999999999.999', 'USD', 'US$999,999,999,999.999'], ['5', 'JPY', 'JP¥5'],
    ['5', 'XYZ', 'XYZ 5.00'],
  ])('RAR-14 rounds no amount: %s %s', (amount, currency, shown) => {
    expect(lines({ ...payment, instructedAmount: { currency, amount } })[0]).toContain(`[${shown}] to`)
  }) // prettier-ignore

  it('RAR-14 shows of a value nothing that is invisible or turns the direction of words', () => {
    holds(
      fc.property(anyText(60), (creditorName) => {
        const [line = []] = say({ ...payment, creditorName }).lines
        const shown = line.map((piece) => (typeof piece === 'string' ? piece : piece.value)).join('') // prettier-ignore
        expect(shown).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\p{Cc}\p{Cs}]/u)
        expect(shown).toMatch(/^€123\.50 to \S/)
      }),
    )
  })

  it('names a type that is known no more', () => {
    expect(say({ type: 'gone\u202e' })).toMatchObject({ title: 'gone' })
    expect(say({ type: 'constructor' }).title).toBe('constructor')
  })
})
