import canonicalize from 'canonicalize'

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json }

/**
 * Canonical JSON (RFC 8785): the one text of a value, so that its hash can be compared. Throws on what
 * JSON cannot hold: lone surrogates, numbers that are not finite, members without a value.
 */
export function canonicalJson(value: Json): string {
  checkHolds(value)
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}

function checkHolds(value: unknown): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('a lone surrogate')
    return
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that is not finite')
    return
  }
  if (typeof value !== 'object') throw new TypeError('not a JSON value')
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) checkHolds(item)
    return
  }
  for (const [name, member] of Object.entries(value)) {
    checkHolds(name)
    checkHolds(member)
  }
}
