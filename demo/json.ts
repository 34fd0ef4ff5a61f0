/** A JSON object: what configuration files and answers consist of. */
export type Json = Readonly<Record<string, unknown>>

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON with the members of every object in one order, so that equal values have equal texts. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    isJson(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

/** Lays `changes` over `base`: objects member by member, everything else as a whole. */
export function merge(base: Json, changes: Json): Json {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, change] of Object.entries(changes)) {
    const known = merged[name]
    merged[name] = isJson(known) && isJson(change) ? merge(known, change) : change
  }
  return merged
}
