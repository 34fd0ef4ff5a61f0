import type { Answer } from '../../../test/support/http.ts'
import type { Tokens } from '../../../test/support/wire-client.ts'
import type { Capability } from '../capability.ts'
import { connect, present, prove } from '../common.ts'
import { allOf, answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { grantUrl, managedGrant, managerToken } from '../material.ts'
import type { Managed } from '../material.ts'
import { race } from '../race.ts'
import { part } from '../scenario.ts'
import type { Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const runners = 24
const gone = ['401 invalid_token'] as const

type Ending = {
  readonly what: string
  readonly needs: readonly Capability[]
  /** Prepares the call that ends the tokens, so that it is made in the middle of the others. */
  readonly prepare: (world: World, given: Managed) => Promise<Parameters<typeof race<Answer>>[1]>
}

const endings: readonly Ending[] = [
  {
    what: 'the refresh token is revoked',
    needs: ['revocation'],
    prepare: (world, { tokens }) =>
      Promise.resolve((via) => world.web.post('/revoke', { token: tokens.refreshToken }, { via })),
  },
  {
    what: 'the grant is revoked by its client',
    needs: ['grants', 'credentials', 'dpop'],
    prepare: async (world, { grantId }) => {
      const proving = await prove(world)
      const { accessToken } = await managerToken(world.web, proving)
      const at = grantUrl(world.web, grantId)
      return (via) => present(world, accessToken, { ...proving, at, method: 'DELETE', via })
    },
  },
  {
    what: 'the code is used a second time',
    needs: ['dpop'],
    prepare: (world, { given, proving }) =>
      Promise.resolve(async (via) => (await world.web.redeem(given, { ...proving, via })).answer),
  },
]

const arrange = async (world: World): Promise<Managed> =>
  world.has('grants') ? managedGrant(world) : { ...(await connect(world)), grantId: '' }

const opens = async (world: World, tokens: Tokens, given: Managed) =>
  present(world, tokens.accessToken, given.proving)

/** Of tokens that left during a race, none is alive. */
async function allEnded(world: World, all: readonly Tokens[], given: Managed): Promise<Finding> {
  const answers = await Promise.all(all.map((tokens) => opens(world, tokens, given)))
  return allOf(
    answers.map((answer) => refusedAs(answer, ...gone)),
    `${answers.length} tokens that left in the race have ended`,
  )
}

function endingPart({ what, needs, prepare }: Ending): Part {
  const won: Tokens[] = []
  return part({
    what: `refreshed by many while ${what}`,
    needs,
    arrange,
    twin: async (world, given) => {
      const { refreshToken } = given.tokens
      const all = await race(5, (via) => world.web.refresh(refreshToken, { ...given.proving, via }))
      const answers = await Promise.all(all.map((tokens) => opens(world, tokens, given)))
      return allOf(answers.map((answer) => answered(answer, 200)))
    },
    attack: async (world, given, attempt) => {
      const { tokens, proving } = given
      const end = await prepare(world, given)
      won.length = 0
      await attempt(`${runners} refreshes in parallel with it`, async () => {
        let ended: Answer | undefined
        await race(runners + 1, async (via, index) => {
          if (index === runners / 2) {
            ended = await end(via, index)
            return
          }
          const one = await world.web.refresh(tokens.refreshToken, { ...proving, via })
          if (one.answer.status === 200) won.push(one)
          else if (!refusedAs(one.answer, '400 invalid_grant').good) throw new Error(`a refresh was answered ${one.answer.status}`) // prettier-ignore
        })
        const status = ended?.status ?? 0
        return finding([200, 204, 400].includes(status), `ended with ${status}`)
      })
      await attempt(
        'a refresh after it',
        async () =>
        refusedAs((await world.web.refresh(tokens.refreshToken, proving)).answer, '400 invalid_grant'), // prettier-ignore
      )
      await attempt('the tokens that left meanwhile', () => allEnded(world, won, given))
      await attempt('the token from before', () => allEnded(world, [tokens], given))
    },
    unharmed: async (world, _, check) => {
      await check('another grant of the client lives', async () => {
        const other = await connect(world)
        return answered(await present(world, other.tokens.accessToken, other.proving), 200)
      })
    },
  })
}

const [first, ...rest] = endings.map(endingPart)
if (first === undefined) throw new Error('nothing ends tokens')

/** Revocation against refresh: after its answer nothing lives that came from what was revoked. */
export const revocations: readonly Scenario[] = [
  {
    id: 'EX-REVOKE-RACE',
    title: 'keep a token by refreshing while it is revoked',
    clauses: ['RFC 7009 2.1', 'Grant Management 6.4', 'RFC 6749 4.1.2'],
    needs: ['person', 'refresh'],
    parts: [first, ...rest],
  },
]
