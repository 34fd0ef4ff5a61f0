import { typeOf } from '../authorization-details/detail.ts'
import type {
  AuthorizationDetail,
  DetailType,
  DetailTypes,
  DetailWords,
  Piece,
} from '../authorization-details/detail.ts'
import { decimalForm, isList, isObject, timeOf } from '../authorization-details/values.ts'
import type { Json } from '../evidence/canonical.ts'
import { onDay } from './duration.ts'
import { languages } from './languages.ts'
import type { Language } from './languages.ts'
import { visibleText } from './name.ts'
import type { Speech } from './words.ts'

/** A line of words; what comes from elsewhere stands apart, so that it can be set apart. */
export type Line = readonly (string | { readonly value: string })[]

/** One authorization detail, in words for the person who decides. */
export type DetailAsk = {
  readonly title: string
  readonly lines: readonly Line[]
  /** The person is asked for it for the first time. */
  readonly fresh?: boolean
}

/**
 * Says what a detail allows, by the words of its type; of a type that is no longer known, its name.
 * What somebody filled in is said as well.
 *
 * @example describeDetail(issuer.detailTypes, { type: 'payment_initiation', … }, frame).title // 'Make one payment'
 */
export function describeDetail(
  types: DetailTypes,
  detail: AuthorizationDetail,
  { lang, words }: Pick<Speech, 'lang' | 'words'>,
): DetailAsk {
  const type = typeOf(types, detail.type)
  if (type === undefined) {
    return { title: visibleText(detail.type), lines: [[words.data.undescribed]] }
  }
  const said = type.consent[lang]
  const sentences = said.sentences.flatMap((sentence) => inWords(sentence, detail, said, lang))
  return { title: said.title, lines: [...sentences, ...chosenIn(type, detail, said)] }
}

/** A sentence is said when everything it names is there. */
function inWords(
  sentence: readonly Piece[],
  detail: AuthorizationDetail,
  words: DetailWords,
  lang: Language,
): readonly Line[] {
  const line: Line[number][] = []
  for (const piece of sentence) {
    if (typeof piece === 'string') {
      line.push(piece)
      continue
    }
    const value = valueAt(detail, piece.path)
    if (value === undefined) return []
    line.push(...written(piece, value, words, lang))
  }
  return [line]
}

const valueAt = (detail: AuthorizationDetail, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>(
    (value, name) =>
      value !== undefined && isObject(value) && Object.hasOwn(value, name)
        ? value[name]
        : undefined,
    detail,
  )

type Place = Exclude<Piece, string>

function written(place: Place, value: Json, words: DetailWords, lang: Language): Line {
  switch (place.kind) {
    case 'text':
      return [labelled(place, value, words)]
    case 'list':
      return listed(isList(value) ? value.map((item) => labelled(place, item, words)) : [], lang)
    case 'amount':
      return [{ value: money(value, lang) }]
    case 'iban':
      return [{ value: inFours(shown(value)) }]
    case 'date':
      return [{ value: day(value, lang) }]
  }
}

/** Words of the type for the values it names; other values as they are. */
function labelled(place: Place, value: Json, words: DetailWords): Line[number] {
  const labels = words.labels[place.path.join('.')]
  const name = String(value)
  const label = labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined
  return label ?? { value: shown(value) }
}

/** Nothing of a value may be invisible, or stand outside its place. */
function shown(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return visibleText(text) === '' ? '?' : visibleText(text)
}

const listed = (items: readonly Line[number][], lang: Language): Line =>
  new Intl.ListFormat(languages[lang].locale, { type: 'conjunction' })
    .formatToParts(items.map((_item, index) => String(index)))
    .map(({ type, value }) => (type === 'element' ? (items[Number(value)] ?? '') : value))

/** Every digit is written: an amount is never rounded. What is no amount stands as it is. */
function money(value: Json, lang: Language): string {
  const { currency = '', amount = '' } = isObject(value) ? value : {}
  const [code, exact] = [String(currency), String(amount) as `${number}`]
  if (!/^[A-Z]{3}$/.test(code) || !decimalForm.test(exact)) {
    return `${shown(amount)} ${shown(currency)}`
  }
  const format = { style: 'currency', currency: code, maximumFractionDigits: 9 } as const
  return new Intl.NumberFormat(languages[lang].locale, format).format(exact)
}

const inFours = (text: string): string => text.replace(/(.{4})(?=.)/g, '$1\u00a0')

function day(value: Json, lang: Language): string {
  const time = timeOf(value)
  return time === undefined ? shown(value) : onDay(time, lang)
}

/** What a person chose before: by the question they were asked. */
const chosenIn = (
  type: DetailType,
  detail: AuthorizationDetail,
  words: DetailWords,
): readonly Line[] =>
  Object.keys(type.enrich).flatMap((member) => {
    const value = detail[member]
    const values = value === undefined ? [] : isList(value) ? value : [value]
    const question = words.questions[member] ?? member
    return values.map((one) => [`${question} `, { value: leaves(one).map(shown).join(' ') }])
  })

const leaves = (value: Json): readonly Json[] =>
  isObject(value) || isList(value) ? Object.values(value).flatMap(leaves) : [value]
