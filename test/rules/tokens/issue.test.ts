import { beforeAll, describe, expect, it } from 'vitest'
import { compactDecrypt } from 'jose'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import type { RingKey } from '../../../src/objects/ring.ts'
import { signAuthorizationResponse, signIntrospection } from '../../../src/tokens/answers.ts'
import {
  checkEncryption,
  issueAccessToken,
  issueIdToken,
  issueLogoutToken,
  issueUserinfo,
} from '../../../src/tokens/issue.ts'
import type { AccessTokenOrder, IdTokenOrder } from '../../../src/tokens/issue.ts'
import { decodeJwt, importKey, verifySignature } from '../../../src/tokens/jwt.ts'
import type { Issuer } from '../../../src/types.ts'
import { codeOf, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { callWithRings, newIssuerId, ringKey, ringOf } from '../support/rings.ts'
import type { Rings } from '../support/rings.ts'

const seconds = 1_800_000_000
/** Half a second later: what is told is whole seconds. */
const now = seconds * 1000 + 500

let issuer: Issuer
let own: RingKey
let further: RingKey
let rings: Rings
let encryption: CryptoKeyPair
let published: JsonWebKey

beforeAll(async () => {
  issuer = makeIssuer({ id: newIssuerId(), further_signing_algs: ['PS256'] })
  own = await ringKey(issuer)
  further = await ringKey(issuer, 'signing:PS256')
  rings = { signing: ringOf(issuer, [own]), 'signing:PS256': ringOf(issuer, [further], 'signing:PS256') } // prettier-ignore
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' }
  encryption = (await crypto.subtle.generateKey(ecdh, true, ['deriveBits'])) as CryptoKeyPair
  const { kty, crv, x, y } = (await crypto.subtle.exportKey('jwk', encryption.publicKey)) as JsonWebKey
  published = { kty, crv, x, y, use: 'enc', kid: 'enc' } as JsonWebKey
}) // prettier-ignore

const call = () => callWithRings(issuer, rings, { now }).call

/** What a signed text says, after its signature was verified with the ring's key. */
async function read(jws: string, ring = own) {
  const alg = ring.alg as 'ES256' | 'PS256'
  expect(await verifySignature(jws, await importKey(ring.publicJwk, alg), alg)).toBe(true)
  const jwt = decodeJwt(jws, 32_768)
  if (jwt === undefined) throw new Error('not a JWT')
  return jwt
}

const openJwe = async (jwe: string) => {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, encryption.privateKey)
  return { jws: new TextDecoder().decode(plaintext), protectedHeader }
}

const encrypted = (what: 'id_token' | 'userinfo' | 'authorization' | 'introspection') =>
  makeClient({
    jwks: { keys: [published] },
    [`${what}_encrypted_response_alg`]: 'ECDH-ES',
    [`${what}_encrypted_response_enc`]: 'A256GCM',
  } as Partial<ClientMetadata>)

/** A client that wants this encrypted and has no key for it. */
const keyless = (what: Parameters<typeof encrypted>[0]) => {
  const client = encrypted(what)
  return { ...client, metadata: { ...client.metadata, jwks: { keys: [] } } }
}

describe('an access token', () => {
  const order: AccessTokenOrder = {
    tokenId: 'token-1',
    clientId: 'app',
    subject: 'alice',
    audience: 'https://api.bank.example',
    scope: ['openid', 'accounts'],
    confirmation: { jkt: 'key-1' },
    expires: seconds + 300,
  }
  const issue = (changes: Partial<AccessTokenOrder> = {}) =>
    issueAccessToken(call(), { ...order, ...changes })

  it('SP-AS-05 SP-CR-01 says whose it is, for whom, for how long and to which key it is bound', async () => {
    const { token, tokenType, expiresIn } = await issue()
    expect([tokenType, expiresIn]).toEqual(['DPoP', 300])
    const { header, claims } = await read(token)
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: own.kid })
    expect(claims).toEqual({
      iss: issuer.url, sub: 'alice', aud: 'https://api.bank.example', client_id: 'app', iat: seconds, exp: seconds + 300,
      jti: 'token-1', scope: 'openid accounts', cnf: { jkt: 'key-1' },
    })
  }) // prettier-ignore

  it('MTLS-20 MTLS-23 is Bearer where a certificate binds it', async () => {
    const { token, tokenType } = await issue({ confirmation: { 'x5t#S256': 'thumbprint' } })
    expect(tokenType).toBe('Bearer')
    expect((await read(token)).claims['cnf']).toEqual({ 'x5t#S256': 'thumbprint' })
  })

  it('SP-AS-04 does not exist without sender or audience', async () => {
    await expect(issue({ confirmation: {} })).rejects.toThrow('without sender or audience')
    await expect(issue({ audience: '' })).rejects.toThrow('without sender or audience')
  })

  it('RAR-09 has details and how the person signed in where they are known, and no empty scope', async () => {
    const details = [{ type: 'payment' }]
    const authentication = { time: seconds - 60, acr: 'urn:two', amr: ['pwd', 'otp'] }
    const { token } = await issue({ scope: [], details, authentication } as Partial<AccessTokenOrder>) // prettier-ignore
    const { claims } = await read(token)
    expect(claims).toMatchObject({ authorization_details: details, auth_time: seconds - 60, acr: 'urn:two', amr: ['pwd', 'otp'] }) // prettier-ignore
    expect(claims).not.toHaveProperty('scope')
  })
})

describe('an id_token', () => {
  const authentication = { time: seconds - 60, acr: 'urn:two', amr: ['pwd'] }
  const order = (changes: object = {}): IdTokenOrder =>
    ({ client: makeClient(), subject: 'alice', authentication, claims: {}, ...changes }) as IdTokenOrder // prettier-ignore

  it('SP-AS-34 says who signed in, when and how, to one client', async () => {
    const jwt = await read(await issueIdToken(call(), order()))
    expect(jwt.header).toEqual({ alg: 'ES256', typ: 'JWT', kid: own.kid })
    expect(jwt.claims).toEqual({
      iss: issuer.url, sub: 'alice', aud: 'app', iat: seconds, exp: seconds + 300, auth_time: seconds - 60, acr: 'urn:two', amr: ['pwd'],
    })
  }) // prettier-ignore

  it('SP-AS-33 carries nonce, session and the claims asked for, which replace none of its own', async () => {
    const claims = { email: 'a@example', iss: 'x', sub: 'x', aud: 'x', exp: 1, iat: 1, acr: 'x' }
    const jwt = await read(await issueIdToken(call(), order({ nonce: 'n', session: 's', claims })))
    expect(jwt.claims).toMatchObject({ nonce: 'n', sid: 's', email: 'a@example', iss: issuer.url, sub: 'alice', aud: 'app', acr: 'urn:two', iat: seconds }) // prettier-ignore
  })

  it('MS-IDT-01 is signed with the registered algorithm', async () => {
    const client = makeClient({ id_token_signed_response_alg: 'PS256' })
    const jwt = await read(await issueIdToken(call(), order({ client })), further)
    expect(jwt.header).toEqual({ alg: 'PS256', typ: 'JWT', kid: further.kid })
  })

  it('is encrypted for a client that registered for it, or does not leave', async () => {
    const jwe = await issueIdToken(call(), order({ client: encrypted('id_token') }))
    const { jws, protectedHeader } = await openJwe(jwe)
    expect(protectedHeader).toMatchObject({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      cty: 'JWT',
      kid: 'enc',
    })
    expect((await read(jws)).claims['sub']).toBe('alice')
    await expect(issueIdToken(call(), order({ client: keyless('id_token') }))).rejects.toThrow('invalid_request') // prettier-ignore
  })
})

describe('a userinfo answer as a JWT', () => {
  it('is about one person, for one client, and says so itself', async () => {
    const claims = { sub: 'alice', email: 'a@example', iss: 'x', aud: 'x' }
    const { header, claims: said } = await read(await issueUserinfo(call(), makeClient(), claims))
    expect(header).toEqual({ alg: 'ES256', typ: 'JWT', kid: own.kid })
    expect(said).toEqual({ sub: 'alice', email: 'a@example', iss: issuer.url, aud: 'app', iat: seconds }) // prettier-ignore
  })

  it('is signed and encrypted as registered, or does not leave', async () => {
    const client = makeClient({ userinfo_signed_response_alg: 'PS256' })
    expect((await read(await issueUserinfo(call(), client, { sub: 'a' }), further)).header['alg']).toBe('PS256') // prettier-ignore
    const { jws } = await openJwe(await issueUserinfo(call(), encrypted('userinfo'), { sub: 'a' }))
    expect((await read(jws)).claims['sub']).toBe('a')
    await expect(issueUserinfo(call(), keyless('userinfo'), { sub: 'a' })).rejects.toThrow('invalid_request') // prettier-ignore
  })
})

describe('a logout token', () => {
  it('Back-Channel Logout 2.4 names the session and the event, for two minutes, and no nonce', async () => {
    const about = { client: makeClient(), subject: 'alice', session: 's' }
    const { header, claims } = await read(await issueLogoutToken(call(), about))
    expect(header).toEqual({ alg: 'ES256', typ: 'logout+jwt', kid: own.kid })
    expect(claims).toEqual({
      iss: issuer.url,
      sub: 'alice',
      aud: 'app',
      iat: seconds,
      exp: seconds + 120,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid: 's',
    })
    const again = await read(await issueLogoutToken(call(), about))
    expect(again.claims['jti']).not.toBe(claims['jti'])
  })

  it('is encrypted as the id_tokens of its client are', async () => {
    const about = { client: encrypted('id_token'), subject: 'alice', session: 's' }
    const { jws } = await openJwe(await issueLogoutToken(call(), about))
    expect((await read(jws)).header['typ']).toBe('logout+jwt')
  })
})

describe('a signed authorization response', () => {
  it('MS-JARM-02 MS-JARM-03 says all of it, to its client, for five minutes', async () => {
    const parameters = { code: 'c', state: 's' }
    const answer = valueOf(await signAuthorizationResponse(call(), makeClient(), parameters))
    const { header, claims } = await read(answer.jws)
    expect(header).toEqual({ alg: 'ES256', typ: 'JWT', kid: own.kid })
    expect(claims).toEqual({ code: 'c', state: 's', iss: issuer.url, aud: 'app', iat: seconds, exp: seconds + 300 }) // prettier-ignore
    expect(answer.sealed).toBe(answer.jws)
    expect(answer.jwk).toEqual({ ...own.publicJwk, kid: own.kid })
  })

  it('MS-JARM-06 tells the key that verifies it, without members that have no value', async () => {
    const exporting = makeIssuer({ id: newIssuerId() })
    const key = await ringKey(exporting)
    const publicJwk = { ...key.publicJwk, alg: undefined, ext: true } as unknown as JsonWebKey
    const rings_ = { signing: ringOf(exporting, [{ ...key, publicJwk }]) }
    const by = callWithRings(exporting, rings_, { now }).call
    const { jwk } = valueOf(await signAuthorizationResponse(by, makeClient(), {}))
    expect(jwk).toStrictEqual({ ...key.publicJwk, kid: key.kid })
  })

  it('MS-JARM-06 is signed with the registered algorithm', async () => {
    const client = makeClient({ authorization_signed_response_alg: 'PS256' })
    const { jws, jwk } = valueOf(await signAuthorizationResponse(call(), client, {}))
    expect((await read(jws, further)).header['kid']).toBe(further.kid)
    expect(jwk['kid']).toBe(further.kid)
  })

  it('MS-JARM-07 is encrypted where that was registered, or refused with invalid_request', async () => {
    const answer = valueOf(await signAuthorizationResponse(call(), encrypted('authorization'), { code: 'c' })) // prettier-ignore
    expect((await openJwe(answer.sealed)).jws).toBe(answer.jws)
    const refused = await signAuthorizationResponse(call(), keyless('authorization'), {})
    expect(codeOf(refused)).toBe('invalid_request')
  })
})

describe('a signed introspection answer', () => {
  it('MS-INT-02 MS-INT-03 says all of it in one member, and nothing that would make it a token', async () => {
    const description = { active: true, sub: 'alice', exp: 1 }
    const { jws, sealed } = valueOf(await signIntrospection(call(), makeClient(), description))
    const { header, claims } = await read(jws)
    expect(header).toEqual({ alg: 'ES256', typ: 'token-introspection+jwt', kid: own.kid })
    expect(claims).toEqual({ iss: issuer.url, aud: 'app', iat: seconds, token_introspection: description }) // prettier-ignore
    expect(sealed).toBe(jws)
  })

  it('MS-INT-08 is signed and encrypted as registered, or refused with invalid_request', async () => {
    const client = makeClient({ introspection_signed_response_alg: 'PS256' })
    const { jws } = valueOf(await signIntrospection(call(), client, { active: false }))
    expect((await read(jws, further)).header['alg']).toBe('PS256')
    const answer = valueOf(await signIntrospection(call(), encrypted('introspection'), {}))
    expect((await openJwe(answer.sealed)).jws).toBe(answer.jws)
    expect(codeOf(await signIntrospection(call(), keyless('introspection'), {}))).toBe('invalid_request') // prettier-ignore
  })
})

describe('what a client wants encrypted', () => {
  it('is known to work before anything is used up', async () => {
    expect((await checkEncryption(call(), encrypted('id_token'), 'id_token')).ok).toBe(true)
    expect((await checkEncryption(call(), makeClient(), 'id_token')).ok).toBe(true)
    const refused = await checkEncryption(call(), keyless('id_token'), 'id_token')
    expect(codeOf(refused)).toBe('invalid_request')
  })

  it('has the keys of two algorithms loaded side by side on a cold isolate', async () => {
    const cold = makeIssuer({ id: newIssuerId(), further_signing_algs: ['PS256'] })
    const fresh: Rings = { signing: ringOf(cold, [await ringKey(cold)]), 'signing:PS256': ringOf(cold, [await ringKey(cold, 'signing:PS256')], 'signing:PS256') } // prettier-ignore
    const served = callWithRings(cold, fresh, { now })
    const client = makeClient({ id_token_signed_response_alg: 'PS256' })
    await checkEncryption(served.call, client, 'userinfo')
    expect(served.asked).toEqual([])
    await checkEncryption(served.call, client, 'id_token')
    expect(served.asked).toHaveLength(2)
    expect(served.call.storage.depth).toBeLessThanOrEqual(2)
  })
})
