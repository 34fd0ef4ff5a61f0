import fc from 'fast-check'
import { send } from '../../../test/support/http.ts'
import type { Answer } from '../../../test/support/http.ts'
import { soberProblem } from '../../../test/support/sober.ts'
import { isWanted } from '../options.ts'
import { bytesChanged, changed, changes } from './change.ts'
import type { Change } from './change.ts'
import { render } from './draft.ts'
import type { Draft } from './draft.ts'
import type { Scene } from './scene.ts'
import { scenes } from './scenes.ts'
import { openWorld } from './world.ts'
import type { World } from './world.ts'

export type ServerFuzz = {
  /** One line of the table for each scene. */
  readonly rows: readonly (readonly string[])[]
  readonly problems: readonly string[]
}

/** Requests for which what they need is made once; then it is made anew. */
const batchSize = 40
const lanes = 4
/** So few requests make do with what the unchanged one used. */
const few = 10
/** A scene tells no more than this of what went wrong. */
const mostTold = 3

/** Sends requests that are almost right to every route of a fresh server. */
export async function fuzzServer(given: {
  readonly seed: number
  readonly requests: number
  readonly only: readonly string[]
}): Promise<ServerFuzz> {
  const { seed, requests, only } = given
  const chosen = scenes.filter(({ name, route }) => isWanted(`${name} ${route}`, only))
  const world = await openWorld()
  try {
    const each = Math.ceil(requests / Math.max(1, chosen.length))
    const rows: (readonly string[])[] = []
    const problems: string[] = []
    for (const scene of chosen) {
      const result = await fuzzScene(world, scene, { seed, requests: each })
      console.log(`${result.problems.length === 0 ? 'holds ' : 'BROKEN'} ${scene.name} (${each})`)
      rows.push([scene.name, String(each), result.seconds, result.answers, result.problems.length === 0 ? 'holds' : 'BROKEN']) // prettier-ignore
      problems.push(...result.problems)
    }
    return { rows, problems }
  } finally {
    await world.close()
  }
}

/** One scene: first as it is, then changed in every way the seed says. */
export async function fuzzScene(
  world: World,
  scene: Scene,
  { seed, requests }: { readonly seed: number; readonly requests: number },
) {
  const started = performance.now()
  const statuses = new Map<number, number>()
  const problems: string[] = []
  const tell = (what: string) => problems.length < mostTold && problems.push(`${scene.name}: ${what}`) // prettier-ignore
  const own = seed + scenes.indexOf(scene)
  const plans = fc.sample(changes, { seed: own, numRuns: requests })
  try {
    const first = await scene.open(world)
    const twin = await deliver(world, await first(), [])
    const expected = [scene.expect].flat()
    if (!expected.includes(twin.status))
      tell(`unchanged it is answered ${twin.status} ${twin.text}`)
    for (let from = 0; from < plans.length; from += batchSize) {
      const next = plans.length < few ? first : await scene.open(world)
      const waiting = plans.slice(from, from + batchSize)
      const lane = async () => {
        for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
          const answer = await deliver(world, await next(), plan)
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          const problem = soberProblem(answer)
          if (problem !== undefined) tell(`${problem}\n  changed by ${JSON.stringify(plan)}`)
        }
      }
      await Promise.all(Array.from({ length: lanes }, lane))
    }
  } catch (error) {
    tell(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const answers = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}:${count}`) // prettier-ignore
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  return { seconds, answers: answers.join(' '), problems }
}

async function deliver(world: World, draft: Draft, plan: readonly Change[]): Promise<Answer> {
  const rendered = plan.reduce(bytesChanged, await render(plan.reduce(changed, draft)))
  const { url, headers = [], ...rest } = rendered
  const safe = headers.map(([name, value]) => [name, onTheWire(value)] as const)
  const options = { ...rest, ...(rest.method === 'GET' ? { body: '' } : {}), headers: safe, ca: world.server.ca } // prettier-ignore
  const answer = await send(url, options)
  world.hear(url, answer.headers.get('dpop-nonce'))
  return answer
}

/** What HTTP itself lets through in a field. */
const onTheWire = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '?').trim()
