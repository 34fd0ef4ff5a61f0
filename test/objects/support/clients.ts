import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import type { EnabledStanding } from '../../../src/clients/standing.ts'
import type { Client } from '../../../src/objects/client.ts'
import { stubsOf } from './objects.ts'

const stubs = stubsOf('bank')

export const metadata: ClientMetadata = {
  client_name: 'An app',
  application_type: 'web',
  redirect_uris: ['https://app.example/cb'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  scope: 'openid accounts',
  token_endpoint_auth_method: 'private_key_jwt',
  dpop_bound_access_tokens: false,
  tls_client_certificate_bound_access_tokens: false,
  use_mtls_endpoint_aliases: false,
}

export const clientOf = (clientId: string) => stubs.client(clientId)

export const put = (
  clientId: string,
  change: { readonly ifAbsent?: boolean; readonly metadata?: ClientMetadata } = {},
) => clientOf(clientId).put({ issuer: 'bank', clientId, metadata, ifAbsent: false, ...change })

/** Registers a client; the answer makes a new stub each time, since eviction breaks held ones. */
export async function newClient(clientId: string) {
  await put(clientId)
  return () => clientOf(clientId)
}

export async function enabledStanding(client: DurableObjectStub<Client>): Promise<EnabledStanding> {
  const { value } = await client.check()
  if (value.status !== 'enabled') throw new Error(`the client is ${value.status}`)
  return value
}
