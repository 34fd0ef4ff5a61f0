import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { describe, expect, it } from 'vitest'
import type { StoredPasskey } from '../../../src/objects/account/factors.ts'
import { readAssertion, verifyAssertion, verifyAttestation } from '../../../src/people/passkeys.ts'
import type { NewPasskey } from '../../../src/people/passkeys.ts'
import { createAuthenticator, flags, fromText, join, toText } from '../../support/authenticator.ts'
import type { Answer, SoftwareAuthenticator, Twist } from '../../support/authenticator.ts'

const origin = 'https://as.bank.example'
const rpId = 'as.bank.example'
const challenge = toText(crypto.getRandomValues(new Uint8Array(32)))
const expected = { origin, rpId, challenge }
const creation = { challenge, rp: { id: rpId }, user: { id: toText(new Uint8Array(32).fill(7)) } }
const request = { challenge, rpId }

/** Bends an answer after it was made, as whoever carries it can. */
const bend = (answer: Answer, response: Readonly<Record<string, unknown>>): Answer => ({
  ...answer,
  response: { ...answer.response, ...response },
})

const stored = (passkey: NewPasskey): StoredPasskey => ({ ...passkey, name: '', addedAt: 0 })

async function enrol(authenticator: SoftwareAuthenticator, twist?: Twist) {
  return verifyAttestation(JSON.stringify(await authenticator.create(creation, twist)), expected)
}

async function enrolled(...given: Parameters<typeof createAuthenticator>) {
  const authenticator = await createAuthenticator(...given)
  const answer = await enrol(authenticator)
  if (!answer.ok) throw new Error(answer.refusal.detail)
  return { authenticator, passkey: stored(answer.value) }
}

async function judge(answer: unknown, passkey: StoredPasskey) {
  const assertion = readAssertion(JSON.stringify(answer))
  return assertion === undefined ? 'unreadable' : verifyAssertion(assertion, passkey, expected)
}

/** The judgement of the library made for the field, of the same answers. */
async function libraryAccepts(
  kind: 'attestation' | 'assertion',
  { id, type, response }: Answer,
  passkey?: StoredPasskey,
): Promise<boolean> {
  const common = {
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  }
  const answer = { id, rawId: id, type, response, clientExtensionResults: {} } as never
  try {
    if (kind === 'attestation') {
      return (await verifyRegistrationResponse({ ...common, response: answer })).verified
    }
    const credential = {
      id,
      publicKey: fromText(passkey?.publicKey ?? ''),
      counter: passkey?.counter ?? 0,
    }
    return (await verifyAuthenticationResponse({ ...common, response: answer, credential }))
      .verified
  } catch {
    return false
  }
}

const refused = (detail: string) => ({
  ok: false,
  refusal: { code: 'access_denied', description: 'This passkey was not accepted', detail },
})

/** What is bent, and what is found. */
type Case = readonly [what: string, twist: Twist, detail: string]

/** The library has no opinion about frames. */
const framed = 'inside a frame'

const both: readonly Case[] = [
  ['the other ceremony', { type: 'webauthn.other' }, 'another ceremony'],
  ['another challenge', { challenge: toText(new Uint8Array(32)) }, 'another challenge'],
  ['a prefix of the challenge', { challenge: challenge.slice(0, -1) }, 'another challenge'],
  ['another origin', { origin: 'https://as.bank.example.evil.example' }, 'another origin'],
  ['the origin over plain http', { origin: 'http://as.bank.example' }, 'another origin'],
  ['another port of the host', { origin: `${origin}:8443` }, 'another origin'],
  ['a frame', { crossOrigin: true }, framed],
  ['a page that frames ours', { topOrigin: 'https://evil.example' }, framed],
  ['another site', { rpId: 'evil.example' }, 'another site'],
  ['a parent domain', { rpId: 'bank.example' }, 'another site'],
  ['nobody present', { clear: flags.userPresent }, 'nobody was there'],
  ['nobody verified', { clear: flags.userVerified }, 'the person was not verified'],
  ['a copy that cannot be', { set: flags.backedUp }, 'backed up without being eligible'],
  ['bytes too many', { afterSigning: (data) => join(data, Uint8Array.of(0)) }, 'not authenticator data'],
  ['bytes too few', { afterSigning: (data) => data.slice(0, 36) }, 'not authenticator data'],
] // prettier-ignore

describe('A1-16 enrolling a passkey', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('takes a key of %s, as the library does', async (algorithm) => {
    const authenticator = await createAuthenticator(origin, { algorithm })
    const answer = await authenticator.create(creation)
    const verdict = await verifyAttestation(JSON.stringify(answer), expected)
    expect(verdict).toMatchObject({
      ok: true,
      value: { id: authenticator.id, counter: 1, transports: ['internal', 'hybrid'] },
    })
    expect(await libraryAccepts('attestation', answer)).toBe(true)
  }) // prettier-ignore

  it.each([
    [{}, false, false],
    [{ backupEligible: true }, true, false],
    [{ backupEligible: true, backedUp: true }, true, true],
  ])('records the backup flags of %o', async (given, backupEligible, backedUp) => {
    const { passkey } = await enrolled(origin, given)
    expect(passkey).toMatchObject({ backupEligible, backedUp })
  })

  it.each(both)('refuses %s', async (_what, twist, detail) => {
    const authenticator = await createAuthenticator(origin)
    expect(await enrol(authenticator, twist)).toEqual(refused(detail))
    const answer = await authenticator.create(creation, twist)
    if (detail !== framed) expect(await libraryAccepts('attestation', answer)).toBe(false)
  })

  it('takes a passkey that signed itself, and refuses one that did so wrongly', async () => {
    const authenticator = await createAuthenticator(origin)
    expect(await enrol(authenticator, { selfAttested: 'well' })).toMatchObject({ ok: true })
    const badly = await enrol(authenticator, { selfAttested: 'badly' })
    expect(badly).toEqual(refused('an unwanted attestation'))
  })

  it.each([
    ['a statement where none is', { statement: new Map([['sig', 'x']]) }],
    ['certificates', { selfAttested: 'well', statement: new Map([['x5c', ['x']]]) }],
    ['another format', { format: 'android-safetynet' }],
  ] as const)('refuses %s', async (_what, twist) => {
    const authenticator = await createAuthenticator(origin)
    expect(await enrol(authenticator, twist)).toEqual(refused('an unwanted attestation'))
  })

  it('refuses an id that is not the credential’s', async () => {
    const answer = await (await createAuthenticator(origin)).create(creation)
    const other = { ...answer, id: toText(new Uint8Array(32)) }
    expect(await verifyAttestation(JSON.stringify(other), expected)).toEqual(
      refused('another credential id'),
    )
  })

  it('refuses what is no attestation', async () => {
    const answer = await (await createAuthenticator(origin)).create(creation)
    const texts = [
      undefined,
      '',
      'null',
      '[]',
      '{}',
      JSON.stringify({ ...answer, type: 'password' }),
      JSON.stringify({ ...answer, id: 'not base64url!' }),
      JSON.stringify(bend(answer, { attestationObject: 7 })),
      JSON.stringify(bend(answer, { attestationObject: toText(Uint8Array.of(0xff)) })),
      JSON.stringify(bend(answer, { clientDataJSON: toText(Uint8Array.of(0x7b)) })),
      JSON.stringify(answer).padEnd(16_385),
    ]
    for (const text of texts) expect(await verifyAttestation(text, expected)).toMatchObject({ ok: false })
  }) // prettier-ignore

  it('keeps only hints that are words', async () => {
    const answer = await (await createAuthenticator(origin)).create(creation)
    const bent = bend(answer, { transports: ['usb', 'usb', '<b>', 7, null, 'x'.repeat(99)] })
    expect(await verifyAttestation(JSON.stringify(bent), expected)).toMatchObject({
      ok: true,
      value: { transports: ['usb'] },
    })
  })
})

describe('A1-16 an assertion', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('made with %s is accepted, as by the library', async (algorithm) => {
    const { authenticator, passkey } = await enrolled(origin, { algorithm })
    const answer = await authenticator.get(request)
    expect(await judge(answer, passkey)).toEqual({
      ok: true,
      value: { counter: 2, backedUp: false },
    })
    expect(await libraryAccepts('assertion', answer, passkey)).toBe(true)
  }) // prettier-ignore

  it.each(both)('is refused with %s', async (_what, twist, detail) => {
    const { authenticator, passkey } = await enrolled(origin)
    const answer = await authenticator.get(request, twist)
    expect(await judge(answer, passkey)).toEqual(refused(detail))
    if (detail === framed) return
    expect(await libraryAccepts('assertion', answer, passkey)).toBe(false)
  })

  it.each([
    ['a flipped bit', (signature: Uint8Array<ArrayBuffer>) => signature.map((octet, at) => (at === 20 ? octet ^ 1 : octet))],
    ['a byte too many', (signature: Uint8Array<ArrayBuffer>) => join(signature, Uint8Array.of(0))],
    ['nothing in it', () => new Uint8Array()],
    ['zeros for numbers', () => Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0)],
  ] as const)('is refused when its signature has %s', async (_what, signature) => {
    const { authenticator, passkey } = await enrolled(origin)
    const answer = await authenticator.get(request, { signature })
    expect(await judge(answer, passkey)).toEqual(refused('another signature'))
  }) // prettier-ignore

  it('is refused when flags or counter were changed after signing', async () => {
    const { authenticator, passkey } = await enrolled(origin)
    for (const at of [33, 36]) {
      const afterSigning = (data: Uint8Array<ArrayBuffer>) =>
        data.map((octet, index) => (index === at ? octet ^ 0x40 : octet))
      const answer = await authenticator.get(request, { afterSigning })
      expect(await judge(answer, passkey)).toEqual(refused('another signature'))
    }
  })

  it('is refused under another passkey’s key', async () => {
    const { authenticator } = await enrolled(origin)
    const { passkey } = await enrolled(origin)
    const answer = await authenticator.get(request)
    expect(await judge(answer, passkey)).toEqual(refused('another signature'))
  })

  it('tells that a passkey is copied now, and is refused when it may suddenly be copied', async () => {
    const synced = await enrolled(origin, { backupEligible: true, counter: 0 })
    const answer = await synced.authenticator.get(request, { set: flags.backedUp })
    expect(await judge(answer, synced.passkey)).toEqual({
      ok: true,
      value: { counter: 0, backedUp: true },
    })
    const bound = await enrolled(origin)
    const changed = await bound.authenticator.get(request, { set: flags.backupEligible })
    expect(await judge(changed, bound.passkey)).toEqual(refused('another backup eligibility'))
  })

  it('is not read when a part is missing or is no base64url', async () => {
    const { authenticator, passkey } = await enrolled(origin)
    const answer = await authenticator.get(request)
    for (const part of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
      for (const value of [undefined, null, 7, 'a+b', 'A']) {
        expect(await judge(bend(answer, { [part]: value }), passkey)).toBe('unreadable')
      }
    }
    expect(await judge(bend(answer, { userHandle: 7 }), passkey)).toBe('unreadable')
    expect(await judge(bend(answer, { userHandle: null }), passkey)).toMatchObject({ ok: true })
  })
})
