import { Validator } from '@cfworker/json-schema'
import type { OutputUnit } from '@cfworker/json-schema'
import { tellable } from './compare.ts'
import type { AuthorizationDetail, DetailType } from './detail.ts'

/** Loaded when the first request carries details; made once for each type of an issuer. */
const validators = new WeakMap<DetailType, Validator>()

/** Said of what holds something wrong; the cause stands beside it. */
const aboutInner = new Set(['properties', 'items', 'additionalProperties'])

/**
 * What is wrong with a detail by the schema of its type: the field in words, never its value. Undefined:
 * nothing.
 */
export function schemaProblem(type: DetailType, detail: AuthorizationDetail): string | undefined {
  const { type: _type, ...members } = detail
  const { valid, errors } = validatorOf(type).validate(members)
  if (valid) return undefined
  const cause = errors.find(({ keyword }) => !aboutInner.has(keyword))
  return cause === undefined ? 'is not as its schema says' : inWords(cause)
}

function validatorOf(type: DetailType): Validator {
  const known = validators.get(type)
  if (known !== undefined) return known
  // The library marks the schemas it has read, and the settings are frozen.
  const made = new Validator(structuredClone(type.schema), '2020-12', true)
  validators.set(type, made)
  return made
}

function inWords({ keyword, instanceLocation, error }: OutputUnit): string {
  const path = instanceLocation
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~'))
  const field = path.map(tellable).join('.')
  if (keyword === 'false') return `field ${field} is not known`
  if (keyword !== 'required') return `field ${field} is not as its schema says (${keyword})`
  const missing = /required property "([\w-]+)"/.exec(error)?.[1]
  return `field ${[...path.map(tellable), missing].filter(Boolean).join('.')} is required`
}
