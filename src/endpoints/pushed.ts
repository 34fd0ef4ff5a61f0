import type { Call } from '../call.ts'
import { addressOf, errorParameters, makeResponse } from '../authorization/respond.ts'
import type { Answered, Destination } from '../authorization/respond.ts'
import { findClient, loadClient } from '../clients/find.ts'
import { mayRespondBy } from '../clients/message-metadata.ts'
import { matchesRegistered } from '../clients/redirect-uri.ts'
import { clientStanding } from '../clients/standing.ts'
import type { ErrorCode, WayBack } from '../errors.ts'
import { managedGrant } from '../grants/managed.ts'
import { readHandle } from '../handles.ts'
import type { GrantSummary } from '../objects/grant.ts'
import type { PushedRequestKey, PushedRequestReading, Stub } from '../objects/pushed-request.ts'
import { turnAway } from '../people/told.ts'
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

/** Whom the response to a live request answers. */
export const answered = ({ client, pushed }: LiveRequest): Answered => ({
  client,
  request: pushed.request,
})

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
  if (handle === undefined || stub === undefined) {
    return turnAway('link-unknown', 'not a request_uri of this server')
  }
  const key: PushedRequestKey = { issuer: issuer.id, secretHash: handle.secretHash }
  const pushed = await storage.object('PushedRequest.open', () =>
    stub.open(key, purpose, wanted.outcome),
  )
  if (pushed.status === 'unknown') return turnAway('link-unknown', 'no such pushed request')
  const owner = pushed.status === 'live' ? pushed.clientId : pushed.stub.clientId
  if (wanted.clientId !== undefined && wanted.clientId !== owner) {
    return turnAway('link-unknown', 'another client')
  }
  const client = await standingClient(call, owner)
  if (pushed.status !== 'live') return turnAwayLate(call, pushed, client)
  if (client?.generation !== pushed.generation || !stillAllowed(pushed, client)) {
    return turnAway('client-not-allowed', 'disabled, gone, or registered for less than it pushed')
  }
  const complete = (outcome: string) =>
    storage.object('PushedRequest.complete', () => stub.complete(key, outcome))
  return { pushed, client, complete }
}

/** The grant that a request would update, as it is now; undefined: none, or it has ended. */
export async function grantToUpdate(
  call: Call,
  { pushed, client }: LiveRequest,
): Promise<GrantSummary | undefined> {
  const grantId = pushed.request.management?.grantId
  return grantId === undefined ? undefined : managedGrant(call, grantId, client)
}

/** The client as its own object has it, if it is enabled. */
async function standingClient(call: Call, clientId: string): Promise<ClientRecord | undefined> {
  const [record, standing] = await Promise.all([
    findClient(call, clientId),
    // The id comes from the pushed request's own storage: it is proven, touching creates nothing.
    clientStanding(call, clientId),
  ])
  if (standing.status !== 'enabled') return undefined
  const current = record?.version === standing.version && record.generation === standing.generation
  return current ? record : loadClient(call, clientId)
}

/** What was valid at PAR and a changed registration may have taken away (RFC 9126 7.4). */
function stillAllowed({ request, received }: Live, { metadata }: ClientRecord): boolean {
  const { redirectUri, responseMode = 'query', scope, details = [] } = request
  const registered = metadata.scope.split(' ')
  const types = metadata.authorization_details_types ?? []
  const unsigned = received !== undefined && 'parameters' in received.content
  return (
    metadata.grant_types.includes('authorization_code') &&
    matchesRegistered(redirectUri, metadata.redirect_uris) &&
    mayRespondBy(metadata, responseMode) &&
    scope.every((name) => registered.includes(name)) &&
    details.every(({ type }) => types.includes(type)) &&
    !(unsigned && metadata.require_signed_request_object === true)
  )
}

/** The request is not live any more: the person is shown the way back. Throws `ProtocolError`. */
async function turnAwayLate(
  call: Call,
  { status, stub }: { readonly status: 'expired' | 'completed'; readonly stub: Stub },
  client: ClientRecord | undefined,
): Promise<never> {
  const back = client && (await wayBack(call, client, stub))
  return turnAway(status === 'expired' ? 'link-expired' : 'link-answered', status, back)
}

/**
 * The way back to a client whose request came to nothing, which it is told; undefined where the
 * redirect URI is no longer a registered one, or what must be encrypted for the client cannot be.
 */
export async function wayBack(
  call: Call,
  client: ClientRecord,
  request: Destination,
  error: ErrorCode = 'access_denied',
  description = 'The request came to nothing',
): Promise<WayBack | undefined> {
  const { redirect_uris: registered, client_name: clientName } = client.metadata
  if (!matchesRegistered(request.redirectUri, registered)) return undefined
  const made = await makeResponse(call, { client, request }, errorParameters(error, description))
  if (!made.ok) return undefined
  const { to, by, parameters } = made.value
  return by === 'form'
    ? { href: to, clientName, post: parameters }
    : { href: addressOf(made.value), clientName }
}
