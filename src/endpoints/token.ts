import type { Call } from '../call.ts'
import { one, readForm } from '../authorization/parameters.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import { callClient, judgeStanding } from '../clients/standing.ts'
import { ProtocolError, demand, fail } from '../errors.ts'
import { grantTypes, isGrantType } from '../grants/index.ts'
import type { CurrentClient, Decision, Entitlement } from '../grants/grant-type.ts'
import { readTokenId } from '../handles.ts'
import { releasedClaims } from '../people/claims.ts'
import { confirmationFor } from '../proof/bind.ts'
import { connectionCertificate, judgeUse, proveSender, useProof } from '../proof/sender.ts'
import type { UsableProof } from '../proof/sender.ts'
import { checkEncryption, issueAccessToken, issueIdToken } from '../tokens/issue.ts'
import type { ClientRecord, Confirmation, Sender } from '../types.ts'
import { currentRecord, ownUrl } from './client-request.ts'
import { settle } from './one-time.ts'
import { json } from './respond.ts'

/**
 * The token endpoint (RFC 6749 3.2, RFC 9449 5, RFC 8705 3). All that needs no storage comes first;
 * then the one-time calls side by side; tokens leave only when all said yes.
 */
export async function token(call: Call): Promise<Response> {
  const parameters = demand(await readForm(call.request))
  const certificate = demand(await connectionCertificate(call))
  const client = demand(await authenticateClient(call, parameters, certificate))
  const { sender, proof } = demand(await proveSender(call, { url: ownUrl(call), certificate }))
  const grantType = one(parameters, 'grant_type')
  if (grantType === undefined) return fail('invalid_request', 'grant_type is required')
  if (!isGrantType(grantType)) return fail('unsupported_grant_type', 'grant_type is not supported')
  const confirmation = admit(client.record, grantType, sender)
  if (grantType === 'authorization_code') {
    demand(await checkEncryption(call, client.record, 'id_token'))
  }
  const prepared = demand(
    await grantTypes[grantType](call, { parameters, client, sender, confirmation }),
  )
  try {
    const asked = [callClient(call, client), useOf(call, proof), prepared.decide()] as const
    const [use, proofUse, decision] = demand(await settle(asked))
    const standing = demand(judgeStanding(use))
    if (proofUse !== undefined) demand(judgeUse(proofUse))
    const record = await currentRecord(call, { parameters, certificate, client }, standing)
    // By the registration as it is now: it may have changed since this isolate read it.
    const current = { record, standing, confirmation: admit(record, grantType, sender) }
    const earlier = record.generation !== client.record.generation
    const entitlement = await judge(call, decision, current, { earlier })
    return await release(call, {
      record,
      entitlement,
      confirmation: current.confirmation,
      grantType,
    })
  } catch (error) {
    const { withhold } = prepared
    const why = error instanceof ProtocolError ? error.refusal.code : 'a fault'
    if (withhold !== undefined) call.waitUntil(withhold(why))
    throw error
  }
}

const useOf = (call: Call, proof: UsableProof | undefined) =>
  proof === undefined ? Promise.resolve(undefined) : useProof(call, proof)

/** What the grant's decision entitles to, for the client as it is now. Throws `ProtocolError`. */
async function judge(
  call: Call,
  decision: Decision,
  current: CurrentClient,
  { earlier }: { readonly earlier: boolean },
): Promise<Entitlement> {
  if (decision.status === 'reused') {
    await decision.revoke()
    call.log('code.reused', { client_id: current.record.clientId })
    return fail(
      'invalid_grant',
      'The code is not valid for this request',
      'the code was used before',
    )
  }
  if (decision.status === 'entitled') return demand(await decision.entitle(current))
  // Asked in the name of an earlier client of this id: nothing was used up, and the next try is right.
  if (earlier) return fail('temporarily_unavailable', 'Please try again with a new request')
  return fail(decision.code, decision.description, decision.detail)
}

/** Whether this client may use this grant type, bound to what it proved. Throws `ProtocolError`. */
function admit(record: ClientRecord, grantType: string, sender: Sender): Confirmation {
  const { metadata } = record
  if (!metadata.grant_types.some((known) => known === grantType)) {
    return fail('unauthorized_client', 'The client may not use this grant type')
  }
  const confirmation = confirmationFor(sender, {
    dpop: metadata.dpop_bound_access_tokens,
    certificate: metadata.tls_client_certificate_bound_access_tokens,
  })
  return (
    confirmation ??
    fail('invalid_request', 'A DPoP proof or client certificate is required for this client')
  )
}

async function release(
  call: Call,
  order: {
    readonly record: ClientRecord
    readonly entitlement: Entitlement
    readonly confirmation: Confirmation
    readonly grantType: string
  },
): Promise<Response> {
  const { entitlement, confirmation } = order
  const { clientId } = order.record
  const { scope, details, refreshToken, grantId, idToken: _idToken, ...rest } = entitlement
  const granted = details === undefined ? { scope } : { scope, details }
  const issued = await issueAccessToken(call, { ...rest, ...granted, clientId, confirmation })
  const idToken = await idTokenFor(call, order.record, entitlement)
  call.log('token.issued', {
    client_id: clientId,
    grant_type: order.grantType,
    home: readTokenId(entitlement.tokenId)?.objectId,
    bound_to: issued.tokenType,
  })
  return json({
    access_token: issued.token,
    token_type: issued.tokenType,
    expires_in: issued.expiresIn,
    ...(scope.length > 0 ? { scope: scope.join(' ') } : {}),
    ...(details === undefined ? {} : { authorization_details: details }),
    ...(grantId === undefined ? {} : { grant_id: grantId }),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(idToken === undefined ? {} : { id_token: idToken }),
  })
}

async function idTokenFor(
  call: Call,
  client: ClientRecord,
  entitlement: Entitlement,
): Promise<string | undefined> {
  const { idToken, authentication, subject } = entitlement
  if (idToken === undefined || authentication === undefined) return undefined
  const { nonce, accountId, session } = idToken
  // Only claims asked for by name go into the id_token; none asked, no account read.
  const claims =
    idToken.claims.length === 0
      ? {}
      : await releasedClaims(call, accountId, { names: idToken.claims, scope: [] })
  return issueIdToken(call, {
    client,
    subject,
    authentication,
    claims,
    ...(nonce === undefined ? {} : { nonce }),
    ...(session === undefined ? {} : { session }),
  })
}
