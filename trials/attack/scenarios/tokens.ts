import type { RequestOptions } from '../../../test/support/wire-client.ts'
import { newClient } from '../../../test/support/wire-admin.ts'
import { alive, codeUnspentOrBurnt, connect, obtainCode, present, prove, redeems, tokensSurvive } from '../common.ts' // prettier-ignore
import { allOf, answered, finding, refusedAs, told } from '../finding.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const asItself = { grant_type: 'client_credentials' }

const asPerson: Scenario = {
  id: 'ATK-A1-21',
  title: 'pass off a token of a client as one of a person',
  clauses: ['RFC 9700 4.15', 'RFC 9068 5'],
  needs: ['credentials'],
  parts: [
    part({
      what: 'a token that a client got for itself, at userinfo',
      needs: ['person', 'openid', 'userinfo'],
      arrange: connect,
      twin: async (world, { tokens, proving }) =>
        answered(await present(world, tokens.accessToken, { ...proving, at: world.web.url('/userinfo') }), 200), // prettier-ignore
      attack: async (world, { tokens }, attempt) => {
        const proving = await prove(world)
        const own = await world.web.token(asItself, proving)
        await attempt('userinfo tells of nobody', async () => {
          const at = world.web.url('/userinfo')
          const answer = await present(world, own.accessToken, { ...proving, at })
          return refusedAs(answer, '401', '403')
        })
        await attempt('it has no sub of a person, no refresh token and no id_token', () => {
          const person = tokens.claims['sub']
          const same = person !== undefined && own.claims['sub'] === person
          const more = own.refreshToken !== '' || own.answer.json['id_token'] !== undefined
          return finding(!same && !more, same ? 'the sub of a person' : told(own.answer))
        })
        await attempt('scopes of a person', async () => {
          const { answer } = await world.web.token({ ...asItself, scope: 'openid' }, proving)
          const without = answer.status === 200 && !String(answer.json['scope'] ?? '').split(' ').includes('openid') // prettier-ignore
          return without ? finding(true, '200 without it') : refusedAs(answer, '400 invalid_scope')
        })
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'a client that is registered under the name of a person',
      needs: ['operator', 'person'],
      arrange: async (world) => ({
        admin: await world.operator(),
        metadata: (await newClient()).metadata,
        sub: String((await connect(world)).tokens.claims['sub']),
      }),
      twin: async (_, { admin, metadata }) =>
        answered(await admin.request('PUT', `/clients/${String(metadata['client_id'])}`, metadata), 201), // prettier-ignore
      attack: async (world, { admin, metadata, sub }, attempt) => {
        for (const client_id of [sub, 'user-0123456789']) {
          await attempt(`client_id '${client_id}'`, async () =>
            refusedAs(await admin.request('PUT', `/clients/${client_id}`, { ...metadata, client_id }), '409', '400'),
          )
        } // prettier-ignore
        await attempt('a person under the name of a client', async () => {
          const person = { password: 'a long enough password', sub: world.web.fixture.clientId }
          return refusedAs(await admin.request('PUT', '/users/mallory', person), '409', '400')
        })
      },
      unharmed: async (_, { admin, sub }, check) => {
        await check('nobody of the name exists', async () =>
          allOf([
            answered(await admin.request('GET', `/clients/${sub}`), 404),
            answered(await admin.request('GET', '/users/mallory'), 404),
          ]),
        )
      },
    }),
  ],
}

/** What somebody adds to a token request, and how it is refused. */
const wider: Readonly<Record<string, readonly [RequestOptions['fields'], readonly string[]]>> = {
  'a scope nobody granted': [{ scope: 'openid email profile accounts admin' }, ['400 invalid_scope']],
  'a scope nobody knows': [{ scope: 'unknown' }, ['400 invalid_scope']],
  'the scope of operators': [{ scope: 'admin' }, ['400 invalid_scope']],
  'a resource nobody granted': [{ resource: 'https://evil.example' }, ['400 invalid_target']],
  'a resource that is no address': [{ resource: 'x' }, ['400 invalid_target']],
} // prettier-ignore

const details = JSON.stringify([{ type: 'payment_initiation', instructedAmount: { currency: 'EUR', amount: '1.00' }, creditorName: 'x', creditorAccount: { iban: 'DE02100100109307118603' } }]) // prettier-ignore
const detailsRefused = ['400 invalid_authorization_details', '400 invalid_request'] as const

const escalation: Scenario = {
  id: 'ATK-A1-24',
  title: 'refresh or redeem into more than was granted',
  clauses: ['RFC 6749 6', 'RFC 8707 2.2', 'RFC 9396 6'],
  needs: ['person'],
  parts: [
    part({
      what: 'more at a refresh',
      needs: ['refresh'],
      arrange: (world) => connect(world),
      twin: (world, connected) => alive(world, connected),
      attack: async (world, { tokens, proving }, attempt) => {
        const granted = String(tokens.answer.json['scope'] ?? tokens.claims['scope'] ?? '')
        for (const [what, [fields = {}, expected]] of Object.entries(wider)) {
          await attempt(what, async () => {
            const options = { ...proving, fields }
            return refusedAs((await world.web.refresh(tokens.refreshToken, options)).answer, ...expected) // prettier-ignore
          })
        }
        await attempt('all of it after a narrow one', async () => {
          const [scope = ''] = granted.split(' ')
          await world.web.refresh(tokens.refreshToken, { ...proving, fields: { scope } })
          const again = await world.web.refresh(tokens.refreshToken, proving)
          const now = String(again.answer.json['scope'] ?? granted)
          return finding(again.answer.status === 200 && sameWords(now, granted), `scope of ${now.split(' ').length} values`) // prettier-ignore
        })
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'authorization details nobody granted',
      needs: ['refresh', 'details'],
      arrange: (world) => connect(world),
      twin: (world, connected) => alive(world, connected),
      attack: async (world, { tokens, proving }, attempt) => {
        for (const authorization_details of [details, '[]', '[{}]', '{']) {
          await attempt(`details ${authorization_details.slice(0, 20)}`, async () => {
            const options = { ...proving, fields: { authorization_details } }
            return refusedAs((await world.web.refresh(tokens.refreshToken, options)).answer, ...detailsRefused) // prettier-ignore
          })
        }
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'more at a redemption',
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        for (const resource of ['https://evil.example', 'x', `${world.server.issuer}/admin`]) {
          await attempt(`resource ${resource}`, async () => {
            const options = { ...proving, fields: { resource } }
            return refusedAs((await world.web.redeem(given, options)).answer, '400 invalid_target', '400 invalid_grant') // prettier-ignore
          })
        }
      },
      unharmed: codeUnspentOrBurnt,
    }),
  ],
}

const sameWords = (one: string, other: string): boolean =>
  one.split(' ').sort().join(' ') === other.split(' ').sort().join(' ')

const theft: Scenario = {
  id: 'ATK-A1-25',
  title: 'use a stolen refresh token',
  clauses: ['RFC 6749 10.4', 'FAPI2 SP 5.3.2.1', 'RFC 9449 5'],
  needs: ['person', 'refresh'],
  parts: [
    part({
      what: 'a refresh token of somebody else',
      arrange: (world) => connect(world),
      twin: (world, connected) => alive(world, connected),
      attack: async (world, { tokens, proving }, attempt) => {
        const { web, second } = world
        const { refreshToken } = tokens
        const owner = { client_id: web.fixture.clientId }
        const thief = await prove(world)
        const client = ['401 invalid_client', '400 invalid_client', '400 invalid_request']
        const tries = [
          ['as another client', () => second.refresh(refreshToken, thief), ['400 invalid_grant']],
          ['as another client with the stolen key', () => second.refresh(refreshToken, proving), ['400 invalid_grant']],
          ['as another client under the name of the owner', () => second.refresh(refreshToken, { ...thief, fields: owner }), client],
          ['without authentication', () => web.refresh(refreshToken, { ...thief, anonymous: true }), client],
          ['with the name of the owner alone', () => web.refresh(refreshToken, { ...thief, anonymous: true, fields: owner }), client],
        ] as const // prettier-ignore
        for (const [what, use, expected] of tries) {
          await attempt(what, async () => refusedAs((await use()).answer, ...expected))
        }
        if (world.has('dpop') && web.fixture.credential === undefined) {
          await attempt('without a proof', async () =>
            refusedAs((await web.refresh(refreshToken)).answer, '400 invalid_dpop_proof', '400 invalid_request', '400 use_dpop_nonce', '400 invalid_grant'),
          )
        } // prettier-ignore
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'a refresh token near a real one',
      arrange: (world) => connect(world),
      twin: (world, connected) => alive(world, connected),
      attack: async (world, { tokens, proving, given }, attempt) => {
        const { refreshToken } = tokens
        const middle = Math.floor(refreshToken.length / 2)
        const change = (at: number) =>
          `${refreshToken.slice(0, at)}${refreshToken[at] === 'A' ? 'B' : 'A'}${refreshToken.slice(at + 1)}`
        const guesses = { 'another first letter': change(0), 'another letter in the middle': change(middle), 'another letter near the end': change(refreshToken.length - 2), 'a letter more': `${refreshToken}A`, 'some letters less': refreshToken.slice(0, -4), 'the code': given.code, 'the access token': tokens.accessToken, nothing: '' } // prettier-ignore
        for (const [what, guess] of Object.entries(guesses)) {
          await attempt(what, async () =>
            refusedAs((await world.web.refresh(guess, proving)).answer, '400 invalid_grant', '400 invalid_request'),
          )
        } // prettier-ignore
      },
      unharmed: tokensSurvive,
    }),
  ],
}

const stranger: Scenario = {
  id: 'ATK-A1-26',
  title: 'revoke or look into tokens of another client',
  clauses: ['RFC 7009 2.1', 'RFC 7662 4'],
  needs: ['person', 'revocation'],
  parts: [
    part({
      what: 'revocation by somebody else',
      arrange: (world) => connect(world),
      twin: async (world, { tokens }) =>
        answered(await world.web.post('/revoke', { token: tokens.accessToken }), 200),
      attack: async (world, { tokens }, attempt) => {
        const owner = { anonymous: true, fields: { client_id: world.web.fixture.clientId } }
        for (const [what, token] of Object.entries({ 'the access token': tokens.accessToken, 'the refresh token': tokens.refreshToken })) {
          if (token === '') continue
          for (const token_type_hint of [undefined, 'access_token', 'refresh_token', 'x']) {
            await attempt(`${what} as another client, hint ${token_type_hint ?? 'none'}`, async () => {
              const answer = await world.second.post('/revoke', { token, token_type_hint })
              return answer.status === 200 ? finding(true, '200, to be seen') : refusedAs(answer, '4xx')
            })
          }
          await attempt(`${what} as nobody`, async () =>
            refusedAs(await world.second.post('/revoke', { token }, { anonymous: true }), '4xx'),
          )
          await attempt(`${what} by name alone`, async () =>
            refusedAs(await world.second.post('/revoke', { token }, owner), '4xx'),
          )
        } // prettier-ignore
        const near = `${tokens.accessToken.slice(0, -2)}AA`
        await attempt('a token near a real one', async () =>
          answered(await world.web.post('/revoke', { token: near }), 200),
        )
      },
      unharmed: tokensSurvive,
    }),
  ],
}

/** Whether an answer about a token says nothing. */
const tellsNothing = (answer: Parameters<typeof refusedAs>[0], world: World) => {
  const silent = answer.json['active'] === false && Object.keys(answer.json).length === 1
  const named = answer.text.includes(world.person.username)
  if (named) return finding(false, 'it names the person')
  return silent
    ? finding(true, `${answer.status} inactive`)
    : refusedAs(answer, '401', '403', '400')
}

const introspection: Scenario = {
  id: 'ATK-A1-27',
  title: 'introspect a leaked token as an ordinary client',
  clauses: ['FAPI2 MS 6.2', 'RFC 7662 2.1'],
  needs: ['person', 'introspection'],
  parts: [
    part({
      what: 'a live token',
      arrange: (world) => connect(world),
      twin: async (world) =>
        answered(await world.resourceServer().post('/introspect', { token: 'x' }), 200),
      attack: async (world, { tokens }, attempt) => {
        const token = tokens.accessToken
        for (const [what, client] of Object.entries({ 'its own client': world.web, 'another client': world.second })) {
          await attempt(what, async () => tellsNothing(await client.post('/introspect', { token }), world)) // prettier-ignore
        } // prettier-ignore
        await attempt('nobody', async () =>
          refusedAs(await world.web.post('/introspect', { token }, { anonymous: true }), '401', '400'),
        ) // prettier-ignore
        await attempt('the refresh token, as a resource server', async () => {
          const answer = await world.resourceServer().post('/introspect', { token: tokens.refreshToken }) // prettier-ignore
          return tellsNothing(answer, world)
        })
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'a token of another resource',
      needs: ['operator'],
      arrange: (world) => connect(world),
      twin: async (world) => {
        const fields = { ...asItself, scope: 'accounts', resource: 'https://other-api.example' }
        const { accessToken } = await world.web.token(fields, await prove(world))
        const answer = await world.resourceServer().post('/introspect', { token: accessToken })
        return finding(answer.json['active'] === true, `active ${String(answer.json['active'])}`)
      },
      attack: async (world, { tokens }, attempt) => {
        await attempt('as the resource server of another audience', async () => {
          const answer = await world.resourceServer().post('/introspect', { token: tokens.accessToken }) // prettier-ignore
          return tellsNothing(answer, world)
        })
      },
      unharmed: tokensSurvive,
    }),
  ],
}

/** A1-21 and A1-24 to A1-27: what is done with tokens. */
export const tokens: readonly Scenario[] = [asPerson, escalation, theft, stranger, introspection]
