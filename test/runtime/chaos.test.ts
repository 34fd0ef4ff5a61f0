import { spawn } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isRunning } from '../../demo/processes.ts'
import { faults, losing } from '../../trials/chaos/faults.ts'
import type { Fault } from '../../trials/chaos/faults.ts'
import type { Host } from '../../trials/chaos/host.ts'
import { seeded } from '../../trials/chaos/random.ts'
import type { Report } from '../../trials/chaos/report.ts'
import { runChaos } from '../../trials/chaos/run.ts'
import { childrenOf, isAlive, isFree, until } from './support/running.ts'

/** The short form of `npm run chaos`: what is broken how, and what is counted, is in docs/chaos.md. */

const named = (...names: readonly string[]): readonly Fault[] =>
  faults.filter(({ name }) => names.includes(name))

async function run(
  chosen: readonly Fault[],
  beforeClose: (host: Host) => void = () => undefined,
): Promise<{ readonly report: Report; readonly host: Host }> {
  let host: Host | undefined
  const report = await runChaos({
    seed: 1,
    random: seeded(1),
    seconds: chosen.length,
    flows: 3,
    faults: chosen,
    parties: 4,
    tell: () => undefined,
    beforeClose: (given) => {
      host = given
      beforeClose(given)
    },
  })
  if (report === undefined || host === undefined) throw new Error('the run was interrupted')
  return { report, host }
}

/** Loses what objects of a class had stored, while nothing runs. */
const amnesia = (...classes: readonly string[]): Fault => ({
  name: 'amnesia',
  what: 'the files of some objects are lost',
  run: async ({ host, pause }) => {
    await pause(1)
    await host.kill('both', () => {
      const folder = join(host.server().state, 'objects/do')
      const found = readdirSync(folder).filter((name) => classes.some((one) => name.endsWith(one)))
      expect(found).toHaveLength(classes.length)
      for (const name of found) rmSync(join(folder, name), { recursive: true })
    })
  },
})

describe('npm run chaos', () => {
  it('SIGKILL of workerd, its parent and both, and lost replies: nothing acknowledged is lost or used twice', async () => {
    const lostReplies = { name: 'lost replies', what: '', run: losing('after', 0.25) }
    const chosen = [...named('workerd', 'parent', 'both'), lostReplies]
    const { report, host } = await run(chosen)
    expect(report.problems).toEqual([])
    expect(report.sound).toBe(true)
    for (const { name } of chosen) {
      const { kinds } = report.faults[name] ?? {}
      for (const kind of [
        'pushed request',
        'code',
        'refresh token',
        'proof',
        'assertion',
      ] as const) {
        expect(kinds?.[kind].used, `${name}: ${kind}`).toBeGreaterThan(0)
      }
    }
    const cutOff = /connection|503/
    const answers = Object.values(report.faults).flatMap((one) => Object.keys(one.answers))
    expect(answers.filter((label) => cutOff.test(label)).length).toBeGreaterThan(0)
    expect(report.kinds.code.refusedHonestly).toBeGreaterThan(0)
    expect(report.kinds.assertion.refusedHonestly).toBeGreaterThan(0)
    expect(report.evidence.tokens).toBeGreaterThan(0)
    expect(host.killed()).toHaveLength(4)
    for (const mark of host.killed()) expect(isRunning(mark)).toBe(false)
    expect(report.exitStatus).toBe(0)
    for (const port of host.ports) expect(await isFree(port)).toBe(true)
  }, 240_000)

  it('finds out a server that forgets: proofs used twice, codes and grants lost', async () => {
    const { report } = await run([amnesia('fapi-edge-ReplayGuard', 'fapi-edge-Grant')])
    expect(report.sound).toBe(false)
    const { kinds } = report
    expect(kinds.proof.usedTwice).toBeGreaterThan(0)
    expect(kinds['refresh token'].lost).toBeGreaterThan(0)
    expect(kinds.assertion.usedTwice).toBe(0)
    const found = new Set(report.problems.map(({ what }) => what))
    expect(found).toContain('used twice')
    expect(found).toContain('lost')
    expect(found).toContain('evidence')
  }, 240_000)

  it('ends every process it started when it is interrupted in the middle', async () => {
    const root = join(import.meta.dirname, '../..')
    const args = ['trials/chaos/chaos.ts', '--faults', 'calm', '--seconds', '600']
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' })
    const exit = new Promise((resolve) => child.once('exit', (status) => resolve(status)))
    const below = (pid: number): readonly number[] =>
      childrenOf(pid).flatMap((one) => [one.pid, ...below(one.pid)])
    const hasWorkerd = () =>
      childrenOf(child.pid ?? 0).some(({ pid }) =>
        childrenOf(pid).some(({ command }) => command.includes('workerd serve')),
      )
    await until(hasWorkerd, 120_000)
    const all = below(child.pid ?? 0)
    expect(all.length).toBeGreaterThanOrEqual(3)
    child.kill('SIGINT')
    expect(await exit).toBe(130)
    await until(() => !all.some(isAlive), 10_000)
  }, 240_000)
})
