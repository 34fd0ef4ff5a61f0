import { Hono } from 'hono'
import type { Call, Runtime } from './call.ts'
import { settingsOf } from './config.ts'
import type { Env } from './config.ts'
import { discardBody } from './authorization/parameters.ts'
import { AccessRefused, renderAccessRefused } from './endpoints/protected.ts'
import { json } from './endpoints/respond.ts'
import { ProtocolError, printable, statusFor } from './errors.ts'
import type { ErrorCode, Refusal } from './errors.ts'
import { completeRuntime, makeCall, parseMasterSecretOnce } from './make-call.ts'
import type { Place } from './make-call.ts'
import { openAudit } from './observe/audit.ts'
import type { RefusalEvent } from './observe/catalogue.ts'
import { StorageFault } from './observe/storage.ts'
import { noticeOnce } from './notices.ts'
import { locatePlace } from './place.ts'
import { nextNonce } from './proof/sender.ts'
import { routes, signsInHere } from './routes.ts'
import type { Route } from './routes.ts'
import type { Issuer } from './types.ts'

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
  // The router asks first; the request is answered with what was found then.
  const places = new WeakMap<Request, Place>()
  const app = new Hono<Hosted>({
    // Routing is by issuer-relative path and side; `/none` has no routes.
    getPath: (request, given) => {
      const place = locatePlace(request.url, settingsOf((given as { env: Env }).env))
      if (place === undefined) return '/none'
      places.set(request, place)
      return `/${place.side}${place.path}`
    },
  })
  app.use(async (c, next) => {
    const { env } = c
    const waitUntil = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work)
    const settings = settingsOf(env)
    const secret = parseMasterSecretOnce(env.MASTER_SECRET)
    if (!settings.ok || typeof secret === 'string') {
      const problem = settings.ok ? String(secret) : settings.problem
      openAudit({ env, waitUntil }).log('start.refused', { problem })
      return json({ error: 'server_error', error_description: 'The server is not configured' }, 500)
    }
    noticeOnce(settings.settings, env, waitUntil)
    const place = places.get(c.req.raw)
    if (place === undefined) {
      return json(
        { error: 'misdirected_request', error_description: 'No issuer has this address' },
        421,
        { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
      )
    }
    const request = c.req.raw
    const call = makeCall({ ...place, request, env, runtime, secret, entrance: true }, waitUntil)
    c.set('call', call)
    await next()
    call.closeLog()
    await discardBody(c.req.raw)
    secureHeaders(c.res, call.issuer)
    const finished = runtime.finish(c.res, call.storage)
    // Setting it copies it.
    if (finished !== c.res) c.res = finished
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
  call.about({ endpoint: route.path })
  try {
    const response = isThere(call, route) ? await route.answer(call) : undefined
    const refusal = { code: 'not_found', description: 'There is nothing at this address' } as const
    return response ?? (await renderRefusal(call, route, refusal))
  } catch (error) {
    if (error instanceof AccessRefused) {
      const { code = 'no_credentials', detail } = error.refusal ?? {}
      call.log(eventOf(error.refusal, 'access.refused'), { code, detail })
      return renderAccessRefused(call, error)
    }
    return renderRefusal(call, route, refusalOf(call, error))
  }
}

const isThere = (call: Call, { signIn }: Route): boolean =>
  signIn === undefined || (signIn === 'here') === signsInHere(call)

/** Refusals that an operator watches for by name. */
const named: { readonly [code in ErrorCode]?: RefusalEvent } = {
  invalid_client: 'client.refused',
  invalid_dpop_proof: 'proof.refused',
  use_dpop_nonce: 'nonce.refused',
  invalid_grant: 'grant.refused',
  invalid_request_object: 'request_object.refused',
  too_many_requests: 'request.limited',
}

function eventOf(refusal: Refusal | undefined, otherwise: RefusalEvent): RefusalEvent {
  return refusal === undefined ? otherwise : (refusal.event ?? named[refusal.code] ?? otherwise)
}

/** A refusal stays what it is; a failed storage call is honest; anything else is our fault. */
function refusalOf(call: Call, error: unknown): Refusal {
  if (error instanceof ProtocolError) {
    const { code, description, detail } = error.refusal
    call.log(eventOf(error.refusal, 'request.refused'), { code, description, detail })
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
      ? await (await import('./endpoints/page.tsx')).errorPage(call, refusal, call.id)
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
