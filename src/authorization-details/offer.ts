import { one } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import type { Json } from '../evidence/canonical.ts'
import { typeOf } from './detail.ts'
import type { AuthorizationDetail, DetailType, DetailTypes } from './detail.ts'
import { schemaProblem } from './schema.ts'

/** One thing a person may choose. */
export type Choice = { readonly value: Json; readonly label: string; readonly hint?: string }

/** What may be chosen for one detail, by member. */
export type DetailChoices = Readonly<Record<string, readonly Choice[]>>

/** What a consent page offers: sealed with it, so that an answer can choose nothing else. */
export type Offered = {
  /** Whether single details may be left out. */
  readonly optional: boolean
  /** For each detail of the request. */
  readonly choices: readonly DetailChoices[]
}

/** Where more than one thing is asked for, single details may be left out. */
export const offerOf = (
  details: readonly AuthorizationDetail[],
  choices: readonly DetailChoices[],
  { others }: { readonly others: boolean },
): Offered => ({ optional: others || details.length > 1, choices })

/** Names of the form's fields. No field is sent twice. */
export const takeField = (index: number): string => `take.${index}`
export const radioField = (index: number, member: string): string => `choose.${index}.${member}`
export const checkField = (index: number, member: string, place: number): string =>
  `choose.${index}.${member}.${place}`

/** What is missing in an answer. */
export type Incomplete = {
  readonly why: 'nothing-left' | 'choose'
  /** The question that is open. */
  readonly index?: number
  readonly member?: string
}

export type Chosen =
  { readonly details: readonly AuthorizationDetail[] } | { readonly incomplete: Incomplete }

/**
 * The details as a person agreed to them: those they left in, with what they chose among what was offered,
 * each as its schema says. `assigned`: random values for members the server fills in.
 */
export function chosenDetails(
  types: DetailTypes,
  given: {
    readonly asked: readonly AuthorizationDetail[]
    readonly offered: Offered
    readonly form: Parameters
    readonly assigned: readonly string[]
    /** Something besides details is agreed to. */
    readonly others: boolean
  },
): Chosen {
  const { asked, offered, form, assigned } = given
  const details: AuthorizationDetail[] = []
  for (const [index, detail] of asked.entries()) {
    if (offered.optional && one(form, takeField(index)) === undefined) continue
    const type = typeOf(types, detail.type)
    const choices = offered.choices[index]
    if (type === undefined || choices === undefined)
      throw new Error('the offer is not of this request')
    const members: Record<string, Json> = {}
    for (const member of Object.keys(type.enrich)) {
      const value = chosenValue(type, { member, index, offers: choices[member] ?? [], form })
      if (value === undefined) return { incomplete: { why: 'choose', index, member } }
      if (value.length > 0)
        members[member] = type.enrich[member]?.many === true ? value : (value[0] as Json)
    }
    const name = type.assign
    const filled = name === undefined ? {} : { [name]: assigned[index] as Json }
    const whole = { ...detail, ...members, ...filled }
    const [first] = Object.keys(type.enrich)
    if (schemaProblem(type, whole) !== undefined) {
      return {
        incomplete: { why: 'choose', index, ...(first === undefined ? {} : { member: first }) },
      }
    }
    details.push(whole)
  }
  return details.length === 0 && !given.others
    ? { incomplete: { why: 'nothing-left' } }
    : { details }
}

/** Undefined: too few. */
function chosenValue(
  type: DetailType,
  given: {
    readonly member: string
    readonly index: number
    readonly offers: readonly Choice[]
    readonly form: Parameters
  },
): readonly Json[] | undefined {
  const { member, index, offers, form } = given
  const rule = type.enrich[member]
  if (rule === undefined) return []
  const radio = one(form, radioField(index, member))
  const picked = offers.filter((_choice, place) =>
    rule.many ? one(form, checkField(index, member, place)) !== undefined : radio === String(place),
  )
  return picked.length < rule.least ? undefined : picked.map(({ value }) => value)
}
