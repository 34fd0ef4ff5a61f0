import { one } from '../authorization/parameters.ts'
import { digest } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import { makeHandle, readHandle } from '../handles.ts'
import { consentedEntitlement } from './consented.ts'
import type { GrantType } from './grant-type.ts'
import { oneResource } from './resource.ts'

const refused = (detail: string) =>
  refuse('invalid_grant', 'The code is not valid for this request', detail)

/** RFC 6749 4.1.3, RFC 7636 4.5, RFC 9449 10: everything about the code is decided by its grant. */
export const authorizationCode: GrantType = async (call, { parameters, client, sender }) => {
  const text = one(parameters, 'code')
  if (text === undefined) return refuse('invalid_request', 'code is required')
  const resource = oneResource(parameters)
  if (!resource.ok) return resource
  const verifier = one(parameters, 'code_verifier')
  // A missing verifier is a mismatch, not a malformed request (RFC 7636 4.6).
  if (verifier === undefined) return refused('no code_verifier was sent')
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return refused('code_verifier is malformed')
  const code = await readHandle('code', text)
  const stub = code && call.stubs.grant(code.objectId)
  if (code === undefined || stub === undefined) return refused('not a code of this server')
  const redirectUri = one(parameters, 'redirect_uri')
  const { record } = client
  const wantsRefresh = record.metadata.grant_types.includes('refresh_token')
  const refresh = wantsRefresh ? await makeHandle('refresh-token', code.objectId) : undefined
  const presenter = {
    issuer: call.issuer.id,
    clientId: record.clientId,
    generation: record.generation,
    secretHash: code.secretHash,
  }
  const redemption = {
    ...presenter,
    verifierHash: await digest(verifier),
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(sender.jkt === undefined ? {} : { jkt: sender.jkt }),
    ...(refresh === undefined ? {} : { refreshHash: refresh.handle.secretHash }),
    ...(resource.value === undefined ? {} : { resource: resource.value }),
  }
  const { storage, issuer } = call
  return accept({
    decide: async () => {
      const answer = await storage.object('Grant.redeem', () => stub.redeem(redemption))
      if (answer.status === 'used') {
        const revoke = () =>
          storage.object('Grant.revokeForReuse', () => stub.revokeForReuse(presenter))
        return { status: 'reused', revoke }
      }
      if (answer.status === 'refused') {
        const description = 'The code is not valid for this request'
        return { status: 'refused', code: answer.code, description, detail: answer.why }
      }
      const { consent, nonce } = answer
      const given = {
        grantId: code.objectId,
        authorized: answer,
        resource: resource.value,
        scope: [],
      }
      const idToken = {
        claims: consent.claims.idToken,
        accountId: consent.accountId,
        ...(nonce === undefined ? {} : { nonce }),
        ...(consent.session === undefined ? {} : { session: consent.session }),
      }
      return {
        status: 'entitled',
        entitle: ({ record: current }) => {
          const entitlement = consentedEntitlement(issuer, current, given)
          if (!entitlement.ok) return entitlement
          const keepsRefresh = current.metadata.grant_types.includes('refresh_token')
          return accept({
            ...entitlement.value,
            ...(refresh !== undefined && keepsRefresh ? { refreshToken: refresh.text } : {}),
            ...(entitlement.value.scope.includes('openid') ? { idToken } : {}),
          })
        },
      }
    },
  })
}
