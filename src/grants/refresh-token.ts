import { one, words } from '../authorization/parameters.ts'
import { refuse } from '../errors.ts'
import { readHandle } from '../handles.ts'
import { prepareConsented } from './consented.ts'
import type { GrantType } from './grant-type.ts'

/**
 * RFC 6749 6, FAPI2 SP 5.3.2.1-9: the refresh token is bound to the client, not to a key, and is not
 * rotated; it may be narrowed per request.
 */
export const refreshToken: GrantType = async (call, request) => {
  const { parameters, client } = request
  const text = one(parameters, 'refresh_token')
  if (text === undefined) return refuse('invalid_request', 'refresh_token is required')
  const handle = await readHandle('refresh-token', text)
  const stub = handle && call.stubs.grant(handle.objectId)
  if (handle === undefined || stub === undefined) {
    const detail = 'not a refresh token of this server'
    return refuse('invalid_grant', 'The refresh token is not valid', detail)
  }
  const presenter = {
    issuer: call.issuer.id,
    clientId: client.record.clientId,
    generation: client.record.generation,
  }
  const input = { ...presenter, secretHash: handle.secretHash }
  return prepareConsented(call, request, {
    grantId: handle.objectId,
    presenter,
    scope: words(parameters, 'scope'),
    refusal: 'The refresh token is not valid for this request',
    ask: (token) => call.storage.object('Grant.refresh', () => stub.refresh({ ...input, token })),
  })
}
