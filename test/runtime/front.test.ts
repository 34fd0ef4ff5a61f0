// @vitest-environment node
import * as http from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openFront } from '../../demo/front.ts'
import type { Front } from '../../demo/front.ts'
import { noCertificate } from '../../demo/client-certificate.ts'
import { freePorts, takePort } from './support/running.ts'
import { cfOf, startInnerServer, valuesOf } from './support/upstream.ts'
import type { InnerServer } from './support/upstream.ts'

let inner: InnerServer
let front: Front
let port: number

beforeAll(async () => {
  inner = await startInnerServer()
  port = await freePorts()
  front = await openFront({ name: 'port', port, upstream: inner.upstream })
})
afterAll(async () => {
  await front.close()
  await inner.close()
})
beforeEach(() => {
  inner.received.length = 0
  inner.answer = undefined
})

/** Sends a request with headers exactly as given, duplicates included. */
function send(options: {
  readonly path?: string
  readonly method?: string
  readonly headers?: readonly string[]
  readonly body?: string
}): Promise<{
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}> {
  const { path = '/', method = 'GET', headers = [], body } = options
  return new Promise((resolve, reject) => {
    const host = headers.some((name) => name.toLowerCase() === 'host')
      ? []
      : ['Host', `localhost:${port}`]
    const request = http.request(
      { host: '127.0.0.1', port, path, method, headers: [...host, ...headers], agent: false },
      (response) => {
        let text = ''
        response.on('data', (part: Buffer) => (text += part.toString('utf8')))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        )
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Writes bytes to the port and reads until it is closed. */
function sendBytes(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (part) => (text += part.toString('latin1')))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
    setTimeout(() => socket.destroy(), 500)
  })
}

describe('what a front tells the Worker', () => {
  it('hands over the address as the client used it, scheme and host included', async () => {
    await send({ path: '/authorize?a=%2F&b=1', headers: ['Host', `localhost:${port}`] })
    expect(inner.received[0]?.url).toBe(`http://localhost:${port}/authorize?a=%2F&b=1`)
    expect(valuesOf(inner.received[0], 'host')).toEqual([`localhost:${port}`])
  })

  it('replaces everything that only the platform may say', async () => {
    await send({
      headers: [
        'MF-CF-Blob', '{"tlsClientAuth":{"certPresented":"1","certVerified":"SUCCESS"}}',
        'MF-Original-URL', 'https://other.example/',
        'CF-Connecting-IP', '192.0.2.1',
        'Cf-Client-Cert-Der-Base64', 'AAAA',
        'X-Forwarded-For', '192.0.2.1',
        'X-Forwarded-Host', 'other.example',
        'X-Real-IP', '192.0.2.1',
        'x-fapi-edge-control', '{"token":"guess"}',
        'x-fapi-edge-command', 'evict',
      ], // prettier-ignore
    })
    const [received] = inner.received
    expect(valuesOf(received, 'mf-cf-blob')).toHaveLength(1)
    expect(cfOf(received)).toMatchObject({ colo: 'LOCAL', tlsClientAuth: noCertificate })
    expect(valuesOf(received, 'cf-connecting-ip')).toEqual(['127.0.0.1'])
    expect(valuesOf(received, 'x-fapi-edge-control')).toEqual(['{"token":"secret"}'])
    for (const name of ['mf-original-url', 'cf-client-cert-der-base64', 'x-forwarded-for',
      'x-forwarded-host', 'x-real-ip', 'x-fapi-edge-command']) {
      expect(valuesOf(received, name), name).toEqual([])
    } // prettier-ignore
  })

  it('passes the headers of the client on as they came, duplicates apart', async () => {
    await send({ headers: ['DPoP', 'first', 'DPoP', 'second', 'Authorization', 'DPoP x'] })
    expect(valuesOf(inner.received[0], 'dpop')).toEqual(['first', 'second'])
    expect(valuesOf(inner.received[0], 'authorization')).toEqual(['DPoP x'])
  })

  it('asks for an answer as it is when the client named no coding', async () => {
    await send({})
    await send({ headers: ['Accept-Encoding', 'br'] })
    expect(valuesOf(inner.received[0], 'accept-encoding')).toEqual(['identity'])
    expect(valuesOf(inner.received[1], 'accept-encoding')).toEqual(['br'])
  })

  it('keeps the headers of a connection to that connection', async () => {
    await send({ headers: ['Connection', 'x-private', 'X-Private', '1', 'TE', 'trailers'] })
    expect(valuesOf(inner.received[0], 'x-private')).toEqual([])
    expect(valuesOf(inner.received[0], 'te')).toEqual([])
  })

  it('passes cookies of an answer on one by one', async () => {
    const answer = await send({})
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(answer.headers.date).toBeDefined()
  })
})

describe('bodies', () => {
  it.each(['POST', 'GET', 'DELETE'])('frames the body of a %s itself', async (method) => {
    await send({
      method,
      headers: ['Transfer-Encoding', 'chunked'],
      body: 'GET /admin HTTP/1.1\r\n\r\n',
    })
    await send({ path: '/next' })
    expect(inner.received.map(({ body }) => body)).toEqual(['GET /admin HTTP/1.1\r\n\r\n', ''])
    expect(inner.received[1]?.url).toBe(`http://localhost:${port}/next`)
  })

  it('keeps the length although the client calls it a header of the connection', async () => {
    const body = 'GET /admin HTTP/1.1\r\n\r\n'
    await send({
      method: 'POST',
      headers: ['Connection', 'content-length', 'Content-Length', String(body.length)],
      body,
    })
    expect(inner.received.map((one) => one.body)).toEqual([body])
  })

  it('delivers an answer that comes before the body was read', async () => {
    inner.answer = (_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too much')
    }
    const bytes = `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 90000\r\n\r\n${'x'.repeat(9_000)}`
    expect(await sendBytes(bytes)).toContain('413')
  })
})

describe('malformed requests', () => {
  it.each([
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['a host that holds a path', 'GET / HTTP/1.1\r\nHost: a/admin?\r\nConnection: close\r\n\r\n'],
    ['a host that holds user information', 'GET / HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n'],
    ['a target that is no path', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['length and chunks at once', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['no HTTP at all', 'hello\r\n\r\n'],
  ])('refuses %s with 400', async (_what, bytes) => {
    expect(await sendBytes(bytes)).toMatch(/^HTTP\/1\.1 400 /)
    expect(inner.received).toEqual([])
  }) // prettier-ignore

  it('takes the host of an absolute target', async () => {
    await sendBytes(
      'GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n',
    )
    expect(inner.received[0]?.url).toBe('http://b.example/x')
    expect(valuesOf(inner.received[0], 'host')).toEqual(['b.example'])
  })
})

describe('a Worker that is away', () => {
  it('waits, and sends a request of which nothing was sent', async () => {
    const closed = await takePort()
    closed.release()
    let tries = 0
    const other = await freePorts()
    const waiting = await openFront({
      name: 'port',
      port: other,
      upstream: {
        control: () => '{}',
        address: async () => {
          tries += 1
          return tries < 4 ? new URL(`http://127.0.0.1:${closed.port}`) : inner.upstream.address()
        },
      },
    })
    const answer = await fetch(`http://127.0.0.1:${other}/`, { method: 'POST', body: 'once' })
    expect(answer.status).toBe(200)
    expect(inner.received.map(({ body }) => body)).toEqual(['once'])
    await waiting.close()
  })

  it('never sends a request again that may have arrived', async () => {
    let arrived = 0
    inner.answer = (request) => {
      arrived += 1
      request.socket.destroy()
    }
    const answer = await send({ method: 'POST', headers: ['Content-Length', '2'], body: 'ok' })
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBeDefined()
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'temporarily_unavailable' })
    expect(arrived).toBe(1)
  })

  it('answers 503 when it does not come back', async () => {
    const other = await freePorts()
    const alone = await openFront({
      name: 'port',
      port: other,
      upstream: { control: () => '{}', address: async () => undefined },
    })
    expect((await fetch(`http://127.0.0.1:${other}/`)).status).toBe(503)
    await alone.close()
  })
})

it('names the option of a port that is taken', async () => {
  const taken = await takePort()
  await expect(
    openFront({ name: 'api-port', port: taken.port, upstream: inner.upstream }),
  ).rejects.toThrow(`Port ${taken.port} (--api-port) is already in use.`)
  taken.release()
})
