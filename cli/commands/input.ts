import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Failure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/** A JSON object from a file, or from standard input when the name is `-`. */
export async function readJsonObject(
  terminal: Terminal,
  file: string,
): Promise<Readonly<Record<string, unknown>>> {
  const name = file === '-' ? 'Standard input' : file
  const text = file === '-' ? await terminal.readInput() : await readText(terminal, file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Failure(`${name} is not JSON.`, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Failure(`${name} does not hold one JSON object.`)
  }
  return value as Readonly<Record<string, unknown>>
}

async function readText(terminal: Terminal, file: string): Promise<string> {
  try {
    return await readFile(path.resolve(terminal.cwd, file), 'utf8')
  } catch (error) {
    throw new Failure(`Cannot read ${file}.`, { cause: error })
  }
}

/**
 * A password from standard input or from a prompt without echo; never from an argument, which
 * others on the machine can read. `undefined` leaves the password as it is.
 */
export async function readPassword(
  terminal: Terminal,
  options: { readonly username: string; readonly fromInput: boolean },
): Promise<string | undefined> {
  if (options.fromInput) {
    const password = (await terminal.readInput()).replace(/\r?\n$/, '')
    if (password === '') throw new Failure('Standard input holds no password.')
    return password
  }
  if (!terminal.interactive) return undefined
  const hidden = { hidden: true }
  const password = await terminal.ask(
    `Password of ${options.username} (empty: leave it as it is): `,
    hidden,
  )
  if (password === '') return undefined
  if ((await terminal.ask('Once more: ', hidden)) !== password) {
    throw new Failure('The two passwords differ; nothing was changed.')
  }
  return password
}
