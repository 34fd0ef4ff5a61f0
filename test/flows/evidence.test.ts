import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { readTokenId } from '../../src/handles.ts'
import { newClient, openAdmin } from '../support/admin.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { send } from '../support/http.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { refusal } from '../support/refusal.ts'
import { pushSigned } from '../support/request-objects.ts'
import { control, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

const root = join(import.meta.dirname, '..', '..')
const ada = { username: 'ada', password: 'ada has a long password' }
const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-evidence-'))
const key = await makeDpopKey()

let runtime: Runtime
let server: Server
let fixture: ClientFixture

beforeAll(async () => {
  runtime = await startRuntime({
    args: ['--no-demo', '--anchor'],
    config: {
      issuer: {
        profile: 'fapi2-message-signing',
        authentication: { factors: 1 },
        evidence: { anchor_every: 600 },
      },
      users: [{ ...ada, sub: 'sub-ada' }],
    },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  const made = await newClient()
  fixture = made.fixture
  const admin = await openAdmin(server)
  const put = await admin.request('PUT', `/clients/${fixture.clientId}`, made.metadata)
  expect(put.status, put.text).toBe(201)
})

afterEach(() => moveClock(0, server))

afterAll(async () => {
  await runtime.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Ran = { readonly status: number; readonly out: string; readonly err: string }

const runIn = (file: string, args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(file, args, { cwd: root, maxBuffer: 64 << 20 }, (error, out, err) => {
      const code = error?.code
      resolve({ status: error === null ? 0 : typeof code === 'number' ? code : -1, out, err })
    })
  })

/** The command line as an operator of this server types it. */
const fapi = (...words: readonly string[]): Promise<Ran> =>
  runIn(process.execPath, [join(root, 'cli', 'fapi.ts'), ...words, '--state', runtime.state])

/** Somebody else's machine: no state folder, no key, and the issuer named nowhere. */
const stranger = (...words: readonly string[]): Promise<Ran> =>
  runIn(process.execPath, [join(root, 'cli', 'fapi.ts'), ...words, '--state', join(folder, 'none')])

/** A signed request, approved: the code has not been redeemed yet. */
async function approved(claims: Readonly<Record<string, unknown>> = {}) {
  const client = testClient(fixture, server)
  const pushed = await pushSigned(client, server.issuer, {
    claims: { state: 'a state', ...claims },
    post: { key },
  })
  expect(pushed.answer.status, pushed.answer.text).toBe(201)
  const callback = await client.approve(pushed.requestUri, ada)
  const response = callback.searchParams.get('response') ?? ''
  const given = { code: String(decodeJwt(response)['code']), verifier: pushed.verifier }
  return { client, response, given }
}

async function granted() {
  const { client, response, given } = await approved()
  const tokens = await client.redeem(given, { key })
  expect(tokens.answer.status, tokens.answer.text).toBe(200)
  const grant = readTokenId(String(tokens.claims['jti']))?.objectId ?? ''
  return { client, response, tokens, grant }
}

type Exported = {
  readonly entries: readonly { readonly kind: string; readonly body: Record<string, unknown> }[]
  readonly apart: Readonly<Record<string, { readonly item: unknown }>>
  readonly withheld: Readonly<Record<string, string>>
  readonly attestations: readonly { readonly n: number; readonly jws: string }[]
  readonly anchored: readonly { readonly n: number; readonly where: readonly string[] }[]
  readonly head: { readonly n: number; readonly jws: string }
}

async function exported(grant: string, name: string): Promise<{ path: string; file: Exported }> {
  const path = join(folder, name)
  const { status, out, err } = await fapi('evidence', 'export', grant)
  expect(status, err).toBe(0)
  writeFileSync(path, out)
  return { path, file: JSON.parse(out) as Exported }
}

describe('the evidence of a grant', () => {
  it('is exported, and verifies where nothing is known of the server', async () => {
    const { client, response, tokens, grant } = await granted()
    const again = await client.refresh(tokens.refreshToken, { key })
    expect(again.answer.status).toBe(200)
    const { path, file } = await exported(grant, 'whole.json')
    expect(file.entries.map(({ kind }) => kind)).toEqual([
      'request', 'authentication', 'consent', 'answer', 'response', 'token', 'token',
    ]) // prettier-ignore
    expect(file.apart['4/response']?.item).toBe(response)
    expect(file.entries.slice(5).map(({ body }) => body['jti'])).toEqual([
      tokens.claims['jti'],
      again.claims['jti'],
    ])
    const { status, out, err } = await stranger('evidence', 'verify', path)
    expect(status, err).toBe(0)
    expect(out).toMatch(/^0 +request +\S+ +signed by client +not anchored/m)
    expect(out.match(/asserted by the server/g)).toHaveLength(6)
    expect(out).toMatch(/Entry 4: Signed with the key \S+ of the issuer/)
    expect(out).toContain("The issuer's keys are the word of this file")
  })

  it('is compared with the keys the issuer publishes', async () => {
    const { grant } = await granted()
    const { path } = await exported(grant, 'keys.json')
    const keys = join(folder, 'issuer-keys')
    rmSync(keys, { recursive: true, force: true })
    const sets = await Promise.all(
      ['/jwks', '/evidence/jwks'].map((where) => send(`${server.issuer}${where}`)),
    )
    const merged = sets.flatMap(({ text }) => (JSON.parse(text) as { keys: unknown[] }).keys)
    writeFileSync(keys, JSON.stringify({ keys: merged }))
    const { status, out, err } = await stranger('evidence', 'verify', path, '--issuer-keys', keys)
    expect(status, err).toBe(0)
    expect(out).toMatch(/Keys given confirm: \S+, \S+\./)
    expect(out).not.toContain('word of this file')
  })

  it('is exported by the command of the documentation, into a file', async () => {
    const { grant } = await granted()
    const path = join(folder, 'npm.json')
    const command = `npm run fapi -- evidence export ${grant} --state '${runtime.state}' > '${path}'`
    expect((await runIn('/bin/sh', ['-c', command])).status).toBe(0)
    const { status, err } = await stranger('evidence', 'verify', path)
    expect(status, err).toBe(0)
  })

  it('fails loudly once one byte was changed', async () => {
    const { grant } = await granted()
    const { path, file } = await exported(grant, 'sound.json')
    const text = readFileSync(path, 'utf8')
    const jws = String(file.apart['4/response']?.item)
    const changes: readonly (readonly [string, string, RegExp])[] = [
      [String(file.entries[5]?.body['exp']), '9999999999', /entries\[5\]|head\.head/],
      [jws, jws.slice(0, -1), /apart\["4\/response"\]: /],
      ['"by": "code"', '"by": "cope"', /head\.head/],
      [`"n": ${file.head.n},`, `"n": ${file.head.n + 1},`, /n: |head/],
    ]
    for (const [from, to, where] of changes) {
      const spoiled = join(folder, 'spoiled.json')
      const at = text.lastIndexOf(from)
      writeFileSync(spoiled, text.slice(0, at) + to + text.slice(at + from.length))
      const { status, out, err } = await stranger('evidence', 'verify', spoiled)
      expect(status).toBe(1)
      expect(out).toBe('')
      expect(err).toMatch(/NOT SOUND/)
      expect(err).toMatch(where)
    }
  })

  it('never carries a code that could still be redeemed', async () => {
    const { client, response, given } = await approved()
    const handle = grantOf(given.code)
    const { path, file } = await exported(handle, 'live.json')
    expect(readFileSync(path, 'utf8')).not.toContain(given.code)
    expect(readFileSync(path, 'utf8')).not.toContain(response)
    expect(Object.keys(file.withheld)).toEqual(['4/response'])
    const live = await stranger('evidence', 'verify', path)
    expect(live.status, live.err).toBe(0)
    expect(live.out).toMatch(/Entry 4: Withheld until \S+: its code could still be used\./)
    expect((await client.redeem(given, { key })).answer.status).toBe(200)
    const { file: after } = await exported(handle, 'redeemed.json')
    expect(after.withheld).toEqual({})
    expect(after.apart['4/response']?.item).toBe(response)
  })

  it('loses what it knows of the person when that is erased, and still verifies', async () => {
    const { grant } = await granted()
    const before = await exported(grant, 'before.json')
    expect(readFileSync(before.path, 'utf8')).toContain('sub-ada')
    const erased = await fapi('evidence', 'erase', grant, '--yes')
    expect(erased.status, erased.err).toBe(0)
    const { path, file } = await exported(grant, 'erased.json')
    expect(file.apart).toEqual({})
    expect(readFileSync(path, 'utf8')).not.toContain('sub-ada')
    expect(file.entries.at(-1)).toMatchObject({ kind: 'erasure', body: { by: 'operator' } })
    const { status, out, err } = await stranger('evidence', 'verify', path)
    expect(status, err).toBe(0)
    expect(out).toMatch(/^0 +request .* asserted by the server .*request: erased/m)
    expect(out).not.toContain('signed by client')
    const other = await stranger('evidence', 'verify', before.path)
    expect(other.status).toBe(0)
  })

  it('is attested when the grant is revoked', async () => {
    const { tokens, client, grant } = await granted()
    const admin = await openAdmin(server)
    expect((await admin.request('POST', `/grants/${grant}/revoke`)).status).toBe(200)
    expect(refusal((await client.refresh(tokens.refreshToken, { key })).answer)).toBe(
      '400 invalid_grant',
    )
    await control('/alarms', { class: 'Grant' }, server)
    const { path, file } = await exported(grant, 'revoked.json')
    expect(file.entries.at(-1)).toMatchObject({
      kind: 'revocation',
      body: { what: 'grant', by: 'operator' },
    })
    const [attested] = file.attestations
    expect(attested?.n).toBe(file.entries.length - 1)
    expect(decodeJwt(attested?.jws ?? '')).toMatchObject({ grant, reason: 'revocation' })
    expect((await stranger('evidence', 'verify', path)).status).toBe(0)
  })

  it('is anchored in bucket and queue, which show that nothing was written anew', async () => {
    const { client, tokens, grant } = await granted()
    await moveClock(601, server)
    await control('/alarms', { class: 'Grant' }, server)
    const lines = join(runtime.state, 'anchors.jsonl')
    const own = () =>
      existsSync(lines) && readFileSync(lines, 'utf8').includes(`"grant":"${grant}"`)
    await vi.waitFor(() => expect(own()).toBe(true), { timeout: 20_000 })
    const again = await client.refresh(tokens.refreshToken, { key })
    expect(again.answer.status, again.answer.text).toBe(200)
    // The command line signs by the clock of this machine.
    const answer = await (await openAdmin(server)).request('GET', `/grants/${grant}/evidence`)
    const file = answer.json as unknown as Exported
    const path = join(folder, 'anchored.json')
    writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`)
    expect(file.anchored).toMatchObject([{ n: 5, where: ['bucket', 'queue'] }])
    const bare = await stranger('evidence', 'verify', path)
    expect(bare.out).not.toMatch(/^\d.*(?:server|client) +anchored/m)
    expect(bare.out).toContain('The file says that entry 5 was anchored (bucket, queue)')
    const bucket = join(runtime.state, 'objects', 'r2', 'evidence-anchors', 'blobs')
    for (const place of [lines, bucket]) {
      const { status, out, err } = await stranger('evidence', 'verify', path, '--anchors', place)
      expect(status, err).toBe(0)
      expect(out).toMatch(/^5 +token .* server +anchored/m)
      expect(out).toMatch(/^6 +token .* server +not anchored/m)
    }
  })

  it('is nothing a client or a person may read, and nothing where there is no grant', async () => {
    const { tokens, grant } = await granted()
    const address = `${server.issuer}/admin/grants/${grant}/evidence`
    const authorization = [['authorization', `DPoP ${tokens.accessToken}`]] as const
    expect((await send(address)).status).toBe(401)
    expect((await send(address, { headers: authorization })).status).toBe(401)
    const admin = await openAdmin(server)
    const nobody = 'ab'.repeat(32)
    for (const id of [nobody, 'no-grant']) {
      expect((await admin.request('GET', `/grants/${id}/evidence`)).status).toBe(404)
      expect((await admin.request('POST', `/grants/${id}/evidence/erase`)).status).toBe(404)
    }
    const missing = await fapi('evidence', 'export', nobody)
    expect(missing.status).toBe(1)
    expect(missing.out).toBe('')
  })
})

/** The grant a code belongs to: its handle carries the id. */
function grantOf(code: string): string {
  return Buffer.from(code, 'base64url').subarray(1, 33).toString('hex')
}
