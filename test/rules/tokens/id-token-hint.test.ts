import { beforeAll, describe, expect, it } from 'vitest'
import { importJWK, SignJWT } from 'jose'
import { unseal } from '../../../src/secrets.ts'
import { sealedFor } from '../../../src/objects/ring.ts'
import type { RingKey } from '../../../src/objects/ring.ts'
import { verifyIdTokenHint } from '../../../src/tokens/id-token-hint.ts'
import type { Issuer } from '../../../src/types.ts'
import { makeCall } from '../support/call.ts'
import { makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'
import { callWithRings, newIssuerId, ringKey, ringOf } from '../support/rings.ts'

const seconds = 1_800_000_000

let issuer: Issuer
let own: RingKey
let privateKey: Awaited<ReturnType<typeof importJWK>>

beforeAll(async () => {
  issuer = makeIssuer({ id: newIssuerId() })
  own = await ringKey(issuer)
  const { secrets } = makeCall({ issuer })
  const plain = await unseal(secrets.signing, own.sealed, sealedFor(issuer.id, own))
  privateKey = await importJWK(JSON.parse(new TextDecoder().decode(plain)), 'ES256')
})

const claimsOf = (changes: object = {}) => ({
  iss: issuer.url, sub: 'alice', aud: 'app', iat: seconds - 900, exp: seconds - 600, auth_time: seconds - 900, ...changes,
}) // prettier-ignore

const hint = (claims: object = {}, header: object = {}) =>
  new SignJWT(claimsOf(claims))
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: own.kid, ...header })
    .sign(privateKey)

const verify = async (token: string | Promise<string>) => {
  const { call } = callWithRings(issuer, { signing: ringOf(issuer, [own]) }, { now: seconds * 1000 }) // prettier-ignore
  return verifyIdTokenHint(call, await token)
}

/** The log's reason; whoever calls learns `invalid_request` in the same words each time. */
const why = async (token: string | Promise<string>) => {
  const result = await verify(token)
  if (result.ok) return undefined
  const { code, description, detail } = result.refusal
  expect([code, description]).toEqual(['invalid_request', 'id_token_hint is not an id_token of this server']) // prettier-ignore
  return detail ?? 'refused'
}

describe('an id_token that comes back as a hint', () => {
  it('OIDC Core 3.1.2.1 says whom it was about, even when it has expired', async () => {
    expect(valueOf(await verify(hint()))).toEqual({ subject: 'alice', clientId: 'app' })
    const withSession = valueOf(await verify(hint({ sid: 's' })))
    expect(withSession).toEqual({ subject: 'alice', clientId: 'app', sessionId: 's' })
    expect(valueOf(await verify(hint({ sid: 1 })))).not.toHaveProperty('sessionId')
  })

  it('SP-CR-01 is no other kind of token', async () => {
    for (const typ of ['at+jwt', 'logout+jwt', 'jwt', undefined]) {
      expect(await why(hint({}, { typ }))).toBe('typ is not JWT')
    }
    expect(await why(hint({ auth_time: undefined }))).toBe('not an id_token')
    expect(await why('x')).toBe('not a JWT')
  })

  it('SP-CR-01 is signed by this issuer, with the algorithm of the key', async () => {
    const stranger = await makeKey()
    const header = { alg: 'ES256', typ: 'JWT', kid: own.kid }
    expect(await why(sign(stranger, header, claimsOf()))).toBe('the signature is wrong')
    expect(await why(sign(stranger, { ...header, kid: 'x' }, claimsOf()))).toBe('no key of this issuer has this kid') // prettier-ignore
    expect(await why(sign(stranger, { ...header, alg: 'PS256' }, claimsOf()))).toBe('alg is not the alg of the key') // prettier-ignore
  })

  it('SP-CR-01 is of this issuer, about one person and for one client', async () => {
    expect(await why(hint({ iss: `${issuer.url}/` }))).toBe('another issuer')
    for (const changes of [{ sub: undefined }, { sub: 1 }, { aud: ['app'] }, { aud: undefined }]) {
      expect(await why(hint(changes))).toBe('no subject or client')
    }
  })
})
