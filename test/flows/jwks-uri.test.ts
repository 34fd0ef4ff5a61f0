import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Admin } from '../support/admin.ts'
import { openAdmin, putClient } from '../support/admin.ts'
import { createCa, createSelfSigned, credentialOf, openCa, serverAuth } from '../support/certificates.ts' // prettier-ignore
import type { TestCa } from '../support/certificates.ts'
import type { PrivateJwk } from '../support/fixtures.ts'
import { form, send } from '../support/http.ts'
import type { Credential } from '../support/http.ts'
import { keySet, openKeyHost, text } from '../support/key-host.ts'
import type { Answering, KeyHost } from '../support/key-host.ts'
import { freePorts, startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { DpopKey, RequestOptions, Server } from '../support/test-client.ts'

let runtime: Runtime
let server: Server
let admin: Admin
let host: KeyHost
let proofKey: DpopKey
let securePorts: readonly number[]

beforeAll(async () => {
  host = await openKeyHost()
  securePorts = await freePorts(3)
  const secure = securePorts.map((port) => `https://127.0.0.1:${port}`)
  const args = ['--outbound-allow', [host.origin, ...secure].join(','), '--no-demo']
  runtime = await startRuntime({ args })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
  proofKey = await makeDpopKey()
})

afterEach(async () => moveClock(0, server))

afterAll(async () => {
  await runtime.stop()
  await host.close()
})

type Signer = { readonly jwk: PrivateJwk; readonly publicJwk: object }

async function makeSigner(kid: string): Promise<Signer> {
  const { jwk, publicJwk } = await makeDpopKey()
  return { jwk: { ...jwk, kid }, publicJwk: { ...publicJwk, kid, alg: 'ES256', use: 'sig' } }
}

let count = 0

/** Registers a client whose keys are at an address of its own; nothing is fetched yet. */
async function register(
  base = host.origin,
): Promise<{ readonly id: string; readonly path: string }> {
  count += 1
  const id = `remote-${count}`
  const path = `/keys/${id}`
  const metadata = {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: `${base}${path}`,
  }
  const { status, json: body } = await putClient(admin, id, metadata)
  expect(status, JSON.stringify(body)).toBe(201)
  return { id, path }
}

/** The status of a token request that this key signed. */
async function ask(id: string, { jwk }: Signer, options: RequestOptions = {}): Promise<number> {
  const client = testClient({ clientId: id, redirectUri: '', jwk, alg: 'ES256' }, server)
  const grant = { grant_type: 'client_credentials' }
  const { answer } = await client.token(grant, { key: proofKey, ...options })
  if (answer.status !== 200) {
    expect(answer.json['error']).toBe('invalid_client')
    expect(answer.json['error_description']).toBe('Client authentication failed')
  }
  return answer.status
}

describe('keys at an address of the client', () => {
  it('SP-AS-06 are fetched at the first assertion, and used from memory then', async () => {
    const signer = await makeSigner('a')
    const { id, path } = await register()
    host.serve(path, keySet(signer.publicJwk))
    expect(host.asked(path)).toBe(0)
    for (let i = 0; i < 3; i += 1) expect(await ask(id, signer)).toBe(200)
    expect(host.asked(path)).toBe(1)
    await moveClock(200, server)
    expect(await ask(id, signer)).toBe(200)
    expect(host.asked(path)).toBe(1)
  })

  it('SP-AS-06 are fetched again for an unknown kid, at most once a minute', async () => {
    const [old, next] = [await makeSigner('old'), await makeSigner('next')]
    const { id, path } = await register()
    host.serve(path, keySet(old.publicJwk))
    expect(await ask(id, old)).toBe(200)
    host.serve(path, keySet(next.publicJwk))
    for (let i = 0; i < 3; i += 1) expect(await ask(id, next)).toBe(401)
    expect(host.asked(path)).toBe(1)
    await moveClock(61, server)
    expect(await ask(id, next)).toBe(200)
    expect(host.asked(path)).toBe(2)
    expect(await ask(id, old)).toBe(401)
    expect(await ask(id, next)).toBe(200)
    expect(host.asked(path)).toBe(2)
  })

  it('SP-AS-06 are fetched once for fifty unknown kids at once', async () => {
    const signer = await makeSigner('known')
    const { id, path } = await register()
    host.serve(path, keySet(signer.publicJwk))
    expect(await ask(id, signer)).toBe(200)
    await moveClock(61, server)
    const strangers = Array.from({ length: 50 }, (_, i) => ({
      ...signer,
      jwk: { ...signer.jwk, kid: `unknown-${i}` },
    }))
    const statuses = await Promise.all(strangers.map((stranger) => ask(id, stranger)))
    expect(new Set(statuses)).toEqual(new Set([401]))
    expect(host.asked(path)).toBe(2)
    expect(await ask(id, signer)).toBe(200)
  })

  it('SP-AS-06 end within five minutes of their removal', async () => {
    const [removed, kept] = [await makeSigner('removed'), await makeSigner('kept')]
    const { id, path } = await register()
    host.serve(path, keySet(removed.publicJwk, kept.publicJwk))
    expect(await ask(id, removed)).toBe(200)
    host.serve(path, keySet(kept.publicJwk))
    await moveClock(301, server)
    expect(await ask(id, removed)).toBe(401)
    expect(await ask(id, kept)).toBe(200)
  })

  it('SP-AS-06 outlive a short failure of their address, and not a long one', async () => {
    const signer = await makeSigner('a')
    const { id, path } = await register()
    host.serve(path, keySet(signer.publicJwk))
    expect(await ask(id, signer)).toBe(200)
    host.serve(path, text('', 500))
    for (const moment of [301, 400, 500, 590]) {
      await moveClock(moment, server)
      expect([moment, await ask(id, signer)]).toEqual([moment, 200])
    }
    for (const moment of [601, 700, 1_000]) {
      await moveClock(moment, server)
      expect([moment, await ask(id, signer)]).toEqual([moment, 401])
    }
    host.serve(path, keySet(signer.publicJwk))
    await moveClock(1_100, server)
    expect(await ask(id, signer)).toBe(200)
  })

  it('MTLS-05 may be those of a certificate, and rotate', async () => {
    const [old, next] = [await createSelfSigned(), await createSelfSigned()]
    const id = 'remote-certificate'
    const path = '/keys/certificate'
    await putClient(admin, id, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks_uri: `${host.origin}${path}`,
    })
    host.serve(path, keySet(old.jwk))
    const present = async (credential: Credential) => {
      const { status } = await send(`${server.mtls}/token`, {
        method: 'POST',
        headers: [['content-type', 'application/x-www-form-urlencoded']],
        body: form({ grant_type: 'client_credentials', client_id: id }),
        ca: server.ca,
        credential,
      })
      return status
    }
    expect(await present(credentialOf(old))).toBe(200)
    host.serve(path, keySet(next.jwk))
    expect(await present(credentialOf(next))).toBe(401)
    await moveClock(61, server)
    expect(await present(credentialOf(next))).toBe(200)
    expect(await present(credentialOf(old))).toBe(401)
    expect(host.asked(path)).toBe(2)
  })
})

describe('an address that answers strangely', () => {
  const padded = (keys: object, length: number) => JSON.stringify(keys).padEnd(length, ' ')
  const answers: Readonly<Record<string, (signer: Signer) => Answering>> = {
    'status 404': (signer) => text(JSON.stringify({ keys: [signer.publicJwk] }), 404),
    'status 500': (signer) => text(JSON.stringify({ keys: [signer.publicJwk] }), 500),
    'status 204': () => text('', 204),
    'malformed JSON': (signer) => text(`{"keys":[${JSON.stringify(signer.publicJwk)}`),
    'a list of keys': (signer) => text(JSON.stringify([signer.publicJwk])),
    'an empty key set': () => keySet(),
    'private keys': (signer) => keySet(signer.jwk),
    'a key beside a private one': (signer) => keySet(signer.publicJwk, signer.jwk),
    'a symmetric key': (signer) => keySet(signer.publicJwk, { kty: 'oct', k: 'c2VjcmV0' }),
    'more than 64 KiB': (signer) => text(padded({ keys: [signer.publicJwk] }, 64 * 1024 + 1)),
    'an endless body': (signer) => (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const pour = (): void => {
        if (response.destroyed) return
        if (response.write(padded({ keys: [signer.publicJwk] }, 16_384))) setImmediate(pour)
        else response.once('drain', pour)
      }
      pour()
    },
    'no UTF-8': (signer) => (response) => {
      const body = Buffer.from(JSON.stringify({ keys: [{ ...signer.publicJwk, x_note: 'é' }] }))
      response.end(Buffer.concat([body.subarray(0, -6), Buffer.from([0xff]), body.subarray(-5)]))
    },
    'a cut connection': () => (response) => response.destroy(),
    'no answer at all': () => () => undefined,
  }
  for (const [what, make] of Object.entries(answers)) {
    it(`SP-AS-06 with ${what} proves no client, is not asked again for a minute, and may recover`, async () => {
      const signer = await makeSigner('a')
      const { id, path } = await register()
      host.serve(path, make(signer))
      expect(await ask(id, signer)).toBe(401)
      host.serve(path, keySet(signer.publicJwk))
      expect(await ask(id, signer)).toBe(401)
      expect(host.asked(path)).toBe(1)
      await moveClock(61, server)
      expect(await ask(id, signer)).toBe(200)
      expect(host.asked(path)).toBe(2)
    })
  }

  it('SP-AS-06 with exactly 64 KiB is read', async () => {
    const signer = await makeSigner('a')
    const { id, path } = await register()
    host.serve(path, text(padded({ keys: [signer.publicJwk] }, 64 * 1024)))
    expect(await ask(id, signer)).toBe(200)
  })

  for (const status of [301, 302, 303, 307, 308]) {
    it(`SP-AS-06 with a redirect (${status}) is not followed`, async () => {
      const signer = await makeSigner('a')
      const { id, path } = await register()
      const target = `${path}/elsewhere`
      host.serve(target, keySet(signer.publicJwk))
      host.serve(path, text('', status, { location: `${host.origin}${target}` }))
      expect(await ask(id, signer)).toBe(401)
      expect([host.asked(path), host.asked(target)]).toEqual([1, 0])
    })
  }
})

describe('an address over https', () => {
  const open = async (
    ca: TestCa,
    port: number,
    ip: string,
    run: (at: KeyHost) => Promise<void>,
  ) => {
    const certificate = await ca.issue({ ip: [ip], extendedKeyUsage: [serverAuth] })
    const at = await openKeyHost(credentialOf(certificate), port)
    await run(at).finally(at.close)
  }
  const localCa = () => {
    const read = (name: string) => readFileSync(join(runtime.state, 'tls', name), 'utf8')
    return openCa({ cert: read('ca.pem'), key: read('ca.key.pem') })
  }
  const askAt = async (at: KeyHost) => {
    const signer = await makeSigner('a')
    const { id, path } = await register(at.origin)
    at.serve(path, keySet(signer.publicJwk))
    return { status: await ask(id, signer), asked: at.asked(path) }
  }

  it('SP-TLS-05 is fetched when its certificate is of a trusted authority and its own', async () => {
    await open(await localCa(), securePorts[0] ?? 0, '127.0.0.1', async (at) => {
      expect(await askAt(at)).toEqual({ status: 200, asked: 1 })
    })
  })

  it('SP-TLS-05 is refused when its certificate is of an unknown authority', async () => {
    await open(await createCa(), securePorts[1] ?? 0, '127.0.0.1', async (at) => {
      expect(await askAt(at)).toEqual({ status: 401, asked: 0 })
    })
  })

  it('SP-TLS-05 is refused when its certificate names another host', async () => {
    await open(await localCa(), securePorts[2] ?? 0, '127.0.0.2', async (at) => {
      expect(await askAt(at)).toEqual({ status: 401, asked: 0 })
    })
  })
})

describe('registration of an address', () => {
  const refused: readonly string[] = [
    'http://keys.example/jwks',
    'ftp://keys.example/jwks',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://127.0.0.1/jwks',
    'https://2130706433/jwks',
    'https://0x7f.1/jwks',
    'https://[::1]/jwks',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/jwks',
    'https://LOCALHOST/jwks',
    'https://localhost./jwks',
    'https://keys.localhost/jwks',
    'https://keys/jwks',
    'https://keys.example:8443/jwks',
    'https://user:password@keys.example/jwks',
    'https://user@keys.example/jwks',
    'https://metadata.google.internal/jwks',
    'https://keys.internal/jwks',
    'https://keys.internal./jwks',
    'https://keys.local/jwks',
    'https://keys.localdomain/jwks',
    'https://keys.home.arpa/jwks',
    'https://keys.example/jwks#fragment',
    'keys.example/jwks',
    'https://',
  ]
  for (const uri of refused) {
    it(`SP-TLS-01 refuses ${uri}`, async () => {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri }
      const { status, json: body } = await putClient(admin, 'remote-refused', metadata)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: 'invalid_client_metadata' })
      expect((await admin.request('GET', '/clients/remote-refused')).status).toBe(404)
    })
  }

  it('SP-TLS-01 refuses the server’s own addresses', async () => {
    for (const origin of [server.issuer, server.mtls]) {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${origin}/jwks` }
      const { status, json: body } = await putClient(admin, 'remote-refused', metadata)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: 'invalid_client_metadata' })
    }
  })

  it('SP-TLS-01 refuses a local origin that is not exactly the allowed one', async () => {
    const allowed = new URL(host.origin)
    const near = [
      `http://localhost:${allowed.port}/keys`,
      `https://127.0.0.1:${allowed.port}/keys`,
      `http://127.0.0.1:${Number(allowed.port) + 1}/keys`,
      `http://127.0.0.1:${allowed.port}@keys.example/keys`,
    ]
    for (const uri of near) {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri }
      expect((await putClient(admin, 'remote-refused', metadata)).status).toBe(400)
    }
  })

  it('SP-AS-06 refuses keys beside an address of keys, and neither', async () => {
    const { publicJwk } = await makeSigner('a')
    const both = { jwks: { keys: [publicJwk] }, jwks_uri: 'https://keys.example/jwks' }
    for (const keys of [both, {}]) {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', ...keys }
      const { status, json: body } = await putClient(admin, 'remote-refused', metadata)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: 'invalid_client_metadata' })
    }
  })

  it('SP-TLS-01 takes an address of https and a public name', async () => {
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://keys.example/jwks' } // prettier-ignore
    const { status, json: body } = await putClient(admin, 'remote-public', metadata)
    expect(status).toBe(201)
    expect(body).toMatchObject(metadata)
  })
})

describe('addresses in the header of an assertion', () => {
  it('SP-AS-06 cause no fetch and lend no trust', async () => {
    const [own, evil] = [await makeSigner('own'), await makeSigner('evil')]
    const { id, path } = await register()
    host.serve(path, keySet(own.publicJwk))
    expect(await ask(id, own)).toBe(200)
    const elsewhere = '/keys/of-a-stranger'
    host.serve(elsewhere, keySet(evil.publicJwk))
    const url = `${host.origin}${elsewhere}`
    const before = host.total()
    for (const header of [
      { jku: url },
      { x5u: url },
      { jku: url, x5u: url, jwk: evil.publicJwk },
    ]) {
      expect(await ask(id, evil, { assertionHeader: header })).toBe(401)
      expect(await ask(id, evil, { assertionHeader: { ...header, kid: 'own' } })).toBe(401)
      expect(await ask(id, own, { assertionHeader: header })).toBe(200)
    }
    expect(host.asked(elsewhere)).toBe(0)
    expect(host.total()).toBe(before)
  })
})
