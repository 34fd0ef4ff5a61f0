import { scenario } from './world.ts'

/** What a token costs the platform's meters. */
export type Meter = {
  readonly name: string
  /** How many of its units a million tokens use. */
  readonly perMillion: number
  /** US dollars for a million units. */
  readonly price: number
  readonly source: 'published' | 'unverified'
}

/** A token request that proves client and sender by signatures: three calls and three rows (README). */
export type TokenPrice = {
  readonly calls: number
  readonly rows: number
  /** Rows that sweeps write later for each token: none, whole tables are dropped. */
  readonly sweptRows: number
  /** Milliseconds of CPU in the Worker. */
  readonly cpu: number
}

/**
 * The meters of a token. `published` prices are in the platform's documentation as stored with this
 * project; `unverified` ones are from memory and want a look before anyone relies on them.
 */
export const metersOf = ({ calls, rows, sweptRows, cpu }: TokenPrice): readonly Meter[] => [
  { name: 'requests of the Worker', perMillion: 1e6, price: 0.3, source: 'unverified' },
  { name: 'CPU of the Worker, ms', perMillion: cpu * 1e6, price: 0.02, source: 'unverified' },
  { name: 'calls of objects', perMillion: calls * 1e6, price: 0.15, source: 'published' },
  {
    name: 'rows written',
    perMillion: (rows + sweptRows) * 1e6,
    price: 1,
    source: 'unverified',
  },
]

/** US dollars for a million tokens. */
export const costOfMillion = (meters: readonly Meter[]): number =>
  meters.reduce((sum, { perMillion, price }) => sum + (perMillion / 1e6) * price, 0)

/** Tokens of a month of 30 days, at the mean load. */
export const tokensPerMonth = (): number =>
  scenario.tokensPerSecond * scenario.meanOfPeak * 30 * 86_400
