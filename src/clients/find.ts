import { remember } from '../bounded.ts'
import type { Call } from '../call.ts'
import { isRecord } from '../encoding.ts'
import type { StoredClient } from '../objects/client.ts'
import { copyKeys } from '../objects/names.ts'
import type { ClientRecord, Operator } from '../types.ts'
import { clientIdForm } from './ids.ts'

/** What this isolate remembers of clients: a hint, since every request asks the client's object too. */
const known = new Map<string, { readonly record: ClientRecord; readonly at: number }>()
const missing = new Map<string, number>()
const mostKnown = 2_000
const mostMissing = 2_000
/** Milliseconds. */
const knownFor = 60_000
const missingFor = 5_000
const copyTtl = 60

/** At most this many questions a second from one isolate to the directory about ids KV does not know. */
const asksPerSecond = 20
let asks = { second: 0, count: 0 }

/**
 * Finds a client by id: operators in the configuration, others isolate → KV → directory. Unknown ids
 * create nothing anywhere.
 */
export async function findClient(call: Call, clientId: string): Promise<ClientRecord | undefined> {
  const operator = call.issuer.operators.find(({ id }) => id === clientId)
  if (operator !== undefined) return operatorRecord(operator)
  if (!clientIdForm.test(clientId)) return undefined
  const name = `${call.issuer.id} ${clientId}`
  const hit = known.get(name)
  if (hit !== undefined && Math.abs(call.now - hit.at) < knownFor) return hit.record
  const miss = missing.get(name)
  if (miss !== undefined && Math.abs(call.now - miss) < missingFor) return undefined
  const copy = await call.storage.readKv(
    call.env.COPIES,
    copyKeys.client(call.issuer.id, clientId),
    copyTtl,
  )
  if (isStored(copy, clientId)) return recordOf(call, copy)
  // Not asked is not known: only an answer of the directory is remembered.
  if (!mayAsk(call.now)) return undefined
  if (await isRegistered(call, clientId)) {
    const loaded = await loadClient(call, clientId)
    if (loaded !== undefined) return loaded
  }
  remember(missing, mostMissing, name, call.now)
  return undefined
}

/** Reads the client from its object: when the object said that the copy is old. */
export async function loadClient(call: Call, clientId: string): Promise<ClientRecord | undefined> {
  const stored = await call.storage.object('Client.load', () => call.stubs.client(clientId).load())
  return stored === undefined ? undefined : recordOf(call, stored)
}

/** Which state of a client's record its object knows. */
export type ClientVersion = Pick<ClientRecord, 'version' | 'generation'>

/** The client as its object said it is: read again when this isolate knows another state. */
export async function findClientAsOf(
  call: Call,
  clientId: string,
  { version, generation }: ClientVersion,
): Promise<ClientRecord | undefined> {
  const known = await findClient(call, clientId)
  const same = known?.version === version && known.generation === generation
  return same ? known : loadClient(call, clientId)
}

/** Forgets a client this isolate just changed. */
export function forgetClient(issuerId: string, clientId: string): void {
  known.delete(`${issuerId} ${clientId}`)
  missing.delete(`${issuerId} ${clientId}`)
}

async function isRegistered(call: Call, clientId: string): Promise<boolean> {
  return call.storage.object('Directory.hasClient', () =>
    call.stubs.directory().hasClient(clientId),
  )
}

function mayAsk(now: number): boolean {
  const second = Math.floor(now / 1000)
  asks = asks.second === second ? { second, count: asks.count + 1 } : { second, count: 1 }
  return asks.count <= asksPerSecond
}

function recordOf(call: Call, stored: StoredClient): ClientRecord {
  const { clientId, version, generation, enabled, metadata } = stored
  const record = Object.freeze({
    clientId,
    version,
    generation,
    enabled,
    metadata,
    operator: false,
  })
  const name = `${call.issuer.id} ${clientId}`
  missing.delete(name)
  remember(known, mostKnown, name, { record, at: call.now })
  return record
}

function isStored(value: unknown, clientId: string): value is StoredClient {
  return isRecord(value) && value['format'] === 1 && value['clientId'] === clientId
}

const operators = new WeakMap<Operator, ClientRecord>()

/** An operator as a client: may only get tokens for the admin API, bound to its DPoP key. */
function operatorRecord(operator: Operator): ClientRecord {
  const made = operators.get(operator)
  if (made !== undefined) return made
  const record: ClientRecord = Object.freeze({
    clientId: operator.id,
    version: 0,
    generation: 'operator',
    enabled: true,
    operator: true,
    metadata: Object.freeze({
      client_name: operator.id,
      application_type: 'native',
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
      scope: 'admin',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: operator.jwks,
      dpop_bound_access_tokens: true,
      tls_client_certificate_bound_access_tokens: false,
      use_mtls_endpoint_aliases: false,
    } as const),
  })
  operators.set(operator, record)
  return record
}
