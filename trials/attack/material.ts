import type { Answer, Send, Transport } from '../../test/support/http.ts'
import { send } from '../../test/support/http.ts'
import type { RequestOptions, Tokens, WireClient } from '../../test/support/wire-client.ts'
import type { ProofOptions } from '../../test/support/wire-keys.ts'
import { nonceOf } from '../../test/support/wire-server.ts'
import { connect, prove } from './common.ts'
import type { Connected } from './common.ts'
import { told } from './finding.ts'
import type { Proving, World } from './world.ts'

/** What scenarios of several classes attack with. */

const unsent: Answer = {
  status: 0,
  headers: new Headers(),
  all: () => [],
  text: '',
  json: {},
}

/** A request as it would go over the wire. */
export type Captured = { readonly url: string; readonly options: Send }

/** What a client would send, kept from being sent. */
export async function capture(act: (via: Transport) => Promise<unknown>): Promise<Captured> {
  const kept: Captured[] = []
  await act((url, options = {}) => {
    kept.push({ url, options })
    return Promise.resolve(unsent)
  })
  const [captured] = kept
  if (captured === undefined) throw new Error('nothing was to be sent')
  return captured
}

/** Sends it, byte for byte. */
export const resend = ({ url, options }: Captured, via: Transport = send): Promise<Answer> =>
  via(url, options)

/** A current nonce, also of servers that give one only in answer to a proof. */
export async function currentNonce(
  world: World,
  client: WireClient = world.web,
): Promise<ProofOptions> {
  if (!world.has('dpop')) return {}
  const offered = await nonceOf(client.url('/par'), world.server)
  if (offered !== undefined) return { nonce: offered }
  const { answer } = await client.par(await prove(world))
  const nonce = answer.headers.get('dpop-nonce')
  return nonce === null ? {} : { nonce }
}

const living = new WeakMap<
  World,
  { readonly made: number; readonly connected: Promise<Connected> }
>()
const livesFor = 60_000

/** Tokens of `web` that nobody ends, shared by attacks that must not harm them. */
export function livingTokens(world: World): Promise<Connected> {
  const known = living.get(world)
  if (known !== undefined && Date.now() < known.made + livesFor) return known.connected
  const made = { made: Date.now(), connected: connect(world) }
  living.set(world, made)
  return made.connected
}

/** A token of a client for itself. */
export async function ownToken(
  client: WireClient,
  options: RequestOptions,
  scope?: string,
): Promise<Tokens> {
  const tokens = await client.token({ grant_type: 'client_credentials', scope }, options)
  if (tokens.answer.status !== 200) throw new Error(`no token: ${told(tokens.answer)}`)
  return tokens
}

/** A token with which a client manages its grants (Grant Management 6.1). */
export const managerToken = (client: WireClient, proving: Proving): Promise<Tokens> =>
  ownToken(client, proving, 'grant_management_query grant_management_revoke')

/** A token of `web` that the resource server may ask about. */
export async function introspectable(world: World): Promise<string> {
  const proving = await prove(world)
  // The local resource server is another one than that of the person's tokens.
  const fields = world.has('operator') ? { resource: 'https://other-api.example' } : {}
  return (await ownToken(world.web, { ...proving, fields }, 'accounts')).accessToken
}

export type Managed = Connected & { readonly grantId: string }

/** A grant that its client manages, and its first tokens. */
export async function managedGrant(
  world: World,
  fields: Readonly<Record<string, string>> = {},
): Promise<Managed> {
  const create = { grant_management_action: 'create', ...fields }
  const connected = await connect(world, world.web, { fields: create })
  return { ...connected, grantId: String(connected.tokens.answer.json['grant_id'] ?? '') }
}

/** Where a grant is managed. */
export const grantUrl = (client: WireClient, grantId: string): string =>
  `${client.url('/grants')}/${grantId}`
