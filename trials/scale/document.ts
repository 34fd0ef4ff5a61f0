import type { Table } from './tables.ts'

const opening = (name: string, command: string): string =>
  `<!-- ${name}: made by npm run ${command} -->`
const closing = '<!-- end -->'

/** Puts each table into its place in the document. Throws when it has none. */
export function fillTables(document: string, tables: readonly Table[], command = 'scale'): string {
  return tables.reduce((text, { name, text: table }) => {
    const start = text.indexOf(opening(name, command))
    const end = text.indexOf(closing, start)
    if (start < 0 || end < 0) throw new Error(`the document has no place for '${name}'`)
    const head = text.slice(0, start + opening(name, command).length)
    return `${head}\n\n${table}\n\n${text.slice(end)}`
  }, document)
}
