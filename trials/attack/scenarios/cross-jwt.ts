import { randomBytes } from 'node:crypto'
import type { WireClient } from '../../../test/support/wire-client.ts'
import { makeDpopKey, secondsBy } from '../../../test/support/wire-keys.ts'
import { connect, present, prove, pushes, tokensSurvive } from '../common.ts'
import type { Connected } from '../common.ts'
import { answered, refusedAs } from '../finding.ts'
import { proofFor, requestObject, signAs } from '../forge.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** A JWT of the client with everything that an assertion needs, under the type of another kind. */
async function typed(world: World, client: WireClient, typ: unknown): Promise<string> {
  const { clientId } = client.fixture
  const now = secondsBy(world.clock)
  const jti = randomBytes(16).toString('base64url')
  return signAs(client, { typ }, { iss: clientId, sub: clientId, aud: world.server.issuer, iat: now, exp: now + 60, jti }) // prettier-ignore
}

const types = ['dpop+jwt', 'at+jwt', 'application/at+jwt', 'oauth-authz-req+jwt', 'logout+jwt', 'secevent+jwt', 'token-introspection+jwt', 'entity-statement+jwt'] // prettier-ignore

/** The JWTs, and other handles, that this flow brought forth. */
async function others(world: World, { tokens, proving }: Connected) {
  const { key = await makeDpopKey() } = proving
  const { web } = world
  return {
    'a DPoP proof': await proofFor(world, key, { url: web.url('/par') }),
    'an access token': tokens.accessToken,
    'a refresh token': tokens.refreshToken,
    'an id_token': String(tokens.answer.json['id_token'] ?? 'a.b.c'),
    'a request object': await requestObject(world, web),
    'a request_uri': (await web.par()).requestUri,
  }
}

const clientRefused = ['401 invalid_client', '400 invalid_client', '400 invalid_request'] as const

export const crossJwt: Scenario = {
  id: 'ATK-A1-14',
  title: 'offer one kind of JWT as another',
  clauses: ['RFC 8725 3.11', 'RFC 9068 4', 'RFC 9449 4.3', 'RFC 9101 10.8'],
  needs: ['person', 'assertions'],
  parts: [
    part({
      what: 'as a client assertion',
      arrange: connect,
      twin: (world) => pushes(world.web),
      attack: async (world, connected, attempt) => {
        for (const [what, client_assertion] of Object.entries(await others(world, connected))) {
          await attempt(what, async () =>
            refusedAs((await world.web.par({ fields: { client_assertion } })).answer, ...clientRefused),
          )
        } // prettier-ignore
        for (const typ of types) {
          await attempt(`an assertion of type ${typ}`, async () => {
            const client_assertion = await typed(world, world.web, typ)
            const { answer } = await world.web.par({ fields: { client_assertion } })
            return refusedAs(answer, ...clientRefused)
          })
        }
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'as a request object',
      needs: ['requestObjects'],
      arrange: connect,
      twin: async (world) => {
        const request = await requestObject(world, world.web)
        return answered(await world.web.post('/par', { request }), 201)
      },
      attack: async (world, connected, attempt) => {
        const { web } = world
        const found = { ...(await others(world, connected)), 'an assertion': await web.assertion() }
        const fields = web.authorizationFields('v'.repeat(43))
        const filled = { 'a filled assertion': await web.assertion({ claims: { ...fields, client_id: web.fixture.clientId } }) } // prettier-ignore
        for (const [what, request] of Object.entries({ ...found, ...filled })) {
          if (what === 'a request object') continue
          await attempt(what, async () =>
            refusedAs(await web.post('/par', { request }), '400 invalid_request_object', '400 invalid_request'),
          )
        } // prettier-ignore
        for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'entity-statement+jwt']) {
          await attempt(`a request object of type ${typ}`, async () => {
            const request = await requestObject(world, web, { header: { typ } })
            return refusedAs(await web.post('/par', { request }), '400 invalid_request_object', '400 invalid_request') // prettier-ignore
          })
        }
        await attempt('a request object with a sub, as an assertion has it', async () => {
          const request = await requestObject(world, web, { claims: { sub: web.fixture.clientId } })
          return refusedAs(await web.post('/par', { request }), '400 invalid_request_object', '400 invalid_request') // prettier-ignore
        })
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'as a DPoP proof',
      needs: ['dpop', 'credentials'],
      arrange: connect,
      twin: async (world) => {
        const fields = { grant_type: 'client_credentials' }
        return answered((await world.web.token(fields, await prove(world))).answer, 200)
      },
      attack: async (world, connected, attempt) => {
        const { tokens } = connected
        const { kty, crv, x, y, n, e } = world.web.fixture.jwk ?? { kty: '' }
        const jwk = { kty, crv, x, y, n, e }
        const texts = {
          'an assertion': await world.web.assertion(),
          'an assertion that names its key': await world.web.assertion({ assertionHeader: { jwk } }), // prettier-ignore
          'an access token': tokens.accessToken,
          'an id_token': String(tokens.answer.json['id_token'] ?? 'a.b.c'),
          'a request object': await requestObject(world, world.web, { header: { jwk } }),
        }
        const fields = { grant_type: 'client_credentials' }
        for (const [what, proof] of Object.entries(texts)) {
          await attempt(what, async () =>
            refusedAs((await world.web.token(fields, { proof })).answer, '400 invalid_dpop_proof', '400 invalid_request'),
          )
        } // prettier-ignore
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'as an access token',
      needs: ['resource', 'dpop'],
      arrange: connect,
      twin: async (world, { tokens, proving }) =>
        answered(await present(world, tokens.accessToken, proving), 200),
      attack: async (world, connected, attempt) => {
        const { proving } = connected
        const { 'an access token': _own, ...rest } = await others(world, connected)
        const found = { ...rest, 'an assertion': await world.web.assertion() }
        const claims = { ...connected.tokens.claims }
        const signed = { 'its claims under the client’s key': await signAs(world.web, { typ: 'at+jwt' }, claims) } // prettier-ignore
        for (const [what, text] of Object.entries({ ...found, ...signed })) {
          await attempt(what, async () =>
            refusedAs(await present(world, text, proving), '401 invalid_token', '400 invalid_token', '400 invalid_request'),
          )
        } // prettier-ignore
      },
      unharmed: tokensSurvive,
    }),
  ],
}
