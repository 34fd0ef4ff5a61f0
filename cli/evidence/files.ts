import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { Failure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/** A text file, byte for byte: what is not UTF-8 is not read as something else. */
export async function readText(terminal: Terminal, file: string): Promise<string> {
  const bytes = await readFile(path.resolve(terminal.cwd, file)).catch((error: unknown) => {
    throw new Failure(`Cannot read ${file}.`, { cause: error })
  })
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new Failure(`${file} is not a text in UTF-8.`, { cause: error })
  }
}

/** The texts of a file, or of all files below a folder. */
export async function readTexts(
  terminal: Terminal,
  place: string,
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const names = await namesBelow(path.resolve(terminal.cwd, place)).catch((error: unknown) => {
    throw new Failure(`Cannot read ${place}.`, { cause: error })
  })
  return Promise.all(names.map(async (name) => ({ name, text: await readText(terminal, name) })))
}

async function namesBelow(place: string): Promise<readonly string[]> {
  if (!(await stat(place)).isDirectory()) return [place]
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}
