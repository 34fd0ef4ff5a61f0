import { describe, expect, it } from 'vitest'
import { openRequest } from '../../../src/authorization/request-object.ts'
import { checkPublicJwks } from '../../../src/clients/jwks.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import { makeCall } from '../support/call.ts'
import { bag, codeOf, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'

const issuer = makeIssuer()
const now = 1_800_000_000
const hour = 3_600
const call = makeCall({ issuer, now: now * 1000 })
const [ec, rsa, stranger] = [await makeKey(), await makeKey('PS256'), await makeKey()]
const jwks = valueOf(
  checkPublicJwks({
    keys: [
      { ...ec.publicJwk, kid: 'one' },
      { ...rsa.publicJwk, kid: 'two' },
    ],
  }),
)

const claimsOf = (changes: object = {}) => ({
  iss: 'app', client_id: 'app', aud: issuer.url, nbf: now, exp: now + 300, response_type: 'code', ...changes,
}) // prettier-ignore

const signed = (claims: object = {}, header: object = {}, key: TestKey = ec) =>
  sign(key, { alg: key.alg, ...header }, claimsOf(claims))

/** What the description of an `invalid_request_object` says, after 'The request object'. */
async function why(
  request: string | Promise<string>,
  metadata: Partial<ClientMetadata> = {},
): Promise<{ readonly says: string; readonly detail: string | undefined } | undefined> {
  const result = await openRequest(call, makeClient({ jwks, ...metadata }), bag({ request: await request })) // prettier-ignore
  if (result.ok) return undefined
  const { code, description, detail } = result.refusal
  expect(code).toBe('invalid_request_object')
  return { says: description.replace('The request object ', ''), detail }
}
const says = async (...given: Parameters<typeof why>) => (await why(...given))?.says

describe('what stands beside a request object', () => {
  const beside = async (form: Record<string, string>) =>
    codeOf(await openRequest(call, makeClient({ jwks }), bag({ request: await signed(), ...form })))

  it('MS-JAR-07 is what proves the client, and nothing else', async () => {
    const credentials = { client_id: 'app', client_assertion: 'x', client_assertion_type: 'y' }
    expect(await beside(credentials)).toBeUndefined()
    for (const name of ['state', 'scope', 'redirect_uri'])
      expect(await beside({ ...credentials, [name]: 'x' })).toBe('invalid_request')
  })

  it('ATK-A1-31 leaves it at most 32 KiB, and 48 where it is encrypted', async () => {
    const most = async (request: string) => codeOf(await openRequest(call, makeClient(), bag({ request }))) // prettier-ignore
    expect(await most('x'.repeat(32 * 1024))).toBe('invalid_request_object')
    expect(await most('x'.repeat(32 * 1024 + 1))).toBe('payload_too_large')
    expect(await most('....'.padEnd(48 * 1024, 'x'))).toBe('invalid_request_object')
    expect(await most('....'.padEnd(48 * 1024 + 1, 'x'))).toBe('payload_too_large')
  })
})

describe('the kind of a request object', () => {
  it.each([undefined, 'JWT', 'jwt', 'application/jwt', 'oauth-authz-req+jwt', 'application/oauth-authz-req+jwt', 'OAuth-Authz-Req+JWT'])(
    'MS-JAR-05 may be typ %j',
    async (typ) => {
      expect(await says(signed({}, { typ }))).toBeUndefined()
    },
  ) // prettier-ignore

  it.each(['dpop+jwt', 'at+jwt', 'client-authentication+jwt', 'logout+jwt', '', null, 1, ['JWT']])(
    'MS-JAR-05 SP-CR-01 is not typ %j',
    async (typ) => {
      expect(await says(signed({}, { typ }))).toBe('has the typ of another kind of JWT')
    },
  )

  it('MS-JAR-11 is not that of a client assertion, which has a sub', async () => {
    for (const sub of ['app', '', null])
      expect(await says(signed({ sub }))).toBe('has a sub, as a client assertion has')
  })

  it.each(['request', 'request_uri'])('MS-JAR-09 holds no %s', async (name) => {
    for (const value of ['x', '', null])
      expect(await says(signed({ [name]: value }))).toBe('holds request or request_uri')
  })
})

describe('the signature of a request object', () => {
  it('MS-JAR-06 is of the profile, and of the registered algorithm where there is one', async () => {
    const registered = { request_object_signing_alg: 'PS256' } as const
    expect(await says(signed({}, {}, rsa))).toBeUndefined()
    expect(await says(signed({}, {}, rsa), registered)).toBeUndefined()
    expect(await says(signed(), registered)).toBe('is not signed with the registered alg')
    for (const alg of ['none', 'RS256', 'HS256', 'ES384', undefined])
      expect(await says(signed({}, { alg }))).toBe('is signed with an alg that is not allowed')
  })

  it('MS-JAR-10 is of a key of the client, by its kid', async () => {
    expect(await why(signed({}, { kid: 'one' }))).toBeUndefined()
    expect(await why(signed({}, { kid: 'other' }))).toEqual({ says: 'is not signed by the client', detail: 'no key of the client fits' }) // prettier-ignore
    expect(await why(signed({}, {}, stranger))).toEqual({ says: 'is not signed by the client', detail: 'the signature does not verify' }) // prettier-ignore
  })
})

describe('the parties of a request object', () => {
  it('MS-JAR-02 are this issuer, alone or in a list', async () => {
    for (const aud of [issuer.url, [issuer.url], ['https://other.example', issuer.url]])
      expect(await says(signed({ aud }))).toBeUndefined()
    for (const aud of [undefined, '', [], 'https://other.example', `${issuer.url}/`, `${issuer.url}/par`, { [issuer.url]: 1 }])
      expect(await says(signed({ aud }))).toBe('has an aud without this issuer')
  }) // prettier-ignore

  it('MS-JAR-08 are the client that was proven', async () => {
    for (const client_id of [undefined, 'other', ['app'], ''])
      expect(await says(signed({ client_id }))).toBe('has a client_id that is not the client')
    expect(await says(signed({ iss: undefined }))).toBeUndefined()
    for (const iss of ['other', '', null, issuer.url])
      expect(await says(signed({ iss }))).toBe('has an iss that is not the client')
  })
})

describe('the times of a request object', () => {
  it('MS-JAR-03 begin within the hour before now, or at most 30 seconds ahead', async () => {
    for (const nbf of [now - hour, now - 1, now, now + 8, now + 30])
      expect(await says(signed({ nbf, exp: nbf + hour }))).toBeUndefined()
    expect(await says(signed({ nbf: now - hour - 1 }))).toBe('has an nbf more than 60 minutes ago')
    expect(await says(signed({ nbf: now + 31 }))).toBe('has an nbf too far in the future')
    for (const nbf of [undefined, null, `${now}`, [now]])
      expect(await says(signed({ nbf }))).toBe('has no nbf')
  })

  it('MS-JAR-04 end within an hour of their beginning, and 10 seconds after exp', async () => {
    expect(await says(signed({ exp: now + hour }))).toBeUndefined()
    expect(await says(signed({ exp: now + hour + 1 }))).toBe(
      'has an exp that is not within 60 minutes of nbf',
    )
    expect(await says(signed({ exp: now + 1 }))).toBeUndefined()
    expect(await says(signed({ exp: now }))).toBe('has an exp that is not within 60 minutes of nbf')
    const nbf = now - 60
    expect(await says(signed({ nbf, exp: now - 9 }))).toBeUndefined()
    expect(await says(signed({ nbf, exp: now - 10 }))).toBe('has expired')
    for (const exp of [undefined, null, `${now + 300}`, {}])
      expect(await says(signed({ exp }))).toBe('has no exp')
  })

  it('SP-AS-13 have an iat that is no later than 30 seconds from now, if any', async () => {
    for (const iat of [now - 86_400, now, now + 30])
      expect(await says(signed({ iat }))).toBeUndefined()
    for (const iat of [now + 31, `${now}`, null])
      expect(await says(signed({ iat }))).toBe('has an iat that is not a time before now')
  })

  it('are not beyond any number: JSON can say 1e999', async () => {
    const endless = JSON.stringify(claimsOf()).replace(`"exp":${now + 300}`, '"exp":1e999')
    expect(await says(sign(ec, { alg: 'ES256' }, endless))).toBe('has no exp')
  })
})

describe('the parameters in a request object', () => {
  it('ATK-A1-31 are at most 128, in words that say what is wrong', async () => {
    const some = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, 'x'])) // prettier-ignore
    // client_id and response_type are two of them.
    expect(await says(signed(some(126)))).toBeUndefined()
    expect(await says(signed(some(127)))).toBe('holds too many parameters')
    const deep = JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) as unknown
    expect(await says(signed({ deep }))).toBe('is nested too deeply or holds too many values')
    expect(await says(signed({ state: 'a\0' }))).toBe('holds control characters')
  })

  it('MS-JAR-15 are texts, JSON as text, or a list of texts for resource alone', async () => {
    expect(await says(signed({ resource: ['a', 1] }))).toBe('has a resource that is not a list of texts') // prettier-ignore
    const claims = { resource: ['a', 'b'], scope: ['x', 'y'], state: null, nonce: '' }
    const { parameters } = valueOf(
      await openRequest(call, makeClient({ jwks }), bag({ request: await signed(claims) })),
    )
    expect(Object.fromEntries(parameters)).toEqual({
      client_id: ['app'],
      response_type: ['code'],
      resource: ['a', 'b'],
      scope: ['["x","y"]'],
    })
  })
})
