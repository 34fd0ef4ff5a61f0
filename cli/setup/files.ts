import { access, chmod, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { productionKeyFile } from '../operator-key.ts'
import { Failure } from '../failure.ts'

/** What set-up reads and writes, all in the project folder. */
export const files = {
  template: 'wrangler.toml',
  deployment: 'wrangler.production.jsonc',
  secret: 'fapi-edge.secret',
  operator: productionKeyFile,
} as const

export type NewFile = {
  readonly file: string
  readonly content: string
  /** Private files are readable by their owner alone, from the first byte on. */
  readonly private: boolean
}

export async function exists(folder: string, file: string): Promise<boolean> {
  return access(path.resolve(folder, file)).then(
    () => true,
    () => false,
  )
}

export async function readText(folder: string, file: string): Promise<string> {
  try {
    return await readFile(path.resolve(folder, file), 'utf8')
  } catch (error) {
    throw new Failure(`Cannot read ${file}.`, { cause: error })
  }
}

/**
 * Writes a file whole or not at all. What stood there before is kept under another name: an
 * overwritten key cannot be made again.
 */
export async function writeFile(folder: string, next: NewFile, now: Date): Promise<void> {
  const target = path.resolve(folder, next.file)
  const mode = next.private ? 0o600 : 0o644
  const draft = `${target}.${process.pid}.tmp`
  const handle = await open(draft, 'wx', mode)
  try {
    await handle.writeFile(next.content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  // The mode of `open` is narrowed by the umask; this one is not widened by it.
  await chmod(draft, mode)
  if (await exists(folder, next.file)) await rename(target, `${target}.old-${stamp(now)}`)
  await rename(draft, target)
}

const stamp = (now: Date): string => now.toISOString().replace(/[-:]|\.\d+/g, '')
