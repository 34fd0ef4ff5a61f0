import { attributeType, ignoresCase } from './attribute-types.ts'
import { readDer, Tag } from './der.ts'
import type { DerValue } from './der.ts'
import { fromHex, toHex } from '../encoding.ts'

/** `text` is known for character strings, `der` (hex) unless the value was written as plain text. */
export type AttributeValue = {
  readonly oid: string
  readonly text?: string
  readonly der?: string
}
export type RelativeName = readonly AttributeValue[]

/** In the order of the encoding (RFC 5280 4.1.2.4), the reverse of the order in writing. */
export type DistinguishedName = readonly RelativeName[]

const longestText = 4_096
const mostRelativeNames = 64
const mostAttributes = 16

/** Reads a Name (RFC 5280 4.1.2.4). An empty one is allowed there, and matches nothing here. */
export function readName(name: DerValue): DistinguishedName | undefined {
  if (name.tag !== Tag.sequence || name.children.length > mostRelativeNames) return undefined
  const relativeNames: RelativeName[] = []
  for (const set of name.children) {
    const count = set.children.length
    if (set.tag !== Tag.set || count === 0 || count > mostAttributes) return undefined
    const attributes: AttributeValue[] = []
    for (const pair of set.children) {
      const [type, value] = pair.children
      if (pair.tag !== Tag.sequence || pair.children.length !== 2) return undefined
      if (type?.oid === undefined || !value) return undefined
      const attribute = valueOf(type.oid, value)
      if (!attribute) return undefined
      attributes.push(attribute)
    }
    relativeNames.push(attributes)
  }
  return relativeNames
}

/**
 * Reads a name in the form of RFC 4514, or answers undefined. An empty name is refused: it would
 * stand for every certificate that keeps its subject in the alternative names.
 *
 * @example parseDistinguishedName('CN=tpp, 2.5.4.97=#0c065053444742')
 */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  if (text.length > longestText || /\p{Cs}/u.test(text)) return undefined
  const relativeNames: RelativeName[] = []
  let position = 0
  for (;;) {
    const attributes: AttributeValue[] = []
    let separator: string | undefined
    do {
      const pair = readPair(text, position)
      if (!pair) return undefined
      attributes.push(pair.attribute)
      separator = text[pair.end]
      position = pair.end + 1
    } while (separator === '+')
    if (attributes.length > mostAttributes || relativeNames.length >= mostRelativeNames) {
      return undefined
    }
    relativeNames.push(attributes)
    if (separator === undefined) return relativeNames.reverse()
    if (separator !== ',') return undefined
  }
}

/** RFC 4517 4.2.15: as many relative names, in the same order, each matching its counterpart. */
export function sameName(a: DistinguishedName, b: DistinguishedName): boolean {
  if (a.length === 0 || a.length !== b.length) return false
  return a.every((relativeName, index) => sameRelativeName(relativeName, b[index] ?? []))
}

/** X.501 9.4: the attributes of a relative name are a set. */
function sameRelativeName(a: RelativeName, b: RelativeName): boolean {
  if (a.length !== b.length) return false
  const left = [...b]
  for (const attribute of a) {
    const index = left.findIndex((other) => sameAttribute(attribute, other))
    if (index < 0) return false
    left.splice(index, 1)
  }
  return true
}

/** An unknown type has an unknown matching rule, so only the very same value matches. */
function sameAttribute(a: AttributeValue, b: AttributeValue): boolean {
  if (a.oid !== b.oid) return false
  if (a.text === undefined || b.text === undefined) return a.der !== undefined && a.der === b.der
  return ignoresCase(a.oid) ? prepare(a.text) === prepare(b.text) : a.text === b.text
}

/**
 * String preparation (RFC 4518 2), stricter in one point: characters which it deletes (controls,
 * invisible ones) are kept, so that one hidden in a certificate's name makes it another name.
 */
function prepare(text: string): string {
  const folded = Array.from(text.normalize('NFKC'), foldCase).join('').normalize('NFKC')
  return folded.replace(/[\t-\r\u0085\p{Z}]+/gu, ' ').replace(/^ | $/g, '')
}

/** By way of capitals, so that ß is ss and ς is σ; ı (dotless) stays itself (RFC 3454 B.2). */
function foldCase(character: string): string {
  return character === 'ı' ? character : character.toUpperCase().toLowerCase()
}

const typePattern = / *([A-Za-z][A-Za-z0-9-]*|[0-2](?:\.(?:0|[1-9][0-9]*))+) *= */y
const hexPattern = /#((?:[0-9A-Fa-f]{2})+) */y
const textPattern = /(?:[^\\"+,;<>\0]|\\(?:[ "#+,;<=>\\]|[0-9A-Fa-f]{2}))*/y
const characterPattern = /\\[0-9A-Fa-f]{2}|\\?[^]/gu

function readPair(
  text: string,
  start: number,
): { readonly attribute: AttributeValue; readonly end: number } | undefined {
  const type = matchAt(typePattern, text, start)
  const name = type?.[1]
  if (!type || !name) return undefined
  const oid = /^[0-9]/.test(name) ? name : attributeType(name)
  if (oid === undefined) return undefined

  const valueStart = start + type[0].length
  if (text[valueStart] === '#') {
    const hex = matchAt(hexPattern, text, valueStart)
    const value = hex?.[1] === undefined ? undefined : readDer(fromHex(hex[1]))
    const attribute = value && valueOf(oid, value)
    if (!hex || !attribute) return undefined
    return { attribute, end: valueStart + hex[0].length }
  }
  const written = matchAt(textPattern, text, valueStart)?.[0] ?? ''
  const value = unescape(written)
  if (value === undefined) return undefined
  return { attribute: { oid, text: value }, end: valueStart + written.length }
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position
  return pattern.exec(text)
}

/** RFC 4514 2.4: a pair of hex digits stands for an octet of UTF-8; outer spaces are not part. */
function unescape(written: string): string | undefined {
  const characters: string[] = written.match(characterPattern) ?? []
  while (characters.at(-1) === ' ') characters.pop()
  const octets = characters.flatMap((character) => {
    if (character.length === 3 && character.startsWith('\\'))
      return [...fromHex(character.slice(1))]
    return [...new TextEncoder().encode(character.replace(/^\\(?=[^])/, ''))]
  })
  return decode('utf-8', new Uint8Array(octets))
}

/** Only an ASCII TeletexString has one meaning; a string that is not valid makes no name. */
function valueOf(oid: string, value: DerValue): AttributeValue | undefined {
  const der = toHex(value.bytes)
  switch (value.tag) {
    case 0x0c: {
      const text = decode('utf-8', value.content)
      return text === undefined ? undefined : { oid, text, der }
    }
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x16: // IA5String
    case 0x1a: {
      const text = decodeAscii(value.content)
      return text === undefined ? undefined : { oid, text, der }
    }
    case 0x14: {
      const text = decodeAscii(value.content)
      return text === undefined ? { oid, der } : { oid, text, der }
    }
    case 0x1e: {
      const text = value.content.length % 2 ? undefined : decode('utf-16be', value.content)
      return text === undefined ? undefined : { oid, text, der }
    }
    default:
      return { oid, der }
  }
}

function decodeAscii(bytes: Uint8Array): string | undefined {
  return bytes.every((octet) => octet < 0x80) ? decode('utf-8', bytes) : undefined
}

function decode(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
