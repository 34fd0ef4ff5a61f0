/**
 * The languages pages are written in. `locale` says how dates and numbers are written; `dir` how the
 * script runs. A language is shipped when `words/` holds all its sentences.
 */
export const languages = {
  en: { locale: 'en-GB', dir: 'ltr' },
  de: { locale: 'de-DE', dir: 'ltr' },
} as const satisfies Readonly<Record<string, { readonly locale: string; readonly dir: Direction }>>

export type Language = keyof typeof languages
export type Direction = 'ltr' | 'rtl'

export const languageNames = Object.keys(languages) as readonly Language[]
