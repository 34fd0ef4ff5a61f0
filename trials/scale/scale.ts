import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillTables } from './document.ts'
import { measuredToken } from './measured.ts'
import { makeTables } from './tables.ts'

/*
 * `npm run scale`: what a deployment for a hundred million phones looks like, in figures.
 * `--write` puts them into docs/scale.md.
 */

const documentPath = join(import.meta.dirname, '../../docs/scale.md')

const [option, ...rest] = process.argv.slice(2)
if ((option !== undefined && option !== '--write') || rest.length > 0) {
  console.error('usage: npm run scale [-- --write]')
  process.exitCode = 2
} else {
  const tables = makeTables(measuredToken())
  for (const { name, text } of tables) console.log(`\n${name}\n\n${text}`)
  if (option === '--write') {
    writeFileSync(documentPath, fillTables(readFileSync(documentPath, 'utf8'), tables))
  }
}
