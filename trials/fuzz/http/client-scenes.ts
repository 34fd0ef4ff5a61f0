import { randomBytes } from 'node:crypto'
import type { ClientName } from '../../../test/support/fixtures.ts'
import type { WireClient } from '../../../test/support/wire-client.ts'
import { proofOf } from './draft.ts'
import type { Draft, Jwt, Pair } from './draft.ts'
import type { Scene } from './scene.ts'
import type { World } from './world.ts'

export const formType: Pair = ['content-type', 'application/x-www-form-urlencoded']

const random = (): string => randomBytes(12).toString('base64url')
export const pairsOf = (fields: Readonly<Record<string, string>>): readonly Pair[] => Object.entries(fields) // prettier-ignore

function assertionOf(world: World, { fixture }: WireClient): Jwt {
  const { clientId, jwk, alg } = fixture
  if (jwk === undefined || alg === undefined) throw new Error('this client has no key')
  const [now, aud] = [world.now(), world.server.issuer]
  const claims = { iss: clientId, sub: clientId, aud, iat: now, exp: now + 60, jti: random() }
  return { jwk, header: { alg, kid: jwk['kid'] }, claims }
}

/** A form of a client that proves itself and its sender key. */
async function formDraft(world: World, path: string, fields: Readonly<Record<string, string>>, by: ClientName = 'web'): Promise<Draft> {
  const client = world.client(by)
  const url = client.url(path)
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const about = { method: 'POST', url, now: world.now(), nonce: await world.nonce(url) }
  return {
    method: 'POST',
    url,
    headers: [formType],
    form: pairsOf({ client_assertion_type: type, ...fields }),
    assertion: assertionOf(world, client),
    proof: proofOf(world.key, about),
  }
} // prettier-ignore

const asking = (world: World): Record<string, string> => ({
  ...world.client('web').authorizationFields(randomBytes(32).toString('base64url')),
  nonce: 'n-1',
  claims: JSON.stringify({ id_token: { acr: { values: ['urn:x'] } }, userinfo: { email: null } }),
  max_age: '3000',
  prompt: 'consent',
  authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
}) // prettier-ignore

const plain = (world: World): Record<string, string> =>
  world.client('mtlsPki').authorizationFields(randomBytes(32).toString('base64url'))

/** A token of alice for the web client, with a refresh token. */
export const tokensOf = (world: World) => world.lately('tokens', () => newTokens(world))

async function newTokens(world: World) {
  await world.newDay()
  const client = world.client('web')
  const fields = { scope: 'openid profile email accounts', grant_management_action: 'create' }
  const code = await client.code({ fields, key: world.key })
  const { answer, accessToken, refreshToken } = await client.redeem(code, { key: world.key })
  if (accessToken === '') throw new Error(`no token: ${answer.text}`)
  return { accessToken, refreshToken, json: answer.json }
}

/** A request with a token and a proof. */
export async function resourceDraft(
  world: World,
  token: string,
  about: { readonly method: string; readonly url: string; readonly json?: unknown; readonly form?: readonly Pair[] },
): Promise<Draft> {
  const { method, url, json, form } = about
  const { pathname, origin } = new URL(url)
  const type: readonly Pair[] = json === undefined ? (form === undefined ? [] : [formType]) : [['content-type', 'application/json']]
  const htu = `${origin}${pathname}`
  return {
    method,
    url,
    headers: [['authorization', `DPoP ${token}`], ...type],
    ...(json === undefined ? {} : { json }),
    ...(form === undefined ? {} : { form }),
    proof: proofOf(world.key, { method, url: htu, now: world.now(), nonce: await world.nonce(url), token }),
  }
} // prettier-ignore

const withForm = (name: string, route: string, fields: (world: World) => Promise<() => Record<string, string>>, given: { readonly expect?: number; readonly by?: ClientName } = {}): Scene => ({
  name,
  route: `POST ${route}`,
  expect: given.expect ?? 200,
  open: async (world) => {
    const make = await fields(world)
    return () => formDraft(world, route, make(), given.by)
  },
}) // prettier-ignore

const fixed = (fields: Record<string, string>) => () => Promise.resolve(() => fields)

const overMtls = (name: string, route: string, fields: (world: World) => Record<string, string>, expect: number): Scene => ({
  name,
  route: `POST ${route}`,
  expect,
  open: (world) => {
    const { fixture, url } = world.client('mtlsPki')
    const { clientId, credential } = fixture
    if (credential === undefined) throw new Error('this client has no certificate')
    const form = () => pairsOf({ client_id: clientId, ...fields(world), redirect_uri: fixture.redirectUri })
    return Promise.resolve(() => Promise.resolve({ method: 'POST', url: url(route), headers: [formType], form: form(), credential }))
  },
}) // prettier-ignore

const signedRequest: Scene = {
  name: 'a pushed request object',
  route: 'POST /par',
  expect: 201,
  open: (world) =>
    Promise.resolve(async () => {
      const { fixture } = world.client('web')
      const draft = await formDraft(world, '/par', {})
      const [now, { jwk, alg, clientId }] = [world.now(), fixture]
      if (jwk === undefined || alg === undefined) throw new Error('this client has no key')
      const about = { aud: world.server.issuer, iss: clientId, client_id: clientId, nbf: now, exp: now + 300 }
      const claims = { ...asking(world), ...about, response_mode: 'jwt', resource: [] }
      return { ...draft, request: { jwk, header: { alg, kid: jwk['kid'], typ: 'oauth-authz-req+jwt' }, claims } }
    }),
} // prettier-ignore

const management = (method: 'GET' | 'DELETE', expect: Scene['expect']): Scene => ({
  name: `a grant: ${method}`,
  route: `${method} /grants/:id`,
  expect,
  open: async (world) => {
    const { json } = await (method === 'GET' ? tokensOf(world) : newTokens(world))
    const scope = `grant_management_${method === 'GET' ? 'query' : 'revoke'}`
    const fields = { grant_type: 'client_credentials', scope }
    const { accessToken } = await world.client('web').token(fields, { key: world.key })
    const url = `${world.server.issuer}/grants/${String(json['grant_id'])}`
    return () => resourceDraft(world, accessToken, { method, url })
  },
})

const userinfo = (method: 'GET' | 'POST'): Scene => ({
  name: `userinfo: ${method}`,
  route: `${method} /userinfo`,
  expect: 200,
  open: async (world) => {
    const { accessToken } = await tokensOf(world)
    const form = method === 'POST' ? { form: [] } : {}
    return () => resourceDraft(world, accessToken, { method, url: `${world.server.issuer}/userinfo`, ...form }) // prettier-ignore
  },
})

const api = (name: string, method: string, path: string, expect: Scene['expect'], json?: unknown): Scene => ({
  name: `bank API: ${name}`,
  route: `api ${method} ${path}`,
  expect,
  open: async (world) => {
    const { accessToken } = await tokensOf(world)
    const url = `${world.server.api}${path}`
    return () => resourceDraft(world, accessToken, { method, url, ...(json === undefined ? {} : { json }) })
  },
}) // prettier-ignore

const published = (path: string): Scene => ({
  name: `published: ${path}`,
  route: `GET ${path}`,
  expect: 200,
  open: ({ server }) => Promise.resolve(() => Promise.resolve({ method: 'GET', url: `${server.issuer}${path}` })), // prettier-ignore
})

export const clientScenes: readonly Scene[] = [
  published('/.well-known/oauth-authorization-server'),
  published('/.well-known/openid-configuration'),
  published('/jwks'),
  published('/evidence/jwks'),
  withForm('a pushed request', '/par', (world) => Promise.resolve(() => asking(world)), { expect: 201 }),
  signedRequest,
  overMtls('a request pushed with a certificate', '/par', plain, 201),
  overMtls('a token with a certificate', '/token', () => ({ grant_type: 'client_credentials', scope: 'accounts' }), 200),
  withForm('a token of a client', '/token', fixed({ grant_type: 'client_credentials', scope: 'accounts' })),
  withForm('a token for a refresh token', '/token', async (world) => {
    const { refreshToken } = await tokensOf(world)
    return () => ({ grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'openid accounts' })
  }),
  withForm('a token for a code', '/token', async (world) => {
    await world.newDay()
    const client = world.client('web')
    const { code, verifier } = await client.code()
    const redirect_uri = client.fixture.redirectUri
    return () => ({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri })
  }),
  withForm('introspection', '/introspect', async (world) => {
    const { accessToken } = await tokensOf(world)
    return () => ({ token: accessToken, token_type_hint: 'access_token' })
  }, { by: 'resourceServer' }),
  withForm('revocation', '/revoke', async (world) => {
    const { refreshToken } = await newTokens(world)
    return () => ({ token: refreshToken, token_type_hint: 'refresh_token' })
  }),
  userinfo('GET'),
  userinfo('POST'),
  management('GET', 200),
  management('DELETE', 204),
  api('accounts', 'GET', '/accounts', 200),
  api('transactions', 'GET', '/accounts/1/transactions', [200, 401, 403, 404]),
  api('statements', 'POST', '/accounts/1/statements', [400, 401, 403, 404], { from: '2026-01-01' }),
  api('payments', 'POST', '/payments', [401, 403], { amount: '1.00' }),
] // prettier-ignore
