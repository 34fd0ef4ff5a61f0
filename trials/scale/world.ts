import type { LocationHint } from '../../src/proof/location.ts'

/*
 * What the simulation takes for granted. Each number says where it is from: measured (by a command of
 * this repository), published (by the platform) or assumed.
 */

/** A region phones are in: one Durable Object location hint each. */
export type Region = {
  /** Share of all phones. Assumed. */
  readonly share: number
  /** A city in the middle of it, degrees: distances between regions follow from it. */
  readonly latitude: number
  readonly longitude: number
}

export const regions: Readonly<Record<LocationHint, Region>> = {
  wnam: { share: 0.08, latitude: 37.8, longitude: -122.4 },
  enam: { share: 0.16, latitude: 39.0, longitude: -77.5 },
  sam: { share: 0.12, latitude: -23.5, longitude: -46.6 },
  weur: { share: 0.24, latitude: 50.1, longitude: 8.7 },
  eeur: { share: 0.1, latitude: 52.2, longitude: 21.0 },
  apac: { share: 0.2, latitude: 1.35, longitude: 103.8 },
  oc: { share: 0.02, latitude: -33.9, longitude: 151.2 },
  afr: { share: 0.04, latitude: -26.2, longitude: 28.0 },
  me: { share: 0.04, latitude: 25.2, longitude: 55.3 },
}

export const hints = Object.keys(regions) as readonly LocationHint[]

export const scenario = {
  /** Phones, each with one grant. */
  phones: 100e6,
  /** Token requests a second at the peak: a refresh every 1,000 s from each phone. */
  tokensPerSecond: 100_000,
  /** Mean over the day, by the peak. Assumed. */
  meanOfPeak: 0.5,
  /** Phones that are in another region than the one their grant was made in. Assumed. */
  travelling: 0.03,
  /** Isolates of one Worker that serve at the peak. Assumed: 300 cities, 30 each. */
  isolates: 9_000,
} as const

export const platform = {
  /** Kilometres of fibre light passes in a millisecond, and how much longer the way is than a straight line. Assumed. */
  fibre: 200,
  detour: 1.5,
  /** Kilometres between a caller's data centre and an object of the same region, at most. Assumed. */
  nearby: 1_500,
  /** Milliseconds until a write is durable in its region, median and spread of a log-normal. Assumed. */
  durable: { median: 6, sigma: 0.4 },
  /** Requests one object takes a second before it sheds load. Published as a soft limit. */
  objectCeiling: 1_000,
  /** What is planned for: a third of it, so that a region may lose half its objects' time. */
  objectPlan: 300,
  /** Milliseconds of one object for one `use`: a call with an insert. Measured on a local workerd. */
  service: 0.77,
  /** Bytes of an object that holds next to nothing. Published. */
  emptyObject: 12 * 1024,
} as const
