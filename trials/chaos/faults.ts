import { setTimeout as wait } from 'node:timers/promises'
import { openAdmin } from '../../test/support/wire-admin.ts'
import { control } from '../../test/support/wire-server.ts'
import type { Host, RemoteKeys, Victim } from './host.ts'
import type { Scene } from './scene.ts'
import { replayAll } from './verify.ts'

/** Where and how long something is broken. */
export type Breaking = {
  readonly scene: Scene
  readonly host: Host & { readonly remoteKeys: RemoteKeys }
  /** Seconds of load. */
  readonly seconds: number
  /** Lets a share of the load pass: of its seconds, and of the flows that have to come to their end. */
  readonly pause: (share: number) => Promise<void>
}

export type Fault = {
  readonly name: string
  /** Reads on from "the server is under load and". */
  readonly what: string
  /** Runs beside the load, and puts everything right again before it returns. */
  readonly run: (breaking: Breaking) => Promise<void>
}

const command = async ({ scene }: Breaking, path: string, body: unknown): Promise<void> => {
  const answer = await control(path, body, scene.server())
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`)
}

/** Some of the load before the blow, some while the server comes back, some afterwards. */
const killing =
  (victim: Victim): Fault['run'] =>
  async ({ scene, host, pause }) => {
    await pause(0.3 + scene.random.next() * 0.3)
    await host.kill(victim)
    await pause(0.4)
  }

const failing =
  (faults: object): Fault['run'] =>
  async (breaking) => {
    await breaking.pause(0.1)
    await command(breaking, '/faults', faults)
    await breaking.pause(0.9)
    await command(breaking, '/faults', {})
  }

/** The calls that decide something once, and those that end something. */
const deciding = [
  'Client.use', 'ReplayGuard.use', 'PushedRequest.create', 'PushedRequest.complete', 'Account.addGrant', 'Grant.authorize',
  'Grant.redeem', 'Grant.refresh', 'Grant.revokeForReuse', 'Grant.revokeRefreshToken', 'Grant.revokeAccessToken',
  'Grant.revokeManaged', 'Client.revokeToken', 'Client.check', 'Grant.token', 'Introspection.introspect',
] as const // prettier-ignore

/** A share of each of them fails, before it takes effect or after. */
export const losing = (fail: 'before' | 'after', rate: number): Fault['run'] =>
  failing({ calls: Object.fromEntries(deciding.map((name) => [name, { fail, rate }])) })

/** A registration changes meanwhile: its object says so, whatever the copies say. */
async function staleCopies(breaking: Breaking): Promise<void> {
  const { scene, pause } = breaking
  await command(breaking, '/faults', { kv_stale_s: 3_600 })
  const admin = await openAdmin(scene.server(), scene.line.clock)
  const path = `/clients/${scene.fixtures.clients.second.clientId}`
  const { json } = await admin.request('GET', path)
  for (const part of [1, 2, 3]) {
    await pause(1 / 4)
    const answer = await admin.request('PUT', path, { ...json, client_name: `Changed ${part}` })
    if (answer.status !== 200) throw new Error(`not changed: ${answer.status} ${answer.text}`)
  }
  await pause(1 / 4)
  await command(breaking, '/faults', {})
}

/** New isolates know nothing by heart, so they read KV. */
const coldWith =
  (faults: object): Fault['run'] =>
  async (breaking) => {
    await command(breaking, '/faults', faults)
    await breaking.host.kill('workerd')
    await breaking.pause(1)
    await command(breaking, '/faults', {})
  }

async function evictOften(breaking: Breaking): Promise<void> {
  for (let rest = breaking.seconds; rest > 0; rest -= 0.5) {
    await command(breaking, '/evict', {})
    await wait(500)
  }
}

async function hangKeys(breaking: Breaking): Promise<void> {
  const { host, scene } = breaking
  scene.recorder.setKeysGone(true)
  host.remoteKeys.hang()
  await host.kill('workerd')
  await breaking.pause(1)
  host.remoteKeys.serve()
  // A key set that could not be had is asked for again after a minute: by isolates that remember it.
  await host.kill('workerd')
}

async function skewClients({ scene, seconds }: Breaking): Promise<void> {
  const skews = [-3_600, -90, -20, 8, 28, 45, 120, 3_600]
  for (let rest = seconds; rest > 0; rest -= 0.5) {
    for (const actor of scene.actors) {
      actor.skew = scene.random.chance(0.6) ? scene.random.pick(skews) : 0
    }
    await wait(500)
  }
  for (const actor of scene.actors) actor.skew = 0
}

const moveTo = async (breaking: Breaking, offset: number): Promise<void> => {
  const { scene } = breaking
  await scene.line.move(offset, scene.server())
  // What is due by the moved clock is done: sweeps among it.
  await command(breaking, '/alarms', {})
}

const moveClock = async (breaking: Breaking, offsets: readonly number[]): Promise<void> => {
  for (const offset of offsets) {
    await breaking.pause(1 / (offsets.length + 1))
    await moveTo(breaking, offset)
  }
  await breaking.pause(1 / (offsets.length + 1))
}

/**
 * Ahead, until what guards remember was swept, and back: now they cannot know what was used. They stay
 * honest as long as that lasts, so the rest of the run takes place ahead again.
 */
async function jumpAhead(breaking: Breaking): Promise<void> {
  const { scene } = breaking
  await moveClock(breaking, [100, 400, 1_700])
  await moveTo(breaking, 0)
  await wait(breaking.seconds * 200)
  await replayAll(scene, scene.recorder.seen())
  await moveTo(breaking, 1_700)
}

/** In the order in which they are tried; the last one leaves the clock ahead. */
export const faults: readonly Fault[] = [
  { name: 'calm', what: 'nothing is broken', run: ({ pause }) => pause(1) },
  { name: 'workerd', what: 'workerd is killed', run: killing('workerd') },
  { name: 'parent', what: 'the parent of workerd is killed', run: killing('parent') },
  { name: 'both', what: 'workerd and its parent are killed', run: killing('both') },
  { name: 'evict', what: 'all objects lose their memory twice a second', run: evictOften },
  { name: 'calls-before', what: 'one in ten of each kind of deciding call fails before it takes effect', run: losing('before', 0.1) },
  { name: 'calls-after', what: 'one in ten of each kind of deciding call takes effect and its reply is lost', run: losing('after', 0.1) },
  { name: 'storage', what: 'one in twelve storage calls fails and all are 40 ms slow', run: failing({ fail_rate: 0.08, storage_delay_ms: 40 }) },
  { name: 'kv-slow', what: 'a new isolate reads KV, which takes 700 ms', run: coldWith({ calls: { 'KV.get': { delay_ms: 700 } } }) },
  { name: 'kv-stale', what: 'KV answers what it answered an hour ago while a registration changes', run: staleCopies },
  { name: 'kv-fails', what: 'a new isolate reads KV, which fails every second time', run: coldWith({ calls: { 'KV.get': { fail: 'before', rate: 0.5 } } }) },
  { name: 'keys-hang', what: 'the host of a client’s `jwks_uri` takes connections and never answers', run: hangKeys },
  { name: 'client-clocks', what: 'the clients’ clocks are up to an hour wrong', run: skewClients },
  { name: 'clock-back', what: 'the server’s clock jumps back by up to five minutes and comes forward again', run: (breaking) => moveClock(breaking, [-45, -300, 0]) },
  { name: 'clock-forward', what: 'the server’s clock jumps ahead, up to half an hour, due alarms run, and it comes back', run: jumpAhead },
] // prettier-ignore
