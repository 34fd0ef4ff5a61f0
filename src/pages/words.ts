import { languageNames, languages } from './languages.ts'
import type { Direction, Language } from './languages.ts'
import { de } from './words/de.ts'
import { en } from './words/en.ts'
import type { Words } from './words/en.ts'

/** The language of a page: what it is called, how it runs, and everything it says. */
export type Speech = { readonly lang: Language; readonly dir: Direction; readonly words: Words }

const catalogue: { readonly [language in Language]: Words } = { en, de }

/** What is known of the languages a person reads, from the strongest wish to the weakest. */
export type LanguageWishes = {
  /** `ui_locales` of the request, most wanted first (OIDC Core 3.1.2.1). */
  readonly uiLocales?: readonly string[] | undefined
  /** The `Accept-Language` header (RFC 9110 12.5.4). */
  readonly acceptLanguage?: string | null | undefined
  /** The issuer's own language. */
  readonly otherwise?: Language | undefined
}

/**
 * Chooses the language of a page. Never fails: what cannot be read is no wish.
 *
 * @example chooseSpeech({ acceptLanguage: 'de-CH, fr;q=0.9' }).lang // 'de'
 */
export function chooseSpeech(wishes: LanguageWishes): Speech {
  const wanted = [...(wishes.uiLocales ?? []), ...readAcceptLanguage(wishes.acceptLanguage ?? '')]
  const lang = firstKnown(wanted) ?? wishes.otherwise ?? 'en'
  return { lang, dir: languages[lang].dir, words: catalogue[lang] }
}

/** Lookup by shortening: `de-CH-1996` is read by whoever reads `de` (RFC 4647 3.4). */
function firstKnown(ranges: readonly string[]): Language | undefined {
  for (const range of ranges.slice(0, mostRanges)) {
    const [primary] = range.toLowerCase().split('-')
    const known = languageNames.find((name) => name === primary)
    if (known !== undefined) return known
  }
  return undefined
}

const mostRanges = 32
const longestHeader = 1_024
const languageRange =
  /^([a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i

/** The ranges of the header by weight, without those that are not wanted at all (`q=0`). */
function readAcceptLanguage(header: string): readonly string[] {
  return header
    .slice(0, longestHeader)
    .split(',', mostRanges)
    .flatMap((part) => {
      const [, range, weight = '1'] = languageRange.exec(part.trim()) ?? []
      return range === undefined || Number(weight) === 0 ? [] : [{ range, weight: Number(weight) }]
    })
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range)
}
