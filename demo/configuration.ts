import { createHmac } from 'node:crypto'
import type { ConfigFile } from './config-file.ts'
import { canonical, isJson } from './json.ts'
import type { Json } from './json.ts'
import { reasonOf, stop } from './problem.ts'
import type { State } from './state.ts'

/** A client of the admin API; `cli/admin-client.ts` makes it. */
export type AdminClient = {
  readonly request: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number; readonly body: unknown }>
}

export type Configuration = {
  readonly issuer: string
  readonly state: State
  readonly admin: AdminClient
  readonly clients: ConfigFile['clients']
  readonly users: ConfigFile['users']
  /** Keys the digests of entries, which hold passwords. */
  readonly digestKey: string
}

type Entry = {
  readonly kind: 'client' | 'user'
  readonly id: string
  readonly path: string
  readonly body: Json
}

/**
 * Applies the file's clients and users through the admin API. What is absent is made; an entry is
 * changed only when that entry of the file changed since it was last applied, so the file never undoes
 * what was changed by the admin API meanwhile.
 */
export async function applyConfiguration(configuration: Configuration): Promise<void> {
  const { state, admin, digestKey, issuer } = configuration
  const applied = readApplied(state)
  for (const entry of listEntries(configuration)) {
    const name = `${issuer} ${entry.kind} ${entry.id}`
    const digest = createHmac('sha256', digestKey).update(canonical(entry.body)).digest('base64url')
    if (applied.get(name) === digest) continue
    await apply(admin, entry, applied.has(name))
    applied.set(name, digest)
    // After each entry: a start that fails half way must know what it did.
    state.write('applied.json', `${JSON.stringify(Object.fromEntries(applied), null, 2)}\n`)
  }
}

function listEntries(configuration: Configuration): readonly Entry[] {
  const clients = configuration.clients.map((client): Entry => {
    const path = `/clients/${encodeURIComponent(client.client_id)}`
    return { kind: 'client', id: client.client_id, path, body: client }
  })
  const users = configuration.users.map(({ username, ...body }): Entry => {
    const path = `/users/${encodeURIComponent(username)}`
    return { kind: 'user', id: username, path, body }
  })
  return [...clients, ...users]
}

async function apply(admin: AdminClient, entry: Entry, known: boolean): Promise<void> {
  const headers: Record<string, string> = known ? {} : { 'if-none-match': '*' }
  const what = `The ${entry.kind} '${entry.id}' of the configuration`
  const answer = await admin
    .request('PUT', entry.path, entry.body, headers)
    .catch((error: unknown) => stop(`${what} could not be applied: ${reasonOf(error)}.`))
  // 412: somebody made it before us, and it is theirs.
  if (answer.status < 300 || (answer.status === 412 && !known)) return
  stop(`${what} was refused: ${describe(answer)}.`)
}

function describe(answer: { readonly status: number; readonly body: unknown }): string {
  const { body } = answer
  const description = isJson(body) ? (body['error_description'] ?? body['error']) : undefined
  return typeof description === 'string'
    ? description.replace(/\.$/, '')
    : `the admin API answered ${answer.status}`
}

function readApplied(state: State): Map<string, string> {
  try {
    const value: unknown = JSON.parse(state.read('applied.json') ?? '{}')
    const entries = isJson(value) ? Object.entries(value) : []
    return new Map(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return stop(`${state.path('applied.json')} is damaged; remove it to apply the file anew.`)
  }
}
