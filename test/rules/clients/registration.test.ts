import { beforeAll, describe, expect, it } from 'vitest'
import { encryptionKey, encryptionOf } from '../../../src/clients/encryption.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import { checkAddresses } from '../../../src/clients/registration.ts'
import { problemWithSector, sectorOf } from '../../../src/clients/sector.ts'
import { makeClient } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { makeServedCall } from '../support/served-call.ts'

const redirects = ['https://app.example/cb', 'https://app.example/other']
const sector = 'https://group.example/apps.json'
const keys = 'https://keys.example/set'
const how = { id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A256GCM' } as const // prettier-ignore

let usable: JsonWebKey

beforeAll(async () => {
  usable = { ...(await makeKey()).publicJwk, use: 'enc' }
})

/** What the registration is refused with, and what was fetched for it. */
async function check(
  metadata: Partial<ClientMetadata>,
  answers: Readonly<Record<string, unknown>> = {},
) {
  const served = makeServedCall({
    fetch: (address) => {
      const answer = answers[address]
      return answer === undefined ? new Response('', { status: 404 }) : Response.json(answer)
    },
  })
  const result = await checkAddresses(served.call, makeClient(metadata).metadata)
  if (!result.ok) expect(result.refusal.code).toBe('invalid_client_metadata')
  return {
    refused: result.ok ? undefined : result.refusal.description,
    fetched: served.fetched,
    logged: served.logged,
  }
}

describe('the sector of a client', () => {
  const pairwise = { subject_type: 'pairwise', redirect_uris: redirects } as const

  it('OIDC Core 8.1 is the host of its sector, else of its redirect URIs, for pairwise subjects', () => {
    expect(sectorOf(pairwise)).toBe('app.example')
    expect(sectorOf({ ...pairwise, sector_identifier_uri: sector })).toBe('group.example')
    expect(sectorOf({ ...pairwise, subject_type: 'public' })).toBeUndefined()
    expect(sectorOf({ redirect_uris: redirects, sector_identifier_uri: sector })).toBeUndefined()
    expect(() => sectorOf({ ...pairwise, redirect_uris: [] })).toThrow('without a sector')
  })

  it('OIDC Core 8.1 is needed where redirect URIs have several hosts, or the one of every native client', () => {
    const mixed = { ...pairwise, redirect_uris: ['http://127.0.0.1/cb', ...redirects] }
    expect(problemWithSector(mixed)).toMatch(/loopback redirect_uri needs a sector_identifier_uri/)
    expect(problemWithSector({ ...mixed, sector_identifier_uri: sector })).toBeUndefined()
    expect(problemWithSector(pairwise)).toBeUndefined()
  })

  it('OIDC Registration 5 names every redirect URI of the client', async () => {
    const metadata = { redirect_uris: redirects, sector_identifier_uri: sector }
    const named = await check(metadata, { [sector]: [...redirects, 'https://other.example/cb'] })
    expect([named.refused, named.fetched]).toEqual([undefined, [sector]])
    const words = 'sector_identifier_uri must lead to'
    expect((await check(metadata, { [sector]: redirects.slice(1) })).refused).toBe(`${words} a list of all redirect_uris`) // prettier-ignore
    expect((await check(metadata, { [sector]: { redirects } })).refused).toBe(`${words} a JSON list`) // prettier-ignore
    expect((await check(metadata)).refused).toBe('sector_identifier_uri cannot be read')
  })

  it('is asked for nothing where none is registered', async () => {
    expect(await check({ redirect_uris: redirects })).toEqual({ refused: undefined, fetched: [], logged: [] }) // prettier-ignore
  })
})

describe('the keys for what a client wants encrypted', () => {
  const refused = 'no usable key with use enc for id_token_encrypted_response_alg'

  it('OIDC Registration 2 are there before it is stored, in its registration or at its address', async () => {
    expect((await check({ ...how, jwks: { keys: [usable] } })).refused).toBeUndefined()
    const remote = await check({ ...how, jwks_uri: keys }, { [keys]: { keys: [usable] } })
    expect([remote.refused, remote.fetched]).toEqual([undefined, [keys]])
  })

  it('OIDC Registration 2 are missed in the registration and at the address', async () => {
    expect((await check(how)).refused).toBe(refused)
    const signs = { ...usable, use: 'sig' }
    expect((await check({ ...how, jwks_uri: keys }, { [keys]: { keys: [signs] } })).refused).toBe(refused) // prettier-ignore
    const unsound = { keys: [usable, { kty: 'oct', k: 'AA' }] }
    expect((await check({ ...how, jwks_uri: keys }, { [keys]: unsound })).refused).toBe(refused)
    const gone = await check({ ...how, jwks_uri: keys })
    expect(gone.refused).toBe(refused)
    expect(gone.logged).toEqual([{ event: 'client.jwks_failed', reason: 'status 404' }])
  })

  it('OIDC Registration 2 can be used: a point lies on its curve', async () => {
    const offCurve = { ...usable, y: usable.x } as JsonWebKey
    expect((await check({ ...how, jwks: { keys: [offCurve] } })).refused).toBe(refused)
  })

  it('are asked anew each time, and of no client that wants nothing encrypted', async () => {
    const answers = { [keys]: { keys: [usable] } }
    expect((await check({ jwks_uri: keys }, answers)).fetched).toEqual([])
    for (const _time of [1, 2])
      expect((await check({ ...how, jwks_uri: keys }, answers)).fetched).toEqual([keys])
  })

  it('are asked for after the sector, which comes first', async () => {
    const metadata = { ...how, jwks_uri: keys, sector_identifier_uri: sector }
    expect(await check(metadata)).toMatchObject({
      refused: 'sector_identifier_uri cannot be read',
      fetched: [sector],
    })
  })
})

describe('a key that may be encrypted for', () => {
  const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB', use: 'enc' }

  it('OIDC Registration 2 is the first one published for it, of its kind', () => {
    const keys = [rsa, usable, { ...usable, kid: 'second' }] as JsonWebKey[]
    expect(encryptionKey({ keys }, 'ECDH-ES')).toBe(usable)
    expect(encryptionKey({ keys }, 'RSA-OAEP-256')).toBe(rsa)
    expect(encryptionKey(undefined, 'ECDH-ES')).toBeUndefined()
  })

  it('RFC 7517 4.2 is none for signatures or another algorithm, and has both of its coordinates', () => {
    const short = Buffer.alloc(31).toString('base64url')
    const others = [{ use: 'sig' }, { use: undefined }, { alg: 'RSA-OAEP-256' }, { kty: 'OKP' }, { crv: 'P-384' }, { x: undefined }, { y: undefined }, { x: short }, { y: short }, { y: '!' }]
    for (const changes of others) {
      const keys = [{ ...usable, ...changes } as JsonWebKey]
      expect(encryptionKey({ keys }, 'ECDH-ES')).toBeUndefined()
    }
    const named = { ...usable, alg: 'ECDH-ES' }
    expect(encryptionKey({ keys: [named] }, 'ECDH-ES')).toBe(named)
  }) // prettier-ignore

  it('is for what names both algorithms', () => {
    expect(encryptionOf(how, 'id_token')).toEqual({ alg: 'ECDH-ES', enc: 'A256GCM' })
    expect(encryptionOf(how, 'userinfo')).toBeUndefined()
    for (const member of Object.keys(how))
      expect(encryptionOf({ ...how, [member]: undefined }, 'id_token')).toBeUndefined()
  })
})
