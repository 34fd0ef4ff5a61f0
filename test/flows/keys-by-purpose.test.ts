import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { send } from '../support/http.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

/* An issuer with keys for every purpose and algorithm. */

const person = { username: 'ada', password: 'ada has a long password' }
const key = await makeDpopKey()

let runtime: Runtime
let server: Server
let admin: Admin

beforeAll(async () => {
  runtime = await startRuntime({
    args: ['--no-demo'],
    config: {
      issuer: {
        authentication: { factors: 1 },
        further_signing_algs: ['PS256', 'Ed25519'],
        decryption_algs: ['ECDH-ES', 'RSA-OAEP-256'],
      },
      users: [{ ...person, sub: 'sub-ada' }],
    },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
})

afterAll(() => runtime.stop())

type Key = Readonly<Record<'kid' | 'purpose' | 'alg' | 'use' | 'state', string>>
type Json = Readonly<Record<string, unknown>>
const keysOf = ({ json }: { readonly json: Json }) => json['keys'] as readonly Key[]
const jwks = async () => send(`${server.issuer}/jwks`)
const evidence = async () => send(`${server.issuer}/evidence/jwks`)
const kids = (keys: readonly Key[]) => keys.map(({ kid }) => kid)
const algOf = (jwt: string) => decodeProtectedHeader(jwt).alg

/** What a client gets that registered these algorithms. */
async function answersFor(extra: Readonly<Record<string, unknown>>) {
  const { fixture, metadata } = await newClient(extra)
  const put = await admin.request('PUT', `/clients/${fixture.clientId}`, metadata)
  expect(put.status, put.text).toBe(201)
  const client = testClient(fixture, server)
  const given = await client.code({ key }, person)
  const { answer, accessToken } = await client.redeem(given, { key })
  const idToken = String(answer.json['id_token'])
  const userinfo = await getResource(`${server.issuer}/userinfo`, accessToken, { key })
  return { accessToken, idToken, userinfo }
}

describe('what is signed for a client', () => {
  it.each(['ES256', 'PS256', 'Ed25519'])('is signed with %s where it registered that', async (alg) => {
    const { accessToken, idToken, userinfo } = await answersFor({
      id_token_signed_response_alg: alg,
      userinfo_signed_response_alg: alg,
    })
    expect([algOf(idToken), algOf(userinfo.text)]).toEqual([alg, alg])
    // Access tokens are for resource servers: they have the issuer's own algorithm.
    expect([algOf(accessToken), userinfo.status]).toEqual(['ES256', 200])
    const keys = createLocalJWKSet((await jwks()).json as unknown as JSONWebKeySet)
    for (const jwt of [idToken, userinfo.text]) {
      await expect(jwtVerify(jwt, keys, { issuer: server.issuer, algorithms: [alg] })).resolves.toBeDefined() // prettier-ignore
    }
  }) // prettier-ignore

  it('is signed with the issuer’s own algorithm where it registered nothing', async () => {
    const { idToken, userinfo } = await answersFor({})
    expect(algOf(idToken)).toBe('ES256')
    expect(userinfo.json['sub']).toBe('sub-ada')
  })

  it('SP-CR-02 cannot be registered with an algorithm the issuer has no keys for', async () => {
    const { fixture, metadata } = await newClient({ id_token_signed_response_alg: 'EdDSA' })
    const answer = await admin.request('PUT', `/clients/${fixture.clientId}`, metadata)
    expect(refusal(answer)).toBe('400 invalid_client_metadata')
  })
})

describe('the keys of all purposes', () => {
  it('are published for signing and encryption; the evidence key only at its own address', async () => {
    const published = keysOf(await jwks())
    expect(published.map(({ alg, use }) => `${use} ${alg}`).sort()).toEqual([
      'enc ECDH-ES', 'enc RSA-OAEP-256', 'sig ES256', 'sig Ed25519', 'sig PS256',
    ]) // prettier-ignore
    const answer = await evidence()
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
    const [only, ...others] = keysOf(answer)
    expect(others).toEqual([])
    expect(only).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    expect(Object.keys(only ?? {}).sort()).toEqual([
      'alg', 'crv', 'from', 'kid', 'kty', 'use', 'x', 'y',
    ]) // prettier-ignore
    expect(kids(published)).not.toContain(only?.kid)
    const metadata = (await send(`${server.issuer}/.well-known/openid-configuration`)).json
    expect(metadata).toMatchObject({
      evidence_jwks_uri: `${server.issuer}/evidence/jwks`,
      id_token_signing_alg_values_supported: ['ES256', 'PS256', 'Ed25519'],
      userinfo_signing_alg_values_supported: ['ES256', 'PS256', 'Ed25519'],
    })
  })

  it('are listed with their purposes, and no private half leaves', async () => {
    const answer = await admin.request('GET', '/keys')
    expect(keysOf(answer).map(({ purpose, alg, state }) => `${purpose} ${alg} ${state}`)).toEqual([
      'signing ES256 active', 'signing PS256 active', 'signing Ed25519 active', 'evidence ES256 active',
      'decryption ECDH-ES active', 'decryption RSA-OAEP-256 active',
    ]) // prettier-ignore
    expect(answer.text).not.toMatch(/"(d|k|p|q|sealed)"/)
    expect(keysOf(await admin.request('GET', '/keys?purpose=evidence'))).toHaveLength(1)
    expect(refusal(await admin.request('GET', '/keys?purpose=all'))).toBe('400 invalid_request')
  })

  it('are rotated by purpose or by one of their keys, and nothing else moves', async () => {
    const nexts = (keys: readonly Key[]) =>
      keys.flatMap(({ purpose, alg, state }) => (state === 'next' ? [`${purpose} ${alg}`] : []))
    const first = keysOf(await admin.request('POST', '/keys/rotate?purpose=evidence'))
    expect(nexts(first)).toEqual(['evidence ES256'])
    const { kid } = first.find(({ alg }) => alg === 'PS256') ?? {}
    const second = keysOf(await admin.request('POST', `/keys/rotate?kid=${kid}`))
    expect(nexts(second)).toEqual(['signing PS256', 'evidence ES256'])
    expect(refusal(await admin.request('POST', '/keys/rotate?kid=strange'))).toBe('404 not_found')
    expect(refusal(await admin.request('POST', '/keys/rotate?purpose=x'))).toBe('400 invalid_request') // prettier-ignore
    expect(nexts(keysOf(await admin.request('GET', '/keys')))).toEqual(nexts(second))
  })

  it('are revoked by kid, whatever they are for; an evidence key stays known as revoked', async () => {
    const before = keysOf(await admin.request('GET', '/keys'))
    for (const purpose of ['evidence', 'decryption'] as const) {
      const { kid = '' } = before.find((one) => one.purpose === purpose && one.state === 'active') ?? {} // prettier-ignore
      const left = keysOf(await admin.request('POST', `/keys/${kid}/revoke`))
      expect(kids(left)).not.toContain(kid)
      const active = left.filter((one) => one.purpose === purpose && one.state === 'active')
      expect(active.length).toBeGreaterThan(0)
      const past = keysOf(await evidence()).find((one) => one.kid === kid)
      expect(past !== undefined && 'revoked' in past).toBe(purpose === 'evidence')
    }
    expect(refusal(await admin.request('POST', '/keys/strange/revoke'))).toBe('404 not_found')
  })

  it('are sealed again, all of them', async () => {
    const count = keysOf(await admin.request('GET', '/keys')).length
    expect((await admin.request('POST', '/keys/rewrap')).json).toEqual({
      rewrapped: count,
      lost: 0,
    })
  })
})
