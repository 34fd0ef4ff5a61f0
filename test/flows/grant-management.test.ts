import { describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { RequestOptions, TestClient, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

type Fields = NonNullable<RequestOptions['fields']>
const create: Fields = { grant_management_action: 'create' }

/** A flow with what it says about grants; answers with the tokens and the grant. */
async function flow(fields: Fields, client = web): Promise<Tokens & { readonly grantId: string }> {
  const tokens = await client.redeem(await client.code({ key, fields }), { key })
  expect(tokens.answer.status, tokens.answer.text).toBe(200)
  return { ...tokens, grantId: String(tokens.answer.json['grant_id'] ?? '') }
}

/** A token of a client for the grants endpoint. */
async function manager(
  client: TestClient = web,
  scope = 'grant_management_query grant_management_revoke',
): Promise<string> {
  const answer = await client.token({ grant_type: 'client_credentials', scope }, { key })
  expect(answer.claims['aud']).toBe(`${server.issuer}/grants`)
  return answer.accessToken
}

const address = (grantId: string) => `${server.issuer}/grants/${grantId}`
const query = async (grantId: string, token?: string) =>
  getResource(address(grantId), token ?? (await manager()), { key })
const revoke = async (grantId: string, token?: string) =>
  getResource(address(grantId), token ?? (await manager()), { key, method: 'DELETE' })

const scopeOf = (answer: Awaited<ReturnType<typeof query>>): unknown => {
  const [entry] = answer.json['scopes'] as readonly { readonly scope: string }[]
  return entry?.scope
}
const isAlive = async (tokens: Tokens) =>
  (await getResource(`${server.api}/accounts`, tokens.accessToken, { key })).status === 200

const refusedAtPar = async (fields: Fields, client = web) => {
  const { answer } = await client.par({ key, fields })
  return {
    status: answer.status,
    error: answer.json['error'],
    told: answer.json['error_description'],
  }
}

describe('the parameters of grant management at PAR', () => {
  it.each([
    ['GM-06', 'create with a grant_id', { ...create, grant_id: 'a'.repeat(64) }],
    ['GM-07', 'a grant_id without an action', { grant_id: 'a'.repeat(64) }],
    ['GM-08', 'an unknown action', { grant_management_action: 'update' }],
    ['GM-08', 'an action that is not one of an authorization request', { grant_management_action: 'revoke' }],
    ['GM-09', 'merge without a grant_id', { grant_management_action: 'merge' }],
    ['GM-09', 'replace without a grant_id', { grant_management_action: 'replace' }],
  ])('%s refuses %s', async (_id, _what, fields) => {
    expect(await refusedAtPar(fields)).toMatchObject({ status: 400, error: 'invalid_request' })
    expect((await web.par({ key, fields: create })).answer.status).toBe(201)
  }) // prettier-ignore

  it('GM-05 GM-30 GM-36 refuses an unknown and another client’s grant in the same words', async () => {
    const { grantId } = await flow(create)
    const merge = { grant_management_action: 'merge' }
    const foreign = await refusedAtPar({ ...merge, grant_id: grantId }, second)
    expect(foreign).toMatchObject({ status: 400, error: 'invalid_grant_id' })
    const strange = ['f'.repeat(64), 'no id at all', '<b>"bold"</b>', '../admin', '%00']
    for (const id of strange) {
      expect(await refusedAtPar({ ...merge, grant_id: id }, second)).toEqual(foreign)
    }
    expect((await web.par({ key, fields: { ...merge, grant_id: grantId } })).answer.status).toBe(
      201,
    )
    expect(scopeOf(await query(grantId))).toBe('openid accounts')
  })

  it('refuses scopes of the grants endpoint in a request to a person', async () => {
    const fields = { scope: 'openid grant_management_query' }
    expect(await refusedAtPar(fields)).toMatchObject({ status: 400, error: 'invalid_scope' })
  })
})

describe('grants', () => {
  it('GM-02 GM-10 GM-14 create makes another grant each time, named in the token response', async () => {
    const [one, other] = [await flow(create), await flow(create)]
    expect(one.grantId).toMatch(/^[0-9a-f]{64}$/)
    expect(other.grantId).not.toBe(one.grantId)
    for (const { grantId } of [one, other]) expect((await query(grantId)).status).toBe(200)
  })

  it('GM-10 GM-11 is named in the token response alone, and only where grants are managed', async () => {
    const plain = await web.redeem(await web.code({ key }), { key })
    expect(plain.answer.json).not.toHaveProperty('grant_id')
    const { callback } = await web.code({ key, fields: create })
    expect([...callback.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state'])
  })

  it('GM-03 merge adds to the grant and ends its refresh tokens', async () => {
    const before = await flow({ ...create, scope: 'openid accounts' })
    const { grantId } = before
    const merge = { grant_management_action: 'merge', grant_id: grantId, scope: 'openid email' }
    const after = await flow(merge)
    expect(after.grantId).toBe(grantId)
    expect(scopeOf(await query(grantId))).toBe('openid accounts email')
    const old = await web.refresh(before.refreshToken, { key })
    expect(old.answer.json['error']).toBe('invalid_grant')
    const renewed = await web.refresh(after.refreshToken, { key })
    expect(renewed.answer.status).toBe(200)
    expect(renewed.answer.json['scope']).toBe('openid accounts email')
    expect(await isAlive(before)).toBe(true)
  })

  it('GM-04 replace leaves what was agreed to now; older tokens of both kinds end', async () => {
    const before = await flow({ ...create, scope: 'openid accounts email' })
    const { grantId } = before
    const fields = { grant_management_action: 'replace', grant_id: grantId, scope: 'accounts' }
    const after = await flow(fields)
    expect(after.grantId).toBe(grantId)
    expect(scopeOf(await query(grantId))).toBe('accounts')
    expect((await web.refresh(before.refreshToken, { key })).answer.json['error']).toBe(
      'invalid_grant',
    )
    expect(await isAlive(before)).toBe(false)
    expect(await isAlive(after)).toBe(true)
    expect((await web.refresh(after.refreshToken, { key })).answer.status).toBe(200)
  })

  it('GM-12 changes when the update is claimed: an abandoned one leaves the grant as it was', async () => {
    const before = await flow({ ...create, scope: 'openid accounts' })
    const { grantId } = before
    const replace = { grant_management_action: 'replace', grant_id: grantId, scope: 'openid' }
    const code = await web.code({ key, fields: replace })
    expect(scopeOf(await query(grantId))).toBe('openid accounts')
    expect((await web.refresh(before.refreshToken, { key })).answer.status).toBe(200)
    expect((await web.redeem(code, { key })).answer.status).toBe(200)
    expect(scopeOf(await query(grantId))).toBe('openid')
  })

  it('GM-12 is not there before its tokens are claimed', async () => {
    const { code, verifier } = await web.code({ key, fields: create })
    const grantId = Buffer.from(code, 'base64url').subarray(1, 33).toString('hex')
    expect((await query(grantId)).status).toBe(404)
    expect((await web.redeem({ code, verifier }, { key })).answer.status).toBe(200)
    expect((await query(grantId)).status).toBe(200)
  })

  it('GM-31 cannot be updated by another person, who learns nothing of it', async () => {
    const { grantId, refreshToken } = await flow({ ...create, scope: 'openid accounts email' })
    const fields = { grant_management_action: 'merge', grant_id: grantId, scope: 'openid profile' }
    const { requestUri } = await web.par({ key, fields })
    const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
    const login = await browser.open(web.authorizeUrl(requestUri))
    const { username, password } = users.carol
    const done = await login.submit('login', { username, password })
    expect(done.redirectedTo?.searchParams.get('error')).toBe('invalid_grant_id')
    expect(done.redirectedTo?.searchParams.has('code')).toBe(false)
    expect(scopeOf(await query(grantId))).toBe('openid accounts email')
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
  })

  it('GM-34 cannot be merged once it was revoked', async () => {
    const { grantId } = await flow(create)
    const fields = { grant_management_action: 'merge', grant_id: grantId }
    const code = await web.code({ key, fields })
    expect((await revoke(grantId)).status).toBe(204)
    expect(await refusedAtPar(fields)).toMatchObject({ status: 400, error: 'invalid_grant_id' })
    expect((await web.redeem(code, { key })).answer.json['error']).toBe('invalid_grant')
  })

  it('GM-35 tells the person what is added, and what is lost', async () => {
    const { grantId } = await flow({ ...create, scope: 'openid accounts' })
    const wordsOf = async (action: string) => {
      const fields = { grant_management_action: action, grant_id: grantId, scope: 'openid email' }
      const { requestUri } = await web.par({ key, fields })
      const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
      const login = await browser.open(web.authorizeUrl(requestUri))
      const { username, password } = users.alice
      return (await login.submit('login', { username, password })).words
    }
    expect(await wordsOf('merge')).toContain('What you allowed then stays.')
    expect(await wordsOf('replace')).toMatch(/It will lose:/)
  })
})

describe('the grants endpoint', () => {
  it('GM-20 tells a client what its grant holds, and is never cached', async () => {
    const { grantId } = await flow({ ...create, scope: 'openid accounts' })
    const answer = await query(grantId)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-cache, no-store')
    expect(answer.json).toMatchObject({
      scopes: [{ scope: 'openid accounts', resource: [server.api] }],
      updated_by: 'client',
    })
    const { created_at: created, expires_at: expires } = answer.json
    expect(Number(expires)).toBeGreaterThan(Number(created))
    expect(answer.json['last_updated']).toBe(answer.json['last_updated_at'])
    expect(answer.text).not.toMatch(/token|sub|alice/)
  })

  it('GM-21 GM-22 revokes the grant with all its tokens; then it is gone', async () => {
    const tokens = await flow(create)
    const kept = await flow(create)
    const answer = await revoke(tokens.grantId)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await web.refresh(tokens.refreshToken, { key })).answer.json['error']).toBe(
      'invalid_grant',
    )
    expect(await isAlive(tokens)).toBe(false)
    expect((await revoke(tokens.grantId)).status).toBe(404)
    expect((await query(tokens.grantId)).status).toBe(404)
    expect((await query('f'.repeat(64))).status).toBe(404)
    expect((await query(kept.grantId)).status).toBe(200)
    expect(await isAlive(kept)).toBe(true)
  })

  it('GM-15 GM-23 refuses another client, to which the id is worth nothing', async () => {
    const tokens = await flow(create)
    const stranger = await manager(second)
    expect((await query(tokens.grantId, stranger)).status).toBe(403)
    expect((await revoke(tokens.grantId, stranger)).status).toBe(403)
    expect((await query(tokens.grantId)).status).toBe(200)
    expect(await isAlive(tokens)).toBe(true)
  })

  it('GM-23 refuses a token without the scope of the call', async () => {
    const { grantId } = await flow(create)
    const reads = await manager(web, 'grant_management_query')
    const ends = await manager(web, 'grant_management_revoke')
    const refused = [await revoke(grantId, reads), await query(grantId, ends)]
    for (const { status, headers } of refused) {
      expect(status).toBe(403)
      expect(headers.get('www-authenticate')).toMatch(
        /error="insufficient_scope".*scope="grant_management_/,
      )
    }
    expect((await query(grantId, reads)).status).toBe(200)
    expect((await revoke(grantId, ends)).status).toBe(204)
  })

  it('GM-24 asks for a token with a DPoP challenge, and takes none that is for an API', async () => {
    const tokens = await flow(create)
    const nothing = await getResource(address(tokens.grantId), '', { scheme: 'None' })
    expect(nothing.headers.get('www-authenticate')).toMatch(/^DPoP .*algs="/)
    const own = await web.token({ grant_type: 'client_credentials', scope: 'accounts' }, { key })
    for (const token of [own.accessToken, tokens.accessToken]) {
      const answer = await query(tokens.grantId, token)
      expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_token'])
    }
  })

  it('GM-26 knows GET and DELETE only', async () => {
    const { grantId } = await flow(create)
    const answer = await getResource(address(grantId), await manager(), { key, method: 'PUT' })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, DELETE')
    expect((await query(grantId)).status).toBe(200)
  })

  it('GM-27 stays when a refresh token of the grant is revoked', async () => {
    const { grantId, refreshToken } = await flow(create)
    expect((await web.post('/revoke', { token: refreshToken })).status).toBe(200)
    expect((await query(grantId)).status).toBe(200)
    const again = await flow({ grant_management_action: 'merge', grant_id: grantId })
    expect((await web.refresh(again.refreshToken, { key })).answer.status).toBe(200)
  })

  it('GM-33 leaves nothing alive that was refreshed beside the revocation', async () => {
    const { grantId, refreshToken } = await flow(create)
    const token = await manager()
    const racing = Array.from({ length: 10 }, () => web.refresh(refreshToken, { key }))
    const revoked = await revoke(grantId, token)
    expect(revoked.status).toBe(204)
    for (const tokens of await Promise.all(racing)) {
      if (tokens.answer.status === 200) expect(await isAlive(tokens)).toBe(false)
    }
    expect((await web.refresh(refreshToken, { key })).answer.json['error']).toBe('invalid_grant')
  })

  it('is told in the metadata (Grant Management 7)', async () => {
    const found = await getResource(`${server.issuer}/.well-known/oauth-authorization-server`, '')
    expect(found.json).toMatchObject({
      grant_management_endpoint: `${server.issuer}/grants`,
      grant_management_actions_supported: ['query', 'revoke', 'merge', 'replace', 'create'],
      grant_management_action_required: false,
    })
  })
})
