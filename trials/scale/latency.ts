import type { LocationHint } from '../../src/proof/location.ts'
import { quantile } from '../bench/figures.ts'
import { normal } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { hints, platform, regions, scenario } from './world.ts'

/** Milliseconds. */
export type Latency = { readonly p50: number; readonly p99: number }

/** Where the objects of a token request are, seen from a caller. */
export type Placement = {
  /** Where the client's object is: near every caller, in one region, or wherever it was touched first. */
  readonly client: 'near' | 'anywhere' | LocationHint
  /** Whether the calls go side by side, or each waits for the one before. */
  readonly order: 'side by side' | 'one by one'
  /** One database for everything, in this region. */
  readonly database?: LocationHint
}

/** Milliseconds to another region and back, through fibre. */
export function roundTrip(from: LocationHint, to: LocationHint): number {
  return (2 * kilometres(from, to) * platform.detour) / platform.fibre
}

/** Along the surface (haversine). */
function kilometres(from: LocationHint, to: LocationHint): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const [a, b] = [regions[from], regions[to]]
  const latitudes = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2
  const longitudes = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const between = Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * longitudes
  return 2 * 6_371 * Math.asin(Math.sqrt(latitudes + between))
}

/** A region by chance, as phones are spread. */
export function somewhere(random: Random): LocationHint {
  let left = random()
  for (const hint of hints) {
    left -= regions[hint].share
    if (left < 0) return hint
  }
  return 'weur'
}

/** What the storage calls of token requests from one region take, without the CPU. */
export function storageLatency(
  random: Random,
  order: { readonly from: LocationHint; readonly placement: Placement; readonly count?: number },
): Latency {
  const { from, placement, count = 5_000 } = order
  const times = Array.from({ length: count }, () => {
    const calls = placesOf(random, from, placement).map((place) => callTime(random, from, place))
    return placement.order === 'side by side'
      ? Math.max(...calls)
      : calls.reduce((sum, time) => sum + time, 0)
  })
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** The regions of `Client.use`, `ReplayGuard.use` and `Grant.refresh`, or of the database three times. */
function placesOf(
  random: Random,
  from: LocationHint,
  { client, database }: Placement,
): readonly LocationHint[] {
  if (database !== undefined) return [database, database, database]
  const ofClient = client === 'near' ? from : client === 'anywhere' ? somewhere(random) : client
  const ofGrant = random() < scenario.travelling ? somewhere(random) : from
  return [ofClient, from, ofGrant]
}

function callTime(random: Random, from: LocationHint, to: LocationHint): number {
  const { median, sigma } = platform.durable
  const near = (2 * random() * platform.nearby * platform.detour) / platform.fibre
  return roundTrip(from, to) + near + median * Math.exp(sigma * normal(random))
}
