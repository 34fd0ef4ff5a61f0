import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Upstream } from '../../../demo/front.ts'

/** What reached the inner server. */
export type Received = {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** A server in the place of workerd that answers with what it received. */
export type InnerServer = {
  readonly upstream: Upstream
  readonly received: Received[]
  /** Replaces the usual answer. */
  answer: http.RequestListener | undefined
  readonly close: () => Promise<void>
}

export async function startInnerServer(): Promise<InnerServer> {
  const received: Received[] = []
  const server = http.createServer((request, response) => {
    if (inner.answer !== undefined) return inner.answer(request, response)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { rawHeaders, method = '', url = '' } = request
      const headers = rawHeaders.flatMap((name, index): [string, string][] =>
        index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? '']] : [],
      )
      const one = { method, url, headers, body: Buffer.concat(parts).toString('utf8') }
      received.push(one)
      response.setHeader('content-type', 'application/json')
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.end(JSON.stringify(one))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const inner: InnerServer = {
    received,
    answer: undefined,
    upstream: {
      control: () => '{"token":"secret"}',
      address: async () => new URL(`http://127.0.0.1:${port}`),
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return inner
}

/** All values of a header, in order. */
export const valuesOf = (received: Received | undefined, name: string): readonly string[] =>
  (received?.headers ?? []).filter(([one]) => one === name).map(([, value]) => value)

/** `request.cf` as the front hands it over. */
export const cfOf = (received: Received | undefined): Record<string, unknown> =>
  JSON.parse(valuesOf(received, 'mf-cf-blob')[0] ?? '{}') as Record<string, unknown>
