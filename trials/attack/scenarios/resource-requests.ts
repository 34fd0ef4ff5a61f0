import { form, send } from '../../../test/support/http.ts'
import { makeDpopKey } from '../../../test/support/wire-keys.ts'
import { oneWinner, placeFor, present, tokensSurvive } from '../common.ts'
import type { Connected } from '../common.ts'
import { answered, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { proofFor } from '../forge.ts'
import { capture, livingTokens, resend } from '../material.ts'
import { race } from '../race.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const noToken = ['401', '400 invalid_request', '400 invalid_dpop_proof'] as const

/** The addresses that an access token opens. */
const placesOf = (world: World): readonly string[] => [
  ...new Set([placeFor(world), ...(world.has('userinfo') ? [world.web.url('/userinfo')] : [])]),
]

const opensResource = async (world: World, { tokens, proving }: Connected): Promise<Finding> =>
  answered(await present(world, tokens.accessToken, proving), 200)

type Presenting = Omit<NonNullable<Parameters<typeof present>[2]>, 'at'>

/** What somebody may do with a token from a log, at every address that it opens. */
const readToken = (what: string, tries: Readonly<Record<string, (given: Connected) => Promise<Presenting> | Presenting>>) =>
  part({
    what,
    needs: ['dpop'],
    arrange: livingTokens,
    twin: opensResource,
    attack: async (world, given, attempt) => {
      for (const at of placesOf(world)) {
        for (const [name, make] of Object.entries(tries)) {
          await attempt(`${new URL(at).pathname}: ${name}`, async () => {
            const options = { at, ...(await make(given)) }
            return refusedAs(await present(world, given.tokens.accessToken, options), ...noToken)
          })
        }
      }
    },
    unharmed: tokensSurvive,
  }) // prettier-ignore

const keyless: Scenario = {
  id: 'ATK-A5-01',
  title: 'present a token from a log without its key',
  clauses: ['RFC 9449 7.1', 'FAPI2 SP 5.3.4'],
  needs: ['person'],
  parts: [
    readToken('a stolen token', {
      'no proof': () => ({ scheme: 'DPoP' }),
      'an empty proof': () => ({ scheme: 'DPoP', proof: '' }),
      'a proof of another key': async () => ({ key: await makeDpopKey() }),
      'its own key in the header, signed by another': async ({ proving }) => ({
        key: { ...(await makeDpopKey()), publicJwk: proving.key?.publicJwk ?? {} },
      }),
      'a proof without ath': ({ proving }) => ({ ...proving, proofOptions: { claims: { ath: undefined } } }),
      'an unsigned proof': async ({ proving }) => {
        const header = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'none', jwk: proving.key?.publicJwk }))
        return { scheme: 'DPoP', proof: `${header.toString('base64url')}.e30.` }
      },
    }), // prettier-ignore
  ],
}

/** A request to the resource, kept from being sent. */
async function capturedRequest(world: World) {
  const connected = await livingTokens(world)
  const { tokens, proving } = connected
  const proofOptions = { claims: {} }
  const at = placeFor(world)
  const { key } = proving
  const proof = key === undefined ? undefined : await proofFor(world, key, { url: at, method: 'GET', accessToken: tokens.accessToken }) // prettier-ignore
  const options = proof === undefined ? { proofOptions } : { proof, scheme: 'DPoP' }
  return { connected, captured: await capture((via) => present(world, tokens.accessToken, { ...options, via })) } // prettier-ignore
}

const replay: Scenario = {
  id: 'ATK-A5-02',
  title: 'replay a resource request with its proof',
  clauses: ['RFC 9449 11.1', 'DPOP-13'],
  needs: ['person', 'dpop'],
  parts: [
    part({
      what: 'a request from a log',
      arrange: capturedRequest,
      twin: async (_, { captured }) => answered(await resend(captured), 200),
      attack: async (_, { captured }, attempt) => {
        await resend(captured)
        const { url, options } = captured
        const { headers = [] } = options
        const again = {
          'byte for byte': captured,
          'with another query': { url: `${url}?more=1`, options },
          'with another header': { url, options: { ...options, headers: [...headers, ['x-more', '1'] as const] } },
          'with a body': { url, options: { ...options, body: 'altered' } },
        } // prettier-ignore
        for (const [what, one] of Object.entries(again)) {
          await attempt(what, async () => refusedAs(await resend(one), ...noToken, '400'))
        }
      },
      unharmed: (world, { connected }, check) => tokensSurvive(world, connected, check),
    }),
    part({
      what: 'the same request by many at once',
      arrange: capturedRequest,
      twin: async (_, { captured }) => answered(await resend(captured), 200),
      attack: async (_, { captured }, attempt) => {
        await attempt(
          '50 in parallel',
          async () =>
          oneWinner(await race(50, (via) => resend(captured, via)), (answer) => refusedAs(answer, ...noToken)), // prettier-ignore
        )
      },
      unharmed: (world, { connected }, check) => tokensSurvive(world, connected, check),
    }),
  ],
}

const otherwise: Scenario = {
  id: 'ATK-A5-03',
  title: 'use a proof for another token, method, host or path',
  clauses: ['RFC 9449 4.3', 'DPOP-08', 'DPOP-09', 'DPOP-12'],
  needs: ['person', 'dpop'],
  parts: [
    part({
      what: 'a proof made for something else',
      arrange: livingTokens,
      twin: opensResource,
      attack: async (world, { tokens, proving }, attempt) => {
        const at = placeFor(world)
        const { origin, pathname } = new URL(at)
        const other = { accessToken: 'another' }
        const swapped = {
          'of another token': other,
          'of another method': { claims: { htm: 'POST' } },
          'of a method in small letters': { claims: { htm: 'get' } },
          'of another host': { claims: { htu: `https://evil.example${pathname}` } },
          'of a host with a suffix': { claims: { htu: `${origin}.evil.example${pathname}` } },
          'of another path': { claims: { htu: `${origin}/other` } },
          'of a longer path': { claims: { htu: `${at}/more` } },
          'of the token endpoint': { claims: { htu: world.web.url('/token') } },
          'of the origin alone': { claims: { htu: origin } },
          'of nowhere': { claims: { htu: '' } },
        }
        for (const [what, proofOptions] of Object.entries(swapped)) {
          await attempt(
            what,
            async () =>
            refusedAs(await present(world, tokens.accessToken, { ...proving, proofOptions }), ...noToken), // prettier-ignore
          )
        }
      },
      unharmed: tokensSurvive,
    }),
  ],
}

const downgrade: Scenario = {
  id: 'ATK-A5-04',
  title: 'present a bound token as if it were not',
  clauses: ['RFC 9449 7.2', 'RFC 8705 3', 'FAPI2 SP 5.3.4'],
  needs: ['person'],
  parts: [
    readToken('a token bound to a key', {
      'as Bearer': () => ({}),
      'as bearer in small letters': () => ({ scheme: 'bearer' }),
      'as Bearer with a sound proof': ({ proving }) => ({ ...proving, scheme: 'Bearer' }),
      'as Basic': () => ({ scheme: 'Basic' }),
      'without a scheme': () => ({ scheme: '' }),
      'under two schemes': ({ proving, tokens }) => ({ ...proving, headers: [['authorization', `Bearer ${tokens.accessToken}`]] }),
    }), // prettier-ignore
    part({
      what: 'a token outside the Authorization header',
      arrange: livingTokens,
      twin: opensResource,
      attack: async (world, { tokens }, attempt) => {
        const body = form({ access_token: tokens.accessToken })
        const { ca } = world.server
        const trust = ca === undefined ? {} : { ca }
        for (const at of placesOf(world)) {
          await attempt(`${new URL(at).pathname}: in the query`, async () =>
            refusedAs(await send(`${at}?${body}`, trust), ...noToken),
          )
          await attempt(`${new URL(at).pathname}: in the body`, async () => {
            const headers = [['content-type', 'application/x-www-form-urlencoded']] as const
            return refusedAs(await send(at, { method: 'POST', headers, body, ...trust }), '4xx')
          })
        }
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'a token bound to a certificate',
      needs: ['mtls', 'userinfo', 'openid'],
      arrange: connectByCertificate,
      twin: async (world, { tokens }) =>
        answered(await byCertificate(world, tokens.accessToken), 200),
      attack: async (world, { tokens }, attempt) => {
        const { accessToken } = tokens
        const { fixture, url } = world.certificateClient()
        const { credential } = fixture
        const main = url('/userinfo', 'main')
        const at = url('/userinfo')
        const tries = {
          'without a certificate': { at },
          'on the side without certificates': { at: main, ...(credential === undefined ? {} : { credential }) },
          'with a proof instead': { at, key: await makeDpopKey() },
          'with certificate and a proof': { at, key: await makeDpopKey(), ...(credential === undefined ? {} : { credential }) },
        } // prettier-ignore
        for (const [what, options] of Object.entries(tries)) {
          await attempt(what, async () => refusedAs(await present(world, accessToken, options), ...noToken)) // prettier-ignore
        }
      },
      unharmed: async (world, { tokens }, check) => {
        await check('the token opens with its certificate', async () =>
          answered(await byCertificate(world, tokens.accessToken), 200),
        )
      },
    }),
  ],
}

/** Tokens bound to the certificate alone. */
async function connectByCertificate(world: World): Promise<Connected> {
  const client = world.certificateClient()
  const given = await client.code()
  const tokens = await client.redeem(given)
  if (tokens.answer.status !== 200) throw new Error(`no tokens: ${tokens.answer.status}`)
  return { tokens, given, proving: {} }
}

async function byCertificate(world: World, accessToken: string) {
  const { fixture, url } = world.certificateClient()
  const { credential } = fixture
  const at = url('/userinfo')
  return present(world, accessToken, { at, ...(credential === undefined ? {} : { credential }) })
}

const elsewhere: Scenario = {
  id: 'ATK-A5-07',
  title: 'present a token at another resource server than its own',
  clauses: ['RFC 9068 4', 'RFC 8707 3', 'FAPI2 SP 5.3.4'],
  needs: ['person', 'resource', 'grants', 'credentials', 'dpop'],
  parts: [
    part({
      what: 'tokens of two servers, exchanged',
      arrange: async (world) => {
        const connected = await livingTokens(world)
        const { accessToken } = await world.web.token(
          { grant_type: 'client_credentials', scope: 'grant_management_query' },
          connected.proving,
        )
        return { connected, manager: accessToken, grant: `${world.web.url('/grants')}/x` }
      },
      twin: async (world, { connected, manager, grant }) => {
        const known = refusedAs(await present(world, manager, { ...connected.proving, at: grant }), '404') // prettier-ignore
        return known.good ? opensResource(world, connected) : known
      },
      attack: async (world, { connected, manager, grant }, attempt) => {
        const { tokens, proving } = connected
        await attempt('the token for grants at the resource', async () =>
          refusedAs(await present(world, manager, proving), ...noToken),
        )
        await attempt('the token for the resource at grants', async () =>
          refusedAs(await present(world, tokens.accessToken, { ...proving, at: grant }), ...noToken), // prettier-ignore
        )
      },
      unharmed: (world, { connected }, check) => tokensSurvive(world, connected, check),
    }),
    part({
      what: 'a token for another API',
      needs: ['operator'],
      arrange: async (world) => {
        const connected = await livingTokens(world)
        const fields = { grant_type: 'client_credentials', scope: 'accounts' }
        const of = async (resource: string | undefined) =>
          (await world.web.token({ ...fields, resource }, connected.proving)).accessToken
        return { connected, own: await of(undefined), other: await of('https://other-api.example') }
      },
      twin: async (world, { connected, own }) => answered(await present(world, own, connected.proving), 200, 403),
      attack: async (world, { connected, other }, attempt) => {
        await attempt('at the resource', async () =>
          refusedAs(await present(world, other, connected.proving), '401 invalid_token'),
        )
      },
      unharmed: (world, { connected }, check) => tokensSurvive(world, connected, check),
    }),
  ],
} // prettier-ignore

/** A5-01 to A5-04 and A5-07: what is done with a resource request that somebody read. */
export const resourceRequests: readonly Scenario[] = [keyless, replay, otherwise, downgrade, elsewhere] // prettier-ignore
