import { signAny } from '../../../test/support/sign-any.ts'
import type { Answer } from '../../../test/support/http.ts'
import type { PrivateJwk } from '../../../test/support/fixtures.ts'
import { makeDpopKey } from '../../../test/support/wire-keys.ts'
import type { DpopKey, ProofOptions } from '../../../test/support/wire-keys.ts'
import { inBatches, placeFor, present, pushSurvives, pushes, tokensSurvive } from '../common.ts'
import type { Connected } from '../common.ts'
import { answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { requestObject } from '../forge.ts'
import { livingTokens } from '../material.ts'
import { part } from '../scenario.ts'
import type { Note, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** What may stand in the place of a claim, beside nothing at all. */
const instead: Readonly<Record<string, unknown>> = {
  'left out': undefined,
  'null': null,
  'a list': [],
  'an object': {},
  'an empty text': '',
  'true': true,
  'a negative number': -1,
} // prettier-ignore

/** Leaves out or empties one member after the other. */
async function eachWithout(
  members: readonly string[],
  attempt: Note,
  act: (over: Readonly<Record<string, unknown>>) => Promise<Finding>,
): Promise<void> {
  const all = members.flatMap(
    (member) =>
    Object.entries(instead).map(([what, value]) => [`${member}: ${what}`, { [member]: value }] as const), // prettier-ignore
  )
  await inBatches(all, ([what, over]) => attempt(what, () => act(over)))
}

const noClient = ['401 invalid_client', '400 invalid_client'] as const
const noProof = ['400 invalid_dpop_proof', '400 invalid_request', '401 invalid_dpop_proof'] as const

const assertion: Scenario = {
  id: 'EX-CLAIMS-ASSERTION',
  title: 'leave out or empty each claim of a client assertion',
  clauses: ['RFC 7523 3', 'FAPI2 SP 5.3.2.1'],
  needs: ['assertions'],
  parts: [
    part({
      what: 'an assertion',
      arrange: () => Promise.resolve(undefined),
      twin: (world) => pushes(world.web),
      attack: async (world, _, attempt) => {
        await eachWithout(['iss', 'sub', 'aud', 'exp', 'jti'], attempt, async (claims) =>
          refusedAs((await world.web.par({ claims })).answer, ...noClient),
        )
      },
      unharmed: pushSurvives,
    }),
  ],
}

/** With a list or object as nonce a proof is malformed; without one it lacks the nonce. */
const nonceRefusals = ['400 use_dpop_nonce', '401 use_dpop_nonce'] as const

const proofMembers = async (
  world: World,
  attempt: Note,
  ask: (options: ProofOptions) => Promise<Answer>,
  claims: readonly string[],
): Promise<void> => {
  await eachWithout(claims, attempt, async (over) =>
    refusedAs(await ask({ claims: over }), ...noProof),
  )
  if (world.has('nonces')) {
    await eachWithout(['nonce'], attempt, async (over) =>
      refusedAs(await ask({ claims: over }), ...noProof, ...nonceRefusals),
    )
  }
}

/** Proofs whose header lacks what it must hold; signed all the same. */
async function headerless(
  world: World,
  key: DpopKey,
  over: Readonly<Record<string, unknown>>,
): Promise<Finding> {
  const header = { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk, ...over }
  const claims = { htm: 'POST', htu: world.web.url('/par'), jti: crypto.randomUUID(), iat: 0 }
  const proof = signAny(key.jwk, header, claims)
  return refusedAs((await world.web.par({ proof })).answer, ...noProof)
}

const proofs: Scenario = {
  id: 'EX-CLAIMS-PROOF',
  title: 'leave out or empty each member of a DPoP proof',
  clauses: ['RFC 9449 4.2', 'RFC 9449 4.3'],
  needs: ['dpop'],
  parts: [
    part({
      what: 'a proof for PAR',
      arrange: () => makeDpopKey(),
      twin: (world, key) => pushes(world.web, { key }),
      attack: async (world, key, attempt) => {
        const ask = async (proofOptions: ProofOptions) =>
          (await world.web.par({ key, proofOptions })).answer
        await proofMembers(world, attempt, ask, ['jti', 'htm', 'htu'])
        for (const iat of [undefined, null, [], {}, '', '1700000000', true]) {
          await attempt(`iat: ${JSON.stringify(iat) ?? 'left out'}`, async () =>
            refusedAs(await ask({ claims: { iat } }), ...noProof),
          )
        }
        await eachWithout(['typ', 'alg', 'jwk'], attempt, (over) => headerless(world, key, over))
      },
      unharmed: async (world, key, check) => {
        await check('the key proves with all of them', () => pushes(world.web, { key }))
      },
    }),
    part({
      what: 'a proof for a resource',
      needs: ['person'],
      arrange: livingTokens,
      twin: async (world, { tokens, proving }) =>
        answered(await present(world, tokens.accessToken, proving), 200),
      attack: async (world, { tokens, proving }, attempt) => {
        const ask = (proofOptions: ProofOptions) =>
          present(world, tokens.accessToken, { ...proving, proofOptions })
        await proofMembers(world, attempt, ask, ['jti', 'htm', 'htu', 'ath'])
      },
      unharmed: tokensSurvive,
    }),
  ],
}

/** Of the request and of the object; `scope`, `state` and `iss` may be missing. */
const requestMembers = ['aud', 'client_id', 'nbf', 'exp', 'response_type', 'redirect_uri', 'code_challenge', 'code_challenge_method'] // prettier-ignore

const requests: Scenario = {
  id: 'EX-CLAIMS-REQUEST',
  title: 'leave out or empty each claim of a request object',
  clauses: ['FAPI2 MS 5.3.1', 'RFC 9101 4', 'RFC 9126 3'],
  needs: ['requestObjects', 'assertions'],
  parts: [
    part({
      what: 'a request object',
      arrange: () => Promise.resolve(undefined),
      twin: async (world) =>
        answered(await world.web.post('/par', { request: await requestObject(world, world.web) }), 201), // prettier-ignore
      attack: async (world, _, attempt) => {
        await eachWithout(requestMembers, attempt, async (claims) => {
          const request = await requestObject(world, world.web, { claims })
          const answer = await world.web.post('/par', { request })
          return refusedAs(answer, '400 invalid_request_object', '400 invalid_request', '400 unsupported_response_type', '400 unauthorized_client') // prettier-ignore
        })
        await eachWithout(['alg'], attempt, async (over) => {
          const { jwk, alg } = world.web.fixture
          const own = await requestObject(world, world.web)
          const request = signAny(jwk as PrivateJwk, { alg, kid: jwk?.['kid'], ...over }, claimsIn(own)) // prettier-ignore
          return refusedAs(await world.web.post('/par', { request }), '400 invalid_request_object', '400 invalid_request') // prettier-ignore
        })
      },
      unharmed: pushSurvives,
    }),
  ],
}

const claimsIn = (jwt: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>> // prettier-ignore

/** A JWT of the server with one claim changed, under its old signature and under a stranger's. */
async function altered(jwt: string, over: Readonly<Record<string, unknown>>) {
  const [head = '', , signature = ''] = jwt.split('.')
  const claims = { ...claimsIn(jwt), ...over }
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Readonly<Record<string, unknown>> // prettier-ignore
  const { jwk } = await makeDpopKey()
  return [`${head}.${payload}.${signature}`, signAny(jwk, { ...header, alg: 'ES256' }, claims)]
}

const tokens: Scenario = {
  id: 'EX-CLAIMS-TOKEN',
  title: 'change each claim of what the server signed',
  clauses: ['RFC 9068 2.2', 'RFC 9068 4', 'RFC 7515 5.2'],
  needs: ['person', 'dpop'],
  parts: [
    part({
      what: 'an access token',
      needs: ['resource'],
      arrange: livingTokens,
      twin: async (world, { tokens: { accessToken }, proving }) =>
        answered(await present(world, accessToken, { ...proving, at: placeFor(world) }), 200),
      attack: async (world, given, attempt) => {
        const { accessToken, claims } = given.tokens
        const offer = async (jwt: string) =>
          refusedAs(await present(world, jwt, given.proving), '401', '400 invalid_request')
        await changeEach({ jwt: accessToken, members: Object.keys(claims), attempt, offer })
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'an id_token as hint',
      needs: ['openid'],
      arrange: livingTokens,
      twin: async (world, given) => pushes(world.web, { fields: { id_token_hint: idTokenOf(given) } }), // prettier-ignore
      attack: async (world, given, attempt) => {
        const jwt = idTokenOf(given)
        const offer = async (id_token_hint: string) =>
          refusedAs((await world.web.par({ fields: { id_token_hint } })).answer, '400 invalid_request') // prettier-ignore
        await changeEach({ jwt, members: Object.keys(claimsIn(jwt)), attempt, offer })
      },
      unharmed: tokensSurvive,
    }),
  ],
}

const idTokenOf = ({ tokens: { answer } }: Connected): string => String(answer.json['id_token'])

async function changeEach(given: {
  readonly jwt: string
  readonly members: readonly string[]
  readonly attempt: Note
  readonly offer: (jwt: string) => Promise<Finding>
}): Promise<void> {
  const { jwt, members, attempt, offer } = given
  if (members.length === 0) {
    await attempt('no JWT: nothing can be changed', () => finding(true, 'opaque'))
  }
  await inBatches(members, (member) =>
    attempt(`${member} left out`, async () => {
      const [kept = '', signed = ''] = await altered(jwt, { [member]: undefined })
      const first = await offer(kept)
      return first.good ? offer(signed) : first
    }),
  )
}

/** Claims dropped one at a time from every kind of JWT. */
export const claims: readonly Scenario[] = [assertion, proofs, requests, tokens]
