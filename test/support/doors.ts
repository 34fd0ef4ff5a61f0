import { randomBytes } from 'node:crypto'
import { send } from './http.ts'
import type { Answer } from './http.ts'
import { makeDpopKey, testClient } from './test-client.ts'
import type { DpopKey } from './test-client.ts'
import { sharedServer } from './worker-server.ts'

const server = sharedServer()
const client = testClient('web')

/** An endpoint that takes proofs, with one request that its proof alone decides. */
export type Door = {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly accessToken?: string
  /** The same request each time: same assertion, same code. */
  readonly knock: (proofs: readonly string[]) => Promise<Answer>
  /** A request that may be answered often. */
  readonly knockAnew: (proofs: readonly string[]) => Promise<Answer>
  readonly opened: number
}

const asHeaders = (proofs: readonly string[]) =>
  proofs.map((proof): readonly [string, string] => ['dpop', proof])

async function pushDoor(): Promise<Door> {
  const assertion = await client.assertion()
  const fields = client.authorizationFields(randomBytes(32).toString('base64url'))
  return {
    url: client.url('/par'),
    method: 'POST',
    opened: 201,
    knock: (proofs) =>
      client.post('/par', fields, {
        fields: { client_assertion: assertion },
        headers: asHeaders(proofs),
      }),
    knockAnew: (proofs) => client.post('/par', fields, { headers: asHeaders(proofs) }),
  }
}

async function tokenDoor(): Promise<Door> {
  const given = await client.code()
  const assertion = await client.assertion()
  return {
    url: client.url('/token'),
    method: 'POST',
    opened: 200,
    knock: async (proofs) => {
      const fields = { client_assertion: assertion }
      return (await client.redeem(given, { fields, headers: asHeaders(proofs) })).answer
    },
    knockAnew: async (proofs) =>
      client.post('/token', { grant_type: 'client_credentials' }, { headers: asHeaders(proofs) }),
  }
}

async function refreshDoor(): Promise<Door> {
  const { refreshToken } = await client.redeem(await client.code(), { key: await makeDpopKey() })
  const assertion = await client.assertion()
  return {
    url: client.url('/token'),
    method: 'POST',
    opened: 200,
    knock: async (proofs) => {
      const fields = { client_assertion: assertion }
      return (await client.refresh(refreshToken, { fields, headers: asHeaders(proofs) })).answer
    },
    knockAnew: async (proofs) =>
      (await client.refresh(refreshToken, { headers: asHeaders(proofs) })).answer,
  }
}

const resourceDoor = (url: string) => async (key: DpopKey) => {
  const { accessToken } = await client.redeem(await client.code(), { key })
  const knock = (proofs: readonly string[]) =>
    send(url, { headers: [['authorization', `DPoP ${accessToken}`], ...asHeaders(proofs)] })
  return { url, method: 'GET', accessToken, opened: 200, knock, knockAnew: knock } as const
}

export type Place = {
  readonly name: string
  readonly status: 400 | 401
  readonly open: (key: DpopKey) => Promise<Door>
}

/** Every endpoint that takes DPoP proofs, with each kind of request it decides about. */
export const places: readonly Place[] = [
  { name: 'PAR', status: 400, open: pushDoor },
  { name: 'the token endpoint (code)', status: 400, open: tokenDoor },
  { name: 'the token endpoint (refresh)', status: 400, open: refreshDoor },
  { name: 'userinfo', status: 401, open: resourceDoor(`${server.issuer}/userinfo`) },
  { name: 'the bank API', status: 401, open: resourceDoor(`${server.api}/accounts`) },
]
