import { getResource } from '../../test/support/wire-client.ts'
import type { Answer } from '../../test/support/http.ts'
import type { Actor } from './actors.ts'
import { idOf } from './exchange.ts'
import type { Thing } from './ledger.ts'
import { hold, holderOf } from './receive.ts'
import type { Wish } from './receive.ts'
import { ask, means } from './scene.ts'
import type { Scene } from './scene.ts'

/** The single steps of a client; each answers with what came of it, or undefined. */

export async function push(scene: Scene, actor: Actor, wish: Wish): Promise<Thing | undefined> {
  const { client } = actor
  const fields = {
    ...(wish.managed ? { grant_management_action: wish.updates ?? 'create' } : {}),
    ...(wish.grant === undefined ? {} : { grant_id: wish.grant }),
  }
  let verifier = ''
  const answer = await ask(async () => {
    const pushed = await client.par({ ...(await means(scene, actor, client.url('/par'))), fields })
    verifier = pushed.verifier
    return pushed.answer
  })
  if (answer?.status !== 201) return undefined
  const secret = String(answer.json['request_uri'])
  const thing = scene.ledger.find('pushed request', idOf(secret))
  if (thing === undefined) throw new Error('a pushed request that nobody entered')
  hold(thing, { ...held(thing), verifier, wish })
  return thing
}

export async function redeem(scene: Scene, code: Thing): Promise<Answer | undefined> {
  const { actor, secret, verifier = '' } = held(code)
  const { client } = actor
  return ask(async () => {
    const given = { code: secret, verifier }
    return (await client.redeem(given, await means(scene, actor, client.url('/token')))).answer
  })
}

export async function refresh(scene: Scene, token: Thing): Promise<Answer | undefined> {
  const { actor, secret } = held(token)
  const { client } = actor
  return ask(
    async () =>
      (await client.refresh(secret, await means(scene, actor, client.url('/token')))).answer,
  )
}

export async function credentials(
  scene: Scene,
  actor: Actor,
  scope: string,
): Promise<Answer | undefined> {
  const { client } = actor
  const fields = { grant_type: 'client_credentials', scope }
  return ask(
    async () =>
      (await client.token(fields, await means(scene, actor, client.url('/token')))).answer,
  )
}

export async function revoke(scene: Scene, token: Thing): Promise<Answer | undefined> {
  const { actor, secret } = held(token)
  const { client } = actor
  return ask(async () => {
    const { proofOptions: _none, ...fresh } = await means(scene, actor, client.url('/revoke'))
    return client.post('/revoke', { token: secret }, { ...fresh, key: null })
  })
}

/** Uses an access token at one of the resources: `userinfo`, `accounts`, or a grant. */
export async function use(
  scene: Scene,
  token: Thing,
  where: 'userinfo' | 'accounts' | { readonly grant: string; readonly method: 'GET' | 'DELETE' },
): Promise<Answer | undefined> {
  const { actor, secret } = held(token)
  const server = scene.server()
  const certificate = actor.fixture.credential
  const base = certificate === undefined ? server : { issuer: server.mtls, api: server.apiMtls }
  const path = typeof where === 'string' ? `/${where}` : `/grants/${where.grant}`
  const url = `${where === 'accounts' ? base.api : base.issuer}${path}`
  const method = typeof where === 'string' ? 'GET' : where.method
  return ask(async () => {
    const { key, proofOptions } = await means(scene, actor, url)
    return getResource(url, secret, {
      server,
      clock: scene.line.clock,
      method,
      via: actor.via,
      ...(key === undefined ? {} : { key }),
      ...(proofOptions === undefined ? {} : { proofOptions }),
      ...(certificate === undefined ? {} : { credential: certificate }),
    })
  })
}

/** The things a token answer brought. */
export function tokensOf(scene: Scene, answer: Answer) {
  const found = (kind: Thing['kind'], member: string) =>
    scene.ledger.find(kind, idOf(String(answer.json[member] ?? '')))
  return {
    access: found('access token', 'access_token'),
    refresh: found('refresh token', 'refresh_token'),
  }
}

function held(thing: Thing) {
  const holder = holderOf(thing)
  if (holder === undefined) throw new Error(`nobody holds this ${thing.kind}`)
  return holder
}
