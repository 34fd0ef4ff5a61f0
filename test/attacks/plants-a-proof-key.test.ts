import { describe, expect, it } from 'vitest'
import { honest } from '../support/attack.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import type { DpopKey } from '../support/test-client.ts'

const web = testClient('web')

/** Asks for a token with a proof by this key whose header holds this `jwk`. */
async function ask(key: DpopKey, jwk: unknown, claims: Readonly<Record<string, unknown>> = {}) {
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }
  const tokens = await web.token(fields, { key, proofOptions: { header: { jwk }, claims } })
  honest(tokens.answer)
  return { status: refusal(tokens.answer), cnf: tokens.claims['cnf'] }
}

describe('an attacker who writes strange keys into proofs', () => {
  it.each(['ES256', 'PS256', 'EdDSA'] as const)(
    'ATK-A1-34 gets 400 or nothing out of members of strange types, with %s',
    async (alg) => {
      const key = await makeDpopKey(alg)
      const strange: readonly unknown[] = [{ toString: 1, valueOf: 1 }, { length: 43 }, ['x'], 7, true, null, 'x'.repeat(43)] // prettier-ignore
      const own = { status: '200', cnf: { jkt: key.jkt } }
      for (const value of strange) {
        for (const name of ['kty', 'crv', 'x', 'y', 'n', 'e']) {
          const label = `${name}: ${JSON.stringify(value)}`
          const needed = name in key.publicJwk
          const { status, cnf } = await ask(key, { ...key.publicJwk, [name]: value })
          if (needed || status !== '200') expect(status, label).toBe('400 invalid_dpop_proof')
          else expect({ status, cnf }, label).toEqual(own)
        }
      }
      expect(await ask(key, key.publicJwk)).toEqual(own)
    },
  )

  it('ATK-A1-35 cannot take the place of a key that others use, by its numbers under other names', async () => {
    const [own, victim] = [await makeDpopKey('PS256'), await makeDpopKey('PS256')]
    const { n: x, e: y } = victim.publicJwk
    // The proof is refused late, after its key was read.
    const elsewhere = { htu: 'https://nowhere.example/' }
    const planted = await ask(own, { ...own.publicJwk, x, y }, elsewhere)
    expect(planted.status).toBe('400 invalid_dpop_proof')
    expect(await ask(victim, victim.publicJwk)).toEqual({ status: '200', cnf: { jkt: victim.jkt } })
    const again = await ask(own, { ...own.publicJwk, x, y })
    expect(again).toEqual({ status: '200', cnf: { jkt: own.jkt } })
  })
})
