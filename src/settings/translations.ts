import { isRecord } from '../encoding.ts'
import { languageNames } from '../pages/languages.ts'
import type { Language } from '../pages/languages.ts'
import { contradiction, onlyKnown } from './readers.ts'

type Settings = Readonly<Record<string, unknown>>

/** The same words in other languages. */
export type Translations<T> = { readonly [language in Language]?: T }

/**
 * Reads `translations`: by language, an object with some of `members`. Throws `Contradiction`.
 *
 * @example readTranslations(scope, ['title', 'description'], where, (words, where) => …)
 */
export function readTranslations<T>(
  entry: Settings,
  members: readonly string[],
  where: string,
  read: (words: Settings, where: string) => T,
): { readonly translations?: Translations<T> } {
  const value = entry['translations']
  if (value === undefined) return {}
  if (!isRecord(value)) return contradiction(`${where}: translations must be an object.`)
  const translations = Object.entries(value).map(([language, words]) => {
    if (!(languageNames as readonly string[]).includes(language)) {
      contradiction(
        `${where}: there are no pages in the language '${language}'; known are ${languageNames.join(', ')}.`,
      )
    }
    const place = `${where}: translation '${language}'`
    if (!isRecord(words)) return contradiction(`${place} must be an object.`)
    onlyKnown(words, members, place)
    return [language, Object.freeze(read(words, place))] as const
  })
  return { translations: Object.freeze(Object.fromEntries(translations)) as Translations<T> }
}
