import { describe, expect, it } from 'vitest'
import type { HeadStatement } from '../../../src/objects/attestation.ts'
import { attest, evidenceJwks, evidenceKeys } from '../../../src/tokens/evidence-keys.ts'
import { makeServedCall } from '../support/served-call.ts'

const statement = { seq: 7 } as unknown as HeadStatement
const served = (answer: object) =>
  makeServedCall({
    objects: (name) =>
      name === 'keyRing evidence' ? { attest: () => answer, history: () => [answer] } : undefined,
  })

describe('the evidence key', () => {
  it('signs inside its object, for this issuer', async () => {
    const { call, asked } = served({ jws: 'a.b.c' })
    expect(await attest(call, statement)).toBe('a.b.c')
    expect(asked).toEqual(['keyRing evidence attest "bank" {"seq":7}'])
  })

  it('signs nothing it refuses', async () => {
    await expect(attest(served({ refused: 'not about now' }).call, statement)).rejects.toThrow(
      'not about now',
    )
  })

  it('is published with all that came before it, public halves only, and when each signed', async () => {
    const key = { jwk: { kty: 'EC', x: 'x' }, kid: 'one', from: 1, until: 2 }
    const { call, asked } = served(key)
    const keys = await evidenceKeys(call)
    expect(asked).toEqual(['keyRing evidence history "bank"'])
    expect(evidenceJwks(keys)).toEqual({
      keys: [{ kty: 'EC', x: 'x', alg: 'ES256', use: 'sig', kid: 'one', from: 1, until: 2 }],
    })
  })
})
