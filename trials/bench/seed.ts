import { randomBytes } from 'node:crypto'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tuple } from '../../src/encoding.ts'

/*
 * Much state in little time: rows written straight into the files of objects. Only while workerd is down.
 */

/**
 * Used proofs, in the tables of the guards that exist, in equal shares and as the guards themselves
 * write them: one random SHA-256 in base64url a row, in the slot that ends last.
 */
export function seedProofs(state: string, count: number): void {
  const files = objectsIn(state, 'fapi-edge-ReplayGuard')
  if (files.length === 0) throw new Error('no guard was used yet')
  const share = Array.from({ length: Math.ceil(count / files.length) })
  for (const file of files) {
    insertAll(file, (database) => `INSERT INTO ${newestSlot(database)} (key) VALUES (?)`, {
      rows: share,
      valuesOf: () => [randomBytes(32).toString('base64url')],
    })
  }
}

/**
 * Clients, as KV and the directory know them. Their copies share one blob that nobody reads, and they
 * have no objects: none of them ever asks for a token.
 */
export function seedClients(state: string, count: number): void {
  const rows = Array.from({ length: count }, () => `filler-${randomBytes(8).toString('hex')}`)
  const copies = () => 'INSERT INTO _mf_entries (key, blob_id) VALUES (?, ?)'
  const names = () => 'INSERT INTO clients (client_id) VALUES (?)'
  for (const file of objectsIn(state, 'miniflare-KVNamespaceObject')) {
    const valuesOf = (id: string) => [tuple('bench', 'client', id), 'a'.repeat(80)]
    insertAll(file, copies, { rows, valuesOf })
  }
  for (const file of objectsIn(state, 'fapi-edge-Directory')) {
    insertAll(file, names, { rows, valuesOf: (id) => [id] })
  }
}

/** Files of a class's objects; beside them lies what workerd knows of their alarms. */
const objectsIn = (state: string, folder: string): readonly string[] =>
  globSync(join(state, '**', folder, '*.sqlite')).filter(
    (file) => !file.endsWith('metadata.sqlite'),
  )

function insertAll<Row>(
  file: string,
  statement: (database: DatabaseSync) => string,
  given: {
    readonly rows: readonly Row[]
    readonly valuesOf: (row: Row) => readonly string[]
  },
): void {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA synchronous = OFF; BEGIN')
  const insert = database.prepare(statement(database))
  for (const row of given.rows) insert.run(...given.valuesOf(row))
  database.exec('COMMIT')
  database.close()
}

function newestSlot(database: DatabaseSync): string {
  const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'used_*'"
  const names = database
    .prepare(query)
    .all()
    .map(({ name }) => String(name))
  const newest = names.sort().at(-1)
  if (newest === undefined) throw new Error('a guard without a slot')
  return newest
}
