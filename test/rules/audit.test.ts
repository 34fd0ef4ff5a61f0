import { format } from 'prettier'
import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { openAudit } from '../../src/observe/audit.ts'
import { catalogue, commonFields } from '../../src/observe/catalogue.ts'
import type { EventName, Field } from '../../src/observe/catalogue.ts'
import { traceOf } from '../../src/observe/trace.ts'
import { auditSchema, problemWith } from '../support/audit.ts'

const names = Object.keys(catalogue) as readonly EventName[]

describe('the catalogue of events', () => {
  it('is what docs/audit.schema.json says', async () => {
    const text = await format(JSON.stringify(auditSchema()), { parser: 'json', printWidth: 100 })
    await expect(text).toMatchFileSnapshot('../../docs/audit.schema.json')
  })

  it('is what docs/events.md says: each event, when it comes and what it carries', () => {
    const document = readFileSync('docs/events.md', 'utf8')
    const cells = (line: string) => line.split('|').map((cell) => cell.trim())
    const rows = document.split('\n').filter((line) => line.startsWith('| `'))
    const told = new Map(
      rows.map(cells).map(([, name = '', second = '', third = '']) => [name, [second, third]]),
    )
    const shown = ({ optional, values, meaning }: Field, name: string) =>
      `\`${name}\`${optional === true ? '?' : ''}: ${meaning.replace(/\.$/, '')}` +
      (values === undefined ? '' : ` (${values.map((value) => `\`${value}\``).join(', ')})`)
    const list = (fields: Readonly<Record<string, Field>>) =>
      Object.entries(fields).map(([name, field]) => shown(field, name)).join('; ') // prettier-ignore
    for (const name of names) {
      const { when, fields } = catalogue[name]
      expect([name, told.get(`\`${name}\``)]).toEqual([name, [when, list(fields)]])
    }
    for (const [name, field] of Object.entries<Field>(commonFields)) {
      const optional = field.optional === true ? 'not always' : 'always'
      expect([name, told.get(`\`${name}\``)?.[0]]).toEqual([name, optional])
    }
    expect(told.size).toBe(names.length + Object.keys(commonFields).length)
  })

  it('has names of two parts, and no field that hides a common one', () => {
    for (const name of names) {
      expect(name).toMatch(/^[a-z_]+\.[a-z_]+$/)
      const fields = Object.keys(catalogue[name].fields)
      const common = Object.keys(commonFields).filter((field) => field !== 'client_id')
      expect(fields.filter((field) => common.includes(field))).toEqual([])
      for (const field of fields) expect(field).toMatch(/^[a-z_]+$/)
    }
  })

  it('takes no event, field or value it does not know', () => {
    const { log } = openAudit({ env: {}, waitUntil: () => undefined })
    const written = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    log('consent.denied', { client_id: 'app' })
    // @ts-expect-error -- no such event
    log('consent.forgotten', { client_id: 'app' })
    // @ts-expect-error -- no such field
    log('consent.denied', { client_id: 'app', token: 'x' })
    // @ts-expect-error -- a field is missing
    log('consent.denied', {})
    // @ts-expect-error -- no such value
    log('permission.ended', { account: 'a', grant: 'b', outcome: 'perhaps' })
    const [first, ...others] = written.mock.calls.map(
      ([line]) => JSON.parse(String(line)) as unknown,
    )
    written.mockRestore()
    expect(problemWith(first)).toBeUndefined()
    expect(others.map(problemWith).filter((problem) => problem === undefined)).toEqual([])
  })
})

describe('the trace of a record', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const span = '00f067aa0ba902b7'

  it.each([
    `00-${trace}-${span}-01`,
    `00-${trace}-${span}-00`,
    `cc-${trace}-${span}-01`,
    `cc-${trace}-${span}-01-what-the-future-is-like`,
  ])('is the one of the caller: %s', (header) => {
    expect(traceOf(header)).toEqual({ traceId: trace, spanId: span })
  })

  it.each([
    null,
    '',
    'garbage',
    `00-${trace}-${span}`,
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}-${span}-01\n`,
    `00-${trace}-${span}-01","event":"token.issued`,
    ` 00-${trace}-${span}-01`,
    `00-${trace.slice(1)}<-${span}-01`,
    `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  ])('is a random one when the header is %j', (header) => {
    const made = traceOf(header)
    expect(made.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(made.spanId).toMatch(/^[0-9a-f]{16}$/)
    expect([made.traceId, made.spanId]).not.toContain(trace)
    expect(traceOf(header)).not.toEqual(made)
  })
})

describe('the id of a request', () => {
  const idFor = (ray: string) =>
    openAudit({
      env: {},
      request: new Request('https://as.example', { headers: { 'cf-ray': ray } }),
      waitUntil: () => undefined,
    }).requestId

  it('is the platform’s, and nothing a caller made up', () => {
    expect(idFor('8f2d3b4c5d6e7f80-FRA')).toBe('8f2d3b4c5d6e7f80-FRA')
    for (const ray of ['x', '"},{', '8f2d3b4c5d6e7f80-FRA"', '8F2D3B4C5D6E7F80']) {
      expect(idFor(ray)).toMatch(/^[\w-]{12}$/)
      expect(idFor(ray)).not.toBe(ray)
    }
  })
})
