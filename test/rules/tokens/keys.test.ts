import { describe, expect, it } from 'vitest'
import { copyKeys } from '../../../src/objects/names.ts'
import type { Ring } from '../../../src/objects/ring.ts'
import type { RingName } from '../../../src/objects/ring-name.ts'
import { importKey } from '../../../src/tokens/jwt.ts'
import {
  algorithmFor,
  askRing,
  confirmedSigningKeys,
  loadRing,
  publishedKeys,
  signingKey,
  verificationKey,
} from '../../../src/tokens/keys.ts'
import { makeIssuer } from '../support/issuer.ts'
import { callWithRings, newIssuerId, ringKey, ringOf } from '../support/rings.ts'
import type { Rings } from '../support/rings.ts'
import { later } from '../support/served-call.ts'

const now = 1_800_000_000_000

const newIssuer = (changes: object = {}) => makeIssuer({ id: newIssuerId(), ...changes })
const copied = (id: string, ring: Ring, name: RingName = 'signing') => ({
  [copyKeys.ring(id, name)]: ring,
})
const kidsOf = (set: { readonly keys: readonly object[] }) =>
  set.keys.map((key) => (key as { readonly kid?: string }).kid)

describe('a ring of keys as this isolate knows it', () => {
  it('SP-CR-11 is used for 30 seconds, renewed beside the request until 60, and then before it', async () => {
    const issuer = newIssuer()
    const [old, fresh] = [await ringKey(issuer), await ringKey(issuer)]
    const rings: Rings = { signing: ringOf(issuer, [old]) }
    const served = callWithRings(issuer, rings, { now })
    const kidAt = async (after: number) => kidsOf(await loadRing(later(served, after)))
    expect(await kidAt(0)).toEqual([old.kid])
    expect(await kidAt(0)).toEqual([old.kid])
    rings.signing = ringOf(issuer, [fresh])
    expect(await kidAt(29_999)).toEqual([old.kid])
    expect([served.asked.length, served.waiting.length]).toEqual([1, 0])
    expect(await kidAt(30_000)).toEqual([old.kid])
    expect(served.waiting).toHaveLength(1)
    await Promise.all(served.waiting)
    expect(await kidAt(30_001)).toEqual([fresh.kid])
    rings.signing = ringOf(issuer, [old])
    expect(await kidAt(90_000)).toEqual([old.kid])
    expect(served.waiting).toHaveLength(1)
  })

  it('SP-CR-11 is not used for longer when it cannot be renewed', async () => {
    const issuer = newIssuer()
    const rings: Rings = { signing: ringOf(issuer, [await ringKey(issuer)]) }
    const served = callWithRings(issuer, rings, { now })
    await loadRing(served.call)
    delete rings.signing
    await loadRing(later(served, 59_999))
    await Promise.all(served.waiting)
    await expect(loadRing(later(served, 60_000))).rejects.toThrow('KeyRing.ring failed')
  })

  it('is asked for again by a clock that was turned back', async () => {
    const issuer = newIssuer()
    const served = callWithRings(issuer, { signing: ringOf(issuer, [await ringKey(issuer)]) }, { now }) // prettier-ignore
    await loadRing(served.call)
    await loadRing(later(served, -1))
    expect(served.asked).toHaveLength(2)
    expect(served.waiting).toHaveLength(0)
  })

  it('is taken from its copy at first, and renewed beside the next request', async () => {
    const issuer = newIssuer()
    const ring = ringOf(issuer, [await ringKey(issuer)])
    const served = callWithRings(issuer, { signing: ring }, { now, copies: copied(issuer.id, ring) }) // prettier-ignore
    expect(await loadRing(served.call)).toEqual(ring)
    expect(served.asked).toEqual([])
    await loadRing(later(served, 1))
    expect(served.waiting).toHaveLength(1)
    expect(served.read).toEqual([copyKeys.ring(issuer.id, 'signing')])
  })

  it('is asked itself where the copy has no key that signs now', async () => {
    const issuer = newIssuer()
    const key = await ringKey(issuer)
    const ring = ringOf(issuer, [key])
    const tomorrow = ringOf(issuer, [{ ...key, activeFrom: now + 1 }])
    const served = callWithRings(issuer, { signing: ring }, { now, copies: copied(issuer.id, tomorrow) }) // prettier-ignore
    expect(await loadRing(served.call)).toEqual(ring)
    expect(served.asked).toEqual([`keyRing signing ring "${issuer.id}" "signing"`])
  })

  it('has no copy where its private halves never leave it', async () => {
    const issuer = newIssuer()
    const ring = ringOf(issuer, [await ringKey(issuer)], 'evidence')
    const served = callWithRings(issuer, { evidence: ring }, { now })
    expect(await loadRing(served.call, 'evidence')).toEqual(ring)
    expect(served.read).toEqual([])
  })

  it('is the one another request learned meanwhile, not an older copy', async () => {
    const issuer = newIssuer()
    const [old, fresh] = [await ringKey(issuer), await ringKey(issuer)]
    const { promise, resolve } = Promise.withResolvers<Ring>()
    const copies = { [copyKeys.ring(issuer.id, 'signing')]: promise }
    const served = callWithRings(issuer, { signing: ringOf(issuer, [fresh]) }, { now, copies })
    const reading = loadRing(served.call)
    await askRing(served.call)
    resolve(ringOf(issuer, [old]))
    expect(kidsOf(await reading)).toEqual([fresh.kid])
    expect(kidsOf(await loadRing(served.call))).toEqual([fresh.kid])
  })
})

describe('the key that signs', () => {
  it('SP-CR-02 is the active one of the issuer’s algorithm, or of one it also signs with', async () => {
    const issuer = newIssuer({ signing_alg: 'ES256', further_signing_algs: ['PS256'] })
    const [own, further] = [await ringKey(issuer), await ringKey(issuer, 'signing:PS256')]
    const rings = { signing: ringOf(issuer, [own]), 'signing:PS256': ringOf(issuer, [further], 'signing:PS256') } // prettier-ignore
    const { call } = callWithRings(issuer, rings, { now })
    expect(await signingKey(call)).toMatchObject({ kid: own.kid, alg: 'ES256', publicJwk: own.publicJwk }) // prettier-ignore
    expect(await signingKey(call, 'PS256')).toMatchObject({ kid: further.kid, alg: 'PS256' })
    await expect(signingKey(call, 'Ed25519')).rejects.toThrow('does not sign with Ed25519')
    expect(algorithmFor(issuer, 'PS256')).toBe('PS256')
    expect(algorithmFor(issuer, undefined)).toBe('ES256')
    expect(algorithmFor(issuer, 'Ed25519')).toBe('ES256')
  })

  it('is opened once, and signs what its public half verifies', async () => {
    const issuer = newIssuer()
    const key = await ringKey(issuer)
    const { call } = callWithRings(issuer, { signing: ringOf(issuer, [key]) }, { now })
    const first = await signingKey(call)
    expect((await signingKey(call)).key).toBe(first.key)
    const text = Buffer.from('text')
    const how = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await crypto.subtle.sign(how, first.key, text)
    const own = await importKey(key.publicJwk, 'ES256')
    expect(await crypto.subtle.verify(how, own, signature, text)).toBe(true)
  })

  it('is asked for at the ring when the copy’s was sealed with a secret that is gone', async () => {
    const issuer = newIssuer()
    const [lost, made] = [await ringKey(issuer), await ringKey(issuer)]
    const copies = copied(issuer.id, ringOf(issuer, [{ ...lost, sealed: `gone${lost.sealed}` }]))
    const { call } = callWithRings(issuer, { signing: ringOf(issuer, [made]) }, { now, copies })
    expect((await signingKey(call)).kid).toBe(made.kid)
  })

  it('is none when the ring has none that opens', async () => {
    const issuer = newIssuer()
    const key = await ringKey(issuer)
    const lost = ringOf(issuer, [{ ...key, sealed: `gone${key.sealed}` }])
    const { call } = callWithRings(issuer, { signing: lost }, { now })
    await expect(signingKey(call)).rejects.toThrow('no signing key can be opened')
    const none = newIssuer()
    const empty = callWithRings(none, { signing: ringOf(none, []) }, { now })
    await expect(signingKey(empty.call)).rejects.toThrow('no signing key can be opened')
  })
})

describe('the key that verifies', () => {
  it('SP-CR-11 is a published one with this kid, of any ring that signs', async () => {
    const issuer = newIssuer({ further_signing_algs: ['PS256'] })
    const retired = await ringKey(issuer, 'signing', { removeAt: now + 1 })
    const [own, further] = [await ringKey(issuer), await ringKey(issuer, 'signing:PS256')]
    const encrypts = { ...(await ringKey(issuer)), use: 'enc' as const }
    const rings = { signing: ringOf(issuer, [own, retired, encrypts]), 'signing:PS256': ringOf(issuer, [further], 'signing:PS256') } // prettier-ignore
    const served = callWithRings(issuer, rings, { now })
    const at = async (kid: unknown, after = 0) => (await verificationKey(later(served, after), kid))?.alg // prettier-ignore
    expect(await at(own.kid)).toBe('ES256')
    expect(served.asked).toEqual([`keyRing signing ring "${issuer.id}" "signing"`])
    expect(await at(further.kid)).toBe('PS256')
    expect(await at(retired.kid)).toBe('ES256')
    expect(await at(retired.kid, 1)).toBeUndefined()
    for (const kid of [encrypts.kid, 'other', undefined, null, 1, [own.kid]])
      expect(await at(kid)).toBeUndefined()
    const key = (await verificationKey(served.call, own.kid))?.key
    expect(key?.usages).toEqual(['verify'])
    expect(key?.algorithm.name).toBe('ECDSA')
    expect((await verificationKey(served.call, further.kid))?.key.algorithm.name).toBe('RSA-PSS')
    expect((await verificationKey(served.call, own.kid))?.key).toBe(key)
  })

  it('SP-CR-11 is looked for in each further ring, and in none where the kid is no text', async () => {
    const issuer = newIssuer({ further_signing_algs: ['PS256', 'Ed25519'] })
    const names = ['signing', 'signing:PS256', 'signing:Ed25519'] as const
    const keys = await Promise.all(names.map((name) => ringKey(issuer, name)))
    const rings = Object.fromEntries(names.map((name, at) => [name, ringOf(issuer, keys.slice(at, at + 1), name)])) // prettier-ignore
    const served = callWithRings(issuer, rings, { now })
    for (const kid of [undefined, 1, null])
      expect(await verificationKey(served.call, kid)).toBeUndefined()
    expect(served.asked).toHaveLength(1)
    expect((await verificationKey(served.call, keys[2]?.kid))?.alg).toBe('Ed25519')
  })

  it('SP-CR-11 is never one that only a copy still has', async () => {
    const issuer = newIssuer()
    const [revoked, own] = [await ringKey(issuer), await ringKey(issuer)]
    const copies = copied(issuer.id, ringOf(issuer, [revoked]))
    const served = callWithRings(issuer, { signing: ringOf(issuer, [own]) }, { now, copies })
    await loadRing(served.call)
    expect(await verificationKey(served.call, revoked.kid)).toBeUndefined()
    expect((await verificationKey(served.call, own.kid))?.alg).toBe('ES256')
    expect(kidsOf(await confirmedSigningKeys(served.call))).toEqual([own.kid])
  })
})

describe('what is published', () => {
  it('SP-CR-09 is each ring that signs, and each that clients encrypt for', async () => {
    const issuer = newIssuer({ further_signing_algs: ['PS256'], decryption_algs: ['ECDH-ES'] })
    const names = ['signing', 'signing:PS256', 'decryption:ECDH-ES'] as const
    const keys = await Promise.all(names.map((name) => ringKey(issuer, name)))
    const rings = Object.fromEntries(names.map((name, at) => [name, ringOf(issuer, keys.slice(at, at + 1), name)])) // prettier-ignore
    const { call } = callWithRings(issuer, rings, { now })
    expect(kidsOf(await publishedKeys(call))).toEqual(keys.map(({ kid }) => kid))
    expect(kidsOf(await confirmedSigningKeys(call))).toEqual([keys[0]?.kid, keys[1]?.kid])
  })

  it('is announced for encryption two minutes less than it opens', async () => {
    const issuer = newIssuer({ decryption_algs: ['ECDH-ES'] })
    const key = await ringKey(issuer, 'decryption:ECDH-ES', { removeAt: now + 120_000 })
    const signs = await ringKey(issuer, 'signing', { removeAt: now + 120_000 })
    const rings: Rings = { signing: ringOf(issuer, [signs]), 'decryption:ECDH-ES': ringOf(issuer, [key], 'decryption:ECDH-ES') } // prettier-ignore
    const served = callWithRings(issuer, rings, { now: now - 1 })
    expect(kidsOf(await publishedKeys(served.call))).toContain(key.kid)
    expect(kidsOf(await publishedKeys(later(served, 1)))).toEqual([signs.kid])
  })
})
