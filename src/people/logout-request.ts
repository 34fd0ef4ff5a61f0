import type { Call } from '../call.ts'
import { one } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { findClient, findClientAsOf } from '../clients/find.ts'
import { accept } from '../errors.ts'
import type { Result } from '../errors.ts'
import { verifyIdTokenHint } from '../tokens/id-token-hint.ts'
import type { IdTokenHint } from '../tokens/id-token-hint.ts'
import type { ClientRecord } from '../types.ts'
import { tell } from './told.ts'

/** What a client asks for when it signs a person out (OIDC RP-Initiated Logout 2). */
export type LogoutRequest = {
  /** Who asks, if it said so. */
  readonly client: ClientRecord | undefined
  /** Verified; what cannot be verified is as if it had not been sent. */
  readonly hint: IdTokenHint | undefined
  /** A registered address with the client's `state`. */
  readonly returnTo: string | undefined
  readonly uiLocales: readonly string[] | undefined
}

/** The names of the request's parameters. */
export const logoutParameters = [
  'id_token_hint',
  'client_id',
  'post_logout_redirect_uri',
  'state',
  'ui_locales',
] as const

const longestState = 512

const wrong = (detail: string) => tell('sign-out-unclear', detail)

/**
 * Reads and judges the request. An id_token signed by a key that is gone is no error: the person is
 * asked instead. An address nobody registered is one, so that nobody is sent anywhere else (RP-Initiated
 * Logout 3). `logout_hint` is not needed: a browser has one session here. Errors: `invalid_request`.
 */
export async function readLogoutRequest(
  call: Call,
  parameters: Parameters,
): Promise<Result<LogoutRequest>> {
  const hint = await hintIn(call, one(parameters, 'id_token_hint'))
  const named = one(parameters, 'client_id')
  if (hint !== undefined && named !== undefined && hint.clientId !== named) {
    return wrong('client_id is not the audience of id_token_hint')
  }
  const clientId = hint?.clientId ?? named
  const client = clientId === undefined ? undefined : await enabledClient(call, clientId)
  if (clientId !== undefined && client === undefined) return wrong('no such client')
  const uri = one(parameters, 'post_logout_redirect_uri')
  const state = one(parameters, 'state')
  if (uri !== undefined && client === undefined) return wrong('an address without a client')
  if (uri !== undefined && client?.metadata.post_logout_redirect_uris?.includes(uri) !== true) {
    return wrong('the address is not registered')
  }
  if (state !== undefined && state.length > longestState) return wrong('state is too long')
  const locales = (one(parameters, 'ui_locales') ?? '').split(' ').filter((tag) => tag !== '')
  return accept({
    client,
    hint,
    returnTo: uri === undefined ? undefined : withState(uri, state),
    uiLocales: locales.length === 0 ? undefined : locales.slice(0, 16),
  })
}

async function hintIn(call: Call, token: string | undefined): Promise<IdTokenHint | undefined> {
  if (token === undefined) return undefined
  const verified = await verifyIdTokenHint(call, token)
  if (verified.ok) return verified.value
  call.log('logout.hint_ignored', { detail: verified.refusal.detail })
  return undefined
}

/** A registered client as its own object has it. Ids nobody registered touch no object. */
async function enabledClient(call: Call, clientId: string): Promise<ClientRecord | undefined> {
  const known = await findClient(call, clientId)
  if (known === undefined || known.operator) return undefined
  const { storage, stubs } = call
  const standing = await storage.object('Client.check', () => stubs.client(clientId).check())
  return standing.status === 'enabled' ? findClientAsOf(call, clientId, standing) : undefined
}

function withState(uri: string, state: string | undefined): string {
  if (state === undefined) return uri
  return `${uri}${uri.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`
}
