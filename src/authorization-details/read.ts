import { one } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { isRecord, parseJson, utf8 } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Issuer } from '../types.ts'
import { filledMembers, isAt, isOpen, tellable } from './compare.ts'
import { typeOf } from './detail.ts'
import type { AuthorizationDetail, DetailType } from './detail.ts'
import { isList } from './values.ts'

/** What one request may hold; `docs/authorization-details.md`. */
export const limits = { bytes: 16 * 1024, objects: 16, depth: 8, values: 256, text: 1024 } as const

const refused = (description: string) => refuse('invalid_authorization_details', description)

/**
 * The details of an authorization request, each as the schema of its type says and without what the person
 * or the server fills in. Undefined: none asked for. Errors: `invalid_authorization_details`.
 */
export async function detailsRequested(
  issuer: Issuer,
  parameters: Parameters,
): Promise<Result<readonly AuthorizationDetail[] | undefined>> {
  return detailsOf(issuer, parameters, 'request')
}

/**
 * The details of a token request: as a client has them from its token response, or as it asked for them.
 * Errors: `invalid_authorization_details`.
 */
export async function detailsOfToken(
  issuer: Issuer,
  parameters: Parameters,
): Promise<Result<readonly AuthorizationDetail[] | undefined>> {
  return detailsOf(issuer, parameters, 'token')
}

async function detailsOf(
  issuer: Issuer,
  parameters: Parameters,
  where: 'request' | 'token',
): Promise<Result<readonly AuthorizationDetail[] | undefined>> {
  const text = one(parameters, 'authorization_details')
  if (text === undefined) return accept(undefined)
  const list = parseDetails(text)
  if (!list.ok) return list
  const { schemaProblem } = await import('./schema.ts')
  const details: AuthorizationDetail[] = []
  for (const given of list.value) {
    const type = typeOf(issuer.detailTypes, given.type)
    if (type === undefined) return refused(`${tellable(given.type)}: the type is not known here`)
    const detail = withoutOpen(type, given)
    const problem =
      (where === 'request' ? filledProblem(type, detail) : undefined) ??
      schemaProblem(type, detail) ??
      placeProblem(type, detail)
    if (problem !== undefined) return refused(`${tellable(given.type)}: ${problem}`)
    details.push(detail)
  }
  return accept(details)
}

/** Reads the text alone, within its limits. Errors: `invalid_authorization_details`. */
export function parseDetails(text: string): Result<readonly AuthorizationDetail[]> {
  const { bytes, objects } = limits
  if (text.length > bytes || utf8(text).length > bytes) {
    return refused(`authorization_details is longer than ${bytes} bytes`)
  }
  const value = parseJson(text)
  if (!Array.isArray(value)) return refused('authorization_details must be a JSON array of objects')
  if (value.length === 0) return refused('authorization_details must not be empty')
  if (value.length > objects) return refused(`authorization_details holds more than ${objects}`)
  const found = { members: 0, values: 0 }
  const problem = boundsProblem(value, found, 1)
  if (problem !== undefined) return refused(`authorization_details ${problem}`)
  // What JSON.parse dropped was written twice, and others might have read the other one.
  if (membersWritten(text) !== found.members) {
    return refused('authorization_details names a member twice')
  }
  const sound = value.every(
    (item) => isRecord(item) && typeof item['type'] === 'string' && item['type'] !== '',
  )
  return sound
    ? accept(value as AuthorizationDetail[])
    : refused('authorization_details must hold objects with a type')
}

/** What is too much, or no text. Counts members and values on the way. */
function boundsProblem(
  value: unknown,
  found: { members: number; values: number },
  depth: number,
): string | undefined {
  found.values += 1
  if (found.values > limits.values) return `holds more than ${limits.values} names and values`
  if (typeof value === 'string') {
    if (value.length > limits.text) return `holds a text of more than ${limits.text} characters`
    return value.isWellFormed() ? undefined : 'holds half a character'
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return 'holds a number too large'
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > limits.depth) return `is nested more than ${limits.depth} levels deep`
  const names = Array.isArray(value) ? [] : Object.keys(value)
  found.members += names.length
  for (const inner of [...names, ...(Object.values(value) as unknown[])]) {
    const problem = boundsProblem(inner, found, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Members in a text that is JSON: texts followed by a colon. */
const membersWritten = (text: string): number =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=(\s*:)?)/g)].filter(([, colon]) => colon !== undefined)
    .length

/** Empty lists leave open what somebody else fills in (RFC 9396 7.1). */
function withoutOpen(type: DetailType, detail: AuthorizationDetail): AuthorizationDetail {
  const filled = filledMembers(type)
  const members = Object.entries(detail).filter(
    ([name, value]) => !filled.includes(name) || !isOpen(value),
  )
  return Object.fromEntries(members) as AuthorizationDetail
}

function filledProblem(type: DetailType, detail: AuthorizationDetail): string | undefined {
  const name = filledMembers(type).find((member) => Object.hasOwn(detail, member))
  if (name === undefined) return undefined
  const by = name === type.assign ? 'this server' : 'the person who agrees'
  return `field ${tellable(name)} is filled in by ${by}`
}

/** `locations` are resource servers of the type, or places at them, written in one way only. */
function placeProblem(type: DetailType, detail: AuthorizationDetail): string | undefined {
  const { locations } = detail
  if (locations === undefined || !isList(locations)) return undefined
  const known = locations.every(
    (location) =>
      typeof location === 'string' &&
      (type.resourceServers.includes(location) ||
        (URL.canParse(location) &&
          new URL(location).href === location &&
          type.resourceServers.some((server) => isAt(location, server)))),
  )
  return known ? undefined : 'field locations names no resource server of this type'
}
