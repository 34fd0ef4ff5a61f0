/** Reads single settings: the value, or a contradiction. `where` begins the sentence. */

/** A contradiction in the settings: one sentence for the operator. */
export class Contradiction extends Error {}

export const contradiction = (sentence: string): never => {
  throw new Contradiction(sentence)
}

export function onlyKnown(
  record: Readonly<Record<string, unknown>>,
  members: readonly string[],
  where: string,
): void {
  const unknown = Object.keys(record).find((member) => !members.includes(member))
  if (unknown !== undefined) contradiction(`${where}: unknown setting '${unknown}'.`)
}

export function text(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): string {
  return optionalText(record, name, where) ?? contradiction(`${where}: '${name}' is missing.`)
}

export function optionalText(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): string | undefined {
  const value = record[name]
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  return contradiction(`${where}: '${name}' must be a non-empty text.`)
}

export function optionalList(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): readonly unknown[] {
  const value = record[name] ?? []
  return Array.isArray(value) ? value : contradiction(`${where}: '${name}' must be a list.`)
}

export function texts(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): readonly string[] {
  return optionalList(record, name, where).map((item) =>
    typeof item === 'string' && item !== ''
      ? item
      : contradiction(`${where}: '${name}' must hold non-empty texts.`),
  )
}

export function integer(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
  range: { readonly least: number; readonly most: number; readonly else: number },
): number {
  const value = record[name]
  if (value === undefined) return range.else
  const sound =
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= range.least &&
    value <= range.most
  if (sound) return value
  return contradiction(
    `${where}: '${name}' must be a whole number from ${range.least} to ${range.most}.`,
  )
}

export function oneOf<T extends string>(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
  known: readonly T[],
  otherwise: T,
): T {
  const value = record[name]
  if (value === undefined) return otherwise
  const match = known.find((candidate) => candidate === value)
  return match ?? contradiction(`${where}: '${name}' must be one of ${known.join(', ')}.`)
}

/** Some of a list, each once; none when absent. */
export function severalOf<T extends string>(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
  known: readonly T[],
): readonly T[] {
  const given = optionalList(record, name, where)
  const list = known.filter((candidate) => given.includes(candidate))
  return list.length === given.length
    ? Object.freeze(list)
    : contradiction(`${where}: '${name}' may list ${known.join(', ')}, each once.`)
}
