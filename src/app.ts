import { Hono } from 'hono'
import type { Call, Runtime, Side } from './call.ts'
import { settingsOf } from './config.ts'
import type { Env, Settings } from './config.ts'
import { discardBody } from './authorization/parameters.ts'
import { introspect } from './endpoints/introspect.ts'
import { jwks, metadata } from './endpoints/metadata.ts'
import { par } from './endpoints/par.ts'
import { AccessRefused, renderAccessRefused } from './endpoints/protected.ts'
import { json } from './endpoints/respond.ts'
import { revoke } from './endpoints/revoke.ts'
import { token } from './endpoints/token.ts'
import { userinfo } from './endpoints/userinfo.ts'
import { adminApi } from './admin/api.ts'
import { ProtocolError, printable, statusFor } from './errors.ts'
import type { Refusal } from './errors.ts'
import { completeRuntime, makeCall, parseMasterSecretOnce } from './make-call.ts'
import type { Place } from './make-call.ts'
import { makeLog } from './observe/log.ts'
import { StorageFault } from './observe/storage.ts'
import { nextNonce } from './proof/sender.ts'
import { bindingOf } from './settings/delegated-login.ts'
import type { Issuer } from './types.ts'

/** Code that only people need is not evaluated before the first of them comes. */
const authorize = async (call: Call) => (await import('./endpoints/authorize.ts')).authorize(call)
const login = () => import('./endpoints/login.tsx')
const code = () => import('./endpoints/code.tsx')
const passkey = () => import('./endpoints/passkey.tsx')
const consent = () => import('./endpoints/consent.tsx')
const account = {
  overview: () => import('./endpoints/account/overview.tsx'),
  permissions: () => import('./endpoints/account/permissions.ts'),
  sessions: () => import('./endpoints/account/sessions.ts'),
  signedOut: () => import('./endpoints/account/signed-out.tsx'),
  code: () => import('./endpoints/account/code.tsx'),
  recovery: () => import('./endpoints/account/recovery.tsx'),
  password: () => import('./endpoints/account/password.tsx'),
  setup: () => import('./endpoints/account/setup.tsx'),
}
const pages = () => import('./endpoints/page.tsx')
const delegated = () => import('./endpoints/delegated.ts')
const signsInHere = ({ issuer }: Call): boolean => issuer.authentication.login === undefined
const showLogin = async (call: Call) =>
  signsInHere(call) ? (await login()).showLogin(call) : (await delegated()).showLogin(call)
const postLogin = async (call: Call) =>
  signsInHere(call) ? (await login()).postLogin(call) : (await delegated()).postLogin(call)
const comeBack = async (call: Call) => (await import('./endpoints/upstream.ts')).comeBack(call)
const showCode = async (call: Call) => (await code()).showCode(call)
const postCode = async (call: Call) => (await code()).postCode(call)
const postPasskey = async (call: Call) => (await passkey()).postPasskey(call)
const accountPasskeys = () => import('./endpoints/account/passkeys.tsx')
const showPasskeys = async (call: Call) => (await accountPasskeys()).showPasskeys(call)
const postPasskeys = async (call: Call) => (await accountPasskeys()).postPasskeys(call)
const showConsent = async (call: Call) => (await consent()).showConsent(call)
const postConsent = async (call: Call) => (await consent()).postConsent(call)
const showAccount = async (call: Call) => (await account.overview()).showAccount(call)
const postPermissions = async (call: Call) => (await account.permissions()).postPermissions(call)
const postSessions = async (call: Call) => (await account.sessions()).postSessions(call)
const postSignOut = async (call: Call) => (await account.sessions()).postSignOut(call)
const showSignedOut = async (call: Call) => (await account.signedOut()).showSignedOut(call)
const showCodeSetup = async (call: Call) => (await account.code()).showCodeSetup(call)
const postCodeSetup = async (call: Call) => (await account.code()).postCodeSetup(call)
const showRecovery = async (call: Call) => (await account.recovery()).showRecovery(call)
const postRecovery = async (call: Call) => (await account.recovery()).postRecovery(call)
const showPassword = async (call: Call) => (await account.password()).showPassword(call)
const postPassword = async (call: Call) => (await account.password()).postPassword(call)
const showSetup = async (call: Call) => (await account.setup()).showSetup(call)
const postSetup = async (call: Call) => (await account.setup()).postSetup(call)
const postSetupFinish = async (call: Call) => (await account.setup()).postSetupFinish(call)
const logout = () => import('./endpoints/logout.tsx')
const showLogout = async (call: Call) => (await logout()).showLogout(call)
const postLogout = async (call: Call) => (await logout()).postLogout(call)
const style = async (call: Call) => (await pages()).style(call)

/** Who an endpoint speaks to: decides how errors look and whether the answer carries a DPoP nonce. */
type Audience = 'client' | 'resource' | 'person' | 'anybody'

type Route = {
  readonly method: 'GET' | 'POST' | 'ALL'
  readonly path: string
  readonly sides: 'main' | 'both'
  readonly audience: Audience
  readonly answer: (call: Call) => Promise<Response | undefined>
  /** DPoP proofs are taken here, so every answer hands out the next nonce. */
  readonly nonce?: true
  /** Only where people sign in here, or only where they do so elsewhere. */
  readonly signIn?: 'here' | 'elsewhere'
}

/** The map: every route, in the order a client meets them. Paths are relative to the issuer. */
const routes: readonly Route[] = [
  { method: 'GET',  path: '/.well-known/oauth-authorization-server', sides: 'main', audience: 'anybody', answer: metadata },
  { method: 'GET',  path: '/.well-known/openid-configuration',       sides: 'main', audience: 'anybody', answer: metadata },
  { method: 'GET',  path: '/jwks',       sides: 'main', audience: 'anybody',  answer: jwks },
  { method: 'POST', path: '/par',        sides: 'both', audience: 'client',   answer: par, nonce: true },
  { method: 'GET',  path: '/authorize',  sides: 'main', audience: 'person',   answer: authorize },
  { method: 'POST', path: '/authorize',  sides: 'main', audience: 'person',   answer: authorize },
  { method: 'GET',  path: '/login',      sides: 'main', audience: 'person',   answer: showLogin },
  { method: 'POST', path: '/login',      sides: 'main', audience: 'person',   answer: postLogin },
  { method: 'GET',  path: '/login/code', sides: 'main', audience: 'person',   answer: showCode, signIn: 'here' },
  { method: 'POST', path: '/login/code', sides: 'main', audience: 'person',   answer: postCode, signIn: 'here' },
  { method: 'POST', path: '/login/passkey',  sides: 'main', audience: 'person', answer: postPasskey, signIn: 'here' },
  { method: 'GET',  path: '/login/callback', sides: 'main', audience: 'person', answer: comeBack, signIn: 'elsewhere' },
  { method: 'GET',  path: '/consent',    sides: 'main', audience: 'person',   answer: showConsent },
  { method: 'POST', path: '/consent',    sides: 'main', audience: 'person',   answer: postConsent },
  { method: 'GET',  path: '/account',             sides: 'main', audience: 'person', answer: showAccount },
  { method: 'POST', path: '/account/permissions', sides: 'main', audience: 'person', answer: postPermissions },
  { method: 'POST', path: '/account/sessions',    sides: 'main', audience: 'person', answer: postSessions },
  { method: 'GET',  path: '/account/passkeys',    sides: 'main', audience: 'person', answer: showPasskeys, signIn: 'here' },
  { method: 'POST', path: '/account/passkeys',    sides: 'main', audience: 'person', answer: postPasskeys, signIn: 'here' },
  { method: 'POST', path: '/account/sign-out',    sides: 'main', audience: 'person', answer: postSignOut },
  { method: 'GET',  path: '/account/signed-out',  sides: 'main', audience: 'person', answer: showSignedOut },
  { method: 'GET',  path: '/account/code',           sides: 'main', audience: 'person', answer: showCodeSetup, signIn: 'here' },
  { method: 'POST', path: '/account/code',           sides: 'main', audience: 'person', answer: postCodeSetup, signIn: 'here' },
  { method: 'GET',  path: '/account/recovery-codes', sides: 'main', audience: 'person', answer: showRecovery, signIn: 'here' },
  { method: 'POST', path: '/account/recovery-codes', sides: 'main', audience: 'person', answer: postRecovery, signIn: 'here' },
  { method: 'GET',  path: '/account/password',       sides: 'main', audience: 'person', answer: showPassword, signIn: 'here' },
  { method: 'POST', path: '/account/password',       sides: 'main', audience: 'person', answer: postPassword, signIn: 'here' },
  { method: 'GET',  path: '/setup',                  sides: 'main', audience: 'person', answer: showSetup, signIn: 'here' },
  { method: 'POST', path: '/setup',                  sides: 'main', audience: 'person', answer: postSetup, signIn: 'here' },
  { method: 'POST', path: '/setup/finish',           sides: 'main', audience: 'person', answer: postSetupFinish, signIn: 'here' },
  { method: 'GET',  path: '/logout',     sides: 'main', audience: 'person',   answer: showLogout },
  { method: 'POST', path: '/logout',     sides: 'main', audience: 'person',   answer: postLogout },
  { method: 'GET',  path: '/assets/:id', sides: 'main', audience: 'person',   answer: style },
  { method: 'POST', path: '/token',      sides: 'both', audience: 'client',   answer: token, nonce: true },
  { method: 'GET',  path: '/userinfo',   sides: 'both', audience: 'resource', answer: userinfo, nonce: true },
  { method: 'POST', path: '/userinfo',   sides: 'both', audience: 'resource', answer: userinfo, nonce: true },
  { method: 'POST', path: '/introspect', sides: 'both', audience: 'client',   answer: introspect },
  { method: 'POST', path: '/revoke',     sides: 'both', audience: 'client',   answer: revoke },
  { method: 'ALL',  path: '/admin/*',    sides: 'main', audience: 'resource', answer: adminApi, nonce: true },
] // prettier-ignore

const everyMethod = ['GET', 'PUT', 'POST', 'DELETE'] as const

type Hosted = { Bindings: Env; Variables: { call: Call } }

/** Makes the Worker. Production passes no options; see `Runtime` for what a local runtime may. */
export function createServer(options: Partial<Runtime> = {}): {
  readonly fetch: (request: Request, env: Env, context: ExecutionContext) => Promise<Response>
} {
  const app = buildRouter(completeRuntime(options))
  return { fetch: async (request, env, context) => app.fetch(request, env, context) }
}

function buildRouter(runtime: Runtime): Hono<Hosted> {
  const app = new Hono<Hosted>({
    // Routing is by issuer-relative path and side; `/none` has no routes.
    getPath: (request, given) => {
      const place = locatePlace(request.url, settingsOf((given as { env: Env }).env))
      return place === undefined ? '/none' : `/${place.side}${place.path}`
    },
  })
  app.use(async (c, next) => {
    const { env } = c
    const settings = settingsOf(env)
    const secret = parseMasterSecretOnce(env.MASTER_SECRET)
    if (!settings.ok || typeof secret === 'string') {
      makeLog({})('start.refused', { problem: settings.ok ? String(secret) : settings.problem })
      return json({ error: 'server_error', error_description: 'The server is not configured' }, 500)
    }
    noticeOnce(settings.settings, env)
    const place = locatePlace(c.req.url, settings)
    if (place === undefined) {
      return json(
        { error: 'misdirected_request', error_description: 'No issuer has this address' },
        421,
        { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
      )
    }
    const call = makeCall({ ...place, request: c.req.raw, env, runtime, secret }, (work) =>
      c.executionCtx.waitUntil(work),
    )
    c.set('call', call)
    await next()
    await discardBody(c.req.raw)
    secureHeaders(c.res, call.issuer)
    c.res = runtime.finish(c.res, call.storage)
    return undefined
  })
  for (const route of routes) {
    for (const side of route.sides === 'both' ? (['main', 'mtls'] as const) : (['main'] as const)) {
      const methods = route.method === 'ALL' ? [...everyMethod] : [route.method]
      app.on(methods, `/${side}${route.path}`, (c) => answer(c.get('call'), route))
    }
  }
  // Any other method of a known path (RFC 9126 2.3).
  for (const side of ['main', 'mtls'] as const) {
    for (const path of new Set(routes.map((route) => route.path))) {
      const here = routes.filter(
        (one) => one.path === path && (side === 'main' || one.sides === 'both'),
      )
      const [route] = here
      if (route === undefined) continue
      const allow = here
        .flatMap(({ method }) => (method === 'ALL' ? everyMethod : [method]))
        .join(', ')
      app.all(`/${side}${path}`, async (c) => {
        const refusal = { code: 'method_not_allowed', description: `Only ${allow}` } as const
        const response = await renderRefusal(c.get('call'), route, refusal)
        response.headers.set('allow', allow)
        return withNonce(c.get('call'), route, response)
      })
    }
  }
  app.notFound((c) => {
    const refusal = { code: 'not_found', description: 'There is nothing at this address' } as const
    const browser = (c.req.header('accept') ?? '').includes('text/html')
    return renderRefusal(c.get('call'), { audience: browser ? 'person' : 'anybody' }, refusal)
  })
  return app
}

async function answer(call: Call, route: Route): Promise<Response> {
  return withNonce(call, route, await attempt(call, route))
}

async function withNonce(call: Call, route: Route, response: Response): Promise<Response> {
  if (route.nonce === true) response.headers.set('dpop-nonce', await nextNonce(call))
  return response
}

async function attempt(call: Call, route: Route): Promise<Response> {
  try {
    const response = isThere(call, route) ? await route.answer(call) : undefined
    const refusal = { code: 'not_found', description: 'There is nothing at this address' } as const
    return response ?? (await renderRefusal(call, route, refusal))
  } catch (error) {
    if (error instanceof AccessRefused) {
      const { code = 'no_credentials', detail } = error.refusal ?? {}
      call.log('access.refused', { code, detail })
      return renderAccessRefused(call, error, route.path.startsWith('/admin') ? 'admin' : 'openid')
    }
    return renderRefusal(call, route, refusalOf(call, error))
  }
}

const isThere = (call: Call, { signIn }: Route): boolean =>
  signIn === undefined || (signIn === 'here') === signsInHere(call)

/** A refusal stays what it is; a failed storage call is honest; anything else is our fault. */
function refusalOf(call: Call, error: unknown): Refusal {
  if (error instanceof ProtocolError) {
    const { code, description, detail } = error.refusal
    call.log('request.refused', { code, description, detail })
    return error.refusal
  }
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
  call.log('request.failed', { reason })
  return error instanceof StorageFault
    ? { code: 'temporarily_unavailable', description: 'Please try again' }
    : { code: 'server_error', description: 'Something went wrong' }
}

async function renderRefusal(
  call: Call,
  route: Pick<Route, 'audience'>,
  refusal: Refusal,
): Promise<Response> {
  const { code, description } = refusal
  const response =
    route.audience === 'person'
      ? await (await pages()).errorPage(call, refusal, call.id)
      : json({ error: code, error_description: printable(description) }, statusFor(refusal))
  if (code === 'temporarily_unavailable') response.headers.set('retry-after', '1')
  if (code === 'too_many_requests') response.headers.set('retry-after', '60')
  return response
}

function secureHeaders(response: Response, issuer: Issuer): void {
  const { headers } = response
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'no-referrer')
  if (issuer.url.startsWith('https:')) {
    headers.set('strict-transport-security', 'max-age=63072000; includeSubDomains; preload')
  }
}

let noticed: Settings | undefined

/** What an operator should know once per start: nothing is wrong, but something has a limit. */
function noticeOnce(settings: Settings, env: Env): void {
  if (noticed === settings) return
  noticed = settings
  for (const issuer of settings.issuers) {
    for (const notice of noticesOf(issuer, env)) {
      makeLog({ issuer: issuer.id })('start.notice', { notice })
    }
  }
}

function noticesOf(issuer: Issuer, env: Env): readonly string[] {
  const notices: string[] = []
  const binding = bindingOf(issuer.authentication.login)
  if (binding !== undefined && !Object.hasOwn(env, binding)) {
    notices.push(`The binding ${binding} is missing, so nobody can sign in.`)
  }
  if (issuer.authentication.minimum === 1) {
    notices.push('People may sign in with one factor only (authentication.factors is 1).')
  }
  if (issuer.acceptedClientCas.length > 0) {
    notices.push(
      'The platform checks revocation of client certificates for its managed CA only; for your own, disable the client.',
    )
  }
  return notices
}

/** The suffixes that stand between host and path for issuers with a path (RFC 8414 3.1). */
const wellKnown = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

function locatePlace(
  address: string,
  result: { readonly ok: boolean; readonly settings?: Settings },
): Place | undefined {
  const url = new URL(address)
  // The longest path first, so that an issuer at the root does not swallow the others.
  for (const issuer of result.settings?.issuers ?? []) {
    const base = new URL(issuer.url)
    const prefix = base.pathname === '/' ? '' : base.pathname
    if (url.origin === base.origin) {
      const inserted = wellKnown.find((suffix) => url.pathname === `${suffix}${prefix}`)
      if (inserted !== undefined) return { issuer, side: 'main', path: inserted }
    }
    const side = sideOf(url, issuer)
    if (side === undefined) continue
    if (prefix === '' || url.pathname === prefix || url.pathname.startsWith(`${prefix}/`)) {
      return { issuer, side, path: url.pathname.slice(prefix.length) || '/' }
    }
  }
  return undefined
}

function sideOf(url: URL, issuer: Issuer): Side | undefined {
  if (url.origin === new URL(issuer.url).origin) return 'main'
  return url.origin === issuer.mtlsOrigin ? 'mtls' : undefined
}
