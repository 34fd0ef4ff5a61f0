import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createFetch } from '../cli/fetch-with-ca.ts'
import { createBank } from './example-client/bank.ts'
import { StepUpNeeded, UnexpectedAnswer } from './example-client/errors.ts'
import type { Bank, BankSettings } from './example-client/bank.ts'
import { onTheWay, page } from './example-client/page.ts'
import { readPaymentForm } from './example-client/payments.ts'
import { toProblem } from './example-client/problem.ts'
import { cookieName, createSessions } from './example-client/session.ts'
import type { Session, Sessions } from './example-client/session.ts'
import { style } from './example-client/style.ts'

export type ExampleClientOptions = Pick<BankSettings, 'issuer' | 'api' | 'clientId' | 'jwk'> & {
  /** 0 picks a free one. */
  readonly port: number
  /** PEM of a local authority, trusted for the calls of this application only. */
  readonly ca?: string
}

export type ExampleClient = { readonly url: string; readonly close: () => Promise<void> }

/**
 * Budget Buddy, a small web application that connects to the bank like any third party would. It is a
 * confidential client on this machine: keys and tokens stay in its memory, the browser holds a cookie.
 *
 * @example
 * const app = await startExampleClient({ port: 8791, issuer, api, clientId: 'example-client', jwk })
 * console.log(app.url) // http://127.0.0.1:8791/
 */
export async function startExampleClient(options: ExampleClientOptions): Promise<ExampleClient> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  // FAPI allows http for a loopback address of a native application only (RFC 8252 7.3).
  const origin = `http://127.0.0.1:${address.port}`
  const fetch = createFetch(options.ca === undefined ? {} : { ca: options.ca })
  const app: App = {
    origin,
    bankName: new URL(options.issuer).host,
    sessions: createSessions(),
    bank: createBank({ ...options, fetch, redirectUri: `${origin}/callback` }),
  }
  server.on('request', (request, response) => {
    answer(app, request, response).catch((error: unknown) => {
      console.error('example client:', error)
      if (!response.headersSent) send(response, 500, 'text/plain', 'Something went wrong.\n')
    })
  })
  return {
    url: `${origin}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type App = {
  readonly origin: string
  readonly bankName: string
  readonly sessions: Sessions
  readonly bank: Bank
}

type Turn = {
  readonly app: App
  readonly url: URL
  readonly session: Session | undefined
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Every route. Those that change something are posts. */
const routes: Readonly<Record<string, (turn: Turn) => Promise<void> | void>> = {
  'GET /': ({ app, session, response }) => {
    send(response, 200, 'text/html', page({ bankName: app.bankName, session }))
    // A problem is told once, and so is what was paid.
    if (session === undefined) return
    delete session.problem
    delete session.receipt
  },
  'GET /style.css': ({ response }) => send(response, 200, 'text/css', style),
  'GET /connect': connect,
  'GET /callback': callback,
  'GET /statement': statement,
  'POST /pay': pay,
  'POST /refresh': refresh,
  'POST /disconnect': disconnect,
}

async function answer(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', app.origin)
  const address = `http://${request.headers.host}`
  if (address !== app.origin) {
    // The cookie of `localhost` would not come back to the callback's 127.0.0.1.
    const known = address === app.origin.replace('127.0.0.1', 'localhost')
    if (known) return redirect(response, new URL(url.pathname, app.origin).href)
    return send(response, 421, 'text/plain', 'This address is not served here.\n')
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const name = `${method} ${url.pathname}`
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined
  if (route === undefined) return send(response, 404, 'text/plain', 'There is nothing here.\n')
  if (method === 'POST' && !isOwnForm(request, app.origin)) {
    return send(response, 403, 'text/plain', 'This form was not sent from here.\n')
  }
  const session = app.sessions.find(request.headers.cookie)
  await route({ app, url, session, request, response })
  request.resume()
}

async function connect({ app, url, session: old, response }: Turn): Promise<void> {
  if (old !== undefined) app.sessions.end(old)
  try {
    const session = app.sessions.start(await app.bank.meet())
    setCookie(response, session)
    const chosen = url.searchParams.get('accounts') === 'chosen'
    redirect(response, (await app.bank.authorizationUrl(session, { chosen })).href)
  } catch (error) {
    const problem = toProblem(error)
    send(response, 502, 'text/html', page({ bankName: app.bankName, problem }))
  }
}

/** Asks the person's bank for one payment; what was connected before stays connected. */
async function pay({ app, session: old, request, response }: Turn): Promise<void> {
  const { bankName } = app
  try {
    const payment = readPaymentForm(await readForm(request))
    const session = old ?? app.sessions.start(await app.bank.meet())
    if (old === undefined) setCookie(response, session)
    const bank = await app.bank.authorizationUrl(session, { payment })
    // Not a redirect: a form may lead to this application only, and browsers watch where it ends.
    send(response, 200, 'text/html', onTheWay(bankName, payment, bank))
  } catch (error) {
    const problem = toProblem(error, 'payment')
    const status = problem.code === 'invalid_form' ? 400 : 502
    send(response, status, 'text/html', page({ bankName, session: old, problem }))
  }
}

const mostFormBytes = 4_096

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const part of request as AsyncIterable<Buffer>) {
    // The rest is read and forgotten.
    if (text.length <= mostFormBytes) text += part.toString('latin1')
  }
  return new URLSearchParams(text.length <= mostFormBytes ? text : '')
}

async function callback({ app, url, session, response }: Turn): Promise<void> {
  if (session === undefined) {
    const problem = toProblem(new UnexpectedAnswer())
    return send(response, 400, 'text/html', page({ bankName: app.bankName, problem }))
  }
  if (session.pending?.payment !== undefined) {
    await attempt(
      session,
      async () => {
        session.receipt = await app.bank.pay(session, url)
      },
      'payment',
    )
    return redirect(response, app.origin)
  }
  const statementOf = session.pending?.statementOf
  const before = session.connection
  await attempt(session, async () => {
    session.connection = await app.bank.connect(session, url)
    // The new connection takes the place of the one before.
    if (before !== undefined) await app.bank.disconnect(session, before)
    if (statementOf !== undefined) await lookAt(app, session, statementOf)
  })
  // The code does not stay in the address bar.
  redirect(response, app.origin)
}

/** Asks for what happened on an account; where the bank wants another sign-in for that, goes there. */
async function statement({ app, url, session, response }: Turn): Promise<void> {
  const accountId = url.searchParams.get('account')
  if (session?.connection === undefined || accountId === null) return redirect(response, app.origin)
  let target = app.origin
  await attempt(session, async () => {
    try {
      await lookAt(app, session, accountId)
    } catch (error) {
      if (!(error instanceof StepUpNeeded)) throw error
      const { chosen } = session.connection ?? { chosen: false }
      const wanted = { chosen, statementOf: accountId, stepUp: error.stepUp }
      target = (await app.bank.authorizationUrl(session, wanted)).href
    }
  })
  redirect(response, target)
}

async function lookAt(app: App, session: Session, accountId: string): Promise<void> {
  const { connection } = session
  if (connection === undefined) return
  const found = await app.bank.statement(session, connection, accountId)
  session.connection = { ...connection, statement: found }
}

async function refresh({ app, session, response }: Turn): Promise<void> {
  const connection = session?.connection
  if (session !== undefined && connection !== undefined) {
    await attempt(session, async () => {
      session.connection = await app.bank.refresh(session, connection)
    })
  }
  redirect(response, app.origin)
}

async function disconnect({ app, session, response }: Turn): Promise<void> {
  const connection = session?.connection
  if (session !== undefined && connection !== undefined) {
    await attempt(session, async () => {
      await app.bank.disconnect(session, connection)
      app.sessions.end(session)
    })
  }
  redirect(response, app.origin)
}

async function attempt(
  session: Session,
  action: () => Promise<void>,
  during?: 'payment',
): Promise<void> {
  try {
    await action()
  } catch (error) {
    session.problem = toProblem(error, during)
    if (during === undefined && session.problem.code === 'invalid_grant') delete session.connection
  }
}

function isOwnForm({ headers }: IncomingMessage, origin: string): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined ? headers.origin === origin : site === 'same-origin'
}

function setCookie(response: ServerResponse, { id }: Session): void {
  response.setHeader('set-cookie', `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax`)
}

function redirect(response: ServerResponse, location: string): void {
  response.setHeader('location', location)
  send(response, 303, 'text/plain', '')
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy':
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  response.end(body)
}
