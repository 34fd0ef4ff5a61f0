import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atTime, inList, inWords, onDay } from '../../../src/pages/duration.ts'
import { chooseSpeech } from '../../../src/pages/words.ts'
import { holds } from '../support/property.ts'

const chosen = (acceptLanguage: string) => chooseSpeech({ acceptLanguage }).lang

describe('the language of a page', () => {
  it("is the request's, then the browser's, then the issuer's, then English (OIDC Core 3.1.2.1)", () => {
    const acceptLanguage = 'en'
    expect(chooseSpeech({ uiLocales: ['de'], acceptLanguage, otherwise: 'en' }).lang).toBe('de')
    expect(chooseSpeech({ uiLocales: ['fr'], acceptLanguage, otherwise: 'de' }).lang).toBe('en')
    expect(chooseSpeech({ acceptLanguage: 'fr', otherwise: 'de' }).lang).toBe('de')
    expect(chooseSpeech({ acceptLanguage: null }).lang).toBe('en')
    expect(chooseSpeech({})).toMatchObject({ lang: 'en', dir: 'ltr' })
  })

  it('follows the order of ui_locales', () => {
    expect(chooseSpeech({ uiLocales: ['fr-CA', 'de-AT', 'en'] }).lang).toBe('de')
    expect(chooseSpeech({ uiLocales: ['EN-us', 'de'] }).lang).toBe('en')
  })

  it.each([
    ['de', 'de'],
    ['de-CH-1996', 'de'],
    ['DE', 'de'],
    ['fr;q=0.9, de;q=0.8, en;q=0.7', 'de'],
    ['en;q=0.5, de;q=0.9', 'de'],
    ['en ; q=0.5 ,\tde', 'de'],
    ['de;q=0.5, en;q=0.5', 'de'],
    ['de;q=0, fr', 'en'],
    ['de;q=0.000, en;q=0.1', 'en'],
    ['*', 'en'],
    ['', 'en'],
  ])('reads the header %j as %s (RFC 9110 12.5.4)', (header, lang) => {
    expect(chosen(header)).toBe(lang)
  })

  it.each(['de;q=2', 'de;q=-1', 'de;q=1.5', 'de;q=x', 'de;;', 'd e', 'deutsch', 'de_DE', 'de;q=0.1234'])(
    'takes nothing from what it cannot read: %j',
    (header) => expect(chosen(header)).toBe('en'),
  ) // prettier-ignore

  it('looks at the beginning of a long header only', () => {
    expect(chosen(`${'fr,'.repeat(20)}de`)).toBe('de')
    expect(chosen(`${'fr,'.repeat(40)}de`)).toBe('en')
    expect(chosen(`${' '.repeat(2_000)}de`)).toBe('en')
    expect(chooseSpeech({ uiLocales: [...Array<string>(100).fill('fr'), 'de'] }).lang).toBe('en')
  })

  it('is always one of ours, whatever is sent', () => {
    holds(
      fc.property(fc.string({ maxLength: 3_000 }), fc.array(fc.string()), (header, uiLocales) => {
        expect(['en', 'de']).toContain(chooseSpeech({ acceptLanguage: header, uiLocales }).lang)
      }),
    )
  })
})

describe('times and lists', () => {
  it('are said in the language of the page', () => {
    expect(inWords(300, 'en')).toBe('5 minutes')
    expect(inWords(300, 'de')).toBe('5 Minuten')
    expect(inWords(60, 'de')).toBe('1 Minute')
    expect(inWords(90 * 86_400, 'de')).toBe('90 Tage')
    expect(onDay(Date.UTC(2027, 2, 18), 'en')).toBe('18 March 2027')
    expect(onDay(Date.UTC(2027, 2, 18), 'de')).toBe('18. März 2027')
    expect(atTime(Date.UTC(2027, 2, 18, 14, 5), 'en')).toBe('18 March 2027 at 14:05 UTC')
    expect(atTime(Date.UTC(2027, 2, 18, 14, 5), 'de')).toBe('18. März 2027 um 14:05 UTC')
    expect([inList(['A', 'B', 'C'], 'en')].flat().join('')).toBe('A, B and C')
    expect([inList(['A', 'B', 'C'], 'de')].flat().join('')).toBe('A, B und C')
    expect([inList(['A'], 'de')].flat().join('')).toBe('A')
  })
})
