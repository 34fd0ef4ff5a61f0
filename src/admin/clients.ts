import type { Call } from '../call.ts'
import { forgetClient } from '../clients/find.ts'
import { checkAddresses } from '../clients/registration.ts'
import { checkClientId, checkClientMetadata } from '../clients/metadata.ts'
import { checkOperatorMembers } from '../clients/operator-members.ts'
import { demand, fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import type { StoredClient } from '../objects/client.ts'
import { ifAbsent, listAfter, pageSize, readJson } from './operation.ts'
import type { Operation } from './operation.ts'

const describe = (client: StoredClient) => ({
  client_id: client.clientId,
  ...client.metadata,
  enabled: client.enabled,
  version: client.version,
})

const unknown = () => fail('not_found', 'There is no such client')

/** A client that is registered; no object is touched for an id the directory does not know. */
async function load(call: Call, id: string): Promise<StoredClient> {
  const { storage, stubs } = call
  const listed = await storage.object('Directory.hasClient', () => stubs.directory().hasClient(id))
  if (!listed) return unknown()
  const client = await storage.object('Client.load', () => stubs.client(id).load())
  return client ?? unknown()
}

async function list(call: Call): Promise<Response> {
  const { storage, stubs } = call
  const ids = await storage.object('Directory.listClients', () =>
    stubs.directory().listClients(listAfter(call), pageSize),
  )
  const clients = await Promise.all(
    ids.map((id) => storage.object('Client.load', () => stubs.client(id).load())),
  )
  const last = ids.length === pageSize ? ids.at(-1) : undefined
  return json({
    clients: clients
      .filter((client) => client !== undefined)
      .map(({ clientId, metadata, enabled, version }) => {
        const { client_name, operator_verified = false } = metadata
        return { client_id: clientId, client_name, enabled, operator_verified, version }
      }),
    ...(last === undefined ? {} : { next: last }),
  })
}

async function put(call: Call, id: string): Promise<Response> {
  const { storage, stubs, issuer } = call
  const body = await readJson(call)
  const clientId = demand(checkClientId(id))
  if (body['client_id'] !== undefined && body['client_id'] !== clientId) {
    return fail('invalid_client_metadata', 'client_id differs from the address')
  }
  const metadata = Object.freeze({
    ...demand(checkClientMetadata(body, issuer, call.runtime.outboundAllowed)),
    // What was verified was the earlier registration: a change without it is not verified.
    ...demand(checkOperatorMembers(body)),
  })
  demand(await checkAddresses(call, metadata))
  const added = await storage.object('Directory.addClient', () =>
    stubs.directory().addClient(clientId),
  )
  if (!added) return fail('conflict', 'A person has this name as subject')
  const change = { issuer: issuer.id, clientId, metadata, ifAbsent: ifAbsent(call) }
  const { status, client } = await storage.object('Client.put', () =>
    stubs.client(clientId).put(change),
  )
  if (status === 'exists') return fail('precondition_failed', 'The client exists already')
  forgetClient(issuer.id, clientId)
  return json(describe(client), status === 'created' ? 201 : 200)
}

async function setEnabled(call: Call, id: string, enabled: boolean): Promise<Response> {
  await load(call, id)
  const client = await call.storage.object('Client.setEnabled', () =>
    call.stubs.client(id).setEnabled(enabled),
  )
  forgetClient(call.issuer.id, id)
  return client === undefined ? unknown() : json(describe(client))
}

async function setVerified(call: Call, id: string, verified: boolean): Promise<Response> {
  await load(call, id)
  const client = await call.storage.object('Client.setVerified', () =>
    call.stubs.client(id).setVerified(verified),
  )
  forgetClient(call.issuer.id, id)
  return client === undefined ? unknown() : json(describe(client))
}

async function remove(call: Call, id: string): Promise<Response> {
  const { storage, stubs } = call
  await load(call, id)
  await storage.object('Client.remove', () => stubs.client(id).remove())
  forgetClient(call.issuer.id, id)
  return new Response(null, { status: 204 })
}

export const clientOperations: readonly Operation[] = [
  { method: 'GET', path: ['clients'], run: list },
  { method: 'GET', path: ['clients', ':id'], run: async (call, id) => json(describe(await load(call, id))) },
  { method: 'PUT', path: ['clients', ':id'], run: put },
  { method: 'DELETE', path: ['clients', ':id'], run: remove },
  { method: 'POST', path: ['clients', ':id', 'disable'], run: (call, id) => setEnabled(call, id, false) },
  { method: 'POST', path: ['clients', ':id', 'enable'], run: (call, id) => setEnabled(call, id, true) },
  { method: 'POST', path: ['clients', ':id', 'verify'], run: (call, id) => setVerified(call, id, true) },
  { method: 'POST', path: ['clients', ':id', 'unverify'], run: (call, id) => setVerified(call, id, false) },
] // prettier-ignore
