import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { beforeAll, beforeEach, afterEach, describe, expect, it, vi } from 'vitest'
import { createServer } from '../../src/app.ts'
import type { Env } from '../../src/config.ts'
import { callFor } from '../../src/make-call.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import { assertion, bank, form } from '../objects/support/issuers.ts'
import { env } from '../objects/support/objects.ts'
import { makeParties, settle } from '../objects/support/flow.ts'
import type { Party } from '../objects/support/issuers.ts'

/* The production Worker with sinks that a test holds in its hands. */

type Message = { readonly body: unknown }
let logged: AuditRecord[]
let app: Party

beforeAll(async () => {
  const parties = await makeParties()
  app = parties.app
  await settle(bank, [app, parties.api])
})
beforeEach(() => {
  logged = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    logged.push(JSON.parse(line) as AuditRecord)
  })
})
afterEach(() => vi.restoreAllMocks())

/** Asks with these bindings, and waits for what the answer did not wait for. */
async function ask(sinks: Partial<Env>): Promise<Response> {
  const fields = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion(app, bank),
    token: 'unknown',
  }
  const { headers, body } = form(fields)
  const request = new Request(`${bank.url}/introspect`, {
    method: 'POST',
    headers: headers ?? {},
    body: body ?? '',
  })
  const context = createExecutionContext()
  const response = await createServer().fetch(request, { ...env, ...sinks }, context)
  await waitOnExecutionContext(context)
  return response
}

const events = () => logged.map(({ event }) => event)

describe('the sinks of the audit stream', () => {
  it('get what was logged: one batch for the request, one data point for each record', async () => {
    const batches: Message[][] = []
    const points: AnalyticsEngineDataPoint[] = []
    await ask({
      AUDIT_QUEUE: {
        sendBatch: async (messages) => {
          batches.push([...messages])
          return { metadata: { metrics: {} } } as never
        },
      },
      AUDIT_DATASET: {
        writeDataPoint: (point) => {
          if (point !== undefined) points.push(point)
        },
      },
    })
    expect(events()).toEqual(['request.refused'])
    expect(batches.map((batch) => batch.map(({ body }) => body))).toEqual([logged])
    const [record] = logged
    if (record === undefined) throw new Error('a record is expected')
    const { code, description } = record
    expect(points).toEqual([
      {
        indexes: ['bank'],
        blobs: [
          'request.refused', 'WARN', record.request_id, record.trace_id, record.span_id, '/introspect', app.clientId,
          JSON.stringify({ code, description }),
        ],
        doubles: [Date.parse(record.time), 13],
      },
    ]) // prettier-ignore
  })

  it.each([
    ['a queue that refuses', { AUDIT_QUEUE: { sendBatch: () => Promise.reject(new Error('full')) } }, 'queue'],
    ['a queue that throws', { AUDIT_QUEUE: { sendBatch: () => { throw new Error('gone') } } }, 'queue'],
    ['a dataset that throws', { AUDIT_DATASET: { writeDataPoint: () => { throw new Error('gone') } } }, 'dataset'],
  ] as const)('harm nobody: %s', async (_, sinks, sink) => {
    const plain = await ask({})
    const answer = await ask(sinks as Partial<Env>)
    expect([answer.status, await answer.text()]).toEqual([plain.status, await plain.text()])
    expect(events()).toEqual(['request.refused', 'request.refused', 'audit.failed'])
    expect(logged.at(-1)).toMatchObject({ sink, records: 1, severity_text: 'ERROR' })
  }) // prettier-ignore

  it('are not waited for: a queue that never answers does not hold the answer', async () => {
    const never = { sendBatch: () => new Promise<never>(() => undefined) }
    const { headers, body } = form({ token: 'x' })
    const request = new Request(`${bank.url}/introspect`, {
      method: 'POST',
      headers: headers ?? {},
      body: body ?? '',
    })
    const context = createExecutionContext()
    const bindings = { ...env, AUDIT_QUEUE: never }
    const response = await createServer().fetch(request, bindings, context)
    expect([response.status, events()]).toEqual([401, ['client.refused']])
  })

  it('get what an object records without a request, each turn together', async () => {
    const batches: Message[][] = []
    const sendBatch = async (messages: Iterable<Message>) => {
      batches.push([...messages])
      return {} as never
    }
    const works: Promise<unknown>[] = []
    const bindings = { ...env, AUDIT_QUEUE: { sendBatch } } as Env
    const call = callFor(bindings, 'bank', {}, (work) => works.push(work))
    call.log('logout.told', { client_id: 'app', status: 200 })
    call.log('logout.failed', { client_id: 'api', reason: 'x' })
    await Promise.all(works)
    call.log('logout.given_up', { clients: 'api' })
    await Promise.all(works)
    expect(batches.map((batch) => batch.length)).toEqual([2, 1])
    expect(batches.flat().map(({ body }) => body)).toEqual(logged)
  })
})
