import { isRecord } from '../encoding.ts'
import type { PersonClaims } from '../objects/account.ts'
import type { Level } from '../types.ts'
import { checkClaims } from './claims.ts'
import { fieldTypes, inputModes } from './login-service.ts'
import type { LoginField, LoginPageAnswer } from './login-service.ts'
import { isMethodReference, mostMethodReferences } from './signed-in-at.ts'
import { isShowable } from './vouched.ts'

type Given = Readonly<Record<string, unknown>>

/** An answer of the bound login whose every member was checked. */
export type CheckedAnswer =
  | (LoginPageAnswer & Required<Pick<LoginPageAnswer, 'fields' | 'buttons'>>)
  | {
      readonly status: 'authenticated'
      readonly subject: string
      readonly level: Level
      readonly amr: readonly string[]
      readonly authTime: number
      readonly claims: PersonClaims
      readonly username?: string
    }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly reason: string }

/** Fields and buttons of this server's own, and ids of its pages. */
const reserved = ['interaction', 'action', 'cancel', 'problem', 'error']
const nameForm = /^[a-z][a-z0-9_-]{0,31}$/
const mostFields = 12
const mostButtons = 4

/** Thrown inside; `checkAnswer` gives it back as words. */
class Unsound extends Error {}

const unsound = (what: string): never => {
  throw new Unsound(what)
}

/**
 * Checks what the bound login answered: another party, trusted to say who somebody is and for nothing
 * else. Returns what was understood, or what is wrong in words for the log.
 */
export function checkAnswer(answer: unknown): CheckedAnswer | string {
  try {
    if (!isRecord(answer)) return 'it is not an object'
    switch (answer['status']) {
      case 'page':
        return readPage(answer)
      case 'authenticated':
        return readAuthenticated(answer)
      case 'cancelled':
        only(answer, ['status'])
        return { status: 'cancelled' }
      case 'failed':
        only(answer, ['status', 'reason'])
        return { status: 'failed', reason: text(answer, 'reason', 128) }
      default:
        return 'the status is unknown'
    }
  } catch (error) {
    if (error instanceof Unsound) return error.message
    throw error
  }
}

function readPage(answer: Given): CheckedAnswer {
  only(answer, [
    'status', 'title', 'message', 'problem', 'fields', 'buttons', 'refresh', 'state',
  ]) // prettier-ignore
  const fields = list(answer, 'fields', mostFields).map(readField)
  const buttons = list(answer, 'buttons', mostButtons).map((button) => {
    only(button, ['value', 'label'])
    return { value: name(button, 'value'), label: text(button, 'label', 120) }
  })
  const ids = [...fields.map((field) => field.name), ...buttons.map(({ value }) => value)]
  if (new Set(ids).size < ids.length) unsound('two fields or buttons share a name')
  const { refresh, state } = answer
  if (refresh !== undefined && !isWhole(refresh, 1, 60)) unsound('refresh is not 1 to 60 seconds')
  if (state !== undefined && !(typeof state === 'string' && /^[\x20-\x7e]{0,1024}$/.test(state))) {
    unsound('state is not at most 1024 printable ASCII characters')
  }
  return {
    status: 'page',
    fields,
    buttons,
    ...texts(answer, { title: 120, message: 1_000, problem: 400 }),
    ...(refresh === undefined ? {} : { refresh: refresh as number }),
    ...(state === undefined ? {} : { state: state as string }),
  }
}

function readField(field: Given): LoginField {
  only(field, [
    'name', 'label', 'type', 'hint', 'value', 'autocomplete', 'inputmode', 'required',
  ]) // prettier-ignore
  const { autocomplete, required } = field
  const type = fieldTypes.find((known) => known === field['type'])
  const inputmode = inputModes.find((known) => known === field['inputmode'])
  if (type === undefined) return unsound('a field has an unknown type')
  if (inputmode !== field['inputmode']) unsound('a field has an unknown inputmode')
  if (required !== undefined && typeof required !== 'boolean') unsound('required is not a boolean')
  const tokens = typeof autocomplete === 'string' && /^[a-z0-9 -]{1,64}$/.test(autocomplete)
  if (autocomplete !== undefined && !tokens) unsound('autocomplete is not a list of tokens')
  if (type === 'password' && field['value'] !== undefined) unsound('a password has a value')
  return {
    name: name(field, 'name'),
    label: text(field, 'label', 120),
    type,
    ...texts(field, { hint: 400, value: 256 }),
    ...(tokens ? { autocomplete } : {}),
    ...(inputmode === undefined ? {} : { inputmode }),
    ...(required === true ? { required } : {}),
  }
}

function readAuthenticated(answer: Given): CheckedAnswer {
  only(answer, ['status', 'subject', 'level', 'amr', 'auth_time', 'claims', 'username'])
  const { subject, level, amr, auth_time: authTime, username } = answer
  if (typeof subject !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(subject)) {
    return unsound('subject is not 1 to 255 printable ASCII characters')
  }
  if (level !== 1 && level !== 2 && level !== 3) return unsound('level is not 1, 2 or 3')
  const words = Array.isArray(amr) ? (amr as readonly unknown[]) : unsound('amr is not a list')
  if (words.length > mostMethodReferences || !words.every(isMethodReference)) {
    return unsound('amr does not hold method references')
  }
  if (typeof authTime !== 'number' || !Number.isInteger(authTime) || authTime < 0) {
    return unsound('auth_time is not a whole number of seconds')
  }
  const claims = checkClaims(answer['claims'] ?? {})
  if (typeof claims === 'string') return unsound(claims)
  const named = typeof username === 'string' && isShowable(username)
  if (username !== undefined && !named) return unsound('username is not one line of text')
  return {
    status: 'authenticated',
    subject,
    level,
    amr: [...words],
    authTime,
    claims,
    ...(named ? { username } : {}),
  }
}

function only(given: Given, members: readonly string[]): void {
  if (Object.keys(given).some((member) => !members.includes(member))) {
    unsound('it has a member that is not known')
  }
}

function text(given: Given, member: string, most: number): string {
  const value = given[member]
  const sound = typeof value === 'string' && value.trim() !== '' && value.length <= most
  return sound ? value : unsound(`${member} is not a text of 1 to ${most} characters`)
}

/** Texts that may be absent, with their greatest lengths. */
function texts<T extends string>(
  given: Given,
  most: Readonly<Record<T, number>>,
): { readonly [member in T]?: string } {
  const present = (Object.entries(most) as [T, number][]).filter(
    ([member]) => given[member] !== undefined,
  )
  const read = present.map(([member, length]) => [member, text(given, member, length)] as const)
  return Object.fromEntries(read) as { readonly [member in T]?: string }
}

function name(given: Given, member: string): string {
  const value = given[member]
  const sound = typeof value === 'string' && nameForm.test(value) && !reserved.includes(value)
  return sound ? value : unsound(`${member} is not a name, or one of this server's own`)
}

function list(given: Given, member: string, most: number): readonly Given[] {
  const value: unknown = given[member] ?? []
  if (!Array.isArray(value) || value.length > most) return unsound(`${member} is no list`)
  const items = value as readonly unknown[]
  return items.map((item) => (isRecord(item) ? item : unsound(`${member} holds a stranger`)))
}

const isWhole = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
