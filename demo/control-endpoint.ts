import { createHash, timingSafeEqual } from 'node:crypto'
import { readdirSync } from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFaults, readNumbers } from './control-body.ts'
import { isJson } from './json.ts'
import type { Json } from './json.ts'
import { codeOf, messageOf } from './problem.ts'
import type { Runtime, WorkerName } from './runtime.ts'
import type { State } from './state.ts'
import type { Control } from './worker/control-values.ts'

export type ControlEndpoint = { readonly url: string; readonly close: () => Promise<void> }

type Answer = {
  readonly status: number
  readonly body: Json
  readonly headers?: http.OutgoingHttpHeaders
}
type Action = (body: Json) => Promise<Answer>

const mostBytes = 16 * 1024
const workers: readonly WorkerName[] = ['fapi-edge', 'bank-api']

/** Opens the endpoint that moves the clock and breaks things, for tests. Loopback, random port, token. */
export async function openControl(
  runtime: Runtime,
  state: State,
  token: string,
): Promise<ControlEndpoint> {
  const routes = makeRoutes(runtime, state)
  const server = http.createServer((request, response) => {
    void answer(request, routes, token)
      .catch((error: unknown): Answer => problem(500, 'server_error', messageOf(error)))
      .then(({ status, body, headers }) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(`${JSON.stringify(body)}\n`)
      })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

type Routes = Readonly<Record<string, Readonly<Record<string, Action>>>>

function makeRoutes(runtime: Runtime, state: State): Routes {
  const change = async (changes: Partial<Control>): Promise<Answer> => {
    await runtime.setControl({ ...runtime.control(), ...changes })
    return { status: 200, body: runtime.control() }
  }
  return {
    '/state': { GET: async () => ({ status: 200, body: runtime.control() }) },
    '/clock': {
      POST: async (body) => {
        const read = readNumbers(body, { offset_s: [-1e9, 1e9] }, true)
        return typeof read === 'string' ? problem(400, 'invalid_request', read) : change(read)
      },
    },
    // What is left out is switched off: one call says all.
    '/faults': {
      POST: async (body) => {
        const read = readFaults(body)
        return typeof read === 'string' ? problem(400, 'invalid_request', read) : change(read)
      },
    },
    '/evict': {
      POST: async () => sum(runtime, 'evicted', (worker) => command(worker, 'evict', {})),
    },
    '/alarms': {
      // Of one class, or of all: what a moved clock made guards forget, they decide nothing about.
      POST: async (body) => {
        const { class: only, ...strange } = body
        if ((only !== undefined && typeof only !== 'string') || Object.keys(strange).length > 0) {
          return problem(400, 'invalid_request', "the only member is 'class', the name of one")
        }
        const due = (worker: WorkerName) => listObjects(state, worker, only)
        return sum(runtime, 'ran', (worker) => command(worker, 'alarms', due(worker)))
      },
    },
  }
  function command(worker: WorkerName, name: string, body: unknown): Promise<unknown> {
    return runtime.command(worker, name, body)
  }
}

async function answer(
  request: http.IncomingMessage,
  routes: Routes,
  token: string,
): Promise<Answer> {
  if (!isAuthorised(request.headers.authorization, token)) {
    return problem(401, 'invalid_token', 'the control token is missing or wrong', {
      'www-authenticate': 'Bearer',
    })
  }
  const path = (request.url ?? '').split('?')[0] ?? ''
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (route === undefined) return problem(404, 'not_found', 'there is nothing at this path')
  const method = request.method ?? ''
  const action = Object.hasOwn(route, method) ? route[method] : undefined
  if (action === undefined) {
    return problem(405, 'invalid_request', 'use another method', {
      allow: Object.keys(route).join(', '),
    })
  }
  const body = await readBody(request)
  return body === undefined
    ? problem(400, 'invalid_request', 'the body must be a JSON object of at most 16 KiB')
    : action(body)
}

/** Digests have one length, whatever was sent. */
function isAuthorised(header: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`))
}

async function readBody(request: http.IncomingMessage): Promise<Json | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > mostBytes) return undefined
    parts.push(part)
  }
  const text = Buffer.concat(parts).toString('utf8')
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text)
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}

async function sum(
  runtime: Runtime,
  member: string,
  call: (worker: WorkerName) => Promise<unknown>,
): Promise<Answer> {
  const results = await Promise.all(workers.map(call))
  const counts = results.map((result) => (isJson(result) ? Number(result[member]) : 0))
  return {
    status: 200,
    body: { [member]: counts.reduce((a, b) => a + b, 0), ...runtime.control() },
  }
}

/** The objects of a Worker by class. Their ids are their files' names; asking the platform makes none. */
function listObjects(
  state: State,
  worker: WorkerName,
  only?: string,
): Readonly<Record<string, readonly string[]>> {
  const folder = state.path('objects/do')
  const objects: Record<string, readonly string[]> = {}
  for (const name of readFolder(folder)) {
    if (!name.startsWith(`${worker}-`)) continue
    const className = name.slice(worker.length + 1)
    if (only !== undefined && className !== only) continue
    const files = readFolder(`${folder}/${name}`)
    objects[className] = files.flatMap((file) => /^([0-9a-f]{64})\.sqlite$/.exec(file)?.[1] ?? [])
  }
  return objects
}

function readFolder(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

const problem = (
  status: number,
  error: string,
  description: string,
  headers: http.OutgoingHttpHeaders = {},
): Answer => ({ status, body: { error, error_description: description }, headers })
