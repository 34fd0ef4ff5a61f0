import { one } from '../authorization/parameters.ts'
import { digest } from '../encoding.ts'
import { refuse } from '../errors.ts'
import { makeHandle, readHandle } from '../handles.ts'
import { prepareConsented } from './consented.ts'
import type { GrantType } from './grant-type.ts'

const description = 'The code is not valid for this request'
const refused = (detail: string) => refuse('invalid_grant', description, detail)

/** RFC 6749 4.1.3, RFC 7636 4.5, RFC 9449 10: everything about the code is decided by its grant. */
export const authorizationCode: GrantType = async (call, request) => {
  const { parameters, client, sender } = request
  const text = one(parameters, 'code')
  if (text === undefined) return refuse('invalid_request', 'code is required')
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
  }
  const redemption = {
    ...presenter,
    secretHash: code.secretHash,
    verifierHash: await digest(verifier),
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(sender.jkt === undefined ? {} : { jkt: sender.jkt }),
    ...(refresh === undefined ? {} : { refreshHash: refresh.handle.secretHash }),
  }
  const { storage } = call
  const reuse = { ...presenter, secretHash: code.secretHash }
  return prepareConsented(call, request, {
    grantId: code.objectId,
    presenter,
    refusal: description,
    ask: (token) => storage.object('Grant.redeem', () => stub.redeem({ ...redemption, token })),
    revoke: () => storage.object('Grant.revokeForReuse', () => stub.revokeForReuse(reuse)),
    more: ({ consent, ...granted }, current, scope) => {
      const nonce = 'nonce' in granted ? granted.nonce : undefined
      const idToken = {
        claims: consent.claims.idToken,
        accountId: consent.accountId,
        ...(nonce === undefined ? {} : { nonce }),
        ...(consent.session === undefined ? {} : { session: consent.session }),
      }
      const keepsRefresh = current.metadata.grant_types.includes('refresh_token')
      return {
        ...(refresh !== undefined && keepsRefresh ? { refreshToken: refresh.text } : {}),
        ...(scope.includes('openid') ? { idToken } : {}),
      }
    },
  })
}
