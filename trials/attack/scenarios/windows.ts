import type { Answer } from '../../../test/support/http.ts'
import { makeDpopKey, secondsBy } from '../../../test/support/wire-keys.ts'
import { pushSurvives, some } from '../common.ts'
import { answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { proofFor } from '../forge.ts'
import { part } from '../scenario.ts'
import type { Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** Seconds of a nonce's slot; other servers are tried on the same grid. */
const slot = 180

/** Seconds after the first use, all around the ends of slots and windows, and before it. */
const proofTimes = [
  0, 1, 30, 59, 60, 61, 119, 120, 121, 150, 179, 180, 181, 239, 240, 299, 300, 301, 359, 360, 361, 420, 480,
  539, 540, 541, 600, 720, 900, 3_600, 86_400, -1, -30, -60, -61, -120, -179, -180, -181, -300, -360, -361, -3_600, 0,
] // prettier-ignore

/** Where in its slot a proof is made, and how much later it is used first. */
const firstUses = [
  [0, 0], [1, 0], [90, 0], [179, 0], [0, 179], [0, 180], [0, 358], [90, 200], [179, 1], [179, 179],
] as const // prettier-ignore

/** A guard whose clock was moved may say that it cannot know any more. */
const cannotKnow = '503 temporarily_unavailable'
const badProof = ['400 invalid_dpop_proof', '400 use_dpop_nonce', cannotKnow] as const
const noClient = ['401 invalid_client', '400 invalid_client', cannotKnow] as const

/** How far to move the clock so that it stands at a second of a slot. */
const atPhase = (phase: number): number => {
  const real = secondsBy({ offset: 0 })
  return slot * 10 - (real % slot) + phase
}

/** Sends something again at every moment of a grid: it is refused each time. */
async function neverAgain(
  world: World,
  grid: { readonly start: number; readonly times: readonly number[] },
  send: () => Promise<Answer>,
  refusals: readonly string[],
): Promise<Finding> {
  for (const after of some(world, grid.times, 8)) {
    await world.moveClock(grid.start + after)
    const refused = refusedAs(await send(), ...refusals)
    if (!refused.good) return finding(false, `${after} seconds later: ${refused.saw}`)
  }
  return finding(true, `refused at every moment`)
}

/** Makes a proof at a phase of its slot, and uses it. */
async function useProof(world: World, [phase, wait]: readonly [number, number]) {
  const start = atPhase(phase)
  await world.moveClock(start)
  const key = await makeDpopKey()
  const proof = await proofFor(world, key, { url: world.web.url('/par') })
  await world.moveClock(start + wait)
  const { answer } = await world.web.par({ proof })
  return { start: start + wait, proof, answer }
}

const proofPart = (first: (typeof firstUses)[number]): Part => {
  const [phase, wait] = first
  return part({
    what: `made at second ${phase} of its slot, used ${wait} seconds later`,
    arrange: (world) => useProof(world, first),
    twin: (_, { answer }) => answered(answer, 201),
    attack: async (world, { start, proof }, attempt) => {
      await attempt(
        'sent again',
        () =>
        neverAgain(world, { start, times: proofTimes }, async () => (await world.web.par({ proof })).answer, badProof), // prettier-ignore
      )
    },
    unharmed: pushSurvives,
  })
}

const [firstProof, ...laterProofs] = firstUses.map(proofPart)
if (firstProof === undefined) throw new Error('no moment to use a proof at')

const proofs: Scenario = {
  id: 'EX-WINDOW-PROOF',
  title: 'have a proof accepted a second time at any later or earlier moment',
  clauses: ['RFC 9449 11.1', 'DPOP-13'],
  needs: ['dpop', 'clock'],
  parts: [firstProof, ...laterProofs],
}

/** Lives of assertions, in seconds, and when within them they are used first. */
const lives = [
  [1, 0], [10, 5], [60, 0], [60, 59], [60, 68], [300, 120], [600, 0], [600, 599], [625, 0],
] as const // prettier-ignore

/** Makes an assertion with this life, and uses it. */
async function useAssertion(world: World, [life, wait]: readonly [number, number]) {
  const start = slot * 10
  await world.moveClock(start)
  const now = secondsBy(world.clock)
  const assertion = await world.web.assertion({ claims: { iat: now, exp: now + life } })
  await world.moveClock(start + wait)
  const { answer } = await push(world, assertion)
  return { start: start + wait, left: life - wait, assertion, answer }
}

const push = (world: World, client_assertion: string) =>
  world.web.par({ fields: { client_assertion } })

/** Around the end of a life and the tolerance after it, and before its beginning. */
const assertionTimes = (left: number): readonly number[] => [
  ...[0, 1, Math.floor(left / 2), left - 1, left, left + 1, left + 9, left + 10, left + 11, left + 30],
  ...[left + 59, left + 60, left + 61, left + 71, left + 300, left + 360, left + 671, left + 3_600],
  ...[-1, -10, -30, -31, -60, -300, -600, -630, -3_600, 0],
] // prettier-ignore

const assertionPart = (first: (typeof lives)[number]): Part => {
  const [life, wait] = first
  return part({
    what: `with ${life} seconds of life, used after ${wait}`,
    arrange: (world) => useAssertion(world, first),
    twin: (_, { answer }) => answered(answer, 201),
    attack: async (world, { start, left, assertion }, attempt) => {
      const times = assertionTimes(left)
      await attempt(
        'sent again',
        () =>
        neverAgain(world, { start, times }, async () => (await push(world, assertion)).answer, noClient), // prettier-ignore
      )
    },
    unharmed: pushSurvives,
  })
}

const [firstAssertion, ...laterAssertions] = lives.map(assertionPart)
if (firstAssertion === undefined) throw new Error('no life of an assertion')

const assertions: Scenario = {
  id: 'EX-WINDOW-ASSERTION',
  title: 'have an assertion accepted a second time at any later or earlier moment',
  clauses: ['RFC 7523 3', 'FAPI2 SP 5.3.2.1-13'],
  needs: ['assertions', 'clock'],
  parts: [firstAssertion, ...laterAssertions],
}

/** What is accepted once is never accepted again: every moment of a grid is tried. */
export const windows: readonly Scenario[] = [proofs, assertions]
