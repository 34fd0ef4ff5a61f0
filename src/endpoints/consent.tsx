import { within } from '../authorization-details/compare.ts'
import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import type { Incomplete, Offered } from '../authorization-details/offer.ts'
import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { demand, ProtocolError } from '../errors.ts'
import type { Consent } from '../objects/grant.ts'
import { ConsentPage } from '../pages/consent.tsx'
import type { Audience } from '../pages/consent.tsx'
import { describeDetail } from '../pages/describe-details.ts'
import { describeWish } from '../pages/describe.ts'
import type { DetailItem } from '../pages/details.tsx'
import type { Wish } from '../pages/describe.ts'
import type { Frame } from '../pages/layout.tsx'
import { textOf } from '../pages/text-of.ts'
import { checkSameOrigin, openInteraction, requestOfPage } from '../people/interaction.ts'
import type { Approval } from '../people/interaction.ts'
import { mostCharacters, openShown, sealShown } from '../people/shown.ts'
import type { Shown } from '../people/shown.ts'
import { turnAway } from '../people/told.ts'
import { defaultResources } from '../tokens/audience.ts'
import type { AuthorizationRequest } from '../types.ts'
import { approve, deny } from './answer.ts'
import { startOver } from './authorize.ts'
import { answeredDetails, detailItems, offerDetails } from './consent-details.ts'
import { frame, page } from './page.tsx'
import { grantToUpdate, openPushed, wayBack } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'

type Before = NonNullable<Wish['before']> & { readonly details?: readonly AuthorizationDetail[] }

/** The grant that is to be changed, as it is. */
type Update = { readonly action: 'merge' | 'replace'; readonly consent: Consent }

/** What was answered, and what is missing in it. */
type Again = {
  readonly form: Parameters
  readonly offered: Offered
  readonly missing: Incomplete
}

/** Shows what is asked, by whom, and for how long (FAPI2 SP 5.3.2.2-13). */
export async function showConsent(call: Call): Promise<Response> {
  const sealed = one(demand(readQuery(call.request)), 'interaction')
  const approval = await openApproval(call, sealed)
  if (approval instanceof Response) return approval
  const live = await openPushed(call, { handle: approval.request }, 'finishing')
  return showRequest(call, live, { sealed: sealed ?? '', approval })
}

/** `again`: the page was answered, but something is missing. */
async function showRequest(
  call: Call,
  live: LiveRequest,
  page: {
    readonly sealed: string
    readonly approval: Approval
    readonly again?: Again
  },
): Promise<Response> {
  const { approval } = page
  const { management } = live.pushed.request
  const updated = await grantToUpdate(call, live)
  if (management?.grantId !== undefined && updated?.consent === undefined) {
    const back = await wayBack(call, live.client, live.pushed.request)
    return turnAway('permission-ended', 'the grant to update has ended', back)
  }
  const before = updated?.consent
    ? agreedIn(updated.consent)
    : await earlierConsent(call, live, approval)
  const { grantId: grant, person } = approval
  call.log('consent.shown', { client_id: live.client.clientId, account: person.accountId, grant })
  const update =
    updated?.consent && management !== undefined && management.action !== 'create'
      ? { action: management.action, consent: updated.consent }
      : undefined
  return render(call, live, { ...page, before, update })
}

/** Takes the answer. */
export async function postConsent(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const approval = await openApproval(call, one(form, 'interaction'))
  if (approval instanceof Response) return approval
  const action = one(form, 'action')
  if (action !== 'approve' && action !== 'deny') return turnAway('answer-missing')
  const outcome = action === 'approve' ? approval.grantId : 'denied'
  const live = await openPushed(call, { handle: approval.request, outcome }, 'finishing')
  if (action === 'deny') return deny(call, live)
  const shown = demand(await openShown(call, approval, one(form, 'shown')))
  const answer = await answeredDetails(call, live, { approval, shown, form })
  if (answer !== undefined && 'incomplete' in answer) {
    const offered = shown.offered as unknown as Offered
    const again = { form, offered, missing: answer.incomplete }
    return showRequest(call, live, { sealed: one(form, 'interaction') ?? '', approval, again })
  }
  return approve(call, live, approval, { basis: { shown }, ...answer })
}

const agreedIn = ({ scope, claims, details = [] }: Consent): Before => ({
  scope,
  details,
  claims: [...claims.idToken, ...claims.userinfo],
})

/** What this person allowed this client the last time, so that the page can mark what is new. */
async function earlierConsent(
  call: Call,
  { client }: LiveRequest,
  { person }: Approval,
): Promise<Before | undefined> {
  const account = call.stubs.account(person.accountId)
  return (
    account &&
    call.storage.object('Account.lastConsent', () =>
      account.lastConsent(call.issuer.id, client.clientId),
    )
  )
}

/**
 * What is to be answered; or, where somebody has signed in anew in this browser meanwhile (a second tab),
 * the way to be asked anew. Throws `ProtocolError`: for a late person with the way back to the client.
 */
async function openApproval(call: Call, sealed: string | undefined): Promise<Approval | Response> {
  const opened = await openInteraction(call, 'approval', sealed)
  if (opened.ok) return opened.value
  const request = await requestOfPage(call, 'approval', sealed)
  if (request === undefined) throw new ProtocolError(opened.refusal)
  return startOver(call, request)
}

async function render(
  call: Call,
  live: LiveRequest,
  shown: {
    readonly sealed: string
    readonly approval: Approval
    readonly before: Before | undefined
    readonly update: Update | undefined
    readonly again?: Again
  },
): Promise<Response> {
  const { issuer } = call
  const { request } = live.pushed
  const { metadata } = live.client
  const { before } = shown
  const shownIn = await frame(call, request.uiLocales)
  const offline = metadata.grant_types.includes('refresh_token')
  const { again } = shown
  const offered = again?.offered ?? (await offerDetails(call, live, shown.approval, shownIn.lang))
  const answered = again === undefined ? {} : { form: again.form }
  const props = {
    ...shownIn,
    action: endpointUrl(issuer, 'main', '/consent'),
    interaction: shown.sealed,
    client: {
      name: metadata.client_name,
      redirectHost: new URL(request.redirectUri).host,
      verified: metadata.operator_verified === true,
    },
    person: { username: shown.approval.person.username },
    asks: describeWish(wishOf(call, request, before), shownIn),
    details: detailItems(call, live, { offered, speech: shownIn, before, ...answered }),
    ...(again === undefined ? {} : { missing: again.missing }),
    before: before !== undefined,
    ...changesOf(call, request, shown.update, shownIn),
    audiences: audiencesOf(call, request, shownIn),
    duration: {
      accessSeconds: issuer.lifetimes.accessToken,
      ...(offline ? { until: call.now + issuer.lifetimes.grant * 1000 } : {}),
    },
    offline,
    account: endpointUrl(issuer, 'main', '/account'),
  }
  const { client, person, asks, details, audiences, duration, update } = props
  const text = textOf(String(<ConsentPage {...props} shown="" />))
  const items = asJson({
    ...{ client, person, asks, audiences, duration, update },
    ...(details.length === 0 ? {} : { details: details.map(withoutChoices) }),
    before: before !== undefined,
  })
  const record = await sealShown(call, shown.approval, {
    ...{ language: shownIn.lang, text, items },
    ...(offered === undefined ? {} : { offered: asJson(offered) }),
  })
  if (record.length > mostCharacters) {
    // Said now, for nobody could send the answer.
    const back = await wayBack(call, live.client, request)
    return turnAway('choice-unavailable', 'more is asked for than a page can carry', back)
  }
  const body = <ConsentPage {...props} shown={record} />
  return page(body, {
    frame: shownIn,
    status: again === undefined ? 200 : 400,
    endsAt: request.redirectUri,
  })
}

/** What an update adds to or takes the place of. */
function changesOf(
  call: Call,
  request: AuthorizationRequest,
  update: Update | undefined,
  shownIn: Frame,
) {
  if (update === undefined) return {}
  const { action, consent } = update
  const otherDetails = otherDetailsOf(call, request, consent).map((detail) =>
    describeDetail(call.issuer.detailTypes, detail, shownIn),
  )
  const others = describeWish(othersOf(call, request, consent), shownIn)
  return { update: { action, others, otherDetails } }
}

/** What could be chosen stands in the words already. */
const withoutChoices = ({ questions, ...item }: DetailItem) => ({
  ...item,
  questions: questions.map(({ member, text }) => ({ member, text })),
})

const asJson = (value: object): Shown['items'] =>
  JSON.parse(JSON.stringify(value)) as Shown['items']

const wishOf = (
  { issuer }: Call,
  { scope, claims }: AuthorizationRequest,
  before: Before | undefined,
): Wish => ({
  scope,
  claims: [...claims.idToken, ...claims.userinfo],
  catalogue: issuer.scopes,
  ...(before === undefined ? {} : { before }),
})

/** What the grant holds and the request does not ask for: kept by `merge`, lost by `replace`. */
const othersOf = (
  { issuer }: Call,
  { scope, claims }: AuthorizationRequest,
  held: Consent,
): Wish => {
  const asked = [...claims.idToken, ...claims.userinfo]
  return {
    scope: held.scope.filter((name) => !scope.includes(name)),
    claims: agreedIn(held).claims.filter((name) => !asked.includes(name)),
    catalogue: issuer.scopes,
  }
}

const otherDetailsOf = ({ issuer }: Call, { details = [] }: AuthorizationRequest, held: Consent) =>
  (held.details ?? []).filter((detail) => !within(issuer.detailTypes, [detail], details))

/** The APIs that will hand out the data, by their names in the language of the page. */
function audiencesOf(
  { issuer }: Call,
  { resources }: AuthorizationRequest,
  { lang }: Pick<Frame, 'lang'>,
): readonly Audience[] {
  const meant = resources.length > 0 ? resources : defaultResources(issuer)
  return issuer.resourceServers
    .filter(({ identifier }) => meant.includes(identifier))
    .map(({ name, identifier, translations }) => ({
      name: translations?.[lang]?.name ?? name,
      identifier,
    }))
}
