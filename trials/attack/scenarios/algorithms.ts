import { createPublicKey, randomBytes } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { bend } from '../../../test/support/bent-jws.ts'
import type { Bending } from '../../../test/support/bent-jws.ts'
import type { PrivateJwk } from '../../../test/support/fixtures.ts'
import { send } from '../../../test/support/http.ts'
import type { Answer } from '../../../test/support/http.ts'
import { makeDpopKey, secondsBy } from '../../../test/support/wire-keys.ts'
import type { Capability } from '../capability.ts'
import { inBatches, placeFor, present, pushSurvives, pushes, some, tokensSurvive } from '../common.ts' // prettier-ignore
import type { Connected } from '../common.ts'
import { answered, refusedAs } from '../finding.ts'
import { requestObject } from '../forge.ts'
import { currentNonce, livingTokens } from '../material.ts'
import { part } from '../scenario.ts'
import type { Note, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const clauses = ['RFC 8725 3.1', 'RFC 7515 4.1.11', 'RFC 7797 7', 'FAPI2 SP 5.4.1']

const publicOf = (jwk: PrivateJwk): object =>
  createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ format: 'jwk' })

/** Offers every bent form of a JWT, and demands one of these refusals. */
async function offerAll(
  world: World,
  bending: Bending,
  given: {
    readonly attempt: Note
    readonly offer: (jwt: string) => Promise<Answer>
    readonly refusals: readonly string[]
  },
): Promise<void> {
  const all = some(world, Object.entries(bend(bending)), 40)
  await inBatches(all, ([what, jwt]) =>
    given.attempt(what, async () => refusedAs(await given.offer(jwt), ...given.refusals)),
  )
}

/** A key of a client, as it signs with it. */
function keyOf({ web }: World): { readonly jwk: PrivateJwk; readonly header: Bending['header'] } {
  const { jwk, alg } = web.fixture
  if (jwk === undefined) throw new Error('the client signs nothing')
  return { jwk, header: { alg, kid: jwk['kid'] } }
}

const assertions: Scenario = {
  id: 'EX-ALG-ASSERTION',
  title: 'bend algorithm, key or signature of a client assertion',
  clauses,
  needs: ['assertions'],
  parts: [
    part({
      what: 'an assertion',
      arrange: () => Promise.resolve(undefined),
      twin: (world) => pushes(world.web),
      attack: async (world, _, attempt) => {
        const { jwk, header } = keyOf(world)
        const { clientId } = world.web.fixture
        const now = secondsBy(world.clock)
        const jti = randomBytes(16).toString('base64url')
        const claims = { iss: clientId, sub: clientId, aud: world.server.issuer, iat: now, exp: now + 60, jti } // prettier-ignore
        const original = await world.web.assertion({ claims: { jti } })
        const bending = { header, claims, publicJwk: publicOf(jwk), signer: jwk, original }
        await offerAll(world, bending, {
          attempt,
          offer: async (client_assertion) => (await world.web.par({ fields: { client_assertion } })).answer, // prettier-ignore
          refusals: ['401 invalid_client', '400 invalid_client'],
        })
      },
      unharmed: pushSurvives,
    }),
  ],
}

const proofs: Scenario = {
  id: 'EX-ALG-PROOF',
  title: 'bend algorithm, key or signature of a DPoP proof',
  clauses: [...clauses, 'RFC 9449 4.3'],
  needs: ['dpop'],
  parts: [
    part({
      what: 'a proof',
      arrange: () => makeDpopKey(),
      twin: (world, key) => pushes(world.web, { key }),
      attack: async (world, key, attempt) => {
        const { nonce } = await currentNonce(world)
        const header = { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk }
        const claims = { htm: 'POST', htu: world.web.url('/par'), iat: secondsBy(world.clock), jti: randomBytes(16).toString('base64url'), nonce } // prettier-ignore
        const bending = {
          header,
          claims,
          publicJwk: key.publicJwk,
          signer: key.jwk,
          embedded: true,
        }
        await offerAll(world, bending, {
          attempt,
          offer: async (proof) => (await world.web.par({ proof: proof })).answer,
          refusals: ['400 invalid_dpop_proof', '400 invalid_request'],
        })
      },
      unharmed: async (world, key, check) => {
        await check('the key proves with a sound proof', () => pushes(world.web, { key }))
      },
    }),
  ],
}

const requests: Scenario = {
  id: 'EX-ALG-REQUEST',
  title: 'bend algorithm, key or signature of a request object',
  clauses: [...clauses, 'RFC 9101 10.8'],
  needs: ['requestObjects', 'assertions'],
  parts: [
    part({
      what: 'a request object',
      arrange: async (world) => ({ original: await requestObject(world, world.web) }),
      twin: async (world, { original }) =>
        answered(await world.web.post('/par', { request: original }), 201),
      attack: async (world, { original }, attempt) => {
        const { jwk, header } = keyOf(world)
        const claims = payloadOf(original)
        const bending = { header, claims, publicJwk: publicOf(jwk), signer: jwk, original }
        await offerAll(world, bending, {
          attempt,
          offer: (request) => world.web.post('/par', { request }),
          refusals: ['400 invalid_request_object', '400 invalid_request'],
        })
      },
      unharmed: pushSurvives,
    }),
  ],
}

const payloadOf = (jwt: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>> // prettier-ignore

/** The key that verifies a JWT of the server. */
async function verifierOf({ server, metadata }: World, jwt: string): Promise<object> {
  const { ca } = server
  const { json } = await send(String(metadata['jwks_uri']), ca === undefined ? {} : { ca })
  const { kid } = decodeProtectedHeader(jwt)
  const keys = json['keys'] as readonly { readonly kid?: string }[]
  const [key] = keys.filter((one) => one.kid === kid)
  if (key === undefined) throw new Error('no key of the server has this kid')
  return key
}

type Issued = {
  readonly what: string
  readonly needs: readonly Capability[]
  readonly of: (given: Connected) => string
  readonly offer: (world: World, jwt: string, given: Connected) => Promise<Answer>
  readonly status: number
  readonly refusals: readonly string[]
}

const issued: readonly [Issued, Issued, Issued] = [
  {
    what: 'an access token at the resource',
    needs: ['resource', 'dpop'],
    of: ({ tokens }) => tokens.accessToken,
    offer: (world, jwt, { proving }) => present(world, jwt, { ...proving, at: placeFor(world) }),
    status: 200,
    refusals: ['401', '400 invalid_request'],
  },
  {
    what: 'an access token at userinfo',
    needs: ['userinfo', 'openid', 'dpop'],
    of: ({ tokens }) => tokens.accessToken,
    offer: (world, jwt, { proving }) => present(world, jwt, { ...proving, at: world.web.url('/userinfo') }), // prettier-ignore
    status: 200,
    refusals: ['401', '400 invalid_request'],
  },
  {
    what: 'an id_token as hint',
    needs: ['openid'],
    of: ({ tokens }) => String(tokens.answer.json['id_token']),
    offer: async (world, id_token_hint) => (await world.web.par({ fields: { id_token_hint } })).answer, // prettier-ignore
    status: 201,
    refusals: ['400 invalid_request'],
  },
] // prettier-ignore

const issuedPart = ({ what, needs, of, offer, status, refusals }: Issued) =>
  part({
    what,
    needs,
    arrange: livingTokens,
    twin: async (world, given) => answered(await offer(world, of(given), given), status),
    attack: async (world, given, attempt) => {
      const original = of(given)
      // Where tokens are no JWTs, nobody can bend them.
      if (original.split('.').length !== 3) return
      const publicJwk = await verifierOf(world, original)
      const header = { ...decodeProtectedHeader(original) }
      const bending = { header, claims: payloadOf(original), publicJwk, original }
      await offerAll(world, bending, {
        attempt,
        offer: (jwt) => offer(world, jwt, given),
        refusals,
      })
    },
    unharmed: tokensSurvive,
  })

const tokens: Scenario = {
  id: 'EX-ALG-TOKEN',
  title: 'bend algorithm, key or signature of what the server signed',
  clauses: [...clauses, 'RFC 9068 4'],
  needs: ['person'],
  parts: [issuedPart(issued[0]), issuedPart(issued[1]), issuedPart(issued[2])],
}

/** Algorithm and key confusion, for every kind of JWT. */
export const algorithms: readonly Scenario[] = [assertions, proofs, requests, tokens]
