import type { Call } from '../call.ts'
import { placeOf } from '../call.ts'
import { detailsRequested } from '../authorization-details/read.ts'
import { one, readForm } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { receivedRequest } from '../authorization/received.ts'
import { openRequest } from '../authorization/request-object.ts'
import type { SignedRequest } from '../authorization/request-object.ts'
import { validateAuthorizationRequest } from '../authorization/rules.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import { callClient, judgeStanding } from '../clients/standing.ts'
import { tuple } from '../encoding.ts'
import { accept, demand, fail, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { managedGrant } from '../grants/managed.ts'
import { makeHandle } from '../handles.ts'
import { locate } from '../proof/location.ts'
import { connectionCertificate, judgeUse, proveSender, useProof } from '../proof/sender.ts'
import { checkEncryption } from '../tokens/issue.ts'
import { verifyIdTokenHint } from '../tokens/id-token-hint.ts'
import type { AuthorizationRequest, ClientRecord, Sender } from '../types.ts'
import { currentRecord, ownUrl } from './client-request.ts'
import { settle } from './one-time.ts'
import { json } from './respond.ts'

export const requestUriPrefix = 'urn:ietf:params:oauth:request_uri:'

/** Pushed authorization requests (RFC 9126, RFC 9101, FAPI2 SP 5.3.2.2-2). */
export async function par(call: Call): Promise<Response> {
  const { issuer, storage, stubs } = call
  const proven = await prove(call)
  const { form, certificate, client, proof } = proven
  const { clientId, generation } = client.record
  const judged = await judge(call, proven, client.record)
  await dampFlood(call, clientId)

  const hint = locate(placeOf(call.request), issuer.defaultLocation)
  const { text, handle } = await makeHandle('pushed-request', stubs.newPushedRequestId())
  const stub = stubs.pushedRequest(handle.objectId, hint)
  if (stub === undefined) throw new Error('the namespace refused its own id')
  const pushed = {
    issuer: issuer.id,
    secretHash: handle.secretHash,
    clientId,
    generation,
    request: judged.request,
    received: await receivedRequest({ ...proven, signed: judged.signed, now: call.now }),
    hint,
    openFor: issuer.lifetimes.pushedRequest * 1000,
    finishWithin: issuer.lifetimes.interaction * 1000,
  }
  const [use, proofUse, created, known] = demand(
    await settle([
      callClient(call, client),
      proof === undefined ? Promise.resolve(undefined) : useProof(call, proof),
      storage.object('PushedRequest.create', () => stub.create(pushed)),
      ownsGrant(call, judged.request.management?.grantId, { clientId, generation }),
    ]),
  )
  const standing = demand(judgeStanding(use))
  if (proofUse !== undefined) demand(judgeUse(proofUse))
  if (!created) throw new Error('a new id was already in use')
  // In the same words for an id that is not there and for another client's (Grant Management 4.1).
  if (!known) fail('invalid_grant_id', 'grant_id is not a grant of this client')
  const current = await currentRecord(call, { parameters: form, certificate, client }, standing)
  if (current !== client.record) await judge(call, proven, current)
  if (current.generation !== generation) {
    fail('temporarily_unavailable', 'The client was registered again; please try again')
  }
  const signed = judged.signed === undefined ? {} : { signed: true }
  call.log('par.accepted', { client_id: clientId, request: handle.objectId, ...signed })
  return json(
    { request_uri: `${requestUriPrefix}${text}`, expires_in: issuer.lifetimes.pushedRequest },
    201,
  )
}

/** Who asks, and with which keys; nothing is used up. Throws `ProtocolError`. */
async function prove(call: Call) {
  const form = demand(await readForm(call.request))
  const certificate = demand(await connectionCertificate(call))
  const client = demand(await authenticateClient(call, form, certificate))
  const proven = demand(await proveSender(call, { url: ownUrl(call), certificate }))
  return { form, certificate, client, ...proven }
}

/** What is asked, by this state of the client's registration. Throws `ProtocolError`. */
async function judge(
  call: Call,
  { form, sender }: { readonly form: Parameters; readonly sender: Sender },
  client: ClientRecord,
): Promise<{ readonly request: AuthorizationRequest; readonly signed: SignedRequest | undefined }> {
  const { parameters, signed } = demand(await openRequest(call, client, form))
  const hinted = demand(
    await hintedSubject(call, one(parameters, 'id_token_hint'), client.clientId),
  )
  const { issuer } = call
  const details = demand(await detailsRequested(issuer, parameters))
  const given = {
    ...{ parameters, issuer, sender, client, signed: signed !== undefined },
    ...hinted,
    ...(details === undefined ? {} : { details }),
  }
  const request = demand(validateAuthorizationRequest(given))
  if (request.responseMode !== 'query') demand(await checkEncryption(call, client, 'authorization'))
  return { request, signed }
}

/** Whom the client means, if it says so with an id_token it was given (OIDC Core 3.1.2.1). */
async function hintedSubject(
  call: Call,
  token: string | undefined,
  clientId: string,
): Promise<Result<{ readonly subjectHint?: string }>> {
  if (token === undefined) return accept({})
  const hint = await verifyIdTokenHint(call, token)
  if (!hint.ok) return hint
  if (hint.value.clientId === clientId) return accept({ subjectHint: hint.value.subject })
  const description = 'id_token_hint is not an id_token of this client'
  return refuse('invalid_request', description)
}

/** Whether an update is for a live grant of the client that asks; so is a request without one. */
const ownsGrant = async (
  call: Call,
  grantId: string | undefined,
  client: Pick<ClientRecord, 'clientId' | 'generation'>,
): Promise<boolean> =>
  grantId === undefined || (await managedGrant(call, grantId, client)) !== undefined

/** RFC 9126 2.3: too many requests of one client are answered 429, before anything is used up. */
async function dampFlood(call: Call, clientId: string): Promise<void> {
  const key = tuple(call.issuer.id, clientId)
  const answer = await call.env.PUSH_LIMIT?.limit({ key })
  if (answer?.success === false)
    fail('too_many_requests', 'Too many pushed requests; please slow down')
}
