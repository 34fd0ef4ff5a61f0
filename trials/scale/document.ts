import type { Table } from './tables.ts'

const opening = (name: string): string => `<!-- ${name}: made by npm run scale -->`
const closing = '<!-- end -->'

/** Puts each table into its place in the document. Throws when it has none. */
export function fillTables(document: string, tables: readonly Table[]): string {
  return tables.reduce((text, { name, text: table }) => {
    const start = text.indexOf(opening(name))
    const end = text.indexOf(closing, start)
    if (start < 0 || end < 0) throw new Error(`the document has no place for '${name}'`)
    const head = text.slice(0, start + opening(name).length)
    return `${head}\n\n${table}\n\n${text.slice(end)}`
  }, document)
}
