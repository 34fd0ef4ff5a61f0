import { valueKinds } from '../authorization-details/detail.ts'
import type { DetailWords, Enrichment, Piece, ValueKind } from '../authorization-details/detail.ts'
import { isRecord } from '../encoding.ts'
import { languageNames } from '../pages/languages.ts'
import type { Language } from '../pages/languages.ts'
import { propertiesOf, propertyOf, requiredOf } from './detail-schema.ts'
import type { Schema } from './detail-schema.ts'
import { contradiction, onlyKnown, text, texts } from './readers.ts'

type Settings = Readonly<Record<string, unknown>>
type Sentence = readonly Piece[]
type Known = {
  readonly schema: Schema
  readonly enrich: Readonly<Record<string, Enrichment>>
  /** Members that no request has. */
  readonly open: readonly string[]
}

/**
 * Reads what people are told about a type, in every language there are pages in. Every member of the
 * schema must be told, or a person would agree to what they have not read. Throws `Contradiction`.
 */
export function readDetailWords(
  value: unknown,
  where: string,
  known: Known,
): Readonly<Record<Language, DetailWords>> {
  if (!isRecord(value)) return contradiction(`${where}: consent must be an object.`)
  onlyKnown(value, languageNames, `${where}: consent`)
  const all = languageNames.map((language) => {
    const place = `${where}: consent '${language}'`
    const words = value[language]
    if (!isRecord(words)) return contradiction(`${place} is missing.`)
    return [language, Object.freeze(readWords(words, place, known))] as const
  })
  return Object.freeze(Object.fromEntries(all)) as Readonly<Record<Language, DetailWords>>
}

function readWords(words: Settings, where: string, known: Known): DetailWords {
  onlyKnown(words, ['title', 'sentences', 'labels', 'questions'], where)
  const sentences = texts(words, 'sentences', where).map((template) =>
    readSentence(template, where, known),
  )
  const labels = readLabels(words, where)
  checkAllTold(sentences, where, known)
  checkLabels(sentences, labels, where, known.schema)
  const questions = readTexts(words, 'questions', where)
  for (const member of Object.keys(known.enrich)) {
    if (questions[member] === undefined) contradiction(`${where}: no question for '${member}'.`)
  }
  onlyKnown(questions, Object.keys(known.enrich), `${where}: questions`)
  return { title: text(words, 'title', where), sentences, labels, questions }
}

/** @example readSentence('{amount:amount} to {creditorName}', …) */
function readSentence(template: string, where: string, { schema, open }: Known): Sentence {
  const parts = template.split(/(\{[^{}]*\})/).filter((part) => part !== '')
  return Object.freeze(
    parts.map((part): Piece => {
      const [, name, kind = 'text'] = /^\{([\w.-]+)(?::([a-z]+))?\}$/.exec(part) ?? []
      if (name === undefined) {
        return /[{}]/.test(part) ? contradiction(`${where}: '${part}' is no placeholder.`) : part
      }
      const path = name.split('.')
      const property = at(schema, path)
      if (property === undefined || open.includes(path[0] ?? '')) {
        return contradiction(`${where}: '${name}' is no member of a request.`)
      }
      if (!isKind(kind) || !suits(kind, property)) {
        return contradiction(`${where}: '${name}' cannot be written as '${kind}'.`)
      }
      return Object.freeze({ path: Object.freeze(path), kind })
    }),
  )
}

const isKind = (name: string): name is ValueKind => (valueKinds as readonly string[]).includes(name)

function suits(kind: ValueKind, property: Schema): boolean {
  const type = property['type']
  if (kind === 'text') return type !== 'object' && type !== 'array'
  if (kind === 'list') return type === 'array' && suits('text', property['items'] as Schema)
  if (kind !== 'amount') return type === 'string'
  const { currency, amount, ...others } = propertiesOf(property)
  const both = currency?.['type'] === 'string' && amount?.['type'] === 'string'
  const always = ['currency', 'amount'].every((name) => requiredOf(property).includes(name))
  return both && always && Object.keys(others).length === 0
}

const at = (schema: Schema, path: readonly string[]): Schema | undefined =>
  path.reduce<Schema | undefined>((inner, name) => inner && propertyOf(inner, name), schema)

/** Whatever a detail may hold stands in a sentence that is said whenever it is there. */
function checkAllTold(sentences: readonly Sentence[], where: string, known: Known): void {
  const told = sentences.map((sentence) =>
    sentence.flatMap((piece) => (typeof piece === 'string' ? [] : [piece])),
  )
  const isTold = (path: readonly string[]): boolean => {
    const own = optionalIn(known.schema, path)
    return told.some(
      (places) =>
        places.some((place) => sameOrAbove(place.path, path)) &&
        places.every((place) => optionalIn(known.schema, place.path).every((p) => own.includes(p))),
    )
  }
  for (const path of leavesOf(known.schema, [])) {
    if (!known.open.includes(path[0] ?? '') && !isTold(path)) {
      contradiction(`${where}: no sentence is sure to say '${path.join('.')}'.`)
    }
  }
}

const sameOrAbove = (above: readonly string[], path: readonly string[]): boolean =>
  above.every((name, index) => path[index] === name)

const leavesOf = (schema: Schema, path: readonly string[]): readonly (readonly string[])[] =>
  schema['type'] === 'object'
    ? Object.entries(propertiesOf(schema)).flatMap(([name, inner]) =>
        leavesOf(inner, [...path, name]),
      )
    : [path]

/** The places on the way to a member that may be missing. */
function optionalIn(schema: Schema, path: readonly string[]): readonly string[] {
  return path.flatMap((name, index) => {
    const above = at(schema, path.slice(0, index))
    const required = above !== undefined && requiredOf(above).includes(name)
    return required ? [] : [path.slice(0, index + 1).join('.')]
  })
}

type Labels = DetailWords['labels']

function readLabels(words: Settings, where: string): Labels {
  const value = words['labels'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: labels must be an object.`)
  const members = Object.keys(value).map((member) => [
    member,
    readTexts(value, member, `${where}: labels`),
  ])
  return Object.freeze(Object.fromEntries(members)) as Labels
}

function readTexts(
  settings: Settings,
  name: string,
  where: string,
): Readonly<Record<string, string>> {
  const value = settings[name] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: '${name}' must be an object.`)
  for (const key of Object.keys(value)) text(value, key, `${where}: '${name}'`)
  return Object.freeze({ ...value }) as Readonly<Record<string, string>>
}

/** Values that are names for the API have words for people. */
function checkLabels(
  sentences: readonly Sentence[],
  labels: Labels,
  where: string,
  schema: Schema,
): void {
  for (const piece of sentences.flat()) {
    if (typeof piece === 'string') continue
    const name = piece.path.join('.')
    const property = at(schema, piece.path)
    const missing = valuesOf(property).find((value) => labels[name]?.[value] === undefined)
    if (missing !== undefined) contradiction(`${where}: no label for '${missing}' of '${name}'.`)
  }
}

/** The values a member has, where they are few. */
function valuesOf(property: Schema | undefined): readonly string[] {
  if (property?.['type'] === 'array') return valuesOf(property['items'] as Schema)
  if (property?.['type'] === 'boolean') return ['true', 'false']
  const choice =
    property?.['enum'] ?? (property?.['const'] === undefined ? [] : [property['const']])
  return (choice as readonly unknown[]).map(String)
}
