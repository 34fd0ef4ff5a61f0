import { setTimeout as wait } from 'node:timers/promises'
import type { ClientFixture } from '../../test/support/fixtures.ts'
import type { Transport } from '../../test/support/http.ts'
import { openAdmin } from '../../test/support/wire-admin.ts'
import { wireClient } from '../../test/support/wire-client.ts'
import { makeDpopKey } from '../../test/support/wire-keys.ts'
import type { Actor } from './actors.ts'
import { checkEvidence } from './evidence.ts'
import type { EvidenceTally } from './evidence.ts'
import type { Fault } from './faults.ts'
import { openHost } from './host.ts'
import type { Host, RemoteKeys } from './host.ts'
import { createLedger } from './ledger.ts'
import { startLoad } from './load.ts'
import type { Random } from './random.ts'
import { createRecorder } from './recorder.ts'
import { makeReport } from './report.ts'
import type { Report } from './report.ts'
import type { Scene } from './scene.ts'
import { openTimeLine } from './time-line.ts'
import { useCodesAgain, verify } from './verify.ts'

export type RunOptions = {
  readonly random: Random
  readonly seed: number
  /** Seconds of load in all, shared out among the faults. */
  readonly seconds: number
  readonly faults: readonly Fault[]
  /** Flows that have to come to their end with each fault, however long that takes (none). */
  readonly flows?: number
  /** Parties that act at the same time. */
  readonly parties: number
  readonly tell: (line: string) => void
  /** Ends the run early; everything is cleaned up. */
  readonly signal?: AbortSignal
  /** How requests leave; a test of this program puts something broken in between. */
  readonly transport?: Transport
  /** A look at the processes before they are ended. */
  readonly beforeClose?: (host: Host) => Promise<void> | void
}

/** Not a fault: every code once more, and what that ends. */
const afterwards = { name: 'afterwards', what: 'all is over' } as const

/** Least seconds of load with one fault: a restart has to fit. */
const leastWindow = 1

/**
 * Starts a server, breaks it in every way asked for while it is under load, and keeps the books. Undefined:
 * it was interrupted.
 */
export async function runChaos(options: RunOptions): Promise<Report | undefined> {
  const { signal, seed, faults } = options
  const host = await openHost()
  const began = Date.now()
  let open = true
  const close = (): Promise<number | null> => {
    open = false
    return host.close()
  }
  try {
    const scene = await setScene(host, options)
    const evidence: EvidenceTally = { grants: 0, tokens: 0, withheld: 0, unreceived: 0 }
    const work = breakAll({ host, scene, options, evidence })
    if ((await Promise.race([work, aborted(signal)])) === 'aborted') {
      work.catch(() => undefined)
      return undefined
    }
    await options.beforeClose?.(host)
    const exitStatus = await close()
    const seconds = Math.round((Date.now() - began) / 1000)
    return makeReport(scene, {
      seed,
      seconds,
      evidence,
      exitStatus,
      faults: [...faults, afterwards],
    })
  } finally {
    if (open) await close()
  }
}

function aborted(signal: AbortSignal | undefined): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve('aborted')
    signal?.addEventListener('abort', () => resolve('aborted'), { once: true })
  })
}

type Work = {
  readonly host: Host & { readonly remoteKeys: RemoteKeys }
  readonly scene: Scene
  readonly options: RunOptions
  readonly evidence: EvidenceTally
}

async function breakAll(work: Work): Promise<void> {
  const { seconds, faults, tell } = work.options
  const window = Math.max(leastWindow, seconds / faults.length)
  for (const fault of faults) await breakOnce({ ...work, fault, window })
  tell('every code once more, and what that ends')
  work.scene.recorder.begin(afterwards.name)
  await useCodesAgain(work.scene)
}

async function breakOnce(
  given: Work & { readonly fault: Fault; readonly window: number },
): Promise<void> {
  const { host, scene, fault, window, options, evidence } = given
  const { ledger, recorder } = scene
  const [things, requests, problems] = [
    ledger.all().length,
    recorder.count(),
    ledger.problems.length,
  ]
  const since = Date.now()
  recorder.begin(fault.name)
  const load = startLoad(scene, options.parties)
  try {
    const pause = pauses(scene, window, options.flows ?? 0)
    await fault.run({ scene, host, seconds: window, pause })
  } finally {
    await load.stop()
  }
  const loaded = recorder.count() - requests
  await untilAnswering(scene)
  recorder.setKeysGone(false)
  const made = ledger.all().slice(things)
  await verify(scene, recorder.take(), made)
  recorder.take()
  const grants = new Set(made.flatMap(({ grant }) => (grant === undefined ? [] : [grant])))
  const found = await evidenceOf(scene, [...grants], since)
  evidence.grants += found.grants
  evidence.tokens += found.tokens
  evidence.withheld += found.withheld
  evidence.unreceived += found.unreceived
  const bad = ledger.problems.length - problems
  const checked = recorder.count() - requests - loaded
  options.tell(
    `${fault.name.padEnd(14)} ${loaded} requests under load, ${checked} to verify, ${found.grants} chains${bad === 0 ? '' : `, ${bad} PROBLEMS`}`,
  )
}

/** Milliseconds after which no more flows are waited for. */
const longestPause = 30_000

/** Waits for shares of the window, and of the flows. */
function pauses(scene: Scene, window: number, flows: number): (share: number) => Promise<void> {
  const { ledger } = scene
  const before = ledger.all('code').length
  const done = () =>
    ledger
      .all('code')
      .slice(before)
      .filter(({ uses }) => uses > 0).length
  let wanted = 0
  return async (share) => {
    wanted += share * flows
    const late = Date.now() + longestPause
    await wait(share * window * 1000)
    while (done() < wanted && Date.now() < late) await wait(50)
  }
}

/**
 * A chain whose newest entry lies ahead of the clock cannot be exported as of now: no head may be signed
 * for another time. So the clock is put where it was when the entries were made.
 */
async function evidenceOf(
  scene: Scene,
  grants: readonly string[],
  since: number,
): Promise<EvidenceTally> {
  const { line, server } = scene
  const before = line.clock.offset
  await line.move(line.furthest(since), server())
  const admin = await openAdmin(server(), line.clock)
  const found = await checkEvidence(scene, admin, grants)
  await line.move(before, server())
  return found
}

/** Whatever was killed is back before anything is held against it. */
async function untilAnswering(scene: Scene): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const { issuer } = scene.server()
    const metadata = await fetch(`${issuer}/.well-known/oauth-authorization-server`).catch(
      () => undefined,
    )
    await metadata?.body?.cancel()
    if (metadata?.status === 200) return
    await wait(100)
  }
  throw new Error('the server did not come back')
}

async function setScene(
  host: Host & { readonly remote: ClientFixture },
  { random, transport }: RunOptions,
): Promise<Scene> {
  const ledger = createLedger()
  const line = openTimeLine()
  const recorder = createRecorder({
    ledger,
    line,
    ...(transport === undefined ? {} : { transport }),
  })
  const { clients, users } = host.fixtures
  const doubles = random.fork('doubles')
  const makeActor = async (fixture: ClientFixture, remote = false): Promise<Actor> => {
    const via: Transport = async (url, request = {}) => {
      const once = recorder.send(actor, url, request)
      if (!doubles.chance(0.06) || mayNotRepeat(fixture, request)) return once
      const both = await Promise.allSettled([once, recorder.send(actor, url, request)])
      const good = both.find((one) => one.status === 'fulfilled' && one.value.status < 300)
      return good?.status === 'fulfilled' ? good.value : once
    }
    const { server } = host
    const client = wireClient(fixture, { server: server(), clock: line.clock, person: users.alice })
    const key = fixture.credential === undefined ? { key: await makeDpopKey() } : {}
    const actor: Actor = { name: fixture.clientId, fixture, client, via, remote, skew: 0, ...key }
    return actor
  }
  const actors = await Promise.all([
    ...[clients.web, clients.web, clients.second, clients.mtlsPki, clients.mtlsSelfSigned].map(
      (fixture) => makeActor(fixture),
    ),
    makeActor(host.remote, true),
  ])
  return { server: host.server, line, ledger, recorder, random, fixtures: host.fixtures, actors }
}

/** Of a client that proves itself by its certificate, a copy sent beside is a second use in earnest. */
const mayNotRepeat = (
  { credential }: ClientFixture,
  { method, body }: { readonly method?: string; readonly body?: unknown },
): boolean =>
  credential !== undefined &&
  (method === 'DELETE' ||
    (typeof body === 'string' && body.includes('grant_type=authorization_code')))
