import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import type { Call } from '../call.ts'
import { errorParameters, respondWith } from '../authorization/respond.ts'
import { tuple } from '../encoding.ts'
import { makeHandle } from '../handles.ts'
import type { GrantEntry } from '../objects/account/grants.ts'
import type { Approved, Consent, NewCode } from '../objects/grant.ts'
import type { Approval } from '../people/interaction.ts'
import { sessionIdAt } from '../people/session-id.ts'
import { sessionHandle } from '../people/session.ts'
import { subjectFor } from '../people/subject.ts'
import { turnAway } from '../people/told.ts'
import { macOf } from '../secrets.ts'
import { defaultResources } from '../tokens/audience.ts'
import { approvalEvidence } from './approval-evidence.ts'
import type { Basis } from './approval-evidence.ts'
import { answered, wayBack } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'
import { sendResponse } from './send-response.ts'

/** The person said no: completes the request and tells the client. */
export async function deny(call: Call, live: LiveRequest): Promise<Response> {
  const error = errorParameters('access_denied', 'The person did not agree')
  const response = await respondWith(call, answered(live), error)
  await completeOnce(call, live, 'denied')
  call.log('consent.denied', { client_id: live.client.clientId })
  return sendResponse(call, live, response)
}

/**
 * The person said yes: promise the grant to its owner, complete the request, authorize the grant. Each
 * step is idempotent for this grant id, so a double click gets the same code. `covering`: they said it
 * before, for so long; it may have been taken back meanwhile. `details`: as the person chose them.
 */
export async function approve(
  call: Call,
  live: LiveRequest,
  approval: Approval,
  given: { readonly basis: Basis; readonly details?: readonly AuthorizationDetail[] },
): Promise<Response> {
  const { storage, stubs, issuer } = call
  const { pushed, client } = live
  const { request } = pushed
  const { person, grantId } = approval
  const account = stubs.account(person.accountId)
  const grant = stubs.grant(grantId, pushed.hint)
  if (account === undefined || grant === undefined) throw new Error('a sealed id was not ours')
  const covering = 'covering' in given.basis ? given.basis.covering : undefined
  const whole = issuer.lifetimes.grant * 1000
  const lifetime = covering === undefined ? whole : Math.min(whole, covering.endsAt - call.now)
  const { claims, scope, management } = request
  const named = [...new Set([...claims.idToken, ...claims.userinfo])]
  const agreed = { scope, claims: named, endsAt: call.now + lifetime }
  const updates = management?.grantId === grantId && management.action !== 'create'
  const anew = updates ? { ...agreed, action: management.action } : undefined
  const restsOn = updates ? grantId : covering?.grantId
  const promised = await promise(call, live, approval, { ...agreed, restsOn })
  if (!promised && covering !== undefined) return askConsent(call, live)
  if (!promised) {
    const detail = 'disabled, signed out, or its credential changed'
    return turnAway('sign-in-again', detail, await wayBack(call, client, request))
  }
  const consent = await consentOf(call, live, approval, given.details)
  const { text, handle } = await makeHandle('code', grantId, await codeSecret(call, approval))
  // Made before anything is used up: an answer that cannot be encrypted must cost nobody their request.
  const response = await respondWith(call, answered(live), { code: text })
  await completeOnce(call, live, grantId)
  const order: Approved = {
    issuer: issuer.id,
    lifetime,
    consent,
    code: codeOf(call, live, handle.secretHash),
    ...(management === undefined ? {} : { managed: true }),
    ...(anew === undefined ? {} : { update: anew.action }),
    evidence: approvalEvidence({ live, basis: given.basis, consent, response, lifetime }),
  }
  if (!(await storage.object('Grant.authorize', () => grant.authorize(order)))) {
    const detail = 'the grant was forbidden, has ended, or is not this person’s'
    return turnAway('permission-ended', detail, await wayBack(call, client, request))
  }
  call.waitUntil(
    storage.object('Account.confirmGrant', () => account.confirmGrant(issuer.id, grantId, anew)),
  )
  call.log('consent.approved', { client_id: client.clientId, grant: grantId })
  return sendResponse(call, live, response)
}

/** Promises the grant to its owner, by the session that was signed in with. */
async function promise(
  call: Call,
  { client }: LiveRequest,
  { person, grantId }: Approval,
  agreed: Pick<GrantEntry, 'scope' | 'claims' | 'endsAt'> & {
    readonly restsOn: string | undefined
  },
): Promise<boolean> {
  const { storage, stubs, issuer } = call
  const { accountId, epoch } = person
  const session = await sessionHandle(call)
  // The seal was opened with this very cookie, so the handle is the one that was signed in with.
  if (session?.objectId !== accountId) throw new Error('the session is not the person’s')
  const account = stubs.account(accountId)
  const { restsOn, ...rest } = agreed
  const entry = { grantId, clientId: client.clientId, ...rest }
  const { generation } = client
  const standing = {
    epoch,
    generation,
    session: session.secretHash,
    ...(restsOn === undefined ? {} : { restsOn }),
  }
  const ask = async () => account?.addGrant(issuer.id, entry, standing) ?? { value: false, rows: 0 }
  return storage.object('Account.addGrant', ask)
}

const codeOf = ({ issuer }: Call, { pushed }: LiveRequest, secretHash: string): NewCode => {
  const { redirectUri, codeChallenge, dpopJkt, nonce } = pushed.request
  return {
    secretHash,
    lifetime: issuer.lifetimes.authorizationCode * 1000,
    redirectUri,
    codeChallenge,
    ...(dpopJkt === undefined ? {} : { dpopJkt }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}

/** What was agreed to, as the grant keeps it. */
async function consentOf(
  call: Call,
  { pushed, client }: LiveRequest,
  { person, authentication, sessionId }: Approval,
  details: readonly AuthorizationDetail[] | undefined,
): Promise<Consent> {
  const { scope, resources, claims } = pushed.request
  const { clientId, generation } = client
  return {
    accountId: person.accountId,
    sub: await subjectFor(call, client, person),
    clientId,
    generation,
    scope,
    resources: resources.length > 0 ? resources : defaultResources(call.issuer),
    claims,
    ...(details === undefined || details.length === 0 ? {} : { details }),
    authentication,
    ...(sessionId === undefined ? {} : { session: await sessionIdAt(clientId, sessionId) }),
  }
}

/** The client is told that the person must be asked. */
export async function askConsent(call: Call, live: LiveRequest): Promise<Response> {
  const error = errorParameters('consent_required', 'The person must agree')
  return sendResponse(call, live, await respondWith(call, answered(live), error))
}

/** The first to complete wins. Throws `ProtocolError` for everybody else. */
export async function completeOnce(call: Call, live: LiveRequest, outcome: string): Promise<void> {
  const answer = await live.complete(outcome)
  if (answer === 'completed') return
  const back = await wayBack(call, live.client, live.pushed.request)
  return turnAway(answer === 'expired' ? 'link-expired' : 'link-answered', answer, back)
}

/** The same click gets the same code, nobody can guess it. */
const codeSecret = ({ secrets }: Call, { request, grantId }: Approval): Promise<Uint8Array> =>
  macOf(secrets.code, tuple(request, grantId))
