import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CompactEncrypt, decodeJwt, importJWK } from 'jose'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { storageCost } from '../support/attack.ts'
import { send } from '../support/http.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { requestObject } from '../support/request-objects.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import type { Server, TestClient } from '../support/test-client.ts'

let runtime: Runtime
let server: Server
let admin: Admin
let client: TestClient
const key = await makeDpopKey()
const person = { username: 'ada', password: 'ada has a long password' }

beforeAll(async () => {
  runtime = await startRuntime({
    args: ['--no-demo'],
    config: {
      issuer: {
        authentication: { factors: 1 },
        decryption_algs: ['ECDH-ES', 'RSA-OAEP-256'],
      },
      users: [{ ...person, sub: 'sub-ada' }],
    },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
  client = testClient((await registerClient(admin)).fixture, server)
})

afterAll(async () => runtime.stop())

/** The issuer's published key for an algorithm. */
async function publishedKey(alg: string): Promise<JWK> {
  const { keys } = (await send(`${server.issuer}/jwks`)).json as { readonly keys: readonly JWK[] }
  const found = keys.find((jwk) => jwk.use === 'enc' && jwk.alg === alg)
  if (found === undefined) throw new Error(`no key for ${alg}`)
  return found
}

async function encrypt(
  inside: string,
  options: { readonly alg?: string; readonly enc?: string; readonly kid?: string | undefined; readonly jwk?: JWK } = {},
): Promise<string> {
  const { alg = 'ECDH-ES', enc = 'A256GCM' } = options
  const jwk = options.jwk ?? (await publishedKey(alg))
  const kid = 'kid' in options ? options.kid : jwk.kid
  const header = { alg, enc, cty: 'JWT', ...(kid === undefined ? {} : { kid }) }
  return new CompactEncrypt(new TextEncoder().encode(inside))
    .setProtectedHeader(header)
    .encrypt(await importJWK({ ...jwk, alg }, alg))
} // prettier-ignore

const push = (request: string, by = client) => by.post('/par', { request }, { key })

async function expectRefused(request: string, by = client): Promise<void> {
  const answer = await push(request, by)
  expect(refusal(answer)).toBe('400 invalid_request_object')
  expect(storageCost(answer).rows).toBe(0)
}

describe('an encrypted request object', () => {
  it.each(['ECDH-ES', 'RSA-OAEP-256'])(
    'MS-JAR-14 RFC 9101 6.1 is opened with the key published for %s, and goes all the way',
    async (alg) => {
      const verifier = 'v'.repeat(43)
      const request = await requestObject(client, server.issuer, { verifier })
      for (const kid of [(await publishedKey(alg)).kid, undefined]) {
        const answer = await push(await encrypt(request, { alg, kid }))
        expect(answer.status, answer.text).toBe(201)
        const callback = await client.approve(String(answer.json['request_uri']), person)
        const response = decodeJwt(callback.searchParams.get('response') ?? '')
        const given = { code: String(response['code']), verifier }
        expect((await client.redeem(given, { key })).answer.status).toBe(200)
      }
    },
  )

  it('MS-JAR-14 is signed inside: encryption proves nobody', async () => {
    const claims = decodeJwt(await requestObject(client, server.issuer))
    await expectRefused(await encrypt(JSON.stringify(claims)))
    const header = Buffer.from('{"alg":"none"}').toString('base64url')
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
    await expectRefused(await encrypt(`${header}.${payload}.`))
    const stranger = (await registerClient(admin)).fixture
    const forged = await requestObject(client, server.issuer, { signer: stranger })
    await expectRefused(await encrypt(forged))
    expect((await push(await encrypt(await requestObject(client, server.issuer)))).status).toBe(201)
  })

  it('MS-JAR-14 is refused in one way, whatever keeps it closed', async () => {
    const inside = await requestObject(client, server.issuer)
    const good = await encrypt(inside)
    const parts = good.split('.')
    const at = (index: number, text: string) => parts.map((part, i) => (i === index ? text : part)).join('.') // prettier-ignore
    const rsa = await publishedKey('RSA-OAEP-256')
    const own = (await makeDpopKey()).publicJwk
    const closed = [
      at(4, 'AAAAAAAAAAAAAAAAAAAAAA'), at(3, ''), at(2, 'AAAA'), at(0, 'e30'), at(0, ''), '....',
      await encrypt(inside, { jwk: own, kid: (await publishedKey('ECDH-ES')).kid }),
      await encrypt(inside, { kid: 'unknown' }),
      await encrypt(inside, { enc: 'A128GCM' }), await encrypt(inside, { enc: 'A256CBC-HS512' }),
      await encrypt(inside, { alg: 'RSA-OAEP', jwk: rsa }),
    ] // prettier-ignore
    const told = await Promise.all(
      closed.map(async (jwe) => {
        const answer = await push(jwe)
        expect(refusal(answer)).toBe('400 invalid_request_object')
        return answer.json['error_description']
      }),
    )
    expect(new Set(told)).toEqual(new Set(['The request object cannot be decrypted']))
  })

  it('RFC 9101 10.5 uses the registered algorithm where there is one', async () => {
    const wanted = { request_object_encryption_alg: 'RSA-OAEP-256', request_object_encryption_enc: 'A256GCM' } // prettier-ignore
    const strict = testClient((await registerClient(admin, wanted)).fixture, server)
    const inside = await requestObject(strict, server.issuer)
    await expectRefused(await encrypt(inside, { alg: 'ECDH-ES' }), strict)
    expect((await push(await encrypt(inside, { alg: 'RSA-OAEP-256' }), strict)).status).toBe(201)
  })

  it('MS-JAR-14 costs an unencrypted one nothing, and is of bounded size', async () => {
    const text = 'x'.repeat(60_000)
    const answer = await push(`${text.slice(0, 50_000)}.a.a.a.a`)
    expect(refusal(answer)).toBe('413 payload_too_large')
    const plain = await push(await requestObject(client, server.issuer))
    expect(plain.status).toBe(201)
    expect(storageCost(plain).calls).toBe(3)
  })
})
