// @vitest-environment node
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import {
  childrenOf,
  freePorts,
  isAlive,
  isFree,
  removeFolder,
  startAndFail,
  startServer,
  temporaryFolder,
  until,
} from './support/running.ts'
import type { RunningServer } from './support/running.ts'

const folder = temporaryFolder()
const started: RunningServer[] = []

afterEach(async () => {
  await Promise.all(
    started.splice(0).map((server) => (isAlive(server.pid) ? server.stop() : undefined)),
  )
})
afterAll(() => removeFolder(folder))

async function start(name: string, ...more: readonly string[]): Promise<RunningServer> {
  const port = String(await freePorts())
  const state = name === ':memory:' ? name : join(folder, name)
  const server = await startServer(['--port', port, '--state', state, ...more])
  started.push(server)
  return server
}

const workerdOf = (server: RunningServer): number => {
  const child = childrenOf(server.pid).find(({ command }) => command.includes('workerd serve'))
  if (child === undefined) throw new Error('there is no workerd')
  return child.pid
}

const metadata = (server: RunningServer): Promise<Response> =>
  fetch(`${server.issuer}/.well-known/oauth-authorization-server`)

describe('start and end', { timeout: 90_000 }, () => {
  it('ends its output with the control endpoint and the issuer', async () => {
    const server = await start('output')
    const lines = server.output.trimEnd().split('\n')
    expect(lines.at(-1)).toBe(`ready http://localhost:${server.port}`)
    expect(lines.at(-2)).toMatch(/^control http:\/\/127\.0\.0\.1:\d+ \S{20,}$/)
    expect((await metadata(server)).status).toBe(200)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends every process at %s with status 0',
    async (signal) => {
      const server = await start(':memory:')
      const children = childrenOf(server.pid).map(({ pid }) => pid)
      expect(children.length).toBeGreaterThanOrEqual(2)
      const exit = new Promise((resolve) => server.process.once('exit', resolve))
      server.process.kill(signal)
      expect(await exit).toBe(0)
      await until(() => !children.some(isAlive), 2_000)
      expect(await isFree(server.port)).toBe(true)
    },
  )

  it('ends what it has begun when it is interrupted while starting', async () => {
    const port = await freePorts()
    const state = join(folder, 'interrupted')
    const lock = join(state, 'lock')
    const args = ['--port', String(port), '--state', state]
    const { status, output } = await startAndFail(args, {}, () => existsSync(lock))
    expect([status, output]).toEqual([0, ''])
    expect(existsSync(lock)).toBe(false)
    expect(await isFree(port)).toBe(true)
  })

  it('refuses a second server on one state folder, and lets the first one be', async () => {
    const first = await start('locked')
    const second = await startAndFail([
      '--port',
      String(await freePorts()),
      '--state',
      join(folder, 'locked'),
    ])
    expect(second.status).toBe(1)
    expect(second.errors).toMatch(new RegExp(`in use by another server \\(process ${first.pid}\\)`))
    expect((await metadata(first)).status).toBe(200)
  })
})

describe('sudden death', { timeout: 90_000 }, () => {
  it('of workerd is survived: requests wait, and state and moved clock are as before', async () => {
    const server = await start('workerd-dies')
    expect((await server.control('/clock', { offset_s: 1234 })).status).toBe(200)
    const before = await (await fetch(`${server.issuer}/jwks`)).json()
    const old = workerdOf(server)
    process.kill(old, 'SIGKILL')
    await until(() => !isAlive(old))
    const answers = await Promise.all(Array.from({ length: 20 }, () => metadata(server)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(await (await fetch(`${server.issuer}/jwks`)).json()).toEqual(before)
    expect(
      await (await server.control('/state', undefined, undefined, 'GET')).json(),
    ).toMatchObject({
      offset_s: 1234,
    })
    const recorded = readFileSync(join(folder, 'workerd-dies/workerd.json'), 'utf8')
    expect(JSON.parse(recorded)).toMatchObject({ pid: workerdOf(server) })
  })

  it('of the parent leaves no process and no blocked port, and the next start goes on', async () => {
    const server = await start('parent-dies')
    const children = childrenOf(server.pid).map(({ pid }) => pid)
    const before = await (await fetch(`${server.issuer}/jwks`)).json()
    process.kill(server.pid, 'SIGKILL')
    await until(() => !children.some(isAlive), 5_000)
    const state = join(folder, 'parent-dies')
    const again = await startServer(['--port', String(server.port), '--state', state])
    started.push(again)
    expect(await (await fetch(`${again.issuer}/jwks`)).json()).toEqual(before)
  })

  it('of parent and watchdog leaves a workerd that the next start ends first', async () => {
    const server = await start('all-but-one-die')
    const workerd = workerdOf(server)
    for (const { pid, command } of childrenOf(server.pid)) {
      if (command.includes('watchdog')) process.kill(pid, 'SIGKILL')
    }
    process.kill(server.pid, 'SIGKILL')
    await until(() => !isAlive(server.pid))
    expect(isAlive(workerd)).toBe(true)
    const state = join(folder, 'all-but-one-die')
    const again = await startServer(['--port', String(server.port), '--state', state])
    started.push(again)
    expect(isAlive(workerd)).toBe(false)
    expect((await metadata(again)).status).toBe(200)
  })

  it('of the parent removes temporary state', async () => {
    const server = await start(':memory:')
    const watchdog = childrenOf(server.pid).find(({ command }) => command.includes('watchdog'))
    const state = /watchdog\.ts (\S+)/.exec(watchdog?.command ?? '')?.[1] ?? ''
    expect(existsSync(state)).toBe(true)
    process.kill(server.pid, 'SIGKILL')
    await until(() => !existsSync(state))
  })
})

describe('the control endpoint', { timeout: 90_000 }, () => {
  it('answers only to its token, and only to what it knows', async () => {
    const server = await start('control')
    const status = async (...call: Parameters<RunningServer['control']>): Promise<number> =>
      (await server.control(...call)).status
    expect(await status('/clock', { offset_s: 1 }, '')).toBe(401)
    expect(await status('/clock', { offset_s: 1 }, 'guess')).toBe(401)
    expect(await status('/state', undefined, undefined, 'GET')).toBe(200)
    expect(await status('/clock', {}, undefined, 'GET')).toBe(405)
    expect(await status('/clock', { offset_s: 'soon' })).toBe(400)
    expect(await status('/clock', { offset: 1 })).toBe(400)
    expect(await status('/clock', [])).toBe(400)
    expect(await status('/alarms', { class: 7 })).toBe(400)
    expect(await status('/alarms', { classes: 'Account' })).toBe(400)
    expect(await status('/faults', { fail_rate: 2 })).toBe(400)
    const calls = { 'Grant.redeem': { fail: 'after' }, 'KV.get': { delay_ms: 5 } }
    for (const wrong of [
      [],
      { redeem: {} },
      { '__proto__.x': {} },
      { 'Grant.redeem': 'after' },
      { 'Grant.redeem': { fail: 'during' } },
      { 'Grant.redeem': { rate: 2 } },
      { 'Grant.redeem': { delay: 5 } },
    ]) {
      expect(await status('/faults', { calls: wrong }), JSON.stringify(wrong)).toBe(400)
    }
    const faults: unknown = await (await server.control('/faults', { calls })).json()
    expect(faults).toMatchObject({
      calls: {
        'Grant.redeem': { fail: 'after', rate: 1, delay_ms: 0 },
        'KV.get': { rate: 1, delay_ms: 5 },
      },
    })
    expect(await status('/faults', {})).toBe(200)
    expect(await status('/toString')).toBe(404)
    expect(await (await server.control('/state', undefined, undefined, 'GET')).json()).toEqual({
      offset_s: 0, storage_delay_ms: 0, fail_rate: 0, kv_stale_s: 0, calls: {},
    }) // prettier-ignore
  })

  it('evicts objects and runs due alarms without making objects', async () => {
    const server = await start('objects')
    const files = (): readonly string[] =>
      (readdirSync(join(folder, 'objects/objects/do'), { recursive: true }) as string[]).filter(
        (name) => name.endsWith('.sqlite'),
      )
    const before = files()
    expect(await (await server.control('/evict')).json()).toMatchObject({
      evicted: expect.any(Number) as number,
    })
    // The signing key is renewed by alarm within a month.
    await server.control('/clock', { offset_s: 31 * 86_400 })
    expect(await (await server.control('/alarms')).json()).toMatchObject({
      ran: expect.any(Number) as number,
    })
    expect(await (await server.control('/alarms', { class: 'Nothing' })).json()).toMatchObject({
      ran: 0,
    })
    expect(files()).toEqual(before)
    expect((await metadata(server)).status).toBe(200)
  })

  it('cannot be reached through the public ports', async () => {
    const server = await start('not-public')
    for (const offset of [0, 2]) {
      const answer = await fetch(`http://localhost:${server.port + offset}/`, {
        method: 'POST',
        headers: {
          'x-fapi-edge-command': 'evict',
          'x-fapi-edge-control': '{"token":"guess","revision":99,"offset_s":99999}',
        },
        body: '{}',
      })
      expect([401, 404, 405]).toContain(answer.status)
    }
    const date = (await metadata(server)).headers.get('date') ?? ''
    expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(5_000)
  })
})

it('works over https with its own authority', { timeout: 90_000 }, async () => {
  const server = await start('tls', '--tls')
  expect(server.issuer).toBe(`https://localhost:${server.port}`)
  expect(existsSync(join(folder, 'tls/tls/ca.pem'))).toBe(true)
  expect(await server.stop()).toBe(0)
})
