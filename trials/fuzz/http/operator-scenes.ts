import { randomBytes } from 'node:crypto'
import { newClient } from '../../../test/support/wire-admin.ts'
import { resourceDraft, tokensOf } from './client-scenes.ts'
import type { Scene } from './scene.ts'
import type { World } from './world.ts'

type Call = { readonly path: string; readonly json?: unknown }

const route = 'ALL /admin/*'

const operator = (
  name: string,
  method: string,
  make: (world: World) => Promise<() => Call> | (() => Call),
  expect: Scene['expect'] = 200,
): Scene => ({
  name: `operator: ${name}`,
  route,
  expect,
  open: async (world) => {
    const next = await make(world)
    const token = await world.operatorToken()
    return () => {
      const { path, json } = next()
      const url = `${world.server.issuer}/admin${path}`
      return resourceDraft(world, token, { method, url, ...(json === undefined ? {} : { json }) })
    }
  },
})

const at = (path: string) => () => () => ({ path })

const person = () => ({
  password: `a long password ${randomBytes(4).toString('hex')}`,
  claims: { name: 'Somebody', email: 'somebody@example.com', email_verified: true, updated_at: 1, address: { country: 'DE' } },
  totp_secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
}) // prettier-ignore

/** Metadata with every kind of member. */
const everything = {
  application_type: 'web',
  response_types: ['code'],
  dpop_bound_access_tokens: true,
  client_uri: 'https://app.example/',
  contacts: ['ops@app.example'],
  userinfo_signed_response_alg: 'ES256',
  request_object_signing_alg: 'ES256',
  response_modes: ['jwt', 'query'],
  authorization_details_types: ['account_information'],
  operator_verified: true,
}

export const operatorScenes: readonly Scene[] = [
  operator('clients', 'GET', at('/clients')),
  operator('a client', 'GET', at('/clients/client-second')),
  operator(
    'registers a client',
    'PUT',
    async () => {
      const { metadata } = await newClient(everything)
      return () => ({ path: `/clients/${String(metadata['client_id'])}`, json: metadata })
    },
    [200, 201],
  ),
  ...['disable', 'enable', 'verify', 'unverify'].map((what) =>
    operator(`${what} a client`, 'POST', at(`/clients/client-second/${what}`)),
  ),
  operator('deletes a client', 'DELETE', at('/clients/nobody'), 404),
  operator('people', 'GET', at('/users')),
  operator('a person', 'GET', at('/users/carol')),
  operator(
    'registers a person',
    'PUT',
    () => () => ({ path: `/users/p-${randomBytes(3).toString('hex')}`, json: person() }),
    [200, 201],
  ),
  ...['setup-link', 'reset', 'disable', 'enable'].map((what) =>
    operator(`${what} for a person`, 'POST', at(`/users/carol/${what}`)),
  ),
  operator('grants of a person', 'GET', at('/users/alice/grants')),
  operator('evidence of a grant', 'GET', async (world) => {
    const { json } = await tokensOf(world)
    return () => ({ path: `/grants/${String(json['grant_id'])}/evidence` })
  }),
  operator('erases evidence', 'POST', at(`/grants/${'ab'.repeat(32)}/evidence/erase`), 404),
  operator('revokes a grant', 'POST', at(`/grants/${'ab'.repeat(32)}/revoke`), 404),
  operator('keys', 'GET', at('/keys')),
  operator('rewraps keys', 'POST', at('/keys/rewrap'), [200, 204]),
  operator('revokes a key', 'POST', at('/keys/nobody/revoke'), 404),
]
