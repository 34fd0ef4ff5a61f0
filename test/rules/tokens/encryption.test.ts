import { beforeAll, describe, expect, it } from 'vitest'
import { compactDecrypt, CompactEncrypt, importJWK } from 'jose'
import { decryptRequest, isEncrypted } from '../../../src/authorization/encrypted-request.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import type { RingKey } from '../../../src/objects/ring.ts'
import { decryptionKeys } from '../../../src/tokens/decrypt.ts'
import { encryptFor } from '../../../src/tokens/encrypt.ts'
import { codeOf, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { callWithRings, newIssuerId, ringKey, ringOf } from '../support/rings.ts'
import type { Rings } from '../support/rings.ts'
import { makeServedCall } from '../support/served-call.ts'

const now = 1_800_000_000_000
const minute = 60_000

const encryptWith = async (key: RingKey, header: object = {}, text = 'a signed request') =>
  new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: key.alg, enc: 'A256GCM', kid: key.kid, ...header })
    .encrypt(await importJWK(key.publicJwk as Parameters<typeof importJWK>[0], key.alg))

describe('an encrypted request object', () => {
  const setUp = async () => {
    const issuer = makeIssuer({ id: newIssuerId(), decryption_algs: ['ECDH-ES', 'RSA-OAEP-256'] })
    const names = ['decryption:ECDH-ES', 'decryption:RSA-OAEP-256'] as const
    const [ec, rsa] = [await ringKey(issuer, names[0]), await ringKey(issuer, names[1])]
    const rings: Rings = {
      [names[0]]: ringOf(issuer, [ec], names[0]),
      [names[1]]: ringOf(issuer, [rsa], names[1]),
    }
    return { issuer, ec, rsa, rings, served: callWithRings(issuer, rings, { now }) }
  }
  const open = async (
    { served }: Pick<Awaited<ReturnType<typeof setUp>>, 'served'>,
    jwe: string,
    client: Partial<ClientMetadata> = {},
  ) => decryptRequest(served.call, makeClient(client), jwe)

  it('MS-JAR-14 is opened with the key it was encrypted for, of each algorithm', async () => {
    const there = await setUp()
    for (const key of [there.ec, there.rsa]) {
      expect(valueOf(await open(there, await encryptWith(key)))).toBe('a signed request')
      const registered = { request_object_encryption_alg: key.alg } as Partial<ClientMetadata>
      expect((await open(there, await encryptWith(key), registered)).ok).toBe(true)
    }
    // The rings are asked once.
    expect(there.served.asked).toHaveLength(2)
  })

  it('MS-JAR-14 is refused in the same words whatever is wrong with it', async () => {
    const there = await setUp()
    const jwe = await encryptWith(there.ec)
    const registered = { request_object_encryption_alg: 'RSA-OAEP-256' } as const
    const elsewhere = await encryptWith((await setUp()).ec, { kid: there.ec.kid })
    const results = [
      await open(there, jwe, registered),
      await open(there, jwe.replace(/^[^.]+/, 'e30')),
      await open(there, jwe.replace(/^[^.]+/, '!')),
      await open(there, jwe.replace(/^[^.]+/, Buffer.from('{"alg":"dir"}').toString('base64url'))),
      await open(there, elsewhere),
      await open(there, await encryptWith(there.ec, { kid: 'other' })),
    ]
    for (const result of results) {
      expect(codeOf(result)).toBe('invalid_request_object')
      expect(result.ok ? '' : result.refusal.description).toBe('The request object cannot be decrypted') // prettier-ignore
    }
  })

  it('is looked for at the ring once more, where a key was made since this isolate looked', async () => {
    const there = await setUp()
    await open(there, await encryptWith(there.ec))
    const name = 'decryption:ECDH-ES'
    const fresh = await ringKey(there.issuer, name)
    there.rings[name] = ringOf(there.issuer, [there.ec, fresh], name)
    expect(valueOf(await open(there, await encryptWith(fresh)))).toBe('a signed request')
  })

  it('SP-CR-11 is opened by a retiring key until it leaves, and by none that signs or cannot be opened', async () => {
    const there = await setUp()
    const name = 'decryption:ECDH-ES'
    const leaving = { ...there.ec, removeAt: now + 1 }
    const lost = { ...(await ringKey(there.issuer, name)), sealed: 'gone.AAAA' }
    const signs = { ...(await ringKey(there.issuer, name)), use: 'sig' as const }
    there.rings[name] = ringOf(there.issuer, [leaving, lost, signs], name)
    const kids = async (at: number) => {
      const { call } = callWithRings(there.issuer, there.rings, { now: at })
      return (await decryptionKeys(call)).map(({ kid }) => kid)
    }
    expect(await kids(now)).toEqual([leaving.kid, there.rsa.kid])
    expect(await kids(now + 1)).toEqual([there.rsa.kid])
  })

  it('has five parts, where a signed one has three', () => {
    expect(['a.b.c.d.e', 'a.b.c', 'a.b.c.d.e.f', 'a.b.c.d', ''].map(isEncrypted)).toEqual([true, false, false, false, false]) // prettier-ignore
  })
})

describe('an answer that is encrypted', () => {
  let pairs: readonly CryptoKeyPair[]
  let published: readonly JsonWebKey[]

  beforeAll(async () => {
    const ecdh = { name: 'ECDH', namedCurve: 'P-256' }
    const make = () => crypto.subtle.generateKey(ecdh, true, ['deriveBits']) as Promise<CryptoKeyPair> // prettier-ignore
    pairs = await Promise.all([make(), make()])
    published = await Promise.all(
      pairs.map(async ({ publicKey }, at) => {
        const { kty, crv, x, y } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey
        return { kty, crv, x, y, use: 'enc', kid: `enc-${at}` } as JsonWebKey
      }),
    )
  })

  const how = { id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A256GCM' } as const // prettier-ignore
  const order = (metadata: Partial<ClientMetadata>) =>
    ({ client: makeClient({ ...how, ...metadata }), what: 'id_token', jwt: 'a signed token' }) as const // prettier-ignore

  it('is for the key its client publishes now, looked for once more at its address', async () => {
    let keys = published.slice(0, 1).map((key) => ({ ...key, use: 'sig' }) as JsonWebKey)
    const given = { now, fetch: () => Response.json({ keys }) }
    const address = order({ jwks_uri: 'https://keys.example/encryption' })
    const ask = (after: number) => encryptFor(makeServedCall({ ...given, now: now + after }).call, address) // prettier-ignore
    expect(codeOf(await ask(0))).toBe('invalid_request')
    keys = published.slice(0, 1)
    const first = await compactDecrypt(valueOf(await ask(minute)), pairs[0]?.privateKey as CryptoKey) // prettier-ignore
    expect(new TextDecoder().decode(first.plaintext)).toBe('a signed token')
    expect(first.protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT' })
    expect(first.protectedHeader.kid).toBe('enc-0')
  })

  it('is refused with invalid_request where there is no key, or one that cannot be used', async () => {
    const { call } = makeServedCall({ now })
    expect(codeOf(await encryptFor(call, order({})))).toBe('invalid_request')
    const [key] = published
    const offCurve = { ...key, y: key?.x } as JsonWebKey
    expect(codeOf(await encryptFor(call, order({ jwks: { keys: [offCurve] } })))).toBe('invalid_request') // prettier-ignore
    expect((await encryptFor(call, order({ jwks: { keys: published } }))).ok).toBe(true)
  })

  it('is a fault where nothing of the client is encrypted', async () => {
    const plain = { client: makeClient(), what: 'id_token', jwt: 'x' } as const
    await expect(encryptFor(makeServedCall().call, plain)).rejects.toThrow('nothing of this client')
  })
})
