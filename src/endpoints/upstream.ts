import type { Call } from '../call.ts'
import { endpointUrl, placeOf } from '../call.ts'
import { one, readQuery } from '../authorization/parameters.ts'
import { seeOther } from '../authorization/respond.ts'
import { OutboundFault } from '../clients/outbound.ts'
import { digest, randomText, tuple } from '../encoding.ts'
import { ProtocolError, demand } from '../errors.ts'
import { openInteraction, sealInteraction } from '../people/interaction.ts'
import type { Elsewhere } from '../people/interaction.ts'
import { throttleAddress } from '../people/throttling.ts'
import { turnAway } from '../people/told.ts'
import { openExchange } from '../people/upstream/exchange.ts'
import type { Exchange, Tokens } from '../people/upstream/exchange.ts'
import { judgeIdToken, lacksClaims, mapClaims } from '../people/upstream/id-token.ts'
import { reasonOf } from '../people/upstream/server.ts'
import { locate } from '../proof/location.ts'
import type { UpstreamLogin } from '../settings/delegated-login.ts'
import { finishSignIn, giveUp, startAgain } from './errand.ts'
import type { Errand } from './errand.ts'
import { openVisit } from './login.tsx'
import { openPushed } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'

/** Milliseconds in which a person has to sign in there. */
const patience = 15 * 60_000

/** Seconds: `max_age` where any age will do. Asking for one is what makes `auth_time` be told. */
const anyAge = 10 * 365 * 86_400

const callbackUrl = (call: Call): string => endpointUrl(call.issuer, 'main', '/login/callback')

/** Sends the browser to the upstream, with all that must come back sealed in `state`. */
export async function leave(call: Call, login: UpstreamLogin): Promise<Response> {
  const { interaction, live } = await openVisit(call, demand(readQuery(call.request)))
  const { purpose, need, browser, until } = interaction
  const errand = { signIn: interaction, live }
  const asked = login.asks[need.wanted].length > 0 ? need.wanted : need.required
  const acrValues = login.asks[asked]
  if (acrValues.length === 0) {
    return giveUp(call, errand, 'other-login-weak', 'the upstream has no such level')
  }
  await dampDepartures(call, errand)
  const elsewhere: Elsewhere = {
    stage: 'elsewhere',
    purpose,
    need,
    browser,
    until: Math.min(until, call.now + patience),
    finishUntil: until,
    id: randomText(16),
    verifier: randomText(32),
    nonce: randomText(32),
    hint: locate(placeOf(call.request), call.issuer.defaultLocation),
    guard: Math.floor(Math.random() * call.issuer.replayGuards),
  }
  const parameters = {
    response_type: 'code',
    redirect_uri: callbackUrl(call),
    scope: login.scope,
    state: await sealInteraction(call, elsewhere),
    nonce: elsewhere.nonce,
    code_challenge: await digest(elsewhere.verifier),
    code_challenge_method: 'S256',
    acr_values: acrValues.join(' '),
    ...wishes(call, elsewhere, live),
  }
  const exchange = await reach(call, login, errand)
  const address = await attempt(call, errand, () => exchange.addressFor(parameters))
  return seeOther(address.href)
}

/**
 * Whoever may open a sign-in page has this server call the upstream in its own name: a flood of them
 * would use up what the upstream allows this server, for everybody (A1-32).
 */
async function dampDepartures(call: Call, errand: Errand): Promise<void> {
  const attempt = await (await throttleAddress(call, 'departure')).begin()
  if (attempt.allowed) return
  throw new ProtocolError({
    code: 'too_many_requests',
    description: 'Too many sign-ins were begun from this network and not finished',
    again: await startAgain(call, errand),
  })
}

/** What the client asked of the sign-in, as far as the upstream is concerned (OIDC Core 3.1.2.1). */
function wishes(
  call: Call,
  { need }: Elsewhere,
  live: LiveRequest | undefined,
): Readonly<Record<string, string>> {
  const { prompt = [], loginHint, uiLocales = [] } = live?.pushed.request ?? {}
  const prompts = prompt.filter((one) => one === 'login' || one === 'select_account')
  const age = Math.max(0, Math.floor((call.now - need.freshAfter) / 1000))
  const maxAge = need.freshAfter > 0 ? Math.min(age, anyAge) : anyAge
  return {
    ...(prompts.length > 0 ? { prompt: prompts.join(' ') } : {}),
    max_age: String(maxAge),
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(uiLocales.length > 0 ? { ui_locales: uiLocales.join(' ') } : {}),
  }
}

/**
 * The person comes back. `state` must be sealed by this server for this browser, `iss` the upstream's;
 * then the state is used up, and only then the code is redeemed.
 */
export async function comeBack(call: Call): Promise<Response> {
  const { login } = call.issuer.authentication
  if (login?.kind !== 'upstream') return turnAway('page-outdated', 'people do not sign in there')
  const parameters = demand(readQuery(call.request))
  const state = one(parameters, 'state')
  const elsewhere = demand(await openInteraction(call, 'elsewhere', state))
  const { purpose, need, browser, finishUntil, verifier, nonce } = elsewhere
  const live =
    purpose.kind === 'authorize'
      ? await openPushed(call, { handle: purpose.request }, 'finishing')
      : undefined
  const errand: Errand = { signIn: { purpose, need, browser, until: finishUntil }, live }
  const exchange = await reach(call, login, errand)
  const query = new URL(call.request.url).searchParams
  const answer = await attempt(call, errand, async () => exchange.readAnswer(query, state ?? ''))
  await useOnce(call, elsewhere)
  if (answer.status === 'error') return refused(call, errand, answer.error)
  const secrets = { redirectUri: callbackUrl(call), verifier, nonce }
  const tokens = await attempt(call, errand, () => exchange.redeem(answer.parameters, secrets))
  return believe(call, { login, errand, tokens })
}

/** The turn of one object decides: a `state` brings one answer, whoever repeats it. */
async function useOnce(call: Call, { id, hint, guard, until }: Elsewhere): Promise<void> {
  const key = await digest(tuple('elsewhere', id))
  const use = await call.storage.object('ReplayGuard.use', () =>
    call.stubs.replayGuard(hint, guard).use(key, until),
  )
  if (use !== 'fresh') turnAway('page-outdated', `the state is ${use}`)
}

async function refused(call: Call, errand: Errand, error: string): Promise<Response> {
  if (error === 'access_denied') {
    return giveUp(call, errand, 'other-login-cancelled', 'access_denied')
  }
  if (error === 'server_error' || error === 'temporarily_unavailable') {
    return giveUp(call, errand, 'other-login-unreachable', error)
  }
  if (error === 'unmet_authentication_requirements') {
    return giveUp(call, errand, 'other-login-weak', error)
  }
  const known = /^[a-z_]{1,64}$/.test(error) ? error : 'an unknown error'
  return giveUp(call, errand, 'other-login-failed', known)
}

async function believe(
  call: Call,
  {
    login,
    errand,
    tokens,
  }: { readonly login: UpstreamLogin; readonly errand: Errand; readonly tokens: Tokens },
): Promise<Response> {
  const { idToken } = tokens
  const { required, freshAfter } = errand.signIn.need
  const { futureSkew, expirySkew } = call.issuer.profile
  const verdict = judgeIdToken(login, idToken, {
    now: call.runtime.now(),
    required,
    freshAfter,
    ahead: futureSkew * 1000,
    behind: expirySkew * 1000,
  })
  if (verdict.status === 'weak') {
    return giveUp(call, errand, 'other-login-weak', verdict.reason)
  }
  if (verdict.status === 'invalid') {
    return giveUp(call, errand, 'other-login-failed', `the id_token: ${verdict.reason}`)
  }
  const userinfo = lacksClaims(login, idToken)
    ? await attempt(call, errand, () => tokens.userinfo())
    : {}
  const { subject, proof } = verdict
  const claims = mapClaims(login, idToken, userinfo)
  const vouched = { by: ['upstream', login.issuer], subject, proof, claims } as const
  const answer = await finishSignIn(call, errand, vouched)
  await (await throttleAddress(call, 'departure')).succeed()
  return answer
}

const reach = (call: Call, login: UpstreamLogin, errand: Errand): Promise<Exchange> =>
  attempt(call, errand, () => openExchange(call, login))

/** Runs a step of the exchange. A call that brought nothing may be repeated; a wrong answer is none. */
async function attempt<T>(call: Call, errand: Errand, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    const told = error instanceof OutboundFault ? 'other-login-unreachable' : 'other-login-failed'
    return giveUp(call, errand, told, reasonOf(error))
  }
}
