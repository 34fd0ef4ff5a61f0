import { describe, expect, it } from 'vitest'
import { languageNames } from '../../../src/pages/languages.ts'
import { de } from '../../../src/pages/words/de.ts'
import { en } from '../../../src/pages/words/en.ts'
import { everythingTold } from '../../../src/people/told.ts'

type Leaf = { readonly path: string; readonly value: unknown }

/** All sentences with their places. */
function leaves(value: unknown, path = ''): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }]
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, `${path}/${name}`))
}

const flatten = (child: unknown): string =>
  Array.isArray(child) ? child.map(flatten).join('') : String(child)

/** The words of a sentence; what is put in is named by its place. Elements are made of words by `‹›`. */
const spoken = ({ value }: Leaf): string => {
  if (typeof value !== 'function') return String(value)
  const sentence = value as (...parts: unknown[]) => unknown
  const mark = (index: number) => (words?: unknown) =>
    typeof words === 'string' ? `‹${words}›` : `{${index}}`
  const parts = Array.from({ length: sentence.length }, (_, index) =>
    Object.assign(mark(index), { toString: () => `{${index}}` }),
  )
  return flatten(sentence(...parts))
}

const english = leaves(en)
const german = leaves(de)

/** Words that are the same in both languages. */
const shared = new Set(['/general/title', '/passkeys/page/title'])

describe('the catalogue', () => {
  it('has the same sentences in every language, with the same parts', () => {
    expect(languageNames).toEqual(['en', 'de'])
    const shape = ({ path, value }: Leaf) =>
      `${path} ${typeof value === 'function' ? value.length : typeof value}`
    expect(german.map(shape).sort()).toEqual(english.map(shape).sort())
    expect(english.length).toBeGreaterThan(100)
  })

  it('puts every part into every sentence, in whichever order', () => {
    for (const leaf of [...english, ...german]) {
      if (typeof leaf.value !== 'function') continue
      const said = spoken(leaf)
      for (let index = 0; index < leaf.value.length; index += 1) {
        expect(said, leaf.path).toMatch(new RegExp(`\\{${index}\\}|‹.+›`))
      }
    }
  })

  it('leaves no sentence empty, unfinished or with stray spaces', () => {
    for (const leaf of [...english, ...german]) {
      const said = spoken(leaf)
      expect(said, leaf.path).toMatch(/\S/)
      expect(said, leaf.path).toBe(said.trim())
      expect(said, leaf.path).not.toMatch(/ {2}|undefined|\bTODO\b|\[object/)
    }
  })

  it('leaves no English in German', () => {
    const englishAt = new Map(english.map((leaf) => [leaf.path, spoken(leaf)]))
    for (const leaf of german) {
      if (shared.has(leaf.path)) continue
      const said = spoken(leaf)
      expect(said, leaf.path).not.toBe(englishAt.get(leaf.path))
      expect(said, leaf.path).not.toMatch(/\b(?:the|you|your|and|of|is|are|this|that|with)\b/i)
    }
  })

  it('speaks politely in German: “Sie”, never “du”', () => {
    for (const leaf of german) {
      expect(spoken(leaf), leaf.path).not.toMatch(/\b(?:du|dich|dir|dein\w*)\b/i)
    }
  })

  it('uses no words of the trade', () => {
    for (const leaf of [...english, ...german]) {
      expect(spoken(leaf), leaf.path).not.toMatch(/\b(?:OAuth|OpenID|token|scope|client|grant)\b/i)
    }
  })

  it('has a title and a message for everything a person may be told', () => {
    for (const words of [en, de]) {
      expect(Object.keys(words.errors.told).sort()).toEqual([...everythingTold].sort())
      for (const { title, message } of Object.values(words.errors.told)) {
        expect(title).not.toMatch(/\.$/)
        expect(message).toMatch(/\.$/)
      }
    }
  })
})
