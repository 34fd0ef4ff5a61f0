import type { ConfigFile } from './config-file.ts'
import { stop } from './problem.ts'
import { publicJwk, readKey } from './state.ts'
import type { PrivateJwk, State } from './state.ts'
import type { Addresses } from './settings.ts'

/** The people of the demo. Their secrets are printed at start, so they exist on loopback only. */
export const demoPeople = [
  {
    username: 'alice',
    password: 'wonderland-through-the-looking-glass',
    totp_secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    sub: 'demo-alice',
    claims: { name: 'Alice Liddell', email: 'alice@bank.example', email_verified: true },
  },
  {
    username: 'bob',
    password: 'builder-of-very-small-bridges',
    totp_secret: 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU',
    sub: 'demo-bob',
    claims: { name: 'Bob Stone', email: 'bob@bank.example', email_verified: true },
  },
] as const

export const exampleClientId = 'example-client'

export type Seeds = Pick<ConfigFile, 'clients' | 'users'> & { readonly clientKey: PrivateJwk }

/** The demo's people and its client. Refused for every issuer that is not on this machine. */
export function makeSeeds(state: State, addresses: Addresses): Seeds {
  if (!addresses.loopback) {
    stop(`The demo's people and client are not for '${addresses.issuer}'; add --no-demo.`)
  }
  const clientKey = readKey(state, 'example-client.json', 'example-client-1')
  return {
    clientKey,
    users: demoPeople,
    clients: [
      {
        client_id: exampleClientId,
        client_name: 'Budget Buddy',
        application_type: 'native',
        redirect_uris: [`${addresses.client}/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        scope: 'openid profile accounts',
        authorization_details_types: ['account_information', 'payment_initiation'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        dpop_bound_access_tokens: true,
        jwks: { keys: [publicJwk(clientKey)] },
        operator_verified: true,
      },
    ],
  }
}
