/**
 * Where a caller is, as a Durable Object location hint. The table is fixed: continents, and the data
 * centres of those continents that have two hints or belong to another one.
 */
export type Place = {
  readonly colo?: unknown
  readonly continent?: unknown
  readonly country?: unknown
}

export const locationHints = [
  'wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me',
] as const // prettier-ignore
export type LocationHint = (typeof locationHints)[number]

const byContinent: ReadonlyMap<unknown, LocationHint> = new Map(
  Object.entries({
    NA: 'enam',
    SA: 'sam',
    EU: 'weur',
    AS: 'apac',
    OC: 'oc',
    AF: 'afr',
  } as const),
)

const coloGroups: readonly (readonly [LocationHint, string])[] = [
  ['wnam', 'SEA PDX SFO SJC OAK SMF LAX SAN LAS PHX SLC DEN ABQ YVR YYC ANC HNL BOI RNO TUS'],
  ['eeur', 'WAW PRG BUD OTP SOF KBP KIV HEL RIX TLL VNO BTS BEG ZAG SKP ATH IST LED DME'],
  ['me', 'DXB DOH BAH KWI RUH JED DMM MCT AMM BEY TLV HFA BGW BSR EBL ISU ZDM RAM'],
]

const byColo: ReadonlyMap<unknown, LocationHint> = new Map(
  coloGroups.flatMap(([hint, colos]) => colos.split(' ').map((colo) => [colo, hint] as const)),
)

export function locate(place: Place | undefined, otherwise: LocationHint): LocationHint {
  const { colo, continent } = place ?? {}
  return byColo.get(colo) ?? byContinent.get(continent) ?? otherwise
}
