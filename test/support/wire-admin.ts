import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientFixture, PrivateJwk } from './fixtures.ts'
import type { Answer } from './http.ts'
import { getResource, wireClient } from './wire-client.ts'
import { makeDpopKey, newClock } from './wire-keys.ts'
import type { Clock } from './wire-keys.ts'
import type { Server } from './wire-server.ts'

export type Admin = {
  /** Calls the admin API as the local operator; `path` begins with `/`, below `ISSUER/admin`. */
  readonly request: (
    method: string,
    path: string,
    body?: unknown,
    headers?: readonly (readonly [string, string])[],
  ) => Promise<Answer>
}

/** The operator of the running server, as a client of the token endpoint. */
export function operatorFixture(on: Pick<Server, 'state'>): ClientFixture {
  const file = readFileSync(join(on.state, 'operator.json'), 'utf8')
  const operator = JSON.parse(file) as { readonly client_id: string; readonly jwk: PrivateJwk }
  return { clientId: operator.client_id, redirectUri: '', jwk: operator.jwk, alg: 'ES256' }
}

/** A new token for each admin, so that it fits the clock as it was moved. */
export async function openAdmin(
  on: Pick<Server, 'issuer' | 'mtls' | 'ca' | 'state'>,
  clock: Clock = newClock(),
): Promise<Admin> {
  const key = await makeDpopKey()
  const nobody = { username: '', password: '' }
  const operator = wireClient(operatorFixture(on), { server: on, clock, person: nobody })
  const { accessToken, answer } = await operator.token(
    { grant_type: 'client_credentials', scope: 'admin' },
    { key },
  )
  if (answer.status !== 200) throw new Error(`no operator token: ${answer.status} ${answer.text}`)
  const api = `${on.issuer}/admin`
  return {
    request: (method, path, body, headers = []) =>
      getResource(`${api}${path}`, accessToken, {
        key,
        method,
        server: on,
        clock,
        headers: [
          ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
          ...headers,
        ],
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

/** Metadata of a client nobody else uses, and what acts as it. */
export async function newClient(
  extra: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly fixture: ClientFixture; readonly metadata: Record<string, unknown> }> {
  const clientId = `made-${randomBytes(6).toString('hex')}`
  const key = await makeDpopKey()
  const redirectUri = `https://${clientId}.example/cb`
  const named = { kid: `${clientId}-1`, alg: 'ES256', use: 'sig' }
  return {
    fixture: { clientId, redirectUri, jwk: { ...key.jwk, ...named }, alg: 'ES256' },
    metadata: {
      client_id: clientId,
      client_name: `Made for a test ${clientId}`,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: 'openid profile email accounts',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...key.publicJwk, ...named }] },
      ...extra,
    },
  }
}

/** Registers a client that a test may disable, change or delete. */
export async function registerClient(
  admin: Admin,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly fixture: ClientFixture; readonly metadata: Record<string, unknown> }> {
  const made = await newClient(extra)
  const answer = await admin.request('PUT', `/clients/${made.fixture.clientId}`, made.metadata)
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status} ${answer.text}`)
  return made
}

export type Person = {
  readonly username: string
  readonly password: string
  readonly sub: string
}

/** Registers a person whom a test may disable. */
export async function registerPerson(admin: Admin): Promise<Person> {
  const username = `person-${randomBytes(6).toString('hex')}`
  const password = `password of ${username}`
  const answer = await admin.request('PUT', `/users/${username}`, { password })
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status} ${answer.text}`)
  return { username, password, sub: String(answer.json['sub']) }
}

/** Registers a client under a fixed id, or registers it anew. */
export async function putClient(
  admin: Admin,
  id: string,
  metadata: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  return admin.request('PUT', `/clients/${id}`, {
    client_id: id,
    client_name: `Test client ${id}`,
    grant_types: ['client_credentials'],
    scope: 'accounts',
    ...metadata,
  })
}
