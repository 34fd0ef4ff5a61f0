import { startContender } from './contenders.ts'
import type { Contender, Workshop } from './contenders.ts'
import { beginWalk, obtainCode, wholeFlow } from './flow.ts'
import { openSender } from './load.ts'
import { browserOver, invite } from './people.ts'
import type { Browser } from '../../test/support/browser.ts'
import { alternate, measure } from './rounds.ts'
import type { Round, Rounds } from './rounds.ts'

export type FlowFigures = {
  readonly flow: Readonly<Record<FlowName, Rounds>>
  /** CPU seconds of a thousand sign-ins with password and one-time code, consent and code included. */
  readonly signInPerThousand: number
}

const names = ['fapi-edge, memory', 'oidc-provider'] as const
type FlowName = (typeof names)[number]

/** The whole flow with people who are signed in already, side by side. */
export async function measureFlows(
  workshop: Workshop,
  size: { readonly rounds: number; readonly flows: number; readonly inFlight: number },
): Promise<FlowFigures> {
  const lanes = Array.from({ length: size.inFlight }, (_, lane) => `person-${lane}`)
  const contenders = new Map<FlowName, Contender>()
  const browsers = new Map<FlowName, readonly Browser[]>()
  let signInPerThousand = NaN
  const run = async (name: FlowName, flows: number): Promise<Round> => {
    const contender = contenders.get(name)
    const own = browsers.get(name)
    if (contender === undefined || own === undefined) throw new Error(`${name} does not run`)
    return flowRound(contender, own, { flows, lanes })
  }
  try {
    for (const name of names) {
      const contender = await startContender(workshop, name)
      contenders.set(name, contender)
      const people = await Promise.all(lanes.map(() => browserOver(openSender(1))))
      browsers.set(name, people)
      for (const lane of lanes) await invite(contender, lane)
      const signedIn = await signInAll(contender, people, lanes)
      if (contender.kind === 'fapi-edge') signInPerThousand = signedIn.cpuPerThousand
    }
    for (const name of names) await run(name, size.flows)
    const flow = await alternate(names, size.rounds, (name) => run(name, size.flows))
    return { flow, signInPerThousand }
  } finally {
    for (const contender of contenders.values()) await contender.stop()
  }
}

/** Everybody's first visit, once after one that warms. */
async function signInAll(
  contender: Contender,
  browsers: readonly Browser[],
  lanes: readonly string[],
): Promise<Round> {
  const sender = openSender(1)
  const walk = await beginWalk(contender, sender)
  const work = lanes.map((lane, at) => async () => {
    const browser = browsers[at]
    if (browser !== undefined) await obtainCode(walk, browser, lane)
  })
  await work[0]?.()
  const round = await measure(contender.pid, work.slice(1), 2)
  sender.close()
  return round
}

/** One round: each person does one flow after the other. */
export async function flowRound(
  contender: Contender,
  browsers: readonly Browser[],
  { flows, lanes }: { readonly flows: number; readonly lanes: readonly string[] },
): Promise<Round> {
  const sender = openSender(lanes.length)
  const walk = await beginWalk(contender, sender)
  const idle = lanes.map((lane, at) => ({ lane, browser: browsers[at] }))
  const work = Array.from({ length: flows }, () => async () => {
    const person = idle.pop()
    if (person?.browser === undefined) throw new Error('more in flight than people')
    await wholeFlow(walk, person.browser, person.lane)
    idle.push(person)
  })
  return measure(contender.pid, work, lanes.length).finally(() => sender.close())
}
