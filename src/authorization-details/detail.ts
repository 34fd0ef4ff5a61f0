import type { Json } from '../evidence/canonical.ts'
import type { Language } from '../pages/languages.ts'

/** One thing a client asks for, of a type this issuer knows (RFC 9396 2). */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: Json }

/**
 * When one value of a member is within another. What is absent is a value of its own; with `any` it
 * stands for every value there could be, so that only the absent is as wide as the absent.
 */
export type Comparison = {
  readonly absent: 'itself' | 'any'
} & (
  | { readonly by: 'equal' | 'subset' | 'at-most' | 'not-before' | 'not-after' }
  /** An object, member by member. */
  | { readonly by: 'members'; readonly members: Readonly<Record<string, Comparison>> }
)

/** A piece of a sentence: words, or the value of a member and how it is written. */
export type Piece = string | { readonly path: readonly string[]; readonly kind: ValueKind }

export const valueKinds = ['text', 'list', 'amount', 'iban', 'date'] as const
export type ValueKind = (typeof valueKinds)[number]

/** What a person reads about one detail, in one language. */
export type DetailWords = {
  readonly title: string
  /** A sentence is said when the detail has every member it names. */
  readonly sentences: readonly (readonly Piece[])[]
  /** What values of a member are called: by member, then by value. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What is asked where a person chooses; by member. */
  readonly questions: Readonly<Record<string, string>>
}

/** A member that is not requested: a person fills it in when they agree (RFC 9396 7.1). */
export type Enrichment = {
  /** The binding whose Worker says what may be chosen. */
  readonly service: string
  /** A list of values; otherwise one value. */
  readonly many: boolean
  /** At least so many must be chosen. */
  readonly least: number
}

/** A type of authorization details as data. */
export type DetailType = {
  /** JSON Schema 2020-12, of the kind `docs/authorization-details.md` describes. */
  readonly schema: { readonly [keyword: string]: Json }
  /** By member; those not named are compared by `equal`. */
  readonly compare: Readonly<Record<string, Comparison>>
  /** Identifiers of the resource servers that may see it. */
  readonly resourceServers: readonly string[]
  readonly enrich: Readonly<Record<string, Enrichment>>
  /** A member the server fills with a random value when a person agrees, so that no two are the same. */
  readonly assign?: string
  readonly consent: Readonly<Record<Language, DetailWords>>
}

/** The types an issuer knows, by name. */
export type DetailTypes = Readonly<Record<string, DetailType>>

/** The definition of a type; names such as `constructor` are none. */
export const typeOf = (types: DetailTypes, name: string): DetailType | undefined =>
  Object.hasOwn(types, name) ? types[name] : undefined
