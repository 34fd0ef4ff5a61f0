import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, putClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { keySet, openKeyHost } from '../support/key-host.ts'
import type { KeyHost } from '../support/key-host.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { makeMessageKey } from '../support/signatures.ts'
import type { MessageKey } from '../support/signatures.ts'
import { callSigned } from '../support/signed-calls.ts'
import { makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { DpopKey, Server } from '../support/test-client.ts'

/*
 * The API learns clients' keys from the issuer alone. Here it trusts tokens until they expire, so that
 * nothing but the keys tells of a client that was disabled.
 */

let runtime: Runtime
let server: Server
let admin: Admin
let host: KeyHost
let key: DpopKey
let accounts = ''

beforeAll(async () => {
  host = await openKeyHost()
  runtime = await startRuntime({
    args: ['--no-demo', '--outbound-allow', host.origin, '--api-revocation', 'expiry'],
    config: { issuer: { lifetimes: { access_token: 60 } } },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
  key = await makeDpopKey()
  accounts = `${server.api}/accounts`
})

afterEach(async () => moveClock(0, server))

afterAll(async () => {
  await runtime.stop()
  await host.close()
})

const published = ({ publicJwk }: MessageKey) => ({ ...publicJwk, use: 'sig' })

const fixtureOf = (clientId: string, signer: MessageKey): ClientFixture => ({
  clientId,
  redirectUri: '',
  jwk: signer.jwk as unknown as NonNullable<ClientFixture['jwk']>,
  alg: 'ES256',
})

async function register(clientId: string, keys: object): Promise<void> {
  const method = { token_endpoint_auth_method: 'private_key_jwt' }
  const { status, text } = await putClient(admin, clientId, { ...method, ...keys })
  expect([200, 201], text).toContain(status)
}

/** A new token, signed for with `signer`; the request is signed with it too, or with another key. */
async function ask(clientId: string, signer: MessageKey, other = signer): Promise<number> {
  const fixture = fixtureOf(clientId, signer)
  const grant = { grant_type: 'client_credentials', scope: 'accounts' }
  const { accessToken, answer } = await testClient(fixture, server).token(grant, { key })
  expect(answer.status, answer.text).toBe(200)
  const call = { accessToken, key, on: server }
  return (await callSigned(accounts, fixture, call, { key: other.jwk })).answer.status
}

describe('a client whose keys are at its own address', () => {
  it('HS-RQ-01 signs with them, and with a new one as soon as it is asked for', async () => {
    const first = makeMessageKey('first')
    const second = makeMessageKey('second')
    host.serve('/keys', keySet(published(first)))
    await register('remote', { jwks_uri: `${host.origin}/keys` })
    expect(await ask('remote', first)).toBe(200)
    expect(await ask('remote', first, second), 'not published').toBe(401)
    host.serve('/keys', keySet(published(first), published(second)))
    // A client's address is asked once a minute at most, whoever brings unknown keys.
    await moveClock(70, server)
    const before = host.asked('/keys')
    expect(await ask('remote', first, second)).toBe(200)
    expect(host.asked('/keys')).toBe(before + 1)
    for (const nobody of ['a', 'b', 'c', 'd']) {
      expect(await ask('remote', first, makeMessageKey(nobody))).toBe(401)
    }
    expect(host.asked('/keys')).toBe(before + 1)
    expect(await ask('remote', first)).toBe(200)
  })
})

describe.each([
  { how: 'disabled', id: 'to-disable', method: 'POST', path: '/clients/to-disable/disable' },
  { how: 'deleted', id: 'to-delete', method: 'DELETE', path: '/clients/to-delete' },
])('a client that is $how', ({ id, method, path }) => {
  it('HS-RQ-01 has no keys any more within a minute', async () => {
    const signer = makeMessageKey('signer')
    await register(id, { jwks: { keys: [published(signer)] } })
    const fixture = fixtureOf(id, signer)
    const grant = { grant_type: 'client_credentials', scope: 'accounts' }
    const options = { key }
    const { accessToken } = await testClient(fixture, server).token(grant, options)
    const signed = async () =>
      (await callSigned(accounts, fixture, { accessToken, key, on: server })).answer
    expect((await signed()).status).toBe(200)
    const answer = await admin.request(method, path)
    expect(answer.status, answer.text).toBeLessThan(300)
    await moveClock(58, server)
    const known = await signed()
    // Trusted until then, since this API asks nobody about tokens.
    expect(known.status, known.text).toBe(200)
    const next = await callSigned(accounts, fixture, { accessToken, key, on: server }, {
      key: makeMessageKey('never-seen').jwk,
    }) // prettier-ignore
    expect(next.answer.json['error'], 'an unknown key makes the API ask again').toBe('invalid_signature') // prettier-ignore
    expect((await signed()).json['error'], 'and so it knows').toBe('invalid_signature')
  })
})
