import { randomBytes } from 'node:crypto'
import { createSelfSigned } from '../../../test/support/certificates.ts'
import { assertionBy, forgeries } from '../../../test/support/forgeries.ts'
import type { Forging } from '../../../test/support/forgeries.ts'
import type { Answer } from '../../../test/support/http.ts'
import type { RequestOptions, WireClient } from '../../../test/support/wire-client.ts'
import { secondsBy } from '../../../test/support/wire-keys.ts'
import type { Capability } from '../capability.ts'
import { inBatches, pushSurvives, prove, pushes, some } from '../common.ts'
import { answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { race } from '../race.ts'
import { part } from '../scenario.ts'
import type { Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** A place that proves its clients, and a request that it answers when the client is proven. */
type Place = {
  readonly name: string
  readonly needs: readonly Capability[]
  readonly client: (world: World) => WireClient
  readonly ask: (client: WireClient, options: RequestOptions) => Promise<Answer>
  readonly status: number
}

export const places: readonly Place[] = [
  {
    name: 'PAR',
    needs: [],
    client: ({ web }) => web,
    ask: async (client, options) => (await client.par(options)).answer,
    status: 201,
  },
  {
    name: 'the token endpoint',
    needs: ['credentials'],
    client: ({ web }) => web,
    ask: (client, options) => client.post('/token', { grant_type: 'client_credentials' }, options),
    status: 200,
  },
  {
    name: 'introspection',
    needs: ['introspection'],
    client: (world) => world.resourceServer(),
    ask: (client, options) => client.post('/introspect', { token: 'x' }, options),
    status: 200,
  },
  {
    name: 'revocation',
    needs: ['revocation'],
    client: ({ web }) => web,
    ask: (client, options) => client.post('/revoke', { token: 'x' }, options),
    status: 200,
  },
]

/** Two methods at once may be called a malformed request (RFC 6749 2.3). */
const clientRefused = (answer: Answer): Finding =>
  refusedAs(answer, '400 invalid_client', '401 invalid_client', '400 invalid_request')

const forgingAt = (world: World, victim: WireClient): Forging => ({
  issuer: world.server.issuer,
  now: secondsBy(world.clock),
  victim: victim.fixture,
  other: victim === world.second ? world.web.fixture : world.second.fixture,
})

/** Names of keys that nobody has. */
const kids = ['../../../dev/null', "' OR '1'='1", '*', '__proto__', 'constructor', 'https://evil.example/key', 'x'.repeat(2_000)] // prettier-ignore

/** PAR is where most is tried; the other places share its code, or should. */
const impersonationAt = ({ name, needs, client, ask, status }: Place, index: number): Part =>
  part({
    what: `forged or missing proofs at ${name}`,
    needs,
    arrange: (world) => Promise.resolve(client(world)),
    twin: async (world, at) => answered(await ask(at, await prove(world)), status),
    attack: async (world, at, attempt) => {
      const [forged, named] = index === 0 ? [50, 7] : [16, 2]
      await inBatches(some(world, Object.entries(forgeries), forged), ([what, forge]) =>
        attempt(what, async () => {
          const options = await forge(forgingAt(world, at))
          return clientRefused(await ask(at, { ...(await prove(world)), ...options }))
        }),
      )
      await inBatches(some(world, kids, named), (kid) =>
        attempt(`kid ${JSON.stringify(kid).slice(0, 40)}`, async () =>
          clientRefused(await ask(at, { ...(await prove(world)), assertionHeader: { kid } })),
        ),
      )
    },
    unharmed: async (world, at, check) => {
      await check('the client is still let in', async () =>
        answered(await ask(at, await prove(world)), status),
      )
    },
  })

const impersonation: Scenario = {
  id: 'ATK-A1-12',
  title: 'impersonate a client with forged, weak or used proofs',
  clauses: ['FAPI2 SP 5.3.2.1', 'RFC 7523 3'],
  needs: ['assertions'],
  parts: [
    impersonationAt(places[0] as Place, 0),
    ...places.slice(1).map((place, at) => impersonationAt(place, at + 1)),
    part({
      what: 'an assertion whose jti was used',
      arrange: async (world) => {
        const jti = randomBytes(16).toString('base64url')
        return { jti, first: await world.web.par({ claims: { jti } }) }
      },
      twin: (_, { first }) => answered(first.answer, 201),
      attack: async (world, { jti }, attempt) => {
        const later = secondsBy(world.clock) + 90
        await attempt('the same claims under a new signature', async () =>
          clientRefused((await world.web.par({ claims: { jti } })).answer),
        )
        await attempt('other times', async () =>
          clientRefused((await world.web.par({ claims: { jti, exp: later } })).answer),
        )
        if (world.has('credentials')) {
          await attempt('at the token endpoint', async () => {
            const fields = { grant_type: 'client_credentials' }
            const options = { ...(await prove(world)), claims: { jti } }
            return clientRefused((await world.web.token(fields, options)).answer)
          })
        }
        await attempt('20 copies of a new one in parallel', async () => {
          const client_assertion = await world.web.assertion()
          const all = await race(20, (via) => world.web.par({ fields: { client_assertion }, via }))
          const won = all.filter(({ answer }) => answer.status === 201).length
          const others = all.filter(({ answer }) => answer.status !== 201)
          const bad = others.find(({ answer }) => !clientRefused(answer).good)
          return bad === undefined
            ? finding(won === 1, `${won} of 20 succeeded`)
            : clientRefused(bad.answer)
        })
      },
      unharmed: pushSurvives,
    }),
  ],
}

const confusion: Scenario = {
  id: 'ATK-A1-13',
  title: 'prove a client by another method than its own, or by two',
  clauses: ['RFC 6749 2.3', 'RFC 8705 2', 'FAPI2 SP 5.3.2.1'],
  needs: ['mtls', 'assertions'],
  parts: [
    part({
      what: 'a certificate for a client that signs assertions',
      arrange: async () => {
        const { pem, keyPem } = await createSelfSigned({ subject: 'CN=stranger' })
        return { cert: pem, key: keyPem }
      },
      twin: (world) => pushes(world.web),
      attack: async (world, stranger, attempt) => {
        const own = world.certificateClient().fixture.credential
        const anonymous = { anonymous: true, side: 'mtls', fields: { client_id: world.web.fixture.clientId } } as const // prettier-ignore
        for (const [what, credential] of Object.entries({ 'a new certificate': stranger, 'the certificate of a client': own })) {
          if (credential === undefined) continue
          await attempt(what, async () =>
            clientRefused((await world.web.par({ ...anonymous, credential })).answer),
          )
        } // prettier-ignore
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'an assertion, no certificate or another for a client with a certificate',
      arrange: async () => {
        const { pem, keyPem } = await createSelfSigned({ subject: 'CN=stranger' })
        return { cert: pem, key: keyPem }
      },
      twin: (world) => pushes(world.certificateClient()),
      attack: async (world, stranger, attempt) => {
        const client = world.certificateClient()
        const forging = { ...forgingAt(world, client), victim: { ...client.fixture, alg: world.second.fixture.alg ?? 'ES256' } } // prettier-ignore
        const { jwk } = world.second.fixture
        if (jwk === undefined) return
        const assertion = (): RequestOptions['fields'] => ({
          client_assertion: assertionBy(jwk, forging),
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        })
        const { clientId } = client.fixture
        const basic = `Basic ${Buffer.from(`${clientId}:secret`).toString('base64')}`
        const tries: Readonly<Record<string, () => RequestOptions>> = {
          'an assertion beside its certificate': () => ({ fields: assertion() }),
          'an assertion on the other side': () => ({ side: 'main', fields: assertion() }),
          'no certificate': () => ({ side: 'main' }),
          'a new certificate': () => ({ credential: stranger }),
          'a secret beside': () => ({ fields: { client_secret: 'secret' } }),
          'HTTP Basic beside': () => ({ headers: [['authorization', basic]] }),
          'no client_id': () => ({ fields: { client_id: undefined } }),
          'the client_id of another client': () => ({ fields: { client_id: world.web.fixture.clientId } }), // prettier-ignore
        }
        for (const [what, options] of Object.entries(tries)) {
          await attempt(what, async () => clientRefused((await client.par(options())).answer))
        }
      },
      unharmed: async (world, _, check) => {
        await check('the client still pushes', () => pushes(world.certificateClient()))
      },
    }),
  ],
}

/** A1-12 and A1-13: posing as a client. */
export const clients: readonly Scenario[] = [impersonation, confusion]
