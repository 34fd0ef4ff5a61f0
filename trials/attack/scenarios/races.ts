import type { Answer, Transport } from '../../../test/support/http.ts'
import { connect, obtainCode, oneWinner, present, prove } from '../common.ts'
import type { Capability } from '../capability.ts'
import { allOf, answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { capture, currentNonce, resend } from '../material.ts'
import type { Captured } from '../material.ts'
import { race } from '../race.ts'
import { part } from '../scenario.ts'
import type { Note, Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const runners = 50

/** What loses a race for a code, a token or a proof; which of them is used first, nobody can say. */
const losers = ['400 invalid_grant', '401 invalid_client', '400 invalid_client', '400 invalid_dpop_proof', '401 invalid_dpop_proof'] // prettier-ignore

/** Many from one starting line, of whom exactly one may arrive. */
function racePart<T>(pieces: {
  readonly what: string
  readonly needs?: readonly Capability[]
  readonly arrange: (world: World) => Promise<T>
  readonly run: (world: World, given: T, via: Transport, index: number) => Promise<Answer>
  readonly lose?: readonly string[]
  readonly unharmed: (world: World, given: T, check: Note) => Promise<void>
}): Part {
  const { what, needs = [], arrange, run, lose = losers, unharmed } = pieces
  return part({
    what,
    needs,
    arrange,
    twin: async (world, given) => {
      const [only] = await race(1, (via) => run(world, given, via, 0))
      return only === undefined ? finding(false, 'nobody ran') : answered(only, 200, 201)
    },
    attack: async (world, given, attempt) => {
      await attempt(`${runners} in parallel`, async () => {
        const all = await race(runners, (via, index) => run(world, given, via, index))
        return oneWinner(all, (answer) => refusedAs(answer, ...lose))
      })
    },
    unharmed,
  })
}

const clientGoesOn = async (world: World, check: Note): Promise<void> => {
  await check('the client still gets a code redeemed', async () => {
    const { given, proving } = await obtainCode(world)
    return answered((await world.web.redeem(given, proving)).answer, 200)
  })
}

/** A token request kept from being sent, with all its proofs. */
async function capturedRedemption(world: World): Promise<Captured> {
  const { given, proving } = await obtainCode(world)
  const proofOptions = await currentNonce(world)
  return capture((via) => world.web.redeem(given, { ...proving, proofOptions, via }))
}

const raceCode: Scenario = {
  id: 'EX-RACE-CODE',
  title: 'redeem a code many times at once, with one request and with many',
  clauses: ['RFC 6749 4.1.2', 'RFC 7523 3', 'RFC 9449 11.1'],
  needs: ['person'],
  parts: [
    racePart({
      what: 'the same token request, byte for byte',
      arrange: capturedRedemption,
      run: (_, captured, via) => resend(captured, via),
      unharmed: async (world, captured, check) => {
        await check('it is used up', async () => refusedAs(await resend(captured), ...losers))
        await clientGoesOn(world, check)
      },
    }),
    racePart({
      what: 'every runner with a key of its own',
      needs: ['dpop'],
      arrange: async (world) => ({
        ...(await obtainCode(world)),
        keys: await Promise.all(Array.from({ length: runners }, () => prove(world))),
      }),
      run: async (world, { given, keys }, via, index) =>
        (await world.web.redeem(given, { ...keys[index], via })).answer,
      unharmed: async (world, { given, keys }, check) => {
        await check('the code is used up', async () =>
          refusedAs((await world.web.redeem(given, { ...keys[0] })).answer, '400 invalid_grant'),
        )
      },
    }),
  ],
}

const raceRefresh: Scenario = {
  id: 'EX-RACE-REFRESH',
  title: 'use a refresh token many times at once',
  clauses: ['RFC 6749 6', 'FAPI2 SP 5.3.2.1'],
  needs: ['person', 'refresh'],
  parts: [
    racePart({
      what: 'the same refresh request, byte for byte',
      arrange: async (world) => {
        const connected = await connect(world)
        const proofOptions = await currentNonce(world)
        const { tokens, proving } = connected
        const captured = await capture((via) =>
          world.web.refresh(tokens.refreshToken, { ...proving, proofOptions, via }),
        )
        return { ...connected, captured }
      },
      run: (_, { captured }, via) => resend(captured, via),
      unharmed: async (world, { captured, tokens, proving }, check) => {
        await check('it is used up', async () => refusedAs(await resend(captured), ...losers))
        await check('its owner refreshes with a new request', async () =>
          answered((await world.web.refresh(tokens.refreshToken, proving)).answer, 200),
        )
      },
    }),
    part({
      what: 'many refresh requests with one refresh token',
      arrange: async (world) => connect(world),
      twin: async (world, { tokens, proving }) =>
        answered((await world.web.refresh(tokens.refreshToken, proving)).answer, 200),
      attack: async (world, { tokens, proving }, attempt) => {
        await attempt(`${runners} in parallel`, async () => {
          const all = await race(runners, async (via) =>
            (await world.web.refresh(tokens.refreshToken, { ...proving, via })).answer) // prettier-ignore
          return notMultiplied(all, tokens.refreshToken)
        })
      },
      unharmed: async (world, { tokens, proving }, check) => {
        await check('the first access token opens', async () =>
          answered(await present(world, tokens.accessToken, proving), 200),
        )
      },
    }),
  ],
}

/** One refresh token is left: the same for all where it is not rotated, else one for the only winner. */
function notMultiplied(all: readonly Answer[], before: string): Finding {
  const won = all.filter(({ status }) => status === 200)
  const lost = all.filter(({ status }) => status !== 200)
  const after = new Set(won.map(({ json }) => json['refresh_token'] ?? before))
  const saw = `${won.length} succeeded, ${after.size} refresh tokens are left`
  const ids = new Set(won.map(({ json }) => json['access_token']))
  return allOf(
    [
      ...lost.map((answer) => refusedAs(answer, '400 invalid_grant')),
      finding(won.length > 0 && after.size === 1, saw),
      finding(ids.size === won.length, `${ids.size} access tokens in ${won.length} answers`),
    ],
    saw,
  )
}

const raceJti: Scenario = {
  id: 'EX-RACE-JTI',
  title: 'use one assertion, or one proof, many times at once',
  clauses: ['RFC 7523 3', 'RFC 9449 11.1', 'FAPI2 SP 5.3.2.1'],
  needs: ['credentials', 'assertions'],
  parts: [
    racePart({
      what: 'one assertion in different requests',
      arrange: async (world) => ({ assertion: await world.web.assertion() }),
      run: async (world, { assertion }, via) => {
        const fields = { client_assertion: assertion }
        const proving = await prove(world)
        return (await world.web.token({ grant_type: 'client_credentials' }, { ...proving, fields, via })).answer // prettier-ignore
      },
      lose: ['401 invalid_client', '400 invalid_client'],
      unharmed: clientGoesOnWithItself,
    }),
    racePart({
      what: 'one assertion at the token endpoint and at PAR',
      arrange: async (world) => ({ assertion: await world.web.assertion() }),
      run: async (world, { assertion }, via, index) => {
        const options = { ...(await prove(world)), fields: { client_assertion: assertion }, via }
        const own = { grant_type: 'client_credentials' }
        return index % 2 === 0 ? (await world.web.token(own, options)).answer : (await world.web.par(options)).answer // prettier-ignore
      },
      lose: ['401 invalid_client', '400 invalid_client'],
      unharmed: clientGoesOnWithItself,
    }),
    racePart({
      what: 'one proof in different requests',
      needs: ['dpop'],
      arrange: async (world) => {
        const options = { ...(await prove(world)), proofOptions: await currentNonce(world) }
        const fields = { grant_type: 'client_credentials' }
        const { options: sent } = await capture((via) => world.web.token(fields, { ...options, via })) // prettier-ignore
        const [, proof = ''] = sent.headers?.find(([name]) => name === 'dpop') ?? []
        return { proof }
      },
      run: async (world, { proof }, via) =>
        (await world.web.token({ grant_type: 'client_credentials' }, { proof, via })).answer,
      lose: ['400 invalid_dpop_proof'],
      unharmed: clientGoesOnWithItself,
    }),
  ],
}

async function clientGoesOnWithItself(world: World, _: unknown, check: Note): Promise<void> {
  await check('the client gets a token with a new request', async () => {
    const proving = await prove(world)
    return answered((await world.web.token({ grant_type: 'client_credentials' }, proving)).answer, 200) // prettier-ignore
  })
}

/** Codes, refresh tokens, assertions and proofs: each used by many at once. */
export const races: readonly Scenario[] = [raceCode, raceRefresh, raceJti]
