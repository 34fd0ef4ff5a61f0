import { CompactEncrypt, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import type { JWK } from 'jose'
import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Call } from '../../src/call.ts'
import { parseJson, tuple, utf8 } from '../../src/encoding.ts'
import { callFor } from '../../src/make-call.ts'
import { algorithmOf, ringsOf } from '../../src/objects/ring-name.ts'
import { sealedFor, stateOf } from '../../src/objects/ring.ts'
import { deriveKeys, parseMasterSecret, seal } from '../../src/secrets.ts'
import { decrypt, decryptionKeys } from '../../src/tokens/decrypt.ts'
import { importKey, signJwt, verifySignature } from '../../src/tokens/jwt.ts'
import {
  askRing,
  confirmedSigningKeys,
  publishedKeys,
  signingKey,
  verificationKey,
} from '../../src/tokens/keys.ts'
import { env, holdingsOf, setClock, stubsOf } from './support/objects.ts'

const callTo = (issuer: 'many' | 'other' | 'tenant'): Call =>
  callFor(env, issuer, { now: () => Date.now() }, () => undefined)

const algorithms = ['ES256', 'PS256', 'Ed25519'] as const
type Published = JWK & { readonly kid: string; readonly alg: string; readonly use: string }
const published = async (call: Call) => (await publishedKeys(call)).keys as readonly Published[]

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('the rings of an issuer', () => {
  it.each(algorithms)('sign with %s, and the published key verifies it', async (wanted) => {
    const call = callTo('many')
    const { key, kid, alg } = await signingKey(call, wanted)
    expect(alg).toBe(wanted)
    const token = await signJwt(key, { alg, typ: 'JWT', kid }, { sub: 'x' })
    const jwk = (await published(call)).find((one) => one.kid === kid)
    expect(jwk).toMatchObject({ alg: wanted, use: 'sig' })
    const found = await verificationKey(call, kid)
    expect(found?.alg).toBe(wanted)
    expect(found && (await verifySignature(token, found.key, found.alg))).toBe(true)
  })

  it('sign with nothing the settings do not name', async () => {
    await expect(signingKey(callTo('other'), 'PS256')).rejects.toThrow(/does not sign with PS256/)
    expect((await signingKey(callTo('other'))).alg).toBe('ES256')
  })

  it('are objects of their own, each with one key of its algorithm and its own copy', async () => {
    const call = callTo('many')
    for (const name of ringsOf(call.issuer)) {
      const ring = await askRing(call, name)
      expect(ring.keys.map(({ alg }) => alg)).toEqual([algorithmOf(call.issuer, name)])
      expect(ring.keys.map((key) => stateOf(ring, key, Date.now()))).toEqual(['active'])
    }
    const { keys } = await env.COPIES.list()
    const copied = keys.map(({ name }) => name).filter((name) => name.includes('key-ring'))
    expect(copied.filter((name) => name.startsWith(tuple('many'))).sort()).toEqual(
      [
        tuple('many', 'key-ring'),
        tuple('many', 'key-ring', 'signing:PS256'),
        tuple('many', 'key-ring', 'signing:Ed25519'),
        tuple('many', 'key-ring', 'decryption:ECDH-ES'),
        tuple('many', 'key-ring', 'decryption:RSA-OAEP-256'),
      ].sort(),
    )
  })

  it('publish signing keys, and keys for encryption as such; resource servers get the former only', async () => {
    const call = callTo('many')
    const kinds = (keys: readonly JsonWebKey[]) =>
      keys.map(({ alg, use }) => `${use} ${alg}`).sort()
    const signing = ['sig ES256', 'sig Ed25519', 'sig PS256']
    expect(kinds((await publishedKeys(call)).keys)).toEqual(
      ['enc ECDH-ES', 'enc RSA-OAEP-256', ...signing].sort(),
    )
    expect(kinds((await confirmedSigningKeys(call)).keys)).toEqual(signing)
  })

  it('refuse to be asked under another name', async () => {
    await askRing(callTo('many'), 'evidence')
    const message = await runInDurableObject(stubsOf('many').keyRing('evidence'), (ring) =>
      ring.ring('many').then(
        () => 'answered',
        (error: Error) => error.message,
      ),
    )
    expect(message).toBe('this is another ring')
  })

  it('rotate and are revoked apart from each other', async () => {
    const call = callTo('many')
    const before = await published(call)
    const name = 'signing:PS256'
    await stubsOf('many').keyRing(name).rotate('many', name)
    const [first] = (await askRing(call, name)).keys
    expect((await askRing(call, name)).keys).toHaveLength(2)
    expect((await stubsOf('many').keyRing(name).revoke('many', first?.kid ?? '', name)).value).toBe(true) // prettier-ignore
    await askRing(call, name)
    expect(await verificationKey(call, first?.kid)).toBeUndefined()
    const others = before.filter(({ alg }) => alg !== 'PS256').map(({ kid }) => kid)
    expect((await published(call)).map(({ kid }) => kid)).toEqual(expect.arrayContaining(others))
  })
})

describe('the ring of an issuer of before', () => {
  it('is where it was, sealed as it was, and signs on', async () => {
    const pair = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])) as CryptoKeyPair // prettier-ignore
    const { x, y, d } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey
    const publicJwk = { kty: 'EC', crv: 'P-256', x, y } as JsonWebKey
    const secret = parseMasterSecret(env.MASTER_SECRET)
    if (typeof secret === 'string') throw new Error(secret)
    const about = { kid: 'of-before', alg: 'ES256', use: 'sig' } as const
    const secrets = deriveKeys(secret, 'aes', ['tenant', 'signing-keys'])
    const plain = utf8(JSON.stringify({ ...publicJwk, d }))
    const sealed = await seal(secrets, plain, tuple('tenant', 'of-before', 'ES256', 'sig'))
    const times = { publishedAt: Date.now() - 1000, activeFrom: Date.now() - 1000 }
    const stored = {
      format: 1,
      issuer: 'tenant',
      keys: [{ ...about, publicJwk, sealed, ...times }],
    }
    const object = env.KEY_RING.getByName(tuple('tenant', 'key-ring'))
    await runInDurableObject(object, (_ring, { storage }) => {
      storage.kv.put('ring', stored)
    })
    const { key, kid, alg } = await signingKey(callTo('tenant'))
    expect([kid, alg]).toEqual(['of-before', 'ES256'])
    const token = await signJwt(key, { alg, typ: 'JWT', kid }, { sub: 'x' })
    expect(await verifySignature(token, await importKey(publicJwk, 'ES256'), 'ES256')).toBe(true)
    await stubsOf('tenant').keyRing().rotate('tenant')
    const now = (await holdingsOf(object)).values['ring'] as typeof stored & { name?: string }
    expect([now.keys.length, now.name]).toEqual([2, undefined])
    expect(await env.COPIES.get(tuple('tenant', 'key-ring'))).toContain('of-before')
  })
})

describe('what clients encrypt for an issuer', () => {
  const encryptFor = async (jwk: Published, text = 'a.b.c', header: object = {}) =>
    new CompactEncrypt(utf8(text))
      .setProtectedHeader({ alg: jwk.alg, enc: 'A256GCM', kid: jwk.kid, ...header })
      .encrypt(await importJWK(jwk, jwk.alg))
  const keyFor = async (alg: string) => {
    const jwk = (await published(callTo('many'))).find((one) => one.alg === alg)
    if (jwk === undefined) throw new Error(`no key for ${alg}`)
    return jwk
  }

  it.each(['ECDH-ES', 'RSA-OAEP-256'])('is opened with the %s key, named or not', async (alg) => {
    const jwk = await keyFor(alg)
    expect(await decrypt(callTo('many'), await encryptFor(jwk))).toBe('a.b.c')
    expect(await decrypt(callTo('many'), await encryptFor(jwk, 'a.b.c', { kid: undefined }))).toBe('a.b.c') // prettier-ignore
  })

  it('is not opened when it is for a strange key, changed, compressed, or in a way not offered', async () => {
    const jwk = await keyFor('ECDH-ES')
    const call = callTo('many')
    const sound = await encryptFor(jwk)
    expect(await decrypt(call, sound)).toBe('a.b.c')
    const parts = sound.split('.')
    const changed = [...parts.slice(0, 3), `A${(parts[3] ?? '').slice(1)}`, parts[4]].join('.')
    for (const bad of [
      changed === sound ? `${sound}x` : changed,
      await encryptFor(jwk, 'a.b.c', { kid: 'strange' }),
      await encryptFor(jwk, 'a.b.c', { enc: 'A128GCM' }),
      await encryptFor(jwk, 'a.b.c', { zip: 'DEF' }),
      await encryptFor({ ...jwk, alg: 'ECDH-ES+A256KW' }),
      await encryptFor(jwk, 'x'.repeat(40_000)),
      '....',
      'a.b.c',
      '',
    ]) {
      expect(await decrypt(call, bad)).toBeUndefined()
    }
    // An issuer that has no such ring opens nothing.
    expect(await decrypt(callTo('other'), sound)).toBeUndefined()
  })

  it('is opened with a retiring key for a day, and the key is announced two JWKS lifetimes less', async () => {
    const jwk = await keyFor('ECDH-ES')
    const name = 'decryption:ECDH-ES'
    await stubsOf('many').keyRing(name).rotate('many', name)
    const sealed = await encryptFor(jwk)
    const kids = async () => (await published(callTo('many'))).map(({ kid }) => kid)
    const taken = 120
    for (const [seconds, announced, opens] of [
      [taken + 1, true, true],
      [taken + 86_400 - 121, true, true],
      [taken + 86_400 - 119, false, true],
      [taken + 86_400 + 1, false, false],
    ] as const) {
      setClock(seconds)
      await askRing(callTo('many'), name)
      expect([seconds, (await kids()).includes(jwk.kid)]).toEqual([seconds, announced])
      expect(await decrypt(callTo('many'), sealed)).toBe(opens ? 'a.b.c' : undefined)
    }
  })

  it('SP-CR-09 lies sealed for its purpose: the secrets of signing keys do not open it', async () => {
    const call = callTo('many')
    const [key] = (await askRing(call, 'decryption:ECDH-ES')).keys
    if (key === undefined) throw new Error('a key is expected')
    const { unseal } = await import('../../src/secrets.ts')
    const about = sealedFor('many', key)
    expect(await unseal(call.secrets.decryption, key.sealed, about)).toBeDefined()
    expect(await unseal(call.secrets.signing, key.sealed, about)).toBeUndefined()
    expect((await decryptionKeys(call)).map(({ kid }) => kid)).toContain(key.kid)
  })
})

describe('the evidence key', () => {
  const head = 'A'.repeat(43)
  const statement = () => ({
    iss: 'https://many.example',
    grant: 'ab'.repeat(32),
    n: 3,
    head,
    at: Date.now(),
    reason: 'export' as const,
  })
  const ring = () => stubsOf('many').keyRing('evidence')
  const attest = async (value: object) =>
    (await ring().attest('many', value as ReturnType<typeof statement>)).value
  const history = async () => (await ring().history('many')).value
  const sign = async () => {
    const answer = await attest(statement())
    if ('refused' in answer) throw new Error(answer.refused)
    return answer
  }

  it('signs heads inside its object, and the published history verifies them', async () => {
    const { jws, kid } = await sign()
    expect(decodeProtectedHeader(jws)).toEqual({ alg: 'ES256', typ: 'evidence-head+jwt', kid })
    expect(decodeJwt(jws)).toEqual(statement())
    const entry = (await history()).find((one) => one.kid === kid)
    const key = await importJWK(entry?.jwk as JWK, 'ES256')
    await expect(jwtVerify(jws, key, { typ: 'evidence-head+jwt' })).resolves.toBeDefined()
  })

  it.each([
    ['another issuer', { iss: 'https://other.example' }],
    ['a member more', { sub: 'x' }],
    ['an audience', { aud: 'https://api.example' }],
    ['a grant that is none', { grant: 'AB'.repeat(32) }],
    ['no grant', { grant: undefined }],
    ['a number that is none', { n: -1 }],
    ['a fraction', { n: 1.5 }],
    ['a text as number', { n: '3' }],
    ['a short head', { head: 'A'.repeat(42) }],
    ['a head that is none', { head: '='.repeat(43) }],
    ['a time long ago', { at: Date.UTC(2030, 0, 1) }],
    ['a time to come', { at: Date.UTC(2050, 0, 1) }],
    ['a reason nobody knows', { reason: 'because' }],
    ['an inherited reason', { reason: 'toString' }],
    ['a document that is no hash', { document: 'A'.repeat(42) }],
    ['the document of no export', { reason: 'anchoring', document: 'A'.repeat(43) }],
  ])('refuses a statement with %s, and signs the same without it', async (_, odd) => {
    expect(await attest({ ...statement(), ...odd })).toEqual({ refused: expect.any(String) as string }) // prettier-ignore
    expect(await attest(statement())).toHaveProperty('jws')
  })

  it('signs which file was exported with the head', async () => {
    const said = { ...statement(), document: 'A'.repeat(43) }
    const answer = await attest(said)
    expect('jws' in answer && decodeJwt(answer.jws)).toEqual(said)
  })

  it('refuses what is no statement at all', async () => {
    for (const value of [null, undefined, 'text', 1, [], {}]) {
      expect(await attest(value as unknown as object)).toHaveProperty('refused')
    }
  })

  it('never leaves its object: not sealed, not in a copy', async () => {
    await sign()
    const stored = (await holdingsOf(ring())).values['ring'] as {
      readonly keys: readonly { readonly sealed: string }[]
    }
    const call = callTo('many')
    const shown = JSON.stringify([
      await askRing(call, 'evidence'),
      (await ring().rotate('many', 'evidence')).value,
      await history(),
    ])
    for (const { sealed } of stored.keys) {
      expect(sealed.length).toBeGreaterThan(100)
      expect(shown).not.toContain(sealed)
      expect(shown).not.toContain(sealed.split('.')[1])
    }
    expect(await env.COPIES.get(tuple('many', 'key-ring', 'evidence'))).toBeNull()
  })

  it('signs no token and verifies none: it is not among the keys of the issuer', async () => {
    const { kid } = await sign()
    const call = callTo('many')
    expect(await verificationKey(call, kid)).toBeUndefined()
    const all = [...(await publishedKeys(call)).keys, ...(await confirmedSigningKeys(call)).keys]
    expect((all as unknown as readonly Published[]).map((key) => key.kid)).not.toContain(kid)
    const signers = await Promise.all(algorithms.map((alg) => signingKey(call, alg)))
    expect(signers.map((key) => key.kid)).not.toContain(kid)
    expect((await verificationKey(call, signers[0]?.kid))?.alg).toBe('ES256')
  })

  it('stays in the history when another takes over, and for good', async () => {
    const { kid: first, jws } = await sign()
    await ring().rotate('many', 'evidence')
    const next = (await history()).at(-1)
    setClock(121)
    const { kid: second } = await sign()
    expect(second).toBe(next?.kid)
    const names = (await history()).map(({ kid }) => kid)
    expect(names).toEqual(expect.arrayContaining([first, second]))
    setClock(121 + 61)
    await runInDurableObject(ring(), (object) => object.alarm())
    const held = await askRing(callTo('many'), 'evidence')
    expect(held.keys.map(({ kid }) => kid)).not.toContain(first)
    const entry = (await history()).find(({ kid }) => kid === first)
    expect(entry?.until).toBe(next?.from)
    expect(await verifySignature(jws, await importKey(entry?.jwk as JsonWebKey, 'ES256'), 'ES256')).toBe(true) // prettier-ignore
  })

  it('is marked in the history when it is revoked, and its successor signs from that moment', async () => {
    setClock(1000)
    const { kid } = await sign()
    expect((await ring().revoke('many', kid, 'evidence')).value).toBe(true)
    const now = Date.now()
    const past = await history()
    expect(past.find((one) => one.kid === kid)).toMatchObject({ until: now, revoked: now })
    const { kid: successor } = await sign()
    expect(successor).not.toBe(kid)
    const entry = (await history()).find((one) => one.kid === successor)
    expect([entry?.from, entry?.until, entry?.revoked]).toEqual([now, undefined, undefined])
  })

  it('keeps the history through 300 revocations, in order', async () => {
    const before = (await history()).length
    for (let count = 0; count < 300; count += 1) {
      setClock(2000 + count)
      const { kid } = await sign()
      await ring().revoke('many', kid, 'evidence')
    }
    const past = await history()
    expect(past).toHaveLength(before + 300)
    expect(past.filter(({ revoked }) => revoked !== undefined).length).toBeGreaterThanOrEqual(300)
    expect(parseJson(JSON.stringify(past))).toEqual(past)
  })
})
