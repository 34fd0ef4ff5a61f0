import { locationHints } from '../../src/proof/location.ts'
import type { LocationHint } from '../../src/proof/location.ts'
import { seededRandom } from '../support/random.ts'
import { storageLatency } from './latency.ts'
import type { Placement } from './latency.ts'
import { costOfMillion, metersOf, tokensPerMonth } from './prices.ts'
import type { TokenPrice } from './prices.ts'
import { shardsFor, spreadLoad } from './shards.ts'
import type { ShardLoad } from './shards.ts'
import { platform, regions, scenario } from './world.ts'

/** One table in Markdown, with the name by which the document holds its place. */
export type Table = { readonly name: string; readonly text: string }

const seed = 20_261_130

/** Everything the document says in figures; the same each time. */
export const makeTables = (token: TokenPrice): readonly Table[] => [
  { name: 'objects', text: objectsTable() },
  { name: 'shards', text: shardsTable() },
  { name: 'latency', text: latencyTable() },
  { name: 'cost', text: costTable(token) },
]

function objectsTable(): string {
  const { phones, tokensPerSecond, isolates } = scenario
  const terabytes = (phones * platform.emptyObject) / 1e12
  return markdown(
    ['object', 'how many', 'each is asked', 'so'],
    [
      ['Grant', amount(phones), 'once in 1,000 s', `${terabytes.toFixed(1)} TB if each is as small as can be`],
      ['ReplayGuard', `9 × ${Math.max(...locationHints.map((hint) => shardsFor(loadOf(hint))))} at most`, `${platform.objectPlan} times a second`, '`replay_guards` 128'],
      ['Client, one for all', '1', `${amount(tokensPerSecond)} times a second`, 'impossible: a hundred times what an object takes'],
      ['Client, sharded', amount(shardsFor(tokensPerSecond)), `${platform.objectPlan} times a second`, '`assertion_shards` [512]'],
      ['Client, one id for each region, sharded', `9 × ${shardsFor(loadOf('weur'))} at most`, `${platform.objectPlan} times a second`, 'near its callers: see below'],
      ['KeyRing', '1', `${Math.round(isolates / 30)} times a second`, 'each isolate asks every 30 s: a third of what one object takes'],
      ['Directory, Throttle', '1, and a fixed number', 'at sign-in only', 'never on the token path'],
    ],
  ) // prettier-ignore
}

const loadOf = (hint: LocationHint): number => regions[hint].share * scenario.tokensPerSecond

function shardsTable(): string {
  const random = seededRandom(seed)
  const row = (name: string, load: ShardLoad) => [
    name,
    String(load.shards),
    load.mean.toFixed(0),
    `${load.worst}${load.worst > platform.objectCeiling ? ' (over)' : ''}`,
    Number.isFinite(load.wait) ? `${load.wait.toFixed(1)} ms` : 'grows without end',
  ]
  const guards = locationHints.map((hint) =>
    row(
      `guards of ${hint}`,
      spreadLoad(random, { perSecond: loadOf(hint), shards: 128 }),
    ),
  ) // prettier-ignore
  const { tokensPerSecond: perSecond } = scenario
  const shardings = [64, 128, 256, 512, 1024].map((shards) =>
    row('shards of one client', spreadLoad(random, { perSecond, shards })),
  )
  return markdown(
    ['', 'objects', 'mean, 1/s', 'busiest in its worst of 60 s', 'wait, p99'],
    [...guards, ...shardings],
  )
}

const placements: readonly (readonly [string, Placement])[] = [
  ['as built, client near', { client: 'near', order: 'side by side' }],
  ['as built, client in weur', { client: 'weur', order: 'side by side' }],
  ['as built, shards anywhere', { client: 'anywhere', order: 'side by side' }],
  ['one by one, client in weur', { client: 'weur', order: 'one by one' }],
  ['one database in enam, 3 queries', { client: 'near', order: 'one by one', database: 'enam' }],
]

function latencyTable(): string {
  const random = seededRandom(seed)
  return markdown(
    ['p50 / p99 in ms', ...locationHints],
    placements.map(([name, placement]) => [
      name,
      ...locationHints.map((from) => {
        const { p50, p99 } = storageLatency(random, { from, placement })
        return `${p50.toFixed(0)} / ${p99.toFixed(0)}`
      }),
    ]),
  )
}

function costTable(token: TokenPrice): string {
  const meters = metersOf(token)
  const month = tokensPerMonth() / 1e6
  const rows = meters.map(({ name, perMillion, price, source }) => {
    const cost = (perMillion / 1e6) * price
    return [
      name,
      amount(perMillion),
      `$${price}`,
      source,
      dollars(cost),
      `$${amount(cost * month)}`,
    ]
  })
  const sum = costOfMillion(meters)
  const all = ['**together**', '', '', '', `**${dollars(sum)}**`, `**$${amount(sum * month)}**`]
  return markdown(
    ['meter', 'units in a million tokens', 'price of a million units', 'price is', 'a million tokens', 'a month'],
    [...rows, all],
  ) // prettier-ignore
}

const dollars = (value: number): string => `$${value.toFixed(2)}`
const amount = (value: number): string => Math.round(value).toLocaleString('en-US')

/** A table in Markdown. */
export const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
