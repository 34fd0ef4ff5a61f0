import { describe, expect, it } from 'vitest'
import { growthOf, median, quantile, spreadOf } from '../../../trials/bench/figures.ts'
import { startupOf } from '../../../trials/bench/measure-weight.ts'
import { readOptions } from '../../../trials/bench/options.ts'
import { bars, lines } from '../../../trials/bench/plot.ts'
import { cpuSeconds, cpuSecondsIn, residentMiB } from '../../../trials/bench/process-cost.ts'
import { makePlots, makeReport } from '../../../trials/bench/report.ts'
import type { Results } from '../../../trials/bench/results.ts'
import type { Rounds } from '../../../trials/bench/rounds.ts'
import { summarise } from '../../../trials/bench/rounds.ts'
import { judge } from '../../../trials/bench/targets.ts'

const rounds = (cpuPerThousand: number): Rounds =>
  summarise([0.9, 1, 1.1].map((factor) => ({ cpuPerThousand: cpuPerThousand * factor, perSecond: 100, p50: 1, p99: 2 }))) // prettier-ignore

const about = { date: '2026-11-30', machine: 'm', versions: { node: '24' }, commit: 'c' }
const round = (cpuPerThousand: number) => ({ cpuPerThousand, perSecond: 1, p50: 1, p99: 1 })
const results = (peer: number, floor: number): Results => ({
  about,
  tokens: {
    ...{ 'fapi-edge': rounds(2), 'fapi-edge, memory': rounds(1), floor: rounds(1.5) },
    ...{ 'floor, memory': rounds(floor), 'floor with two calls, memory': rounds(1), 'oidc-provider': rounds(peer) },
  },
  depth: [0, 30, 100].map((delay) => ({ delay, p50: delay + 5, p99: delay + 9, depth: 1 })),
  growth: {
    inFlight: [{ inFlight: 1, ...round(1) }],
    grants: [100, 1_000, 10_000].map((grants, at) => ({ grants, warm: rounds(1 + at), cold: round(2), making: 9, disk: { files: 3 * grants, mebibytes: 1 } })),
    clients: [{ clients: 100, cold: round(2), warm: round(1) }],
    proofs: [{ proofs: 0, ...round(1) }],
  },
  weight: { bundle: 500, compressed: 180, startup: 15, memory: [0, 1, 2, 3, 4, 5].map((n) => ({ requests: n, mebibytes: n < 2 ? 100 * n : 200 })) },
}) // prettier-ignore

describe('the arithmetic of the bench', () => {
  it('takes the middle, and the mean of two middles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('takes quantiles between neighbours in proportion', () => {
    const hundred = Array.from({ length: 101 }, (_, n) => 100 - n)
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile([0, 10], 0.25)).toBe(2.5)
  })

  it('tells the least and the most beside the median', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5 })
  })

  it('tells growth from noise: the ratio of a straight line between its ends', () => {
    expect(growthOf([[0, 2], [1, 3], [2, 4]])).toBeCloseTo(2) // prettier-ignore
    expect(growthOf([[0, 2], [1, 3], [2, 2]])).toBeCloseTo(1) // prettier-ignore
    expect(growthOf([[7, 2]])).toBe(1)
  })

  it('adds user and kernel time of a process, in seconds (proc(5))', () => {
    const stat = '4242 (a (b) c) S 1 1 1 0 -1 4194304 9 0 0 0 150 50 7 7 20 0 9 0 99 0 0'
    expect(cpuSecondsIn(stat.slice(stat.lastIndexOf(')') + 2).split(' '))).toBe(2)
  })

  it.runIf(process.platform === 'linux')('reads what this very process used', () => {
    const before = cpuSeconds(process.pid)
    expect(before).toBeGreaterThan(0)
    expect(cpuSeconds(process.pid)).toBeGreaterThanOrEqual(before)
    expect(residentMiB(process.pid)).toBeGreaterThan(10)
    expect(() => cpuSeconds(2 ** 30)).toThrow(/cannot be read/)
  })

  it('reads how long a start kept the CPU, and nothing out of anything else', () => {
    expect(startupOf('│   Active: 16.1 ms (including 0.0 ms garbage collection)')).toBe(16.1)
    expect(startupOf('nothing')).toBeNaN()
  })
})

describe('the targets of the bench', () => {
  const met = (all: Results) => judge(all).map((target) => target.met)

  it('are met at their limit and missed beyond it', () => {
    expect(met({ about, tokens: results(2, 0.8).tokens as never })).toEqual([true, true])
    expect(met({ about, tokens: results(1.9, 0.7).tokens as never })).toEqual([false, false])
  })

  it('are judged for what was measured only', () => {
    expect(judge({ about })).toEqual([])
    expect(met(results(2, 1))).toEqual([true, true, true, true, false, true])
  })
})

describe('the report of the bench', () => {
  it('has a table for each part, each with as many cells in every row', () => {
    const tables = makeReport(results(2, 1))
    expect(tables.map(({ name }) => name)).toEqual(['about', 'targets', 'tokens', 'depth', 'in flight', 'grants', 'clients', 'proofs', 'weight', 'memory', 'cost']) // prettier-ignore
    for (const { name, text } of tables) {
      const cells = text.split('\n').map((line) => line.split(' | ').length)
      expect(new Set(cells).size, name).toBe(1)
      expect(text, name).not.toMatch(/NaN|undefined/)
    }
  })

  it('draws every plot inside its frame', () => {
    const plots = makePlots(results(2, 1))
    expect([...plots.keys()]).toEqual(['tokens', 'depth', 'grants', 'memory'])
    for (const [name, svg] of plots) {
      expect(svg, name).not.toMatch(/NaN|undefined|Infinity/)
      const across = [...svg.matchAll(/ (?:x|cx)="([\d.-]+)"/g)].map(([, x]) => Number(x))
      expect(Math.min(...across)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...across)).toBeLessThan(720)
    }
  })

  it('writes names as text, whatever they are', () => {
    const bar = { name: '<b>&', value: 1, least: 1, most: 1 }
    expect(bars('a < b', 's', [bar])).toContain('&lt;b&gt;&amp;')
    expect(lines('t', { x: 'x', y: 'y' }, [{ name: '<i>', points: [[1, 1]] }])).not.toContain('<i>')
  })
})

describe('the command line of the bench', () => {
  it('measures all, or what is named', () => {
    expect(readOptions([])?.only).toHaveLength(5)
    expect(readOptions(['--only', 'depth,tokens', '--rounds', '7', '--quick'])).toEqual({ quick: true, only: ['tokens', 'depth'], rounds: 7 }) // prettier-ignore
  })

  it.each([['--only', 'nothing'], ['--rounds', '0'], ['--rounds', 'x'], ['--slow']])('does not guess at %s %s', (...args) => {
    expect(readOptions(args)).toBeUndefined()
  }) // prettier-ignore
})
