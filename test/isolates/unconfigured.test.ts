import { createExecutionContext, listDurableObjectIds } from 'cloudflare:test'
import { expect, it, vi } from 'vitest'
import worker from '../../src/index.ts'
import type { Env } from '../../src/config.ts'
import { env } from '../objects/support/objects.ts'

// The first request of this file meets no setting at all, as a forgetful deployment does.
const cases: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['no MASTER_SECRET', { MASTER_SECRET: undefined }],
  ['no SETTINGS', { SETTINGS: undefined }],
  ['neither', { SETTINGS: undefined, MASTER_SECRET: undefined }],
  ['an empty MASTER_SECRET', { MASTER_SECRET: '' }],
  ['a short MASTER_SECRET', { MASTER_SECRET: 't1:c2hvcnQ' }],
  ['a MASTER_SECRET without id', { MASTER_SECRET: 'A'.repeat(43) }],
  ['a MASTER_SECRET that is no text', { MASTER_SECRET: 7 }],
  ['SETTINGS that are no JSON', { SETTINGS: '{"issuers":[' }],
  ['SETTINGS without issuers', { SETTINGS: { issuers: [] } }],
  ['SETTINGS with an unknown profile', {
    SETTINGS: { issuers: [{ id: 'bank', issuer: 'https://as.example', profile: 'secret-profile' }] },
  }],
  ['SETTINGS with an http issuer', {
    SETTINGS: { issuers: [{ id: 'bank', issuer: 'http://as.example', profile: 'fapi2-security' }] },
  }],
] // prettier-ignore

const ask = (changes: Readonly<Record<string, unknown>>, url: string) =>
  worker.fetch(new Request(url), { ...env, ...changes } as Env, createExecutionContext())

it.each(cases)('answers 500 without a detail when the deployment has %s', async (_, changes) => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  for (const path of ['/.well-known/oauth-authorization-server', '/jwks', '/authorize', '/token']) {
    const response = await ask(changes, `https://as.example${path}`)
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({
      error: 'server_error',
      error_description: 'The server is not configured',
    })
  }
  const lines = log.mock.calls.map(([line]) => String(line))
  log.mockRestore()
  expect(lines.every((line) => line.includes('"event":"start.refused"'))).toBe(true)
  expect(lines.join()).not.toContain('c2hvcnQ')
  expect(await listDurableObjectIds(env.KEY_RING)).toEqual([])
})

it('answers as soon as the deployment is configured', async () => {
  const response = await ask({}, 'https://as.example/.well-known/oauth-authorization-server')
  expect(response.status).toBe(200)
})
