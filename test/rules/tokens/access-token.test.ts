import { beforeAll, describe, expect, it } from 'vitest'
import { makeTokenId } from '../../../src/handles.ts'
import { mostDetailBytes, verifyAccessToken } from '../../../src/tokens/access-token.ts'
import type { KeyFinder } from '../../../src/tokens/access-token.ts'
import { valueOf } from '../support/issuer.ts'
import { base64url, makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'

const issuer = 'https://as.bank.example'
const now = 1_800_000_000
const home = { home: 'grant', objectId: 'ab'.repeat(32), epoch: 3, series: 5 } as const
const jti = makeTokenId(home)

let key: TestKey
let stranger: TestKey
const keys: KeyFinder = async (kid) =>
  kid === 'k1' ? { key: key.publicKey, alg: 'ES256' } : undefined

beforeAll(async () => {
  key = await makeKey()
  stranger = await makeKey()
})

const tokenOf = (claims: object = {}, header: object = {}, by = key) =>
  sign(
    by,
    { alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header },
    {
      iss: issuer, sub: 'alice', aud: 'https://api.bank.example', client_id: 'app', iat: now, exp: now + 300, jti,
      scope: 'openid accounts', cnf: { jkt: 'thumbprint' }, ...claims,
    },
  ) // prettier-ignore

const verify = async (token: string | Promise<string>, at = now, expired?: 'accepted') =>
  verifyAccessToken(await token, {
    issuer,
    keys,
    now: at * 1000,
    ...(expired === undefined ? {} : { expired }),
  })
/** The detail of the refusal, for the log; the caller learns `invalid_token` in the same words each time. */
const why = async (...input: Parameters<typeof verify>) => {
  const result = await verify(...input)
  if (result.ok) return undefined
  const { code, description, detail } = result.refusal
  expect([code, description]).toEqual(['invalid_token', 'The access token is not valid'])
  return detail
}

describe('verifyAccessToken', () => {
  it('RAR-09 RAR-19 takes the longest that is issued, and nothing much longer', async () => {
    const details = (bytes: number) => ({ authorization_details: ['x'.repeat(bytes)] })
    const long = tokenOf({ ...details(mostDetailBytes), scope: 's'.repeat(2048) })
    expect(valueOf(await verify(long)).id).toBe(jti)
    expect(await why(tokenOf(details(2 * mostDetailBytes)))).toBe('not a JWT')
  })

  it('SP-RS-07 gives what a sound token says', async () => {
    const token = valueOf(await verify(tokenOf({ extra: 1 })))
    expect(token).toMatchObject({
      id: jti,
      home,
      clientId: 'app',
      subject: 'alice',
      audience: 'https://api.bank.example',
      scope: ['openid', 'accounts'],
      confirmation: { jkt: 'thumbprint' },
      issuedAt: now,
      expiresAt: now + 300,
    })
    expect(token.claims).toMatchObject({ extra: 1 })
    expect(valueOf(await verify(tokenOf({ scope: undefined }))).scope).toEqual([])
  })

  it.each([undefined, null, 'JWT', 'jwt', 'AT+JWT', 'application/at+jwt', 'dpop+jwt', 'token-introspection+jwt', 'oauth-authz-req+jwt', 1])(
    'SP-RS-07 SP-CR-01 refuses typ %j',
    async (typ) => {
      expect(await why(tokenOf({}, { typ }))).toBe('typ is not at+jwt')
    },
  ) // prettier-ignore

  it.each([undefined, null, 'k2', '', 'K1', ['k1']])('refuses kid %j, of no key', async (kid) => {
    expect(await why(tokenOf({}, { kid }))).toBe('no key of the issuer has this kid')
  })

  it.each([undefined, 'none', 'HS256', 'RS256', 'ES384', 'PS256', 'EdDSA', 'es256', ['ES256']])(
    'SP-CR-02 SP-CR-03 refuses alg %j where the key is for ES256',
    async (alg) => {
      expect(await why(tokenOf({}, { alg }))).toBe('alg is not the alg of the key')
    },
  )

  it('SP-RS-03 refuses a signature of another key, and a key of the header', async () => {
    expect(await why(tokenOf({}, {}, stranger))).toBe('the signature does not verify')
    const own = tokenOf({}, { jwk: stranger.publicJwk, jku: 'https://evil.example' }, stranger)
    expect(await why(own)).toBe('the signature does not verify')
    expect(await why(tokenOf({}, { crit: ['b64'], b64: true }))).toBe(
      'the signature does not verify',
    )
  })

  it('SP-RS-03 refuses a tampered token', async () => {
    const [head = '', , signature = ''] = (await tokenOf()).split('.')
    const claims = base64url({ iss: issuer, sub: 'bob' })
    expect(await why(`${head}.${claims}.${signature}`)).toBe('the signature does not verify')
    for (const text of ['', 'x', `${head}.${claims}`, `${head}.${claims}.${signature}.`]) {
      expect(await why(text)).toBe('not a JWT')
    }
  })

  it.each([undefined, 'https://as.bank.example/', 'https://AS.bank.example', 'https://evil.example', [issuer], null])(
    'SP-SC-03 SP-RS-07 refuses iss %j',
    async (iss) => {
      expect(await why(tokenOf({ iss }))).toBe('another issuer')
    },
  ) // prettier-ignore

  it.each([
    { jti: undefined }, { jti: 1 }, { jti: '' }, { jti: 'random' }, { jti: `${jti}A` }, { sub: undefined }, { sub: 1 }, { aud: undefined },
    { aud: ['https://api.bank.example'] }, { aud: null }, { client_id: undefined }, { client_id: {} }, { iat: undefined }, { iat: 'now' },
    { exp: undefined }, { exp: '1900000000' }, { exp: null }, { scope: ['openid'] }, { scope: null }, { cnf: undefined }, { cnf: null },
    { cnf: 'thumbprint' }, { cnf: [] },
  ])('SP-RS-07 SP-AS-04 refuses a signed token with %j', async (claims) => {
    expect(await why(tokenOf(claims))).toBe('a claim is missing')
  }) // prettier-ignore

  it('SP-RS-03 refuses a token from its exp on', async () => {
    expect(await why(tokenOf(), now + 299)).toBeUndefined()
    expect(await why(tokenOf(), now + 300)).toBe('expired')
  })

  it('takes an expired token for revocation, and nothing else that is wrong', async () => {
    expect(await why(tokenOf(), now + 3_000, 'accepted')).toBeUndefined()
    expect(await why(tokenOf({ iss: 'x' }), now + 3_000, 'accepted')).toBe('another issuer')
    expect(await why(tokenOf({}, {}, stranger), now + 3_000, 'accepted')).toMatch(/signature/)
  })
})
