import { measuredToken } from '../scale/measured.ts'
import { costOfMillion, metersOf } from '../scale/prices.ts'
import { markdown } from '../scale/tables.ts'
import type { Table } from '../scale/tables.ts'
import type { Spread } from './figures.ts'
import { bars, lines } from './plot.ts'
import type { Bar } from './plot.ts'
import type { Results } from './results.ts'
import type { Round, Rounds } from './rounds.ts'
import { judge } from './targets.ts'

/** Everything that was measured as tables; a part that was not gives none. */
export function makeReport(results: Results): readonly Table[] {
  const { tokens, flow, depth, growth, weight } = results
  return [
    { name: 'about', text: aboutTable(results) },
    { name: 'targets', text: targetsTable(results) },
    ...(tokens === undefined ? [] : [{ name: 'tokens', text: roundsTable(tokens) }]),
    ...(flow === undefined ? [] : [{ name: 'flow', text: flowTable(flow) }]),
    ...(depth === undefined ? [] : [{ name: 'depth', text: depthTable(depth) }]),
    ...(growth === undefined ? [] : growthTables(growth)),
    ...(weight === undefined ? [] : weightTables(weight)),
    ...(growth === undefined ? [] : [{ name: 'cost', text: costTable(growth) }]),
  ]
}

function aboutTable({ about }: Results): string {
  const versions = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`)
  return markdown(
    ['date', 'commit', 'machine', 'versions'],
    [[about.date, about.commit, about.machine, versions.join(', ')]],
  )
}

const targetsTable = (results: Results): string =>
  markdown(
    ['', 'target', 'measured', 'met'],
    judge(results).map(({ name, target, measured, met }) => [
      name,
      target,
      measured,
      met ? 'yes' : '**no**',
    ]),
  )

const two = (value: number): string => value.toFixed(2)
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const one = (value: number): string => value.toFixed(1)

const between = ({ least, most }: Spread): string => `${two(least)} – ${two(most)}`

function roundsTable(all: Readonly<Record<string, Rounds>>): string {
  return markdown(
    ['', 'CPU seconds of 1,000', 'least – most', 'in a second', 'p50 ms', 'p99 ms'],
    Object.entries(all).map(([name, { cpuPerThousand, perSecond, p50, p99 }]) => [
      name,
      `**${two(cpuPerThousand.median)}**`,
      between(cpuPerThousand),
      whole(perSecond.median),
      one(p50.median),
      one(p99.median),
    ]),
  )
}

function flowTable({ flow, signInPerThousand }: NonNullable<Results['flow']>): string {
  const signIn = [
    'a sign-in here, with password and one-time code, to the code',
    `**${two(signInPerThousand)}**`,
    '',
    '',
    '',
    '',
  ]
  return `${roundsTable(flow)}\n| ${signIn.join(' | ')} |`
}

const depthTable = (depth: NonNullable<Results['depth']>): string =>
  markdown(
    ['each storage call takes', 'p50 ms', 'p99 ms', 'depth'],
    depth.map(({ delay, p50, p99, depth: level }) => [
      `${delay} ms more`,
      one(p50),
      one(p99),
      String(level),
    ]),
  )

const roundCells = ({ cpuPerThousand, p50, p99 }: Round): readonly string[] => [
  two(cpuPerThousand), one(p50), one(p99),
] // prettier-ignore

const warmCells = ({ cpuPerThousand, p50, p99 }: Rounds): readonly string[] => [
  two(cpuPerThousand.median), between(cpuPerThousand), one(p50.median), one(p99.median),
] // prettier-ignore

function growthTables(growth: NonNullable<Results['growth']>): readonly Table[] {
  const head = ['CPU seconds of 1,000', 'p50 ms', 'p99 ms']
  return [
    {
      name: 'in flight',
      text: markdown(
        ['in flight', ...head, 'in a second'],
        growth.inFlight.map((point) => [String(point.inFlight), ...roundCells(point), whole(point.perSecond)]),
      ),
    },
    {
      name: 'grants',
      text: markdown(
        ['grants', 'refresh, warm: CPU s of 1,000', 'least – most', 'p50 ms', 'p99 ms', 'refresh, spread: CPU s of 1,000', 'p50 ms', 'p99 ms', 'making 1,000, CPU s', 'files', 'MiB'],
        growth.grants.map((point) => [
          whole(point.grants),
          ...[...warmCells(point.warm), ...roundCells(point.cold)],
          ...[two(point.making), whole(point.disk.files), whole(point.disk.mebibytes)],
        ]),
      ),
    },
    {
      name: 'clients',
      text: markdown(
        ['clients', 'token, warm: CPU s of 1,000', 'p50 ms', 'p99 ms', 'first of each client: CPU s of 1,000', 'p50 ms', 'p99 ms'],
        growth.clients.map((point) => [whole(point.clients), ...roundCells(point.warm), ...roundCells(point.cold)]),
      ),
    },
    {
      name: 'proofs',
      text: markdown(
        ['proofs in the window', ...head],
        growth.proofs.map((point) => [whole(point.proofs), ...roundCells(point)]),
      ),
    },
  ] // prettier-ignore
}

function weightTables(weight: NonNullable<Results['weight']>): readonly Table[] {
  return [
    {
      name: 'weight',
      text: markdown(
        ['bundle, minified', 'compressed', 'start-up, CPU'],
        [
          [
            `${one(weight.bundle)} KiB`,
            `${one(weight.compressed)} KiB`,
            `${one(weight.startup)} ms`,
          ],
        ],
      ),
    },
    {
      name: 'memory',
      text: markdown(
        ['token requests', ...weight.memory.map(({ requests }) => whole(requests))],
        [['resident, MiB', ...weight.memory.map(({ mebibytes }) => whole(mebibytes))]],
      ),
    },
  ]
}

/** A refresh with private_key_jwt and DPoP: what most tokens of a deployment are. */
function costTable({ grants }: NonNullable<Results['growth']>): string {
  const cpu = grants.at(-1)?.warm.cpuPerThousand.median ?? NaN
  const meters = metersOf(measuredToken(cpu))
  const rows = meters.map(({ name, perMillion, price, source }) => [
    name, whole(perMillion), `$${price}`, source, `$${two((perMillion / 1e6) * price)}`,
  ]) // prettier-ignore
  return markdown(
    ['meter', 'units in a million tokens', 'price of a million units', 'price is', 'a million tokens'],
    [...rows, ['**together**', '', '', '', `**$${two(costOfMillion(meters))}**`]],
  ) // prettier-ignore
}

/** Plots by file name. */
export function makePlots({
  tokens,
  flow,
  depth,
  growth,
  weight,
}: Results): ReadonlyMap<string, string> {
  const plots = new Map<string, string>()
  const barsOf = (all: Readonly<Record<string, Rounds>>): readonly Bar[] =>
    Object.entries(all).map(([name, { cpuPerThousand: { median, least, most } }]) => ({ name, value: median, least, most })) // prettier-ignore
  if (tokens !== undefined)
    plots.set('tokens', bars('CPU seconds of 1,000 tokens', 's', barsOf(tokens)))
  if (flow !== undefined)
    plots.set('flow', bars('CPU seconds of 1,000 whole flows', 's', barsOf(flow.flow)))
  if (depth !== undefined) {
    const line = (name: 'p50' | 'p99') => ({
      name,
      points: depth.map((one) => [one.delay, one[name]] as const),
    })
    plots.set('depth', lines('A token when storage is slow', { x: 'ms more in each storage call', y: 'ms' }, [line('p50'), line('p99')])) // prettier-ignore
  }
  if (growth !== undefined) {
    const warm = growth.grants.map((point) => [point.grants, point.warm.cpuPerThousand.median] as const) // prettier-ignore
    const cold = growth.grants.map((point) => [point.grants, point.cold.cpuPerThousand] as const) // prettier-ignore
    plots.set('grants', lines('CPU seconds of 1,000 refreshes', { x: 'grants stored', y: 's', log: true }, [{ name: 'used lately', points: warm }, { name: 'spread over all', points: cold }])) // prettier-ignore
  }
  if (weight !== undefined) {
    const points = weight.memory.map(
      ({ requests, mebibytes }) => [requests / 1000, mebibytes] as const,
    )
    plots.set('memory', lines('Memory of workerd', { x: 'thousand token requests', y: 'MiB' }, [{ name: 'resident', points }])) // prettier-ignore
  }
  return plots
}
