import fc from 'fast-check'
import type {
  AuthorizationDetail,
  Comparison,
  DetailType,
  DetailTypes,
} from '../../../../src/authorization-details/detail.ts'
import type { Json } from '../../../../src/evidence/canonical.ts'

/**
 * Rights by what may be done with them, apart from how the server compares them: a detail is the set of
 * all uses it allows, each a combination of one use per member (RFC 9396 2.2). Everything is finite, so
 * that sets can be written down whole.
 */

const items = ['x', 'y', 'z']
const amounts = ['0', '0.50', '0.5', '1', '1.000', '10', '9']
const days = ['2026-01-31', '2026-02-01', '2026-10-01']
const plainValues: readonly Json[] = ['p', 'q', 1, true, { n: 1 }]

const subsetsOf = (list: readonly string[]): readonly (readonly string[])[] =>
  list.reduce<readonly (readonly string[])[]>(
    (all, item) => [...all, ...all.map((one) => [...one, item])],
    [[]],
  )

/** Values a member may have, by how it compares. */
const valuesFor = (comparison: Comparison): fc.Arbitrary<Json> => {
  switch (comparison.by) {
    case 'equal':
      return fc.constantFrom(...plainValues)
    case 'subset':
      return fc.array(fc.constantFrom(...items), { maxLength: 4 })
    case 'at-most':
      return fc.constantFrom(...amounts)
    case 'not-before':
    case 'not-after':
      return fc.constantFrom(...days)
    case 'members':
      return membersFor(comparison.members)
  }
}

const membersFor = (
  comparisons: Readonly<Record<string, Comparison>>,
): fc.Arbitrary<Readonly<Record<string, Json>>> =>
  fc
    .tuple(
      ...Object.entries(comparisons).map(([name, one]) =>
        fc.option(
          valuesFor(one).map((value) => [[name, value] as const]),
          { nil: [] },
        ),
      ),
    )
    .map((members) => Object.fromEntries(members.flat()) as Readonly<Record<string, Json>>)

const absent = fc.constantFrom('itself' as const, 'any' as const)
const simple: fc.Arbitrary<Comparison> = fc.record({
  by: fc.constantFrom('equal', 'subset', 'at-most', 'not-before', 'not-after'),
  absent,
})
const nested: fc.Arbitrary<Comparison> = fc.record({
  by: fc.constant('members' as const),
  absent,
  members: fc.dictionary(fc.constantFrom('m', 'n'), simple, { minKeys: 1, maxKeys: 2 }),
})

/** A type with a few members of any comparison. */
export const someType: fc.Arbitrary<DetailType> = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(simple, nested), { minKeys: 1, maxKeys: 3 })
  .map((compare) => typeWith(compare))

export const typeWith = (
  compare: DetailType['compare'],
  more: Partial<DetailType> = {},
): DetailType => {
  const words = { title: 'x', sentences: [], labels: {}, questions: {} }
  return {
    schema: { type: 'object' },
    compare,
    resourceServers: ['https://api.example'],
    enrich: {},
    consent: { en: words, de: words },
    ...more,
  }
}

/** Types, and details of them. */
export const typesAndDetails = (lists: number) =>
  fc.record({ one: someType, two: someType }).chain((types) =>
    fc.tuple(
      fc.constant<DetailTypes>(types),
      fc.array(fc.array(detailOf(types), { maxLength: 4 }), {
        minLength: lists,
        maxLength: lists,
      }),
    ),
  )

const detailOf = (types: DetailTypes): fc.Arbitrary<AuthorizationDetail> =>
  fc
    .constantFrom(...Object.keys(types))
    .chain((type) =>
      membersFor(types[type]?.compare ?? {}).map((members) => ({ ...members, type })),
    )

/** Every use a value allows. */
function usesOf(comparison: Comparison, value: Json | undefined): readonly string[] {
  if (value === undefined) {
    return comparison.absent === 'any' ? ['(none)', ...everyUse(comparison)] : ['(none)']
  }
  switch (comparison.by) {
    case 'equal':
      return [JSON.stringify(value)]
    case 'subset':
      return subsetsOf(items.filter((item) => (value as string[]).includes(item))).map(String)
    case 'at-most':
      return amounts.map(Number).filter((use) => use <= Number(value)).map(String) // prettier-ignore
    case 'not-after':
      return days.filter((use) => Date.parse(use) <= Date.parse(String(value)))
    case 'not-before':
      return days.filter((use) => Date.parse(use) >= Date.parse(String(value)))
    case 'members':
      return productOf(comparison.members, value as Readonly<Record<string, Json>>)
  }
}

function everyUse(comparison: Comparison): readonly string[] {
  switch (comparison.by) {
    case 'equal':
      return plainValues.map((value) => JSON.stringify(value))
    case 'subset':
      return subsetsOf(items).map(String)
    case 'at-most':
      return amounts.map(Number).map(String)
    case 'not-before':
    case 'not-after':
      return days
    case 'members': {
      const all = Object.entries(comparison.members).map(([name, inner]) =>
        ['(none)', ...everyUse(inner)].map((use) => `${name}=${use}`),
      )
      return combined(all)
    }
  }
}

const productOf = (
  comparisons: Readonly<Record<string, Comparison>>,
  members: Readonly<Record<string, Json>>,
): readonly string[] =>
  combined(
    Object.entries(comparisons).map(([name, one]) =>
      usesOf(one, members[name]).map((use) => `${name}=${use}`),
    ),
  )

const combined = (parts: readonly (readonly string[])[]): readonly string[] =>
  parts.reduce<readonly string[]>(
    (all, part) => all.flatMap((one) => part.map((use) => `${one};${use}`)),
    [''],
  )

/** Everything that may be done with these details. */
export const rightsOf = (
  types: DetailTypes,
  details: readonly AuthorizationDetail[],
): ReadonlySet<string> =>
  new Set(
    details.flatMap((detail) =>
      productOf(types[detail.type]?.compare ?? {}, detail).map((use) => `${detail.type}${use}`),
    ),
  )

export const isInside = (inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean =>
  [...inner].every((use) => outer.has(use))
