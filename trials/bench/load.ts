import * as http from 'node:http'

/** A request that is ready to be sent: all that takes thought was done before. */
export type Prepared = {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type Reply = {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** Sends over connections that are kept. */
export type Sender = {
  readonly send: (request: Prepared) => Promise<Reply>
  readonly close: () => void
}

/** Milliseconds a connection rests before we close it, sooner than any of the servers would. */
const restsFor = 2_000

export function openSender(most: number): Sender {
  const agent = new http.Agent({ keepAlive: true, maxSockets: most, timeout: restsFor })
  return { send: (request) => send(agent, request), close: () => agent.destroy() }
}

function send(agent: http.Agent, { method, url, headers, body = '' }: Prepared): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  const { hostname, port, pathname, search } = url
  const path = `${pathname}${search}`
  const options = { agent, method, hostname, port, path, headers: { ...headers, ...length } }
  const request = http.request(options, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (part: string) => (text += part))
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
    )
    response.on('error', reject)
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

export type Driven = { readonly seconds: number; readonly milliseconds: readonly number[] }

/** Does all work with so many pieces in flight; each is timed. The first failure ends it. */
export async function drive(
  work: readonly (() => Promise<void>)[],
  inFlight: number,
): Promise<Driven> {
  const milliseconds: number[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const piece = work[next]
      next += 1
      if (piece === undefined) return
      const begun = performance.now()
      await piece()
      milliseconds.push(performance.now() - begun)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: inFlight }, lane))
  return { seconds: (performance.now() - begun) / 1000, milliseconds }
}
