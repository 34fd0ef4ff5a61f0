import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Credential } from './http.ts'

/** How the host answers one path. */
export type Answering = (response: ServerResponse, request: IncomingMessage) => void

/** A client's own web server: it serves key sets and counts who asks. */
export type KeyHost = {
  readonly origin: string
  /** Decides what a path answers from now on. */
  readonly serve: (path: string, answer: Answering) => void
  /** How often a path was asked for. */
  readonly asked: (path: string) => number
  /** All requests to any path. */
  readonly total: () => number
  readonly close: () => Promise<void>
}

/** Opens it, on a free port unless told which; with a certificate it speaks https. */
export async function openKeyHost(credential?: Credential, at = 0): Promise<KeyHost> {
  const answers = new Map<string, Answering>()
  const counts = new Map<string, number>()
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? ''
    counts.set(path, (counts.get(path) ?? 0) + 1)
    const answer = answers.get(path)
    if (answer === undefined) response.writeHead(404).end()
    else answer(response, request)
  }
  const server: Server =
    credential === undefined ? createServer(listener) : createTlsServer(credential, listener)
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const scheme = credential === undefined ? 'http' : 'https'
  return {
    origin: `${scheme}://127.0.0.1:${port}`,
    serve: (path, answer) => void answers.set(path, answer),
    asked: (path) => counts.get(path) ?? 0,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const text =
  (body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Answering =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  }

export const keySet = (...keys: readonly object[]): Answering => text(JSON.stringify({ keys }))
