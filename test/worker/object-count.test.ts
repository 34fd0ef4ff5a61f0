import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  fromBase64Url,
  parseJson,
  randomBytes,
  randomText,
  toBase64Url,
  toHex,
} from '../../src/encoding.ts'
import { makeTokenId, readHandle } from '../../src/handles.ts'
import type { TokenHome } from '../../src/handles.ts'
import { activeKey } from '../../src/objects/ring.ts'
import { importKey, signJwt } from '../../src/tokens/jwt.ts'
import { countObjects, guess, realIds, some } from '../objects/support/counting.ts'
import {
  approve,
  authorizeUrl,
  createVisitor,
  interactionOf,
  makeParties,
  obtain,
  person,
  push,
  redemptionOf,
  settle,
} from '../objects/support/flow.ts'
import type { Tokens } from '../objects/support/flow.ts'
import {
  bank,
  call,
  form,
  makeKey,
  nonceOf,
  post,
  proof,
  read,
  seconds,
  send,
} from '../objects/support/issuers.ts'
import type { Admin, Party } from '../objects/support/issuers.ts'
import { env, holdingsOf, made, parallel, runAlarm, stubsOf } from '../objects/support/objects.ts'
import { openKey } from '../objects/support/rings.ts'

afterEach(() => vi.useRealTimers())

let app: Party
let api: Party
let admin: Admin
let tokens: Tokens
let stranger: Party
let nonce: string

beforeAll(async () => {
  ;({ app, api } = await makeParties())
  admin = await settle(bank, [app, api])
  // What an issuer has once it is in use: its keys, throttle buckets and guards.
  await send(`${bank.url}/jwks`)
  await send(`${bank.url}/evidence/jwks`)
  tokens = await obtain(bank, app)
  await parallel(4, (n) =>
    stubsOf('bank')
      .replayGuard('weur', n)
      .use('warm', Date.now() + 1000),
  )
  stranger = { clientId: 'nobody', key: await makeKey() }
  nonce = await nonceOf(bank)
})

/** Runs the attack; the number of objects must be what it was. */
async function leavesNothing(times: number, attack: (index: number) => Promise<unknown>) {
  const before = await countObjects()
  for (let done = 0; done < times; done += 50) {
    await parallel(Math.min(50, times - done), (index) => attack(done + index))
  }
  expect(await countObjects()).toEqual(before)
}

const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status
const token = (as: Party, fields: Readonly<Record<string, string>>, fresh = nonce) =>
  statusOf(post(bank, '/token', { as, key: as.key, nonce: fresh, fields }))

describe('the number of stored objects', () => {
  it('grows when something is proven: a push, a consent, a client, a person', async () => {
    const before = await countObjects()
    const pushed = await push(bank, app)
    await approve(bank, pushed)
    await admin.run('PUT', `/users/bob-${person.username}`, {
      password: 'a long password',
      sub: `sub-bob-${person.username}`,
    })
    const key = await makeKey()
    const metadata = {
      client_name: 'New',
      redirect_uris: ['https://new.example/cb'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.publicJwk] },
    }
    expect((await admin.run('PUT', `/clients/new-${app.clientId}`, metadata)).status).toBe(201)
    const after = await countObjects()
    for (const name of ['PUSHED_REQUEST', 'GRANT', 'ACCOUNT', 'CLIENT']) {
      expect([name, after[name]]).toEqual([name, (before[name] ?? 0) + 1])
    }
  })

  it('shows an object that was merely touched', async () => {
    const before = await countObjects()
    expect((await env.CLIENT.getByName('touched').check()).value.status).toBe('unknown')
    expect(await countObjects()).toEqual({ ...before, CLIENT: (before['CLIENT'] ?? 0) + 1 })
  })

  it('ATK-A1-12 is left unchanged by 200 unknown client ids at PAR and token', async () => {
    await leavesNothing(200, async (index) => {
      const as = { ...stranger, clientId: `nobody-${index}-${randomText(8)}` }
      const fields = { grant_type: 'client_credentials' }
      const answer =
        index % 2 === 0 ? push(bank, as).then(({ response }) => response.status) : token(as, fields)
      expect(await answer).toBe(401)
    })
    // The question whether a client exists is damped; real clients are found all the same.
    expect((await push(bank, app)).response.status).toBe(201)
  })

  it('ATK-A1-12 is left unchanged by assertions of a real client that a stranger signed', async () => {
    await leavesNothing(50, async (index) => {
      const as = { clientId: index % 2 === 0 ? app.clientId : 'operator.test', key: stranger.key }
      expect(await token(as, { grant_type: 'client_credentials' })).toBe(401)
    })
  })

  it('ATK-A1-06 is left unchanged by 200 guessed request_uris', async () => {
    await leavesNothing(200, async (index) => {
      const handle = some(
        [guess(1), guess(2), randomText(64), guess(1, some(realIds(app.clientId), index))],
        index,
      )
      const response = await send(authorizeUrl(bank, `urn:ietf:params:oauth:request_uri:${handle}`))
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
    })
  })

  it('ATK-A1-04 is left unchanged by 200 guessed codes and refresh tokens of a real client', async () => {
    await leavesNothing(200, async (index) => {
      const id = index % 4 < 2 ? toHex(randomBytes(32)) : some(realIds(app.clientId), index)
      const fields =
        index % 2 === 0
          ? redemptionOf(guess(2, id), randomText(32))
          : { grant_type: 'refresh_token', refresh_token: guess(3, id) }
      expect(await token(app, fields)).toBe(400)
    })
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh }
    expect(await token(app, refresh)).toBe(200)
  })

  it('ATK-A1-26 is left unchanged by 200 guessed tokens at introspection and revocation', async () => {
    await leavesNothing(200, async (index) => {
      const [head = '', body = ''] = tokens.access.split('.')
      const text = some(
        [
          guess(3),
          randomText(40),
          `${head}.${body}.${randomText(64)}`,
          guess(3, some(realIds(app.clientId), index)),
        ],
        index,
      )
      const fields = { token: text }
      if (index % 8 < 4) {
        expect((await read(await post(bank, '/introspect', { as: api, fields }))).json).toEqual({
          active: false,
        })
      } else {
        expect(await statusOf(post(bank, '/revoke', { as: app, fields }))).toBe(200)
      }
    })
    const alive = await read(
      await post(bank, '/introspect', { as: api, fields: { token: tokens.access } }),
    )
    expect(alive.json['active']).toBe(true)
  })

  it('is left unchanged by 100 tokens with forged homes, even signed with the key of the issuer', async () => {
    const { ring } = (await stubsOf('bank').keyRing().ring('bank')).value
    const key = activeKey(ring, 'ES256', Date.now())
    const opened = key && (await openKey(key))
    if (key === undefined || opened === undefined) throw new Error('no key signs')
    const { kid } = key
    const alg = 'ES256'
    const privateKey = await importKey(parseJson(opened) as JsonWebKey, alg)
    const { key: holder } = app
    const forge = (index: number) => {
      const home = some<TokenHome>(['grant', 'client', 'operator'], index)
      const wrongKind =
        home === 'grant'
          ? stubsOf('bank').client(app.clientId).id.toString()
          : stubsOf('bank').newGrantId()
      const objectId = index % 2 === 0 ? toHex(randomBytes(32)) : wrongKind
      const jti = makeTokenId({ home, objectId, epoch: 1, series: 1 })
      const claims = {
        iss: bank.url,
        sub: `sub-${person.username}`,
        aud: 'https://api.example',
        client_id: app.clientId,
      }
      const times = { iat: seconds(), exp: seconds() + 60 }
      const about = { scope: 'openid accounts', cnf: { jkt: holder.jkt }, jti }
      return signJwt(privateKey, { alg, typ: 'at+jwt', kid }, { ...claims, ...times, ...about })
    }
    await leavesNothing(100, async (index) => {
      const fields = { token: await forge(index) }
      expect((await read(await post(bank, '/introspect', { as: api, fields }))).json).toEqual({
        active: false,
      })
      const used = await call(bank, '/userinfo', { token: fields.token, key: holder })
      expect(used.status).toBe(401)
      expect(await statusOf(post(bank, '/revoke', { as: app, fields }))).toBe(200)
    })
    expect((await call(bank, '/userinfo', { token: tokens.access, key: holder })).status).toBe(200)
  })

  it('ATK-A1-33 is left unchanged by 30 unknown user names in a live interaction', async () => {
    const visitor = createVisitor()
    const login = await visitor.go(authorizeUrl(bank, (await push(bank, app)).requestUri))
    const interaction = interactionOf(login)
    await leavesNothing(30, async (index) => {
      const fields = {
        interaction,
        username: `nobody-${index}`,
        password: 'a guess',
        action: 'login',
      }
      const { headers, body = '' } = form(fields)
      const address = { 'cf-connecting-ip': `198.51.${index}.7` }
      const page = await visitor.go(`${bank.url}/login`, {
        method: 'POST',
        headers: { ...headers, ...address },
        body,
      })
      expect(page.response.status).toBe(403)
    })
  })

  it('is left unchanged by unknown names and ids in the admin API', async () => {
    await leavesNothing(50, async (index) => {
      const id = index % 2 === 0 ? toHex(randomBytes(32)) : some(realIds(app.clientId), index)
      const [method, path] = some(
        [
          ['GET', `/clients/nobody-${index}`],
          ['DELETE', `/clients/nobody-${index}`],
          ['POST', `/clients/nobody-${index}/disable`],
          ['GET', `/users/nobody-${index}`],
          ['GET', `/users/nobody-${index}/grants`],
          ['POST', `/users/nobody-${index}/disable`],
          ['POST', `/grants/${id}/revoke`],
          ['POST', `/keys/nobody-${index}/revoke`],
        ] as const,
        index,
      )
      expect((await admin.run(method, path)).status).toBe(404)
    })
  })

  it('DPOP-AS-10 is left unchanged by forged nonces, which name no guard', async () => {
    const before = await countObjects()
    const bytes = fromBase64Url(nonce) ?? new Uint8Array()
    expect(bytes.length).toBeGreaterThan(32)
    for (let at = 0; at < bytes.length; at += 1) {
      const forged = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte))
      const about = { url: `${bank.url}/par`, nonce: toBase64Url(forged) }
      const { response } = await push(bank, app, { proof: await proof(app.key, about) })
      expect((await read(response)).json['error']).toBe('use_dpop_nonce')
    }
    expect(await countObjects()).toEqual(before)
    expect((await push(bank, app, { key: app.key, nonce })).response.status).toBe(201)
  })

  it('SP-AS-28 ATK-A1-07 is left unchanged by handles that were used up, which write nothing either', async () => {
    const pushed = await push(bank, app)
    const fields = redemptionOf(await approve(bank, pushed), pushed.verifier)
    expect(await token(app, fields)).toBe(200)
    expect(await token(app, fields)).toBe(400)
    const handle = await readHandle('code', fields.code)
    const grant = () => made(stubsOf('bank').grant(handle?.objectId ?? ''))
    const held = () => holdingsOf(grant())
    // The grant has its end signed beside all this: once that is done, nothing is left to write.
    await runAlarm(grant())
    const before = await held()
    await leavesNothing(30, async () => {
      expect((await send(authorizeUrl(bank, pushed.requestUri))).status).toBe(400)
      expect(await token(app, fields)).toBe(400)
    })
    expect(await held()).toEqual(before)
  })

  it('SP-PAR-09 SP-AS-11 is left unchanged by handles that expired', async () => {
    const pushed = await push(bank, app)
    const fields = redemptionOf(await approve(bank, pushed), pushed.verifier)
    const unopened = await push(bank, app)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 })
    const late = await nonceOf(bank)
    await leavesNothing(30, async () => {
      expect((await send(authorizeUrl(bank, unopened.requestUri))).status).toBe(400)
      expect(await token(app, fields, late)).toBe(400)
      const expired = { token: tokens.access, key: app.key }
      expect((await call(bank, '/userinfo', expired)).status).toBe(401)
    })
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh }
    expect(await token(app, refresh, late)).toBe(200)
  })
})
