import { beforeAll, describe, expect, it } from 'vitest'
import { locationHints } from '../../../src/proof/location.ts'
import { readNonce } from '../../../src/proof/nonce.ts'
import {
  connectionCertificate,
  judgeNonce,
  nextNonce,
  noncePolicy,
  proveSender,
  useProof,
} from '../../../src/proof/sender.ts'
import type { NoncePolicy } from '../../../src/proof/sender.ts'
import { createCa, tlsClientAuth } from '../../support/certificates.ts'
import { codeOf, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'
import { makeServedCall } from '../support/served-call.ts'

const seconds = 1_800_000_000
const now = seconds * 1000
const url = 'https://as.bank.example/token'

let key: TestKey
let der: Uint8Array

beforeAll(async () => {
  key = await makeKey()
  der = (await (await createCa()).issue({ subject: 'CN=client' })).der
})

const proofOf = (claims: object = {}) =>
  sign(
    key,
    { typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk },
    { jti: 'proof-1', htm: 'POST', htu: url, iat: seconds, ...claims },
  )

/** A token request with this proof, if any. */
const requestWith = async (proof?: string | Promise<string>) =>
  makeServedCall({
    now,
    request: new Request(url, {
      method: 'POST',
      headers: proof === undefined ? {} : { dpop: await proof },
    }),
  })

const certificateOf = async (cf: unknown, side: 'main' | 'mtls' = 'mtls') =>
  connectionCertificate(makeServedCall({ side, cf }).call)

describe('the certificate of a connection', () => {
  it('MTLS-20 is read on the side that asks for one, and there alone', async () => {
    const cf = { tlsClientAuth: await tlsClientAuth(der) }
    expect(valueOf(await certificateOf(cf))?.der).toEqual(new Uint8Array(der))
    expect(valueOf(await certificateOf(cf, 'main'))).toBeUndefined()
  })

  it('MTLS-20 is none where none was presented, and invalid_request where it cannot be read', async () => {
    expect(valueOf(await certificateOf({}))).toBeUndefined()
    const crooked = { tlsClientAuth: await tlsClientAuth(der, { certRFC9440: 'crooked' }) }
    expect(codeOf(await certificateOf(crooked))).toBe('invalid_request')
  })
})

describe('the sender of a request', () => {
  const given = { url, certificate: undefined }

  it('is nobody without proof and certificate', async () => {
    const { call } = await requestWith()
    expect(valueOf(await proveSender(call, given))).toStrictEqual({ sender: {} })
  })

  it('DPOP-AS-02 is the key of a proof with a current nonce, and the certificate beside it', async () => {
    const nonce = await nextNonce((await requestWith()).call)
    const { call } = await requestWith(proofOf({ nonce }))
    const certificate = valueOf(await certificateOf({ tlsClientAuth: await tlsClientAuth(der) }))
    const { sender, proof } = valueOf(await proveSender(call, given))
    expect(Object.keys(sender)).toEqual(['jkt'])
    expect(proof?.route).toEqual(await readNonce(noncePolicy(call).keys, nonce, now))
    const both = valueOf(await proveSender(call, { url, certificate }))
    expect(both.sender).toEqual({ jkt: sender.jkt, x5t: certificate?.thumbprint })
    const { call: bare } = await requestWith()
    const alone = valueOf(await proveSender(bare, { url, certificate }))
    expect(alone).toEqual({ sender: { x5t: certificate?.thumbprint } })
  })

  it('DPOP-AS-08 is asked for a nonce where the proof has none, or one of another server', async () => {
    const { secrets } = (await requestWith()).call
    expect(codeOf(await proveSender((await requestWith(proofOf())).call, given))).toBe(
      'use_dpop_nonce',
    )
    const foreign = proofOf({ nonce: secrets.nonce.current })
    expect(codeOf(await proveSender((await requestWith(foreign)).call, given))).toBe(
      'use_dpop_nonce',
    )
  })

  it('DPOP-08 DPOP-12 is refused by a proof for another method, address or token', async () => {
    const nonce = await nextNonce((await requestWith()).call)
    const judge = async (claims: object, more: object = {}) => {
      const { call } = await requestWith(proofOf({ nonce, ...claims }))
      return codeOf(await proveSender(call, { ...given, ...more }))
    }
    expect(await judge({})).toBeUndefined()
    expect(await judge({ htm: 'GET' })).toBe('invalid_dpop_proof')
    expect(await judge({ htu: 'https://as.bank.example/par' })).toBe('invalid_dpop_proof')
    expect(await judge({ iat: seconds + 31 })).toBe('invalid_dpop_proof')
    expect(await judge({}, { accessToken: 'token' })).toBe('invalid_dpop_proof')
  })
})

describe('a proof that is used up', () => {
  it('DPOP-AS-10 is taken once, at the guard its nonce names, until that nonce ends', async () => {
    const { call, asked } = makeServedCall({
      objects: (name) => (name === 'replayGuard weur 3' ? { use: () => 'used' } : undefined),
    })
    const route = { hint: 'weur', n: 3, validUntil: now + 5 } as const
    expect(await useProof(call, { key: 'the-key', route })).toBe('used')
    expect(asked).toEqual([`replayGuard weur 3 use "the-key" ${now + 5}`])
  })
})

describe('a nonce for the next proof', () => {
  it('DPOP-AS-10 names a guard near the caller, or in the place of the issuer', async () => {
    const issuer = makeIssuer({ default_location: 'afr', replay_guards: 2 })
    const hintFor = async (cf?: object) => {
      const { call } = makeServedCall({ issuer, now, cf: cf ?? {} })
      return readNonce(noncePolicy(call).keys, await nextNonce(call), now)
    }
    expect(await hintFor({ continent: 'OC' })).toMatchObject({ hint: 'oc' })
    expect(await hintFor()).toMatchObject({ hint: 'afr' })
  })
})

describe('a proof where nonces are off', () => {
  const policy = (): NoncePolicy => ({
    ...noncePolicy(makeServedCall().call),
    nonce: 'off',
    guards: 7,
    proofWindow: 120,
    futureSkew: 30,
  })
  const proof = { jkt: 'key-1', jti: 'proof-1', nonce: undefined, issuedAt: seconds }

  it('DPOP-11 is remembered as long as it could be accepted, at the guard of its key', async () => {
    const first = valueOf(await judgeNonce(policy(), proof, now))
    const second = valueOf(await judgeNonce(policy(), { ...proof, jti: 'proof-2' }, now))
    expect(first.route.validUntil).toBe((seconds + 150) * 1000)
    expect(second.route).toEqual(first.route)
    expect(second.key).not.toBe(first.key)
    const keys = Array.from({ length: 60 }, (_, at) => ({ ...proof, jkt: `key-${at}` }))
    const routes = await Promise.all(
      keys.map(async (one) => valueOf(await judgeNonce(policy(), one, now)).route),
    )
    expect(new Set(routes.map(({ hint }) => hint))).toEqual(new Set(locationHints))
    expect(new Set(routes.map(({ n }) => n))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]))
  })
})
