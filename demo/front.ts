import * as http from 'node:http'
import * as https from 'node:https'
import { constants, X509Certificate } from 'node:crypto'
import { pipeline } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { setTimeout as wait } from 'node:timers/promises'
import { describeClientCertificate, noCertificate } from './client-certificate.ts'
import { answerHeaders, forwardHeaders } from './front-headers.ts'
import type { Arrival, Forwarded } from './front-headers.ts'
import { codeOf, messageOf, stop } from './problem.ts'

/** Where a front sends its requests. */
export type Upstream = {
  /** The Worker's own loopback address; waits while it restarts, undefined when it does not come back. */
  readonly address: () => Promise<URL | undefined>
  /** The control header as it is now. */
  readonly control: () => string
}

export type FrontTls = {
  readonly key: string
  readonly certificate: string
  /** Present: ask for client certificates, and trust those of these authorities (PEM). */
  readonly clientAuthorities?: readonly string[]
}

export type FrontOptions = {
  /** The option that named the port, for the sentence when it is taken. */
  readonly name: string
  readonly port: number
  readonly upstream: Upstream
  readonly tls?: FrontTls
}

export type Front = { readonly close: () => Promise<void> }

/**
 * TLS 1.2 with forward secrecy and authenticated encryption only (BCP 195, RFC 9325 4.2); the suites of
 * TLS 1.3 are all fit. No DHE, as FAPI 2.0 SP 5.2.2 has it.
 */
const cipherSuites = [
  'TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305',
].join(':') // prettier-ignore

/** Cloudflare allows 128 KB of request headers; the certificate takes its part of that here. */
const maxHeaderSize = 64 * 1024

/** Opens one public port, on loopback only: 127.0.0.1, and ::1 because `localhost` may mean that. */
export async function openFront(options: FrontOptions): Promise<Front> {
  // Free connections are dropped long before workerd would, so none is reused while it closes.
  const agent = new http.Agent({ keepAlive: true, timeout: 2_000, maxFreeSockets: 64 })
  const authorities = (options.tls?.clientAuthorities ?? []).map((pem) => new X509Certificate(pem))
  const way: Way = { upstream: options.upstream, agent, authorities }
  const servers: http.Server[] = []
  const close = async (): Promise<void> => {
    agent.destroy()
    await Promise.all(servers.map(closeServer))
  }
  try {
    for (const host of ['127.0.0.1', '::1']) {
      const server = makeServer(options, (request, response) => {
        // A fault here must not end the whole runtime.
        forward(request, response, way).catch(() => refuse(response, 500, 'server_error'))
      })
      if (await listen(server, options.port, host)) servers.push(server)
    }
  } catch (error) {
    await close()
    if (codeOf(error) === 'EADDRINUSE') {
      stop(`Port ${options.port} (--${options.name}) is already in use.`)
    }
    stop(`Port ${options.port} (--${options.name}) cannot be opened: ${messageOf(error)}.`)
  }
  return { close }
}

function makeServer(options: FrontOptions, listener: http.RequestListener): http.Server {
  const { tls } = options
  if (tls === undefined) return http.createServer({ maxHeaderSize }, listener)
  const authorities = tls.clientAuthorities
  return https.createServer(
    {
      maxHeaderSize,
      key: tls.key,
      cert: tls.certificate,
      minVersion: 'TLSv1.2',
      ciphers: cipherSuites,
      honorCipherOrder: true,
      // RFC 9325 3.5; and a connection's certificate is looked at once, so it must not change.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ALPNProtocols: ['http/1.1'],
      ...(authorities === undefined
        ? {}
        : {
            requestCert: true,
            // The server behind decides what an unverified certificate is good for.
            rejectUnauthorized: false,
            ca: [...authorities],
            allowPartialTrustChain: true,
          }),
    },
    listener,
  )
}

async function listen(server: http.Server, port: number, host: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  server.once('error', (error) => {
    // A machine without IPv6 has no ::1, and nobody can be sent there.
    const absent = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error) ?? '')
    if (absent && host === '::1') resolve(false)
    else reject(error)
  })
  server.listen(port, host, () => resolve(true))
  return promise
}

async function closeServer(server: http.Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  return promise
}

/** What all requests of one front share. */
type Way = {
  readonly upstream: Upstream
  readonly agent: http.Agent
  readonly authorities: readonly X509Certificate[]
}

async function forward(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { upstream, agent, authorities }: Way,
): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const address = await upstream.address()
    const forwarded = forwardHeaders(
      request.url ?? '/',
      request.rawHeaders,
      describeArrival(request, authorities),
      upstream.control(),
    )
    if (forwarded === undefined) return refuse(response, 400, 'invalid_request')
    if (address === undefined) return refuse(response, 503, 'temporarily_unavailable')
    const outcome = await attempt(request, response, { address, forwarded, agent })
    if (outcome === 'answered' || response.destroyed) return
    // Only a request of which not one byte was sent may be sent again.
    if (outcome === 'lost' || Date.now() > deadline) {
      return refuse(response, 503, 'temporarily_unavailable')
    }
    await wait(20)
  }
}

type Attempt = {
  readonly address: URL
  readonly forwarded: Forwarded
  readonly agent: http.Agent
}

/**
 * Sends the request once. `unsent`: no connection came about. `lost`: the connection broke before an
 * answer began, and the Worker may have acted on the request.
 */
function attempt(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { address, forwarded, agent }: Attempt,
): Promise<'answered' | 'unsent' | 'lost'> {
  const { promise, resolve } = Promise.withResolvers<'answered' | 'unsent' | 'lost'>()
  let connected = false
  const inner = http.request({
    agent,
    host: address.hostname,
    port: address.port,
    method: request.method,
    path: forwarded.url,
    headers: forwarded.headers,
    setHost: false,
  })
  const send = (): void => {
    connected = true
    if (forwarded.body) request.pipe(inner)
    else inner.end()
  }
  inner.on('socket', (socket) => {
    if (socket.connecting) socket.once('connect', send)
    else send()
  })
  inner.on('error', () => {
    request.unpipe(inner)
    if (!response.headersSent) resolve(connected ? 'lost' : 'unsent')
  })
  inner.on('response', (answer) => {
    response.writeHead(
      answer.statusCode ?? 502,
      answer.statusMessage,
      answerHeaders(answer.rawHeaders),
    )
    pipeline(answer, response, () => resolve('answered'))
  })
  const leave = (): void => {
    // After a whole answer the connection may already serve somebody else.
    if (!response.writableFinished) inner.destroy()
    resolve('answered')
  }
  response.once('close', leave)
  return promise.finally(() => response.off('close', leave))
}

function describeArrival(
  request: http.IncomingMessage,
  authorities: readonly X509Certificate[],
): Arrival {
  const { socket } = request
  const peer = (socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
  const place = {
    colo: 'LOCAL',
    continent: 'EU',
    country: 'XX',
    httpProtocol: `HTTP/${request.httpVersion}`,
  }
  if (!(socket instanceof TLSSocket)) {
    return { scheme: 'http', peer, cf: { ...place, tlsClientAuth: noCertificate } }
  }
  return { scheme: 'https', peer, cf: { ...place, ...describeTls(socket, authorities) } }
}

/** Deriving a certificate's description costs; a connection's certificate never changes. */
const described = new WeakMap<TLSSocket, Readonly<Record<string, unknown>>>()

function describeTls(
  socket: TLSSocket,
  authorities: readonly X509Certificate[],
): Readonly<Record<string, unknown>> {
  const known = described.get(socket)
  if (known !== undefined) return known
  const made = {
    tlsVersion: socket.getProtocol() ?? '',
    tlsCipher: socket.getCipher().name,
    tlsClientAuth: describeClientCertificate(socket, authorities),
  }
  described.set(socket, made)
  return made
}

const descriptions = {
  400: 'the request has no valid host or target',
  500: 'the request could not be passed on',
  503: 'the server is restarting',
} as const

function refuse(
  response: http.ServerResponse,
  status: keyof typeof descriptions,
  error: string,
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '1' } : { connection: 'close' }),
  })
  response.end(JSON.stringify({ error, error_description: descriptions[status] }))
}
