import { isRecord } from '../encoding.ts'
import type { ScopeText, ScopeWords } from '../types.ts'
import { contradiction, onlyKnown, optionalText, text, texts } from './readers.ts'
import { readTranslations } from './translations.ts'

const wordMembers = ['title', 'description', 'data']

export function checkScope(name: string, where: string): void {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(name)) {
    contradiction(`${where}: '${name}' is not a scope (RFC 6749 3.3).`)
  }
  if (name === 'admin') contradiction(`${where}: the scope 'admin' belongs to the admin API.`)
}

/** Reads what scopes mean to a person. Throws `Contradiction`. */
export function readScopes(
  entry: Readonly<Record<string, unknown>>,
  where: string,
): Readonly<Record<string, ScopeText>> {
  const value = entry['scopes'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: scopes must be an object.`)
  const scopes: [string, ScopeText][] = Object.entries(value).map(([name, words]) => {
    checkScope(name, where)
    const place = `${where}: scope '${name}'`
    if (!isRecord(words)) return contradiction(`${place} must be an object.`)
    onlyKnown(words, [...wordMembers, 'translations'], place)
    const title = optionalText(words, 'title', where)
    const own = readWords({ ...words, title: title ?? name }, where, place)
    const translations = readTranslations(words, wordMembers, place, (translation, there) => {
      // A title of its own is translated as well, or the page would mix languages.
      const said = title === undefined ? { title: name, ...translation } : translation
      const read = readWords(said, there)
      if (read.data?.length === own.data?.length) return read
      return contradiction(`${there} must name as many 'data' as the scope itself.`)
    })
    const scope = { ...own, ...translations }
    return [name, Object.freeze(scope)]
  })
  return Object.freeze(Object.fromEntries(scopes))
}

function readWords(
  words: Readonly<Record<string, unknown>>,
  where: string,
  place = where,
): ScopeWords {
  const data = texts(words, 'data', where)
  return {
    title: text(words, 'title', place),
    description: text(words, 'description', place),
    ...(data.length > 0 ? { data } : {}),
  }
}
