import { beforeAll, describe, expect, it } from 'vitest'
import { authenticateAgain, authenticateClient } from '../../../src/clients/authenticate.ts'
import { checkPublicJwks } from '../../../src/clients/jwks.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import { digest } from '../../../src/encoding.ts'
import { bag, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'
import { makeServedCall } from '../support/served-call.ts'

const now = 1_800_000_000
const issuer = makeIssuer()
const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

let ec: TestKey
let rsa: TestKey
let stranger: TestKey
let registered: ClientMetadata['jwks']

beforeAll(async () => {
  ec = await makeKey('ES256')
  rsa = await makeKey('PS256')
  stranger = await makeKey('ES256')
  const keys = [
    { ...ec.publicJwk, kid: 'one' },
    { ...rsa.publicJwk, kid: 'one' },
  ]
  registered = valueOf(checkPublicJwks({ keys }))
})

const claimsOf = (changes: object = {}) => ({
  iss: 'app', sub: 'app', aud: issuer.url, exp: now + 60, jti: 'assertion-1', ...changes,
}) // prettier-ignore

const assertionOf = (claims: object = {}, header: object = {}, key = ec) =>
  sign(key, { alg: key.alg, kid: 'one', ...header }, claimsOf(claims))

type Given = {
  readonly form?: Readonly<Record<string, string>>
  readonly client?: Partial<ClientMetadata>
  readonly headers?: Record<string, string>
}

/** Judged with a record of the client, as the endpoints judge it a second time. */
async function judge(assertion: string | Promise<string> | undefined, given: Given = {}) {
  const token = await assertion
  const { call } = makeServedCall({
    issuer,
    now: now * 1000,
    request: new Request(`${issuer.url}/token`, { headers: given.headers ?? {} }),
  })
  const sent: Readonly<Record<string, string>> =
    token === undefined ? {} : { client_assertion: token, client_assertion_type: type }
  const client = makeClient({ jwks: registered, ...given.client })
  return authenticateAgain(call, client, {
    parameters: bag({ ...sent, ...given.form }),
    certificate: undefined,
  })
}

/** The log's reason; whoever calls learns `invalid_client` in the same words each time. */
async function why(...given: Parameters<typeof judge>): Promise<string | undefined> {
  const result = await judge(...given)
  if (result.ok) return undefined
  const { code, description, detail } = result.refusal
  expect([code, description]).toEqual(['invalid_client', 'Client authentication failed'])
  return detail ?? 'refused'
}

describe('a client assertion', () => {
  it('SP-AS-08 proves its client, and tells until when its jti must be remembered', async () => {
    const proven = valueOf(await judge(assertionOf()))
    expect(proven).toMatchObject({ method: 'private_key_jwt', record: { clientId: 'app' } })
    expect(proven.assertion).toEqual({
      jti: await digest('assertion-1'),
      validUntil: (now + 70) * 1000,
      alg: 'ES256',
      jwk: { ...ec.publicJwk, kid: 'one' },
    })
  })

  it.each([undefined, 'JWT', 'jwt', 'client-authentication+jwt'])(
    'SP-CR-01 may have typ %j',
    async (typ) => {
      expect(await why(assertionOf({}, { typ }))).toBeUndefined()
    },
  )

  it.each(['dpop+jwt', 'at+jwt', 'oauth-authz-req+jwt', 'Jwt', '', 1, null, ['JWT']])(
    'SP-CR-01 is refused with typ %j',
    async (typ) => {
      expect(await why(assertionOf({}, { typ }))).toBe('the typ is another kind of JWT')
    },
  )

  it.each(['response_type', 'redirect_uri', 'code_challenge'])(
    'MS-JAR-11 is refused with %s, which is of a request object',
    async (name) => {
      expect(await why(assertionOf({ [name]: '' }))).toBe('it is a request object')
    },
  )

  it('SP-CR-02 SP-CR-03 is refused under an alg that is not of the profile', async () => {
    for (const alg of ['none', 'RS256', 'HS256', 'es256', '', undefined, ['ES256']]) {
      expect(await why(assertionOf({}, { alg }))).toBe('the alg is not allowed')
    }
  })

  it('SP-CR-02 is refused under another alg than the registered one', async () => {
    const client = { token_endpoint_auth_signing_alg: 'PS256' } as const
    expect(await why(assertionOf(), { client })).toBe('the alg is not the registered one')
    expect(await why(assertionOf({}, {}, rsa), { client })).toBeUndefined()
  })

  it('SP-CR-01 is the client’s own: iss and sub name it', async () => {
    for (const iss of ['other', undefined, ['app'], issuer.url]) {
      expect(await why(assertionOf({ iss }))).toBe('iss or sub is not the client')
    }
    expect(await why(assertionOf({ sub: 'other' }))).toBe('iss or sub is not the client')
  })

  it('SP-AS-08 is for the issuer as one string, and nothing else', async () => {
    for (const aud of [[issuer.url], `${issuer.url}/`, `${issuer.url}/token`, undefined, 'x']) {
      expect(await why(assertionOf({ aud }))).toBe('aud is not the issuer as one string')
    }
  })

  it.each([undefined, '', 1, null, 'j'.repeat(257)])(
    'SP-SC-02 is refused with jti %j',
    async (jti) => {
      expect(await why(assertionOf({ jti }))).toBe('jti is missing or unusable')
      expect(await why(assertionOf({ jti: 'j'.repeat(256) }))).toBeUndefined()
    },
  )

  it('SP-CR-10 is verified by the key of its kind where kids repeat, and by no other client’s', async () => {
    expect(await why(assertionOf({}, {}, rsa))).toBeUndefined()
    expect(await why(assertionOf({}, {}, stranger))).toBe('the signature does not verify')
    expect(await why(assertionOf({}, { kid: 'two' }))).toBe('no key of the client fits')
    expect(await why(assertionOf({}, { kid: undefined }))).toBeUndefined()
  })
})

describe('the times of a client assertion', () => {
  it('SP-AS-13 end it 10 seconds after exp, and no later', async () => {
    expect(await why(assertionOf({ exp: now - 9 }))).toBeUndefined()
    expect(await why(assertionOf({ exp: now - 10 }))).toBe('exp has passed')
  })

  it('SP-SC-02 end within ten minutes, or it would have to be remembered for long', async () => {
    expect(await why(assertionOf({ exp: now + 630 }))).toBeUndefined()
    expect(await why(assertionOf({ exp: now + 631 }))).toBe('exp lies too far in the future')
  })

  it.each([undefined, null, `${now + 60}`, {}])('SP-AS-13 are none with exp %j', async (exp) => {
    expect(await why(assertionOf({ exp }))).toBe('exp is missing')
  })

  it.each(['iat', 'nbf'])('SP-AS-13 begin by %s at most 30 seconds ahead', async (name) => {
    for (const value of [now - 3_600, now + 8, now + 30]) {
      expect(await why(assertionOf({ [name]: value }))).toBeUndefined()
    }
    for (const value of [now + 31, now + 61, `${now}`, null]) {
      expect(await why(assertionOf({ [name]: value }))).toBe(`${name} lies too far in the future`)
    }
  })
})

describe('what a request offers to prove its client', () => {
  it('SP-AS-06 is no HTTP authentication and no secret, even beside an assertion', async () => {
    const headers = { authorization: 'Basic YXBwOng=' }
    expect(await why(assertionOf(), { headers })).toBe('HTTP authentication is not a method here')
    const secret = { client_secret: 'x' }
    expect(await why(assertionOf(), { form: secret })).toBe('client secrets are not a method here')
  })

  it('SP-AS-03 is not a bare client_id, and not nothing', async () => {
    expect(await why(undefined, { form: { client_id: 'app' } })).toBe('no assertion was sent')
    expect(await why(undefined)).toBe('neither client_id nor client_assertion was sent')
  })

  it('SP-AS-06 is an assertion with its type', async () => {
    const assertion = { client_assertion: await assertionOf() }
    const crooked = { ...assertion, client_assertion_type: 'x' }
    for (const form of [assertion, crooked] as readonly Record<string, string>[])
      expect(await why(undefined, { form })).toBe('client_assertion_type is missing or unknown')
    const typed = { client_assertion_type: type }
    for (const form of [typed, { ...typed, client_assertion: 'x' }] as readonly Record<
      string,
      string
    >[])
      // prettier-ignore
      expect(await why(undefined, { form })).toBe('client_assertion is missing or malformed')
    expect(await why(assertionOf({ sub: 1 }))).toBe('client_assertion is missing or malformed')
  })

  it('SP-AS-06 names one client only', async () => {
    expect(await why(assertionOf(), { form: { client_id: 'app' } })).toBeUndefined()
    expect(await why(assertionOf(), { form: { client_id: 'other' } })).toBe(
      'client_id is not the assertion subject',
    )
  })

  it('SP-AS-06 is the registered method, which the profile allows', async () => {
    const certificate = { token_endpoint_auth_method: 'tls_client_auth' } as const
    expect(await why(assertionOf(), { client: certificate })).toBe(
      'an assertion is not the registered method',
    )
    expect(await why(undefined, { client: certificate, form: { client_id: 'app' } })).toBe(
      'no client certificate was presented',
    )
    const unknown = { token_endpoint_auth_method: 'none' as 'private_key_jwt' }
    expect(await why(assertionOf(), { client: unknown })).toBe('the method is not allowed')
  })
})

describe('a client that is found by its id', () => {
  const stored = (clientId: string) => ({
    format: 1,
    issuer: 'bank',
    clientId,
    version: 1,
    generation: 'g1',
    enabled: true,
    epoch: 0,
    metadata: { ...makeClient().metadata, jwks: registered },
  })
  const find = (form: Readonly<Record<string, string>>, now_ = now * 1000) => {
    const served = makeServedCall({
      issuer,
      now: now_,
      objects: (name) => {
        if (name === 'directory') return { hasClient: (id: string) => id === 'app' }
        return name === 'client app' ? { load: () => stored('app') } : undefined
      },
    })
    return { served, result: authenticateClient(served.call, bag(form), undefined) }
  }

  it('SP-AS-06 is proven by what is registered for that id', async () => {
    const form = { client_assertion: await assertionOf(), client_assertion_type: type }
    const { served, result } = find(form)
    expect(valueOf(await result).record).toMatchObject({ clientId: 'app', generation: 'g1' })
    expect(served.asked).toEqual(['directory hasClient "app"', 'client app load'])
    expect(served.about).toEqual([{ client_id: 'app' }])
  })

  it('SP-AS-06 is not looked for where nothing is offered', async () => {
    const { served, result } = find({})
    expect((await result).ok).toBe(false)
    expect([served.asked, served.about]).toEqual([[], []])
  })

  it('RFC 9700 is refused in the same words when nobody has that id, and no object is made', async () => {
    // The isolate remembers for a while whom nobody knows: an id that nobody asked for yet.
    const nobody = crypto.randomUUID()
    const { served, result } = find({ client_id: nobody })
    expect(await result).toEqual({
      ok: false,
      refusal: {
        code: 'invalid_client',
        description: 'Client authentication failed',
        detail: 'no such client',
      },
    })
    expect(served.asked).toEqual([`directory hasClient "${nobody}"`])
  })
})
