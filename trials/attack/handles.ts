import { proof } from '../../test/support/wire-keys.ts'
import { alive, connect, obtainCode, opens, reachConsent, redeems } from './common.ts'
import type { Connected, Given } from './common.ts'
import { currentNonce, managedGrant, ownToken } from './material.ts'
import type { Managed } from './material.ts'
import type { At } from './pages.ts'
import type { Note } from './scenario.ts'
import type { Proving, World } from './world.ts'

/** Everything that a server hands out, or that a client makes for it. */
export type Kind =
  | 'code' | 'refresh token' | 'access token' | 'access token of the client itself' | 'id_token'
  | 'request_uri' | 'its reference' | 'grant id' | 'nonce' | 'client assertion' | 'proof'
  | 'signed authorization response' | 'session cookie' | 'interaction' // prettier-ignore

/** One of each kind that this server has, all alive, and what shows that they stay alive. */
export type Handles = {
  readonly all: ReadonlyMap<Kind, string>
  readonly of: (kind: Kind) => string
  readonly connected: Connected
  readonly code: { readonly given: Given; readonly proving: Proving }
  readonly requestUri: string
  /** At the consent page, where the pages of a server can be walked. */
  readonly consent?: At
}

/** What lives long enough to be shared by all who only offer it elsewhere. */
type Lasting = { readonly connected: Managed; readonly consent?: At; readonly signed?: string }

const shared = new WeakMap<World, Promise<Lasting>>()

function lastingOf(world: World): Promise<Lasting> {
  const known = shared.get(world) ?? makeLasting(world)
  shared.set(world, known)
  return known
}

async function makeLasting(world: World): Promise<Lasting> {
  const connected = world.has('grants')
    ? await managedGrant(world)
    : { ...(await connect(world)), grantId: '' }
  const asked = { fields: { response_mode: 'jwt' } }
  const signed = world.has('responseModes')
    ? (await world.web.code(asked)).callback.searchParams.get('response')
    : null
  return {
    connected,
    ...(world.has('pages') ? { consent: await reachConsent(world) } : {}),
    ...(signed === null ? {} : { signed }),
  }
}

/** Gathers one of each kind. */
export async function gather(world: World): Promise<Handles> {
  const { web } = world
  const { connected, consent, signed } = await lastingOf(world)
  const { tokens, proving, grantId } = connected
  const code = await obtainCode(world)
  const { requestUri } = await web.par()
  const own = world.has('credentials') ? (await ownToken(web, proving)).accessToken : undefined
  const { nonce } = await currentNonce(world)
  const made: readonly (readonly [Kind, string | undefined])[] = [
    ['code', code.given.code],
    ['refresh token', tokens.refreshToken],
    ['access token', tokens.accessToken],
    ['access token of the client itself', own],
    ['id_token', idTokenOf(connected)],
    ['request_uri', requestUri],
    ['its reference', requestUri.split(':').at(-1)],
    ['grant id', grantId],
    ['nonce', nonce],
    ['client assertion', world.has('assertions') ? await web.assertion() : undefined],
    ['proof', await proofOf(world, proving, nonce)],
    ['signed authorization response', signed],
    ['session cookie', longestCookie(consent)],
    ['interaction', consent && [...new URL(consent.page.url).searchParams.values()][0]],
  ]
  const all = new Map(made.filter((one): one is [Kind, string] => typeof one[1] === 'string' && one[1] !== '')) // prettier-ignore
  const of = (kind: Kind) => all.get(kind) ?? ''
  return { all, of, connected, code, requestUri, ...(consent === undefined ? {} : { consent }) }
}

const idTokenOf = ({ tokens }: Connected): string | undefined => {
  const { id_token: idToken } = tokens.answer.json
  return typeof idToken === 'string' ? idToken : undefined
}

const proofOf = async (world: World, { key }: Proving, nonce: string | undefined) =>
  key === undefined ? undefined : proof(key, world.web.url('/token'), { nonce, clock: world.clock })

/** Of the cookies of somebody signed in the longest names the session. */
function longestCookie(at: At | undefined): string | undefined {
  const values = at?.browser.cookies.list().map(({ value }) => value) ?? []
  return values.toSorted((a, b) => b.length - a.length)[0]
}

/** Whether all of them are still what they were. Spends the code. */
export async function intact(world: World, handles: Handles, check: Note): Promise<void> {
  const { connected, code, requestUri } = handles
  await check('the tokens live', () => alive(world, connected))
  await check('the code redeems', () => redeems(world.web, code.given, code.proving))
  if (!world.has('pages')) return
  await check('the request opens', async () =>
    opens(world, await world.browser().open(world.web.authorizeUrl(requestUri))),
  )
}
