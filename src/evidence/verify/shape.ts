/** Takes a document apart that anybody may have written. */
import { fromBase64Url, isRecord } from '../../encoding.ts'
import type { Json } from '../canonical.ts'
import { entryKinds } from '../kinds.ts'
import { evidenceFormat } from '../file.ts'
import type { EvidenceFile } from '../file.ts'
import type { Faults } from './finding.ts'

type Check = (value: unknown) => boolean

export const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
/** Milliseconds that a Date can hold (ECMA-262 21.4.1.1). */
const isMoment: Check = (value) => isCount(value) && Number(value) <= 8_640_000_000_000_000
const isText: Check = (value) => typeof value === 'string'
const isHash: Check = (value) => typeof value === 'string' && fromBase64Url(value)?.length === 32
const isTime: Check = (value) =>
  typeof value === 'string' &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString() === value
const isObject: Check = isRecord
const isList: Check = Array.isArray
const isGrant: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

const document: Readonly<Record<keyof EvidenceFile, Check>> = {
  format: (value) => value === evidenceFormat,
  issuer: isText,
  grant: isGrant,
  exported_at: isTime,
  genesis: isObject,
  entries: isList,
  apart: isObject,
  withheld: isObject,
  head: isObject,
  attestations: isList,
  anchored: isList,
  keys: isObject,
}
const genesis = {
  evidence: (value: unknown) => value === 'fapi-edge/1',
  issuer: isText,
  grant: isGrant,
}
const head = { n: isCount, head: isHash, at: isMoment, jws: isText }
const laid = { n: isCount, head: isHash, at: isMoment, where: isList }
const entry = {
  n: isCount,
  kind: (value: unknown) => typeof value === 'string' && Object.hasOwn(entryKinds, value),
  at: isMoment,
  prev: isHash,
  body: isObject,
}
const kept = { salt: isHash, item: (value: unknown) => value !== undefined }
const keys = { signing: isObject, evidence: isObject }

/** The document, when it has the members of one and no others; otherwise undefined, with faults. */
export function readShape(value: unknown, fault: Faults): EvidenceFile | undefined {
  let sound = true
  const wrong: Faults = (where, what) => {
    sound = false
    fault(where, what)
  }
  const members = (where: string, one: unknown, wanted: Readonly<Record<string, Check>>) => {
    if (!isRecord(one)) return wrong(where, 'This is not an object.')
    for (const [name, isRight] of Object.entries(wanted)) {
      if (!Object.hasOwn(one, name)) wrong(at(where, name), 'This is missing.')
      else if (!isRight(one[name])) wrong(at(where, name), 'This is not what belongs here.')
    }
    for (const name of Object.keys(one)) {
      if (!Object.hasOwn(wanted, name)) wrong(at(where, name), 'This does not belong here.')
    }
  }
  members('', value, document)
  if (!sound) return undefined
  const file = value as EvidenceFile
  members('genesis', file.genesis, genesis)
  members('head', file.head, head)
  members('keys', file.keys, keys)
  for (const [n, one] of file.entries.entries()) members(`entries[${n}]`, one, entry)
  for (const [n, one] of file.attestations.entries()) members(`attestations[${n}]`, one, head)
  for (const [n, one] of file.anchored.entries()) members(`anchored[${n}]`, one, laid)
  for (const [name, one] of Object.entries(file.apart)) members(`apart["${name}"]`, one, kept)
  for (const [name, until] of Object.entries(file.withheld)) {
    if (!isTime(until)) wrong(`withheld["${name}"]`, 'This is not a time.')
  }
  for (const set of ['signing', 'evidence'] as const) {
    const list: unknown = isRecord(file.keys) ? file.keys[set]?.keys : undefined
    if (!Array.isArray(list) || !list.every(isNamedKey)) {
      wrong(`keys.${set}`, 'This is not a set of named keys.')
    }
  }
  return sound ? file : undefined
}

const isNamedKey = (key: unknown): boolean => isRecord(key) && typeof key['kid'] === 'string'

const at = (where: string, name: string): string => (where === '' ? name : `${where}.${name}`)

/** A text member of what may be anything. */
export function textOf(
  body: Readonly<Record<string, Json>> | undefined,
  name: string,
): string | undefined {
  const value = body?.[name]
  return typeof value === 'string' ? value : undefined
}

/** A number member of what may be anything. */
export function countOf(body: Readonly<Record<string, Json>>, name: string): number | undefined {
  const value = body[name]
  return typeof value === 'number' && isCount(value) ? value : undefined
}
