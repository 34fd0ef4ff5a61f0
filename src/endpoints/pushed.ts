import type { Call } from '../call.ts'
import { errorResponse } from '../authorization/respond.ts'
import { findClient, loadClient } from '../clients/find.ts'
import { matchesRegistered } from '../clients/redirect-uri.ts'
import { readHandle } from '../handles.ts'
import type { PushedRequestKey, PushedRequestReading, Stub } from '../objects/pushed-request.ts'
import { tell, turnAway } from '../people/told.ts'
import type { ClientRecord } from '../types.ts'

type Live = Extract<PushedRequestReading, { readonly status: 'live' }>

/** A pushed request that may go on, and its client. */
export type LiveRequest = {
  readonly pushed: Live
  readonly client: ClientRecord
  readonly complete: (
    outcome: string,
  ) => Promise<'completed' | 'completed-before' | 'expired' | 'unknown'>
}

/**
 * Opens the pushed request behind a handle, for the client it belongs to, and asks that client's
 * object whether it may still go on (RFC 9126 7.4). Throws `ProtocolError`: `invalid_request_uri`,
 * with a way back where the request is merely late.
 */
export async function openPushed(
  call: Call,
  wanted: {
    readonly handle: string
    /** From the query; undefined when the handle comes out of a seal. */
    readonly clientId?: string
    /** The answer about to be given: a repeated click may go on. */
    readonly outcome?: string
  },
  purpose: 'opening' | 'finishing',
): Promise<LiveRequest> {
  const { storage, stubs, issuer } = call
  const handle = await readHandle('pushed-request', wanted.handle)
  const stub = handle && stubs.pushedRequest(handle.objectId)
  const unknown = (detail: string) => turnAway('link-unknown', detail)
  if (handle === undefined || stub === undefined) return unknown('not a request_uri of this server')
  const key: PushedRequestKey = { issuer: issuer.id, secretHash: handle.secretHash }
  const pushed = await storage.object('PushedRequest.open', () =>
    stub.open(key, purpose, wanted.outcome),
  )
  if (pushed.status === 'unknown') return unknown('no such pushed request')
  const owner = pushed.status === 'live' ? pushed.clientId : pushed.stub.clientId
  if (wanted.clientId !== undefined && wanted.clientId !== owner) return unknown('another client')
  const client = await standingClient(call, owner)
  if (pushed.status !== 'live') return turnAwayLate(call, pushed, client)
  if (client?.generation !== pushed.generation || !stillAllowed(pushed.request, client)) {
    const detail = 'disabled, gone, or registered for less than it pushed'
    return turnAway('client-not-allowed', detail)
  }
  const complete = (outcome: string) =>
    storage.object('PushedRequest.complete', () => stub.complete(key, outcome))
  return { pushed, client, complete }
}

/** The client as its own object has it, if it is enabled. */
async function standingClient(call: Call, clientId: string): Promise<ClientRecord | undefined> {
  const { storage, stubs } = call
  const [record, standing] = await Promise.all([
    findClient(call, clientId),
    // The id comes from the pushed request's own storage: it is proven, touching creates nothing.
    storage.object('Client.check', () => stubs.client(clientId).check()),
  ])
  if (standing.status !== 'enabled') return undefined
  const current = record?.version === standing.version && record.generation === standing.generation
  return current ? record : loadClient(call, clientId)
}

/** What was valid at PAR and a changed registration may have taken away (RFC 9126 7.4). */
function stillAllowed(
  { redirectUri, scope }: Live['request'],
  { metadata }: ClientRecord,
): boolean {
  const registered = metadata.scope.split(' ')
  return (
    metadata.grant_types.includes('authorization_code') &&
    matchesRegistered(redirectUri, metadata.redirect_uris) &&
    scope.every((name) => registered.includes(name))
  )
}

/** The request is over: the client may be told so, if its address is still its own. */
function turnAwayLate(
  call: Call,
  pushed: { readonly status: 'expired' | 'completed'; readonly stub: Stub },
  client: ClientRecord | undefined,
): never {
  const told = pushed.status === 'expired' ? 'link-expired' : 'link-answered'
  const { redirectUri, state } = pushed.stub
  const known =
    client !== undefined && matchesRegistered(redirectUri, client.metadata.redirect_uris)
  if (!known) return turnAway(told, pushed.status)
  const { description } = tell(told).refusal
  const href = errorResponse(
    call.issuer,
    state === undefined ? { redirectUri } : { redirectUri, state },
    { code: 'access_denied', description },
  )
  return turnAway(told, pushed.status, { href, clientName: client.metadata.client_name })
}
