import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a folder takes: files, and MiB as the file system counts them. */
export type Disk = { readonly files: number; readonly mebibytes: number }

export function diskOf(folder: string): Disk {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  // An object that is closed meanwhile takes two of its files away.
  const sizes = files.map(({ parentPath, name }) =>
    statSync(join(parentPath, name), { throwIfNoEntry: false }),
  )
  const blocks = sizes.reduce((sum, size) => sum + (size?.blocks ?? 0), 0)
  return { files: files.length, mebibytes: (blocks * 512) / 1024 / 1024 }
}
