import type { AdminAnswer, AdminClient } from '../admin-client.ts'
import { Failure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

export type OptionValue = string | boolean | undefined

/** What a command is given. */
export type Context = {
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, OptionValue>>
  readonly terminal: Terminal
  /** Opens the admin API. Called when the input is known to be sound, and before any question. */
  readonly connect: () => Promise<AdminClient>
}

/** What a command says: the JSON of the answer, and the same for people. */
export type Result = { readonly json: unknown; readonly text: string }

export type Command = {
  /** Two words: what, and what to do with it. */
  readonly name: string
  /** Names of the positional arguments; all are required. */
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, CommandOption>>
  readonly summary: string
  readonly examples: readonly string[]
  readonly run: (context: Context) => Promise<Result>
}

export type CommandOption = {
  readonly type: 'string' | 'boolean'
  /** How the value is called in the help text. */
  readonly value?: string
  readonly help: string
}

/** Before what cannot be undone. */
export const yesOption: Readonly<Record<string, CommandOption>> = {
  yes: { type: 'boolean', help: 'Do not ask.' },
}

/** Calls the admin API and takes a 2xx; anything else ends the command with what the server said. */
export async function call(
  api: AdminClient,
  ...request: Parameters<AdminClient['request']>
): Promise<AdminAnswer> {
  const answer = await api.request(...request)
  if (answer.status >= 200 && answer.status < 300) return answer
  throw refused(answer)
}

/** `--new`: the server refuses to change what exists (RFC 9110 13.1.2). */
export const onlyNew = (options: Context['options']): Readonly<Record<string, string>> =>
  options['new'] === true ? { 'if-none-match': '*' } : {}

function refused(answer: AdminAnswer): Failure {
  const { error, error_description: description } = record(answer.body)
  const said = typeof description === 'string' ? description : error
  const sentence =
    typeof said === 'string'
      ? `The server refused: ${said.replace(/\.$/, '')} (${answer.status}).`
      : `The server answered ${answer.status} without saying why.`
  return new Failure(sentence, { answer: answer.body })
}

/**
 * Reads a list to its end: the API answers in pages, `next` names where the following one begins.
 */
export async function listAll(
  api: AdminClient,
  path: string,
  member: string,
): Promise<Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>> {
  const all: Readonly<Record<string, unknown>>[] = []
  const seen = new Set<string>()
  for (let after: string | undefined; ;) {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
    const page = record((await call(api, 'GET', `${path}${query}`)).body)
    all.push(...records(page[member]))
    const { next } = page
    if (typeof next !== 'string') return { [member]: all }
    if (seen.has(next)) throw new Failure('The server names the same next page twice.')
    seen.add(next)
    after = next
  }
}

/** A path segment made of what a person typed. */
export const segment = (text: string): string => {
  // `new URL` would fold these away and the call would reach another endpoint.
  if (text === '' || text === '.' || text === '..') throw new Failure(`'${text}' is not an id.`)
  return encodeURIComponent(text)
}

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}

export const records = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(record) : []

/** The argument at a place; the parser has already counted them. */
export const argument = (context: Context, at: number): string => context.args[at] ?? ''
