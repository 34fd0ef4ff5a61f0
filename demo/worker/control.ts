import type { EdgeObject } from '../../src/objects/edge-object.ts'
import type { StorageHooks } from '../../src/observe/storage.ts'
import type { ControlHeader } from './control-values.ts'
import { noControl } from './control-values.ts'

/*
 * The Worker's side of the control endpoint. The Node side adds the settings to every request, so a
 * restarted workerd learns them with the first one. A request without them did not come through a
 * front, where spoofed headers are removed, and is refused.
 */

type Bindings = { readonly CONTROL_TOKEN: string }

/** A Durable Object under control answers these besides its own methods. */
type Controllable = {
  readonly controlEvict: () => Promise<void>
  readonly controlAlarm: () => Promise<boolean>
}

/** A class's binding by its name, as in `{ Grant: 'GRANT' }`. */
export type ClassBindings = Readonly<Record<string, string>>

let control: Omit<ControlHeader, 'token'> = { ...noControl, revision: 0 }
let lastHeader = ''

/** The moved clock, in milliseconds. */
export const now = (): number => Date.now() + control.offset_s * 1000

/** Storage that waits, fails and answers late, as far as it was told to. */
export const storageHooks: StorageHooks = {
  around: async (name, call) => {
    const fault = control.calls[name]
    const delay = control.storage_delay_ms + (fault?.delay_ms ?? 0)
    if (delay > 0) await sleep(delay)
    if (happens(control.fail_rate)) throw injected(name)
    const failing = fault?.fail !== undefined && happens(fault.rate) ? fault.fail : undefined
    if (failing === 'before') throw injected(name)
    const reply = await call()
    if (failing === 'after') throw injected(name)
    return reply
  },
  readKv: async (key, read) => {
    const seen = copies.get(key)
    if (seen !== undefined && Math.abs(now() - seen.at) < control.kv_stale_s * 1000)
      return seen.value
    const value = await read()
    if (copies.size >= mostCopies) copies.clear()
    copies.set(key, { value, at: now() })
    return value
  },
}

const happens = (share: number): boolean => share > 0 && Math.random() < share
const injected = (name: string): Error => new Error(`${name}: injected fault`)

/** What each key answered last, so that staleness can be switched on after a read. */
const copies = new Map<string, { readonly value: unknown; readonly at: number }>()
const mostCopies = 10_000

/** Objects that were in memory at some time since the last eviction, by class. */
const live = new Map<string, Set<string>>()

/** Wraps a Worker's `fetch`: takes the settings, runs commands, passes everything else on. */
export function underControl<E extends Bindings>(
  handler: ExportedHandler<E>,
  classes: ClassBindings,
): ExportedHandler<E> {
  return {
    ...handler,
    async fetch(request, env, context) {
      if (!takeSettings(request, env.CONTROL_TOKEN)) {
        return new Response('This port is for the local fronts only.\n', { status: 403 })
      }
      const command = request.headers.get('x-fapi-edge-command')
      if (command !== null)
        return Response.json(await run(command, await request.json(), env, classes))
      return handler.fetch?.(request, env, context) ?? new Response(null, { status: 404 })
    },
  }
}

function takeSettings(request: Request, token: string): boolean {
  const header = request.headers.get('x-fapi-edge-control')
  if (header === null) return false
  if (header === lastHeader) return true
  const settings = JSON.parse(header) as ControlHeader
  if (settings.token !== token) return false
  if (settings.revision < control.revision) return true
  control = settings
  lastHeader = header
  return true
}

async function run(
  command: string,
  body: unknown,
  env: object,
  classes: ClassBindings,
): Promise<unknown> {
  switch (command) {
    case 'settle':
      return {}
    case 'evict':
      return { evicted: await evict(env, classes) }
    case 'alarms':
      return { ran: await runAlarms(env, classes, body as Readonly<Record<string, string[]>>) }
    default:
      throw new Error(`unknown command '${command}'`)
  }
}

/** Ends every object that is in memory. What it stored stays; what it only remembered is gone. */
async function evict(env: object, classes: ClassBindings): Promise<number> {
  let count = 0
  // A copy: an object that sleeps already is woken by the call, and so becomes live once more.
  const asleepOrAwake = [...live].map(([name, ids]) => [name, [...ids]] as const)
  for (const [name, ids] of asleepOrAwake) {
    const stubs = open(env, classes[name], ids)
    // The call itself breaks when its object is ended, so its failure is the success.
    await inBatches(stubs, (stub) => stub.controlEvict().catch(() => undefined))
    count += stubs.length
  }
  return count
}

/** Runs the alarms that are due by the moved clock. The ids are those of the files on disk. */
async function runAlarms(
  env: object,
  classes: ClassBindings,
  idsByClass: Readonly<Record<string, readonly string[]>>,
): Promise<number> {
  let count = 0
  for (const [name, ids] of Object.entries(idsByClass)) {
    const outcomes = await inBatches(open(env, classes[name], ids), (stub) => stub.controlAlarm())
    count += outcomes.filter((ran) => ran).length
  }
  return count
}

function open(
  env: object,
  binding: string | undefined,
  ids: readonly string[],
): readonly Controllable[] {
  if (binding === undefined) return []
  const namespace = (env as Readonly<Record<string, unknown>>)[binding] as DurableObjectNamespace
  return ids.map((id) => namespace.get(namespace.idFromString(id)) as unknown as Controllable)
}

async function inBatches<T, R>(
  items: readonly T[],
  each: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += 50) {
    results.push(...(await Promise.all(items.slice(start, start + 50).map(each))))
  }
  return results
}

/** Milliseconds until an alarm comes again that came by the wrong clock. */
const alarmDelay = 30_000

/** TypeScript asks for exactly this parameter list of a class that is to be extended by a function. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type ObjectClass = new (...args: any[]) => EdgeObject<any>

/** The same class with the moved clock, and with the two methods the commands need. */
export function controllable<Base extends ObjectClass>(name: string, base: Base) {
  return class extends base {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    constructor(...args: any[]) {
      super(...args)
      const ids = live.get(name) ?? new Set<string>()
      live.set(name, ids.add(this.ctx.id.toString()))
    }

    protected override now(): number {
      return now()
    }

    async controlEvict(): Promise<void> {
      live.get(name)?.delete(this.ctx.id.toString())
      this.ctx.abort('evicted by the control endpoint')
    }

    /** workerd wakes objects by its own clock: while ours is moved, only the command does. */
    override async alarm(): Promise<void> {
      if (control.offset_s === 0) return super.alarm?.()
      await this.ctx.storage.setAlarm(Date.now() + alarmDelay)
    }

    /** Runs the alarm when it is due by the moved clock. An object without one writes nothing. */
    async controlAlarm(): Promise<boolean> {
      const due = await this.ctx.storage.getAlarm()
      if (due === null || due > this.now()) return false
      await this.ctx.storage.deleteAlarm()
      try {
        await super.alarm?.()
      } catch (error) {
        await this.ctx.storage.setAlarm(due)
        throw error
      }
      return true
    }
  }
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))
