import type { Call } from '../call.ts'
import { one, readForm } from '../authorization/parameters.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import { callClient, judgeStanding } from '../clients/standing.ts'
import type { EnabledStanding } from '../clients/standing.ts'
import { demand, fail } from '../errors.ts'
import { readHandle } from '../handles.ts'
import { connectionCertificate } from '../proof/sender.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { verificationKey } from '../tokens/keys.ts'
import { currentRecord } from './client-request.ts'

/**
 * Revocation (RFC 7009): of an access token alone, or of a refresh token with the grant's access
 * tokens. Unknown tokens are answered 200; a token of another client is refused and stays alive.
 */
export async function revoke(call: Call): Promise<Response> {
  const parameters = demand(await readForm(call.request))
  const certificate = demand(await connectionCertificate(call))
  const client = demand(await authenticateClient(call, parameters, certificate))
  const token = one(parameters, 'token')
  if (token === undefined) return fail('invalid_request', 'token is required')
  const standing = demand(judgeStanding(await callClient(call, client)))
  const record = await currentRecord(call, { parameters, certificate, client }, standing)
  const outcome = await revokeRefresh(call, token, { clientId: record.clientId, standing })
  if (outcome !== 'unknown') return answer(call, outcome, record.clientId)
  const verified = await verifyAccessToken(token, {
    issuer: call.issuer.url,
    keys: (kid) => verificationKey(call, kid),
    now: call.now,
    expired: 'accepted',
  })
  if (!verified.ok) return answer(call, 'unknown', record.clientId)
  if (verified.value.clientId !== record.clientId) return answer(call, 'foreign', record.clientId)
  await revokeAccess(call, verified.value)
  return answer(call, 'revoked', record.clientId)
}

type Outcome = 'revoked' | 'unknown' | 'foreign'

function answer(call: Call, outcome: Outcome, clientId: string): Response {
  if (outcome === 'foreign') return fail('invalid_grant', 'The token belongs to another client')
  if (outcome === 'revoked') call.log('token.revoked', { client_id: clientId })
  return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
}

async function revokeRefresh(
  call: Call,
  token: string,
  by: { readonly clientId: string; readonly standing: EnabledStanding },
): Promise<Outcome> {
  const handle = await readHandle('refresh-token', token)
  const stub = handle && call.stubs.grant(handle.objectId)
  if (handle === undefined || stub === undefined) return 'unknown'
  const presenter = {
    issuer: call.issuer.id,
    clientId: by.clientId,
    generation: by.standing.generation,
    secretHash: handle.secretHash,
  }
  return call.storage.object('Grant.revokeRefreshToken', () => stub.revokeRefreshToken(presenter))
}

async function revokeAccess(call: Call, token: AccessToken): Promise<void> {
  const { storage, stubs, issuer } = call
  const { home, id, clientId, expiresAt } = token
  const until = expiresAt * 1000
  if (home.home === 'grant') {
    const stub = stubs.grant(home.objectId)
    if (stub !== undefined) {
      await storage.object('Grant.revokeAccessToken', () =>
        stub.revokeAccessToken(issuer.id, id, until),
      )
    }
    return
  }
  const stub = home.home === 'operator' ? stubs.operator(clientId) : stubs.client(clientId)
  if (stub.id.toString() === home.objectId)
    await storage.object('Client.revokeToken', () => stub.revokeToken(id, until))
}
