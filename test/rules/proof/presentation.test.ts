import { beforeAll, describe, expect, it } from 'vitest'
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { JWK } from 'jose'
import { accept, refuse } from '../../../src/errors.ts'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { mintNonce } from '../../../src/proof/nonce.ts'
import type { NonceKeys } from '../../../src/proof/nonce.ts'
import {
  challenge,
  readPresentation,
  resourceStatus,
  verifyPresentation,
} from '../../../src/proof/presentation.ts'
import type { PresentationInput } from '../../../src/proof/presentation.ts'
import { judgeNonce, judgeUse } from '../../../src/proof/sender.ts'
import { deriveKeys, parseMasterSecret } from '../../../src/secrets.ts'
import type { AccessToken } from '../../../src/tokens/access-token.ts'
import type { Confirmation } from '../../../src/types.ts'
import { codeOf, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'

const now = 1_800_000_000_000
const url = 'https://api.bank.example/accounts'
const text = 'header.payload.signature'

let key: TestKey
let jkt: string
let keys: NonceKeys
let nonce: string

beforeAll(async () => {
  key = await makeKey()
  jkt = await calculateJwkThumbprint(key.publicJwk as JWK)
  const secret = parseMasterSecret(`one:${Buffer.alloc(32, 1).toString('base64url')}`)
  if (typeof secret === 'string') throw new Error(secret)
  keys = { role: 'resource-server', secret: deriveKeys(secret, 'hmac', ['api']) }
  nonce = await mintNonce(keys, { hint: 'weur', guards: 4 }, now)
})

const get = (headers: Record<string, string> = {}, query = '') =>
  new Request(`${url}${query}`, { headers })

describe('readPresentation', () => {
  it.each(['DPoP', 'dpop', 'DPOP', 'dPoP'])('SP-RS-01 DPOP-RS-01 reads the scheme %s', (scheme) => {
    const presentation = readPresentation(get({ authorization: `${scheme} ${text}` }))
    expect(valueOf(presentation)).toEqual({ scheme: 'dpop', token: text })
  })

  it.each(['Bearer', 'bearer', 'BEARER'])('SP-RS-01 MTLS-23 reads the scheme %s', (scheme) => {
    const presentation = readPresentation(get({ authorization: `${scheme}  ${text}` }))
    expect(valueOf(presentation)).toEqual({ scheme: 'bearer', token: text })
  })

  it('DPOP-RS-02 knows a request without credentials from a wrong one', () => {
    expect(readPresentation(get())).toEqual({ ok: true, value: undefined })
  })

  it.each([
    '', 'DPoP', 'DPoP ', text, 'Basic YTpi', `DPoP ${text} ${text}`, `DPoP ${text}, Bearer ${text}`, `Bearer ${text}, DPoP ${text}`,
    `DPoP ${text},`, `DPoP "${text}"`, `DPoP\t${text}`, `DPoP token=${text}`, `DPoP ${text}=x`, `DPoP ${text}é`, `Token ${text}`, `DPoPX ${text}`,
  ])('DPOP-RS-08 refuses the header %j', (authorization) => {
    expect(codeOf(readPresentation(get({ authorization })))).toBe('invalid_request')
  }) // prettier-ignore

  it('SP-RS-02 refuses a token in the query, beside a header too', () => {
    expect(codeOf(readPresentation(get({}, '?access_token=x')))).toBe('invalid_request')
    expect(codeOf(readPresentation(get({}, '?%61ccess_token=')))).toBe('invalid_request')
    const both = get({ authorization: `DPoP ${text}` }, '?a=b&access_token=x')
    expect(codeOf(readPresentation(both))).toBe('invalid_request')
    const neither = get({ authorization: `DPoP ${text}` }, '?access_tokens=x')
    expect(codeOf(readPresentation(neither))).toBeUndefined()
  })
})

const token = (confirmation: Confirmation): AccessToken => ({
  id: 'id',
  home: { home: 'grant', objectId: 'ab'.repeat(32), epoch: 0, series: 0 },
  clientId: 'app', subject: 'alice', audience: url, scope: ['accounts'], issuedAt: 0, expiresAt: 0, claims: {},
  confirmation,
}) // prettier-ignore

const proofOf = (changes: object = {}, by = key) =>
  sign(
    by,
    { typ: 'dpop+jwt', alg: by.alg, jwk: by.publicJwk },
    {
      jti: 'j', htm: 'GET', htu: url, iat: now / 1000, nonce,
      ath: createHash('sha256').update(text).digest('base64url'), ...changes,
    },
  ) // prettier-ignore

type Given = {
  readonly scheme?: 'dpop' | 'bearer'
  readonly dpop?: string
  readonly x5t?: string
  readonly cnf: Confirmation
  readonly nonce?: 'required' | 'off'
}

const verify = (given: Given) => {
  const input: PresentationInput = {
    request: get(given.dpop === undefined ? {} : { dpop: given.dpop }),
    url,
    presentation: { scheme: given.scheme ?? 'dpop', token: text },
    verify: async (presented) => {
      expect(presented).toBe(text)
      return accept(token(given.cnf))
    },
    x5t: given.x5t,
    profile: fapi2Security,
    nonce: { keys, nonce: given.nonce ?? 'required', guards: 4, proofWindow: 120, futureSkew: 30 },
    now,
  }
  return verifyPresentation(input)
}

describe('verifyPresentation', () => {
  it('SP-RS-05 DPOP-RS-01 accepts a bound token with a proof of its key', async () => {
    const result = valueOf(await verify({ cnf: { jkt }, dpop: await proofOf() }))
    expect(result.token.confirmation).toEqual({ jkt })
    expect(result.proof?.route).toMatchObject({ hint: 'weur' })
  })

  it('MTLS-21 MTLS-23 accepts a certificate-bound token with its certificate, without a proof', async () => {
    const result = valueOf(await verify({ scheme: 'bearer', cnf: { 'x5t#S256': 'c' }, x5t: 'c' }))
    expect(result).toStrictEqual({ token: token({ 'x5t#S256': 'c' }) })
  })

  it('MTLS-21 refuses a certificate-bound token with another certificate or none', async () => {
    for (const x5t of ['d', undefined]) {
      const given = { scheme: 'bearer', cnf: { 'x5t#S256': 'c' }, ...(x5t === undefined ? {} : { x5t }) } as const // prettier-ignore
      expect(codeOf(await verify(given))).toBe('invalid_token')
    }
  })

  it('ATK-A5-01 DPOP-RS-03 refuses a bound token without a proof', async () => {
    expect(codeOf(await verify({ cnf: { jkt } }))).toBe('invalid_dpop_proof')
    expect(codeOf(await verify({ cnf: { jkt }, dpop: '' }))).toBe('invalid_dpop_proof')
  })

  it('ATK-A5-04 DPOP-RS-06 refuses a key-bound token as Bearer, with a good proof beside it too', async () => {
    const dpop = await proofOf()
    expect(codeOf(await verify({ scheme: 'bearer', cnf: { jkt } }))).toBe('invalid_token')
    expect(codeOf(await verify({ scheme: 'bearer', cnf: { jkt }, dpop }))).toBe('invalid_token')
    const both = { jkt, 'x5t#S256': 'c' }
    expect(codeOf(await verify({ scheme: 'bearer', cnf: both, x5t: 'c' }))).toBe('invalid_token')
    expect(codeOf(await verify({ cnf: both, x5t: 'c', dpop }))).toBeUndefined()
  })

  it('DPOP-RS-07 refuses a token without key under the scheme DPoP', async () => {
    const dpop = await proofOf()
    expect(codeOf(await verify({ cnf: { 'x5t#S256': 'c' }, x5t: 'c', dpop }))).toBe('invalid_token')
    expect(codeOf(await verify({ cnf: {}, dpop }))).toBe('invalid_token')
    expect(codeOf(await verify({ scheme: 'bearer', cnf: {} }))).toBe('invalid_token')
  })

  it('DPOP-13 DPOP-RS-04 refuses the proof of another key', async () => {
    const dpop = await proofOf({}, await makeKey())
    expect(codeOf(await verify({ cnf: { jkt }, dpop }))).toBe('invalid_token')
  })

  it('MTLS-27 demands both keys of a token that is bound to both', async () => {
    const cnf = { jkt, 'x5t#S256': 'c' }
    const dpop = await proofOf()
    expect(codeOf(await verify({ cnf, dpop, x5t: 'c' }))).toBeUndefined()
    expect(codeOf(await verify({ cnf, dpop }))).toBe('invalid_token')
    expect(codeOf(await verify({ cnf, dpop, x5t: 'd' }))).toBe('invalid_token')
  })

  it.each([
    ['for another method', { htm: 'POST' }], ['for another address', { htu: 'https://other.bank.example/accounts' }],
    ['for another token', { ath: createHash('sha256').update('x').digest('base64url') }], ['for no token', { ath: undefined }],
    ['of the future', { iat: now / 1000 + 61 }],
  ])('ATK-A5-03 DPOP-RS-03 refuses a proof %s', async (_what, changes) => {
    expect(codeOf(await verify({ cnf: { jkt }, dpop: await proofOf(changes) }))).toBe('invalid_dpop_proof')
  }) // prettier-ignore

  it('ATK-A5-05 DPOP-RS-09 DPOP-AS-12 asks for a nonce when it is missing, unknown or stale', async () => {
    const stale = await mintNonce(keys, { hint: 'weur', guards: 4 }, now - 1_000_000)
    for (const wrong of [undefined, '', 'x', stale]) {
      const dpop = await proofOf({ nonce: wrong })
      expect(codeOf(await verify({ cnf: { jkt }, dpop }))).toBe('use_dpop_nonce')
    }
    const dpop = await proofOf({ nonce: undefined })
    expect(codeOf(await verify({ cnf: { jkt }, dpop, nonce: 'off' }))).toBeUndefined()
  })

  it('SP-RS-03 gives the refusal of the token before it looks at the proof', async () => {
    const refused = refuse('invalid_token', 'The access token is not valid')
    const result = await verifyPresentation({
      request: get({ dpop: 'nonsense' }),
      url,
      presentation: { scheme: 'dpop', token: text },
      verify: async () => refused,
      x5t: undefined,
      profile: fapi2Security,
      nonce: { keys, nonce: 'required', guards: 4, proofWindow: 120, futureSkew: 30 },
      now,
    })
    expect(result).toEqual(refused)
  })
})

describe('judgeNonce and judgeUse', () => {
  const proof = { jkt: 'k', jti: 'j', nonce: undefined, issuedAt: now / 1000 }
  const policy = { nonce: 'off', guards: 4, proofWindow: 120, futureSkew: 30 } as const

  it('DPOP-14 name a proof by key and jti, so that neither runs into the other', async () => {
    const keyOf = async (changes: object) =>
      valueOf(await judgeNonce({ ...policy, keys }, { ...proof, ...changes }, now)).key
    const names = await Promise.all(
      [{}, { jkt: 'kj', jti: '' }, { jkt: '', jti: 'kj' }, { jti: 'J' }, { jkt: 'K' }].map(keyOf),
    )
    expect(new Set(names).size).toBe(names.length)
    expect(await keyOf({ issuedAt: 0 })).toBe(names[0])
  })

  it('DPOP-14 remember a proof for as long as it could be accepted, with nonces off', async () => {
    const { route } = valueOf(await judgeNonce({ ...policy, keys }, proof, now))
    expect(route.validUntil).toBe(now + 150_000)
    expect(route.n).toBeLessThan(4)
    const again = valueOf(await judgeNonce({ ...policy, keys }, proof, now + 1_000))
    expect(again.route).toEqual(route)
  })

  it('DPOP-14 SP-SC-02 refuse a second use, and ask again when the nonce has just ended', () => {
    const used = judgeUse('used')
    expect(codeOf(used)).toBe('invalid_dpop_proof')
    expect(used.ok ? undefined : used.refusal.event).toBe('proof.replayed')
    expect(codeOf(judgeUse('late'))).toBe('use_dpop_nonce')
    expect(judgeUse('fresh')).toEqual({ ok: true, value: true })
  })
})

describe('the answer of a protected resource', () => {
  const algorithms = ['ES256', 'PS256']

  it('DPOP-RS-02 names no error where no credentials were sent', () => {
    expect(resourceStatus(undefined)).toBe(401)
    expect(challenge(undefined, { algorithms })).toBe('DPoP algs="ES256 PS256"')
  })

  it.each([
    ['invalid_token', 401], ['invalid_dpop_proof', 401], ['use_dpop_nonce', 401], ['insufficient_scope', 403],
    ['insufficient_user_authentication', 401], ['invalid_request', 400], ['temporarily_unavailable', 503], ['server_error', 500],
  ] as const)('DPOP-RS-03 DPOP-RS-04 DPOP-RS-05 DPOP-RS-09 refuses with %s at status %i', (code, status) => {
    expect(resourceStatus({ code, description: 'x' })).toBe(status)
    const header = challenge({ code, description: 'Words' }, { algorithms })
    expect(header).toBe(`DPoP error="${code}", error_description="Words", algs="ES256 PS256"`)
  }) // prettier-ignore

  it('DPOP-RS-05 names the scope that is missing', () => {
    const refusal = { code: 'insufficient_scope', description: 'x' } as const
    expect(challenge(refusal, { algorithms, scope: 'accounts' })).toContain('scope="accounts"')
  })

  it('RFC 9470 3 names the authentication that is missing', () => {
    const refusal = { code: 'insufficient_user_authentication', description: 'x' } as const
    const header = challenge(refusal, { algorithms, acrValues: ['urn:a', 'urn:b'], maxAge: 300 })
    expect(header).toBe(
      'DPoP error="insufficient_user_authentication", error_description="x", acr_values="urn:a urn:b", max_age="300", algs="ES256 PS256"',
    )
    expect(challenge(refusal, { algorithms })).not.toMatch(/acr_values|max_age/)
  })

  it('RFC 9396 names the types of details that would do', () => {
    const refusal = { code: 'insufficient_scope', description: 'x' } as const
    const header = challenge(refusal, { algorithms, detailTypes: ['payment', 'account'] })
    expect(header).toContain(', authorization_details_types="payment account", ')
  })

  it('RFC 9449 7.2 speaks to a Bearer token in its scheme, and offers DPoP', () => {
    const refusal = { code: 'invalid_token', description: 'x' } as const
    expect(challenge(refusal, { algorithms, scheme: 'bearer' })).toMatch(
      /^Bearer error="invalid_token".*, DPoP algs="ES256 PS256"$/,
    )
  })

  it('ATK-A1-23 lets no character out of a quoted text', () => {
    const refusal = { code: 'invalid_token', description: 'a"b\\c\r\nX: y' } as const
    const header = challenge(refusal, { algorithms, scope: 'a" b', acrValues: ['c"', 'd'] })
    expect(header).toContain('acr_values="c d"')
    expect(header).toContain('error_description="abcX: y"')
    expect(header).toContain('scope="a b"')
  })
})
