import { describe, expect, it } from 'vitest'
import { cookieHash } from '../../../src/people/cookies.ts'
import {
  checkSameOrigin,
  openInteraction,
  sealInteraction,
} from '../../../src/people/interaction.ts'
import type { Approval, SignIn } from '../../../src/people/interaction.ts'
import { makeCall } from '../support/call.ts'
import { codeOf, makeIssuer, valueOf } from '../support/issuer.ts'

const now = 1_800_000_000_000
const browser = 'b'.repeat(43)
const session = 's'.repeat(87)
const cookies = (pairs: Readonly<Record<string, string>>, issuer = 'bank') => ({
  cookie: Object.entries(pairs)
    .map(([name, value]) => `__Host-fapi-${issuer}-${name}=${value}`)
    .join('; '),
})
const both = cookies({ browser, session })
const callOf = (headers: Record<string, string> = both, more: object = {}) =>
  makeCall({ headers, now, ...more })

const signIn = async (): Promise<SignIn> => ({
  stage: 'sign-in',
  purpose: { kind: 'authorize', request: 'handle' },
  need: { required: 2, wanted: 2, freshAfter: 0 },
  ask: 'identify',
  proofs: [],
  browser: await cookieHash(browser),
  until: now + 1,
})
const approval = async (): Promise<Approval> => ({
  stage: 'approval',
  request: 'handle',
  browser: await cookieHash(browser),
  until: now + 1,
  session: await cookieHash(session),
  person: { accountId: 'account', sub: 'alice', username: 'alice', epoch: 0 },
  authentication: { acr: 'a', amr: ['pwd'], time: 1 },
  grantId: 'grant',
})

describe('a sealed interaction', () => {
  it('opens in the browser it was sealed for, at its stage', async () => {
    for (const interaction of [await signIn(), await approval()]) {
      const sealed = await sealInteraction(callOf(), interaction)
      const opened = await openInteraction(callOf(), interaction.stage, sealed)
      expect(valueOf(opened)).toEqual(interaction)
      expect(sealed).not.toContain('handle')
    }
  })

  it('ATK-A1-17 ATK-A1-19 opens in no other browser, with the same words each time', async () => {
    const sealed = await sealInteraction(callOf(), await signIn())
    const strangers = [{}, cookies({ browser: 'x'.repeat(43) }), cookies({ session }), cookies({ browser }, 'tenant'), { cookie: `${both.cookie}; ${both.cookie}` }] // prettier-ignore
    for (const headers of strangers) {
      const answer = await openInteraction(callOf(headers), 'sign-in', sealed)
      expect(answer).toMatchObject({
        ok: false,
        refusal: {
          code: 'invalid_request',
          description: 'This page is no longer valid in this browser',
        },
      })
    }
    expect(codeOf(await openInteraction(callOf(), 'sign-in', sealed))).toBeUndefined()
  })

  it('ATK-A1-18 needs the cookie of the sign-in too, once somebody has signed in', async () => {
    const sealed = await sealInteraction(callOf(), await approval())
    for (const headers of [cookies({ browser }), cookies({ browser, session: 'x'.repeat(87) })]) {
      expect(codeOf(await openInteraction(callOf(headers), 'approval', sealed))).toBe(
        'invalid_request',
      )
    }
  })

  it('ATK-A1-17 of one stage is none of the other: nobody skips the sign-in', async () => {
    const first = await sealInteraction(callOf(), await signIn())
    const second = await sealInteraction(callOf(), await approval())
    expect(codeOf(await openInteraction(callOf(), 'approval', first))).toBe('invalid_request')
    expect(codeOf(await openInteraction(callOf(), 'sign-in', second))).toBe('invalid_request')
  })

  it('ends at its time', async () => {
    const sealed = await sealInteraction(callOf(), await signIn())
    const at = (time: number) => openInteraction(callOf(both, { now: time }), 'sign-in', sealed)
    expect(codeOf(await at(now))).toBeUndefined()
    expect(codeOf(await at(now + 1))).toBe('invalid_request')
  })

  it('of one issuer is none of another, with the same cookie and secret', async () => {
    const issuer = makeIssuer({ id: 'tenant' })
    const headers = { cookie: `${both.cookie}; ${cookies({ browser }, 'tenant').cookie}` }
    const sealed = await sealInteraction(callOf(), await signIn())
    expect(codeOf(await openInteraction(callOf(headers, { issuer }), 'sign-in', sealed))).toBe('invalid_request')
    const own = await sealInteraction(callOf(headers, { issuer }), await signIn())
    expect(codeOf(await openInteraction(callOf(headers, { issuer }), 'sign-in', own))).toBeUndefined()
  }) // prettier-ignore

  it('is not opened when it is missing, forged, altered, too long or sealed with another secret', async () => {
    const sealed = await sealInteraction(callOf(), await signIn())
    const secret = `one:${Buffer.alloc(32, 9).toString('base64url')}`
    const foreign = await sealInteraction(callOf(both, { secret }), await signIn())
    const wrong = [undefined, '', 'x', JSON.stringify(await signIn()), sealed.slice(0, -2), `${sealed}AA`, sealed.padEnd(4_097, 'A'), foreign] // prettier-ignore
    for (const text of wrong) {
      expect(codeOf(await openInteraction(callOf(), 'sign-in', text))).toBe('invalid_request')
    }
  })
})

describe('checkSameOrigin', () => {
  const verdict = (headers: Readonly<Partial<Record<'origin' | 'sec-fetch-site', string>>>) =>
    codeOf(checkSameOrigin(makeCall({ headers })))

  it.each([
    {}, { origin: 'https://as.bank.example' }, { origin: 'null' }, { 'sec-fetch-site': 'same-origin' },
    { origin: 'https://as.bank.example', 'sec-fetch-site': 'same-origin' }, { origin: 'null', 'sec-fetch-site': 'same-origin' },
  ])('ATK-A1-17 accepts a form of its own: %j', (headers) => {
    expect(verdict(headers)).toBeUndefined()
  }) // prettier-ignore

  it.each([
    { origin: 'https://evil.example' }, { origin: 'https://as.bank.example.evil.example' }, { origin: 'http://as.bank.example' },
    { origin: 'https://as.bank.example:8443' }, { origin: 'https://mtls.bank.example' }, { origin: 'https://AS.bank.example' }, { origin: '' },
    { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' }, { 'sec-fetch-site': '' },
    { origin: 'https://as.bank.example', 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
  ])('ATK-A1-17 refuses a form of another site: %j', (headers) => {
    expect(verdict(headers)).toBe('invalid_request')
  }) // prettier-ignore

  it('ATK-A1-17 compares origins, not addresses, of an issuer with a path', () => {
    const issuer = makeIssuer({ issuer: 'https://as.bank.example/tenant' })
    const by = (origin: string) =>
      codeOf(checkSameOrigin(makeCall({ issuer, headers: { origin } })))
    expect(by('https://as.bank.example')).toBeUndefined()
    expect(by('https://as.bank.example/tenant')).toBe('invalid_request')
  })
})
