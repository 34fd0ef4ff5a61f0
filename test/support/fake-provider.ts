import { randomBytes } from 'node:crypto'
import { keySet, openKeyHost, text } from './key-host.ts'
import type { Answering, KeyHost } from './key-host.ts'
import { makeDpopKey, nowSeconds, sign } from './test-client.ts'
import type { DpopKey } from './test-client.ts'

/** An OpenID Provider that says whatever a test wants it to say. */
export type FakeProvider = {
  readonly issuer: string
  readonly host: KeyHost
  readonly key: DpopKey
  /** Makes an id_token for the bank; `claims` and `header` override anything, by a `key` of one's own. */
  readonly idToken: (claims: Claims, given?: Signing) => Promise<string>
  /** What the token endpoint answers from now on. */
  readonly answers: (answer: Answering | string) => void
  /** How often the token endpoint was asked. */
  readonly redeemed: () => number
  readonly metadata: (changes?: Claims) => void
}

type Claims = Readonly<Record<string, unknown>>
type Signing = { readonly key?: DpopKey; readonly header?: Claims }

/** Opens it with sound metadata. It takes requests in the browser, not pushed ones, so that tests see them. */
export async function openFakeProvider(clientId: string): Promise<FakeProvider> {
  const host = await openKeyHost()
  const issuer = host.origin
  const key = await makeDpopKey()
  const jwk = { ...key.publicJwk, kid: 'fake-1', alg: 'ES256', use: 'sig' }
  host.serve('/jwks', keySet(jwk))
  const metadata = (changes: Claims = {}) => {
    const sound = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      authorization_response_iss_parameter_supported: true,
      response_types_supported: ['code'],
    }
    host.serve('/.well-known/openid-configuration', text(JSON.stringify({ ...sound, ...changes })))
  }
  metadata()
  return {
    issuer,
    host,
    key,
    metadata,
    idToken: async (claims, given = {}) => {
      const now = nowSeconds()
      const header = { alg: 'ES256', kid: 'fake-1', typ: 'JWT', ...given.header }
      return sign((given.key ?? key).jwk, header as { alg: string }, {
        iss: issuer,
        aud: clientId,
        sub: 'fake-person',
        iat: now,
        exp: now + 300,
        auth_time: now,
        acr: 'two',
        jti: randomBytes(8).toString('hex'),
        ...claims,
      })
    },
    answers: (answer) => {
      const tokens = (idToken: string) =>
        JSON.stringify({ access_token: 'at', token_type: 'Bearer', id_token: idToken })
      host.serve('/token', typeof answer === 'string' ? text(tokens(answer)) : answer)
    },
    redeemed: () => host.asked('/token'),
  }
}
