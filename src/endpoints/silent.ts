import type { Call } from '../call.ts'
import type { GrantSummary } from '../objects/grant.ts'
import { grantedAt } from '../objects/grant/parts.ts'
import type { Need } from '../people/authentication.ts'
import type { Session } from '../people/session.ts'
import type { AuthorizationRequest, Issuer } from '../types.ts'
import { defaultResources } from '../tokens/audience.ts'
import { approve, askConsent } from './answer.ts'
import { approvalFor } from './continue.ts'
import type { LiveRequest } from './pushed.ts'

/** A grant that a silent answer rests on, and its end (ms). */
type Covering = { readonly grantId: string; readonly endsAt: number }

/** Grants looked at for one that covers the request. */
const mostLookedAt = 8

/**
 * `prompt=none` with a session that suffices (OIDC Core 3.1.2.1): answers without a page where the
 * profile lets a consent be remembered and a live grant covers all that is asked; else the client is
 * told that the person must agree.
 */
export async function answerSilently(
  call: Call,
  live: LiveRequest,
  given: { readonly handle: string; readonly session: Session; readonly need: Need },
): Promise<Response> {
  const { issuer } = call
  const { details, management } = live.pushed.request
  // Details may hold choices of the person's, and updates change what they agreed to: both are asked.
  const asks = details !== undefined || management !== undefined
  const remembers = issuer.profile.rememberedConsent === 'covered' && !asks
  const covering = remembers ? await coveringGrant(call, live, given.session) : undefined
  if (covering === undefined) return askConsent(call, live)
  const { id: sessionId, person, proofs, cookieHash } = given.session
  const approval = await approvalFor(call, live, {
    request: given.handle,
    need: given.need,
    person,
    proofs,
    session: cookieHash,
    sessionId,
    browser: '',
    until: live.pushed.finishUntil,
  })
  call.log('consent.remembered', { client_id: live.client.clientId })
  return approve(call, live, approval, { basis: { covering } })
}

/** The grant that covers the request and lasts longest: a silent answer lasts no longer than it. */
async function coveringGrant(
  call: Call,
  { pushed, client }: LiveRequest,
  session: Session,
): Promise<Covering | undefined> {
  const { storage, stubs, issuer } = call
  const account = stubs.account(session.person.accountId)
  if (account === undefined) return undefined
  const entries = await storage.object('Account.listGrants', () => account.listGrants(issuer.id))
  const recent = entries
    .filter(({ clientId, status }) => clientId === client.clientId && status === 'authorized')
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, mostLookedAt)
  const summaries = await Promise.all(
    recent.map(async ({ grantId }) => {
      const grant = stubs.grant(grantId)
      const found = grant && (await storage.object('Grant.summary', () => grant.summary(issuer.id)))
      return { ...found, grantId }
    }),
  )
  const resources =
    pushed.request.resources.length > 0 ? pushed.request.resources : defaultResources(issuer)
  const [longest] = summaries
    .filter(
      (summary) =>
        summary.consent?.generation === client.generation &&
        covers(issuer, summary, { ...pushed.request, resources }),
    )
    .map(({ grantId, expiresAt = 0 }) => ({ grantId, endsAt: expiresAt }))
    .sort((a, b) => b.endsAt - a.endsAt)
  return longest
}

/** Whether a live grant covers all that is asked: never silent for anything new. */
function covers(
  issuer: Issuer,
  { status, consent }: Partial<GrantSummary>,
  request: AuthorizationRequest,
): boolean {
  if (status !== 'active' || consent === undefined) return false
  const within = (asked: readonly string[], given: readonly string[]) =>
    asked.every((name) => given.includes(name))
  return (
    within(request.scope, consent.scope) &&
    within(request.resources, consent.resources) &&
    request.resources.every((resource) =>
      within(request.scope, grantedAt(issuer, consent, resource).scope),
    ) &&
    within(request.claims.idToken, consent.claims.idToken) &&
    within(request.claims.userinfo, consent.claims.userinfo)
  )
}
