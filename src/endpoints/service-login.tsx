import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { digest, tuple } from '../encoding.ts'
import { demand } from '../errors.ts'
import { ServiceLoginPage } from '../pages/service-login.tsx'
import { boundService, inTime } from '../people/bound-service.ts'
import { checkSameOrigin, sealInteraction } from '../people/interaction.ts'
import { checkAnswer } from '../people/login-answer.ts'
import type { CheckedAnswer } from '../people/login-answer.ts'
import type { LoginRequest, LoginService } from '../people/login-service.ts'
import { signedInAt } from '../people/signed-in-at.ts'
import type { ServiceLogin } from '../settings/delegated-login.ts'
import { deny } from './answer.ts'
import { finishSignIn, giveUp } from './errand.ts'
import { cancelSignIn, openVisit } from './login.tsx'
import type { Visit } from './login.tsx'
import { frame, page } from './page.tsx'

/** Milliseconds the bound login may take for one step. */
const patience = 10_000
/** Milliseconds by which the bound login's clock may be ahead. */
const ahead = 1_000

/** Opens the page the bound login wants to show. */
export async function showServiceLogin(call: Call, login: ServiceLogin): Promise<Response> {
  return step(call, login, await openVisit(call, demand(readQuery(call.request))), {})
}

/** Hands what the person entered to the bound login. */
export async function postServiceLogin(call: Call, login: ServiceLogin): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  if (one(form, 'action') === 'cancel') return cancelSignIn(call, form)
  return step(call, login, await openVisit(call, form), { form: enteredIn(form) })
}

/** Fields of the bound login's own pages: a few of a sound form, the sealed token never. */
function enteredIn(form: Parameters): Readonly<Record<string, string>> {
  const fields = [...form.keys()].filter(
    (name) => name !== 'interaction' && /^[a-z][a-z0-9_-]{0,31}$/.test(name),
  )
  const values = fields.slice(0, 32).map((name) => [name, one(form, name) ?? ''] as const)
  return Object.fromEntries(values.filter(([, value]) => value.length <= 4_096))
}

async function step(
  call: Call,
  login: ServiceLogin,
  visit: Visit,
  given: { readonly form?: Readonly<Record<string, string>> },
): Promise<Response> {
  const errand = { signIn: visit.interaction, live: visit.live }
  const service = boundService(call, login.binding) as LoginService
  const request = await requestFor(call, visit, given.form)
  const answer = await ask(service, request).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : 'unknown'
    return giveUp(call, errand, 'other-login-unreachable', reason)
  })
  if (typeof answer === 'string') {
    return giveUp(call, errand, 'other-login-failed', `the answer cannot be used: ${answer}`)
  }
  switch (answer.status) {
    case 'page':
      return render(call, visit, answer)
    case 'authenticated':
      return believe(call, { login, visit, answer })
    case 'cancelled':
      if (visit.live !== undefined) return deny(call, visit.live)
      return giveUp(call, errand, 'other-login-cancelled', 'cancelled')
    case 'failed':
      return giveUp(call, errand, 'other-login-failed', `the login says: ${answer.reason}`)
    default:
      return answer satisfies never
  }
}

/** One call, bounded in time; what it answers is checked before the connection is given up. */
async function ask(service: LoginService, request: LoginRequest): Promise<CheckedAnswer | string> {
  const asked = service.authenticate(request)
  return checkAnswer(await inTime(asked, patience, 'the login took too long'))
}

async function requestFor(
  call: Call,
  { interaction, live }: Visit,
  form: Readonly<Record<string, string>> | undefined,
): Promise<LoginRequest> {
  const { need, service: state, browser } = interaction
  const { redirectUri, loginHint, uiLocales } = live?.pushed.request ?? {}
  const { lang } = await frame(call, uiLocales)
  const address = call.request.headers.get('cf-connecting-ip')
  return {
    version: 1,
    issuer: call.issuer.url,
    method: form === undefined ? 'GET' : 'POST',
    form: form ?? {},
    locales: [...new Set([lang, ...(uiLocales ?? [])])],
    need: {
      required: need.required,
      wanted: need.wanted,
      ...(need.freshAfter > 0 ? { fresh_after: Math.floor(need.freshAfter / 1000) } : {}),
    },
    // Another digest than the one that binds this server's own tokens.
    browser: await digest(tuple('login-service', browser)),
    now: Math.floor(call.now / 1000),
    ...(state === undefined ? {} : { state }),
    ...(live === undefined || redirectUri === undefined
      ? {}
      : { client: { name: live.client.metadata.client_name, host: new URL(redirectUri).host } }),
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(address === null ? {} : { address }),
  }
}

async function believe(
  call: Call,
  {
    login,
    visit,
    answer,
  }: {
    readonly login: ServiceLogin
    readonly visit: Visit
    readonly answer: Extract<CheckedAnswer, { readonly status: 'authenticated' }>
  },
): Promise<Response> {
  const errand = { signIn: visit.interaction, live: visit.live }
  const { required, freshAfter } = visit.interaction.need
  const { subject, level, amr, authTime, claims, username } = answer
  const behind = call.issuer.profile.expirySkew * 1000
  const at = signedInAt(authTime, { now: call.runtime.now(), freshAfter, ahead, behind })
  if (at === 'unsound') {
    return giveUp(call, errand, 'other-login-failed', 'auth_time lies in the future')
  }
  if (at === 'too-old' || level < required) {
    return giveUp(call, errand, 'other-login-weak', at === 'too-old' ? 'too old' : 'too low a level')
  }
  return finishSignIn(call, errand, {
    by: ['service', login.name],
    subject,
    proof: { method: 'delegated', at, level, amr },
    claims,
    ...(username === undefined ? {} : { shownAs: username }),
  })
} // prettier-ignore

async function render(
  call: Call,
  { interaction, live }: Visit,
  shown: Extract<CheckedAnswer, { readonly status: 'page' }>,
): Promise<Response> {
  const { service: _before, ...rest } = interaction
  const { state, refresh, problem } = shown
  const next = { ...rest, ...(state === undefined ? {} : { service: state }) }
  const sealed = await sealInteraction(call, next)
  const redirectUri = live?.pushed.request.redirectUri
  const own = await frame(call, live?.pushed.request.uiLocales)
  const action = endpointUrl(call.issuer, 'main', '/login')
  const body = (
    <ServiceLoginPage
      {...own}
      action={action}
      interaction={sealed}
      page={shown}
      {...(live === undefined || redirectUri === undefined
        ? {}
        : { client: { name: live.client.metadata.client_name, host: new URL(redirectUri).host } })}
    />
  )
  const endsAt = redirectUri === undefined ? {} : { endsAt: redirectUri }
  const response = page(body, { frame: own, status: problem === undefined ? 200 : 403, ...endsAt })
  if (refresh !== undefined) {
    response.headers.set('refresh', `${refresh}; url=${action}?interaction=${sealed}`)
  }
  return response
}
