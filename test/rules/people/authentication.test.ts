import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  acrValues,
  authenticationOf,
  canReach,
  judge,
  levelAcr,
  needOf,
  withProof,
} from '../../../src/people/authentication.ts'
import type { AuthorizationRequest, Proof } from '../../../src/types.ts'
import { makeIssuer } from '../support/issuer.ts'
import { holds } from '../support/property.ts'

const now = 1_800_000_000_000
const at = (method: Proof['method'], seconds = 0): Proof => ({
  method,
  at: now + seconds * 1000,
})
const request = (changes: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  redirectUri: 'https://app.example/cb',
  scope: ['openid'],
  resources: [],
  codeChallenge: 'c',
  prompt: [],
  acrValues: [],
  claims: { idToken: [], userinfo: [] },
  essentialAcr: [],
  ...changes,
})
const [one, two, three] = [levelAcr[1], levelAcr[2], levelAcr[3]]
const twoFactors = makeIssuer()
const oneFactor = makeIssuer({ authentication: { factors: 1 } })

describe('the proofs of a session', () => {
  const given = fc.array(
    fc.record({
      method: fc.constantFrom('password', 'code', 'recovery', 'passkey'),
      at: fc.nat({ max: 1_000 }),
    } satisfies { readonly [member in 'method' | 'at']: unknown }),
    { maxLength: 40 },
  )

  it('stay few however often somebody signs in anew, and amount to the same', () => {
    holds(
      fc.property(given, fc.nat({ max: 1_000 }), (all, freshAfter) => {
        const inOrder = [...all].sort((a, b) => a.at - b.at)
        const kept = inOrder.reduce<readonly Proof[]>(withProof, [])
        expect(kept.length).toBeLessThanOrEqual(4)
        expect(judge(kept, freshAfter)).toEqual(judge(inOrder, freshAfter))
      }),
    )
  })
})

describe('what proofs amount to', () => {
  it.each([
    ['nothing', [], 0, []],
    ['a password', ['password'], 1, ['pwd']],
    ['a one-time code alone', ['code'], 0, []],
    ['a recovery code alone', ['recovery'], 0, []],
    ['both kinds of codes without password', ['code', 'recovery'], 0, []],
    ['a password and a code', ['password', 'code'], 2, ['pwd', 'otp', 'mfa']],
    ['a password and a recovery code', ['password', 'recovery'], 2, ['pwd', 'otp', 'mfa']],
    ['a passkey', ['passkey'], 3, ['pop', 'user', 'mfa']],
    ['a passkey after password and code', ['password', 'code', 'passkey'], 3, ['pop', 'user', 'mfa']],
  ] as const)('%s: level %#', (_, methods, level, amr) => {
    expect(judge(methods.map((method) => at(method)))).toMatchObject({ level, amr })
  }) // prettier-ignore

  it('ends with the proofs that are too old: half of two factors is one factor, or nothing', () => {
    const proofs = [at('password', -600), at('code', -60)]
    expect(judge(proofs, now - 600_000).level).toBe(2)
    expect(judge(proofs, now - 599_999).level).toBe(0)
    expect(judge([at('password', -60), at('code', -600)], now - 100_000).level).toBe(1)
  })

  it('is as old as the oldest proof it counts', () => {
    expect(judge([at('password', -600), at('code', -60)]).since).toBe(now - 600_000)
    expect(judge([at('password', -600), at('code', -60), at('password', -30)]).since).toBe(
      now - 60_000,
    )
    expect(judge([at('password', -600), at('passkey', -5)]).since).toBe(now - 5_000)
  })

  it('is what another login reached, and not more', () => {
    const delegated = { ...at('delegated'), level: 2, amr: ['otp', 'pwd'] } as const
    expect(judge([delegated])).toMatchObject({ level: 2, amr: ['otp', 'pwd'] })
    expect(judge([at('delegated')]).level).toBe(0)
  })

  it('never grows when a proof is taken away', () => {
    const proof = fc.record({
      method: fc.constantFrom('password', 'code', 'recovery', 'passkey' as const),
      at: fc.integer({ min: 0, max: 10 }),
    })
    holds(
      fc.property(fc.array(proof as fc.Arbitrary<Proof>, { maxLength: 6 }), fc.nat(5), (all, cut) => {
        const fewer = all.filter((_, index) => index !== cut)
        expect(judge(fewer).level).toBeLessThanOrEqual(judge(all).level)
        expect(judge(all, 5).level).toBeLessThanOrEqual(judge(all).level)
      }),
    )
  }) // prettier-ignore
})

describe('what a request needs', () => {
  it('is the minimum of the issuer, whatever is asked', () => {
    expect(needOf(twoFactors, request(), now)).toEqual({ required: 2, wanted: 2, freshAfter: 0 })
    expect(needOf(oneFactor, request(), now)).toEqual({ required: 1, wanted: 1, freshAfter: 0 })
    const less = request({ acrValues: [one], essentialAcr: [one] })
    expect(needOf(twoFactors, less, now)).toMatchObject({ required: 2, wanted: 2 })
  })

  it('rises with an essential acr, and as a wish with acr_values', () => {
    expect(needOf(oneFactor, request({ essentialAcr: [two] }), now)).toMatchObject({ required: 2 })
    const wish = needOf(oneFactor, request({ acrValues: [three] }), now)
    expect(wish).toMatchObject({ required: 1, wanted: 3 })
    // Any name of a list satisfies the client: the easiest is enough.
    const either = request({ acrValues: [three, two] })
    expect(needOf(oneFactor, either, now)).toMatchObject({ wanted: 2 })
  })

  it('takes no account of names it does not know, unless one of them is essential alone', () => {
    const strange = request({ acrValues: ['urn:strange', 'constructor'] })
    expect(needOf(oneFactor, strange, now)).toMatchObject({ required: 1, wanted: 1 })
    expect(canReach(oneFactor, strange)).toBe(true)
    expect(canReach(oneFactor, request({ essentialAcr: ['urn:strange'] }))).toBe(false)
    expect(canReach(oneFactor, request({ essentialAcr: ['__proto__'] }))).toBe(false)
    expect(canReach(oneFactor, request({ essentialAcr: ['urn:strange', two] }))).toBe(true)
  })

  it('is refused at once where the login that people use elsewhere has no such level', () => {
    const { [1]: one, [3]: three } = levelAcr
    const upstream = { issuer: 'https://people.example', client_id: 'the-bank', acr: { good: 'two-factors' } } // prettier-ignore
    const elsewhere = makeIssuer({ authentication: { upstream, acr_values: { 'urn:own': 'phishing-resistant' } } }) // prettier-ignore
    expect(acrValues(elsewhere)).toEqual([one, two])
    expect(canReach(elsewhere, request({ essentialAcr: [three] }))).toBe(false)
    expect(canReach(elsewhere, request({ essentialAcr: ['urn:own', two] }))).toBe(true)
    const service = makeIssuer({
      authentication: { delegate: { binding: 'LOGIN', name: 'staff' } },
    })
    for (const any of [service, makeIssuer()]) {
      expect(acrValues(any)).toEqual([one, two, three])
      expect(canReach(any, request({ essentialAcr: [three] }))).toBe(true)
    }
  })

  it('is fresh proof for max_age and prompt=login', () => {
    expect(needOf(oneFactor, request({ maxAge: 60 }), now).freshAfter).toBe(now - 60_000)
    expect(needOf(oneFactor, request({ maxAge: 0 }), now).freshAfter).toBe(now)
    expect(needOf(oneFactor, request({ prompt: ['login'], maxAge: 60 }), now).freshAfter).toBe(now)
  })
})

describe('what is told', () => {
  const reached = judge([at('password', -10), at('code', -5)])

  it('is the first true name of those the client asked for, else the name of the level', () => {
    const told = (asked: readonly string[]) => authenticationOf(twoFactors, reached, asked).acr
    expect(told([])).toBe(two)
    expect(told([three, two])).toBe(two)
    expect(told([one, two])).toBe(one)
    expect(told([three])).toBe(two)
    expect(told(['urn:strange', 'toString'])).toBe(two)
  })

  it('is in seconds, rounded to the past', () => {
    const half = judge([{ method: 'passkey', at: 1_999 }])
    expect(authenticationOf(twoFactors, half, []).time).toBe(1)
  })

  it('prefers the names the issuer gave itself', () => {
    const issuer = makeIssuer({ authentication: { acr_values: { 'urn:bank:sca': 'two-factors' } } })
    expect(authenticationOf(issuer, reached, []).acr).toBe('urn:bank:sca')
    expect(authenticationOf(issuer, reached, [two]).acr).toBe(two)
    expect(acrValues(issuer)).toEqual(['urn:bank:sca', one, two, three])
  })
})
