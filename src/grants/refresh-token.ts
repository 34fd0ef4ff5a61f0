import { one, words } from '../authorization/parameters.ts'
import { accept, refuse } from '../errors.ts'
import { readHandle } from '../handles.ts'
import { consentedEntitlement } from './consented.ts'
import type { GrantType } from './grant-type.ts'
import { oneResource } from './resource.ts'

/**
 * RFC 6749 6, FAPI2 SP 5.3.2.1-9: the refresh token is bound to the client, not to a key, and is not
 * rotated; it may be narrowed per request.
 */
export const refreshToken: GrantType = async (call, { parameters, client }) => {
  const text = one(parameters, 'refresh_token')
  if (text === undefined) return refuse('invalid_request', 'refresh_token is required')
  const resource = oneResource(parameters)
  if (!resource.ok) return resource
  const handle = await readHandle('refresh-token', text)
  const stub = handle && call.stubs.grant(handle.objectId)
  if (handle === undefined || stub === undefined) {
    return refuse(
      'invalid_grant',
      'The refresh token is not valid',
      'not a refresh token of this server',
    )
  }
  const scope = words(parameters, 'scope')
  const { record } = client
  const input = {
    issuer: call.issuer.id,
    clientId: record.clientId,
    generation: record.generation,
    secretHash: handle.secretHash,
    ...(scope.length > 0 ? { scope } : {}),
    ...(resource.value === undefined ? {} : { resource: resource.value }),
  }
  const { storage, issuer } = call
  return accept({
    decide: async () => {
      const answer = await storage.object('Grant.refresh', () => stub.refresh(input))
      if (answer.status === 'refused') {
        const description = 'The refresh token is not valid for this request'
        return { status: 'refused', code: answer.code, description, detail: answer.why }
      }
      const given = {
        grantId: handle.objectId,
        authorized: answer,
        resource: resource.value,
        scope,
      }
      return {
        status: 'entitled',
        entitle: ({ record: current }) => consentedEntitlement(issuer, current, given),
      }
    },
  })
}
