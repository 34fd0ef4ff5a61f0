import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  forAudience,
  narrowed,
  problemBeyond,
  sameDetails,
  union,
  within,
} from '../../../src/authorization-details/compare.ts'
import type { AuthorizationDetail, Comparison } from '../../../src/authorization-details/detail.ts'
import { holds } from '../support/property.ts'
import { isInside, rightsOf, typesAndDetails, typeWith } from './support/rights.ts'

describe('within', () => {
  it('RAR-08 is reflexive', () => {
    holds(
      fc.property(typesAndDetails(1), ([types, [x = []]]) => {
        expect(within(types, x, x)).toBe(true)
        expect(sameDetails(types, x, [...x].reverse())).toBe(true)
      }),
    )
  })

  it('RAR-08 is transitive', () => {
    holds(
      fc.property(typesAndDetails(3), ([types, [x = [], y = [], z = []]]) => {
        fc.pre(within(types, x, y) && within(types, y, z))
        expect(within(types, x, z)).toBe(true)
      }),
    )
  })

  it('RAR-08 never widens: whatever may be done with what was asked may be done with what was granted', () => {
    holds(
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        fc.pre(within(types, x, y))
        expect(isInside(rightsOf(types, x), rightsOf(types, y))).toBe(true)
      }),
    )
  })

  it('RAR-08 of one object is exactly that one set of uses lies inside the other', () => {
    holds(
      fc.property(typesAndDetails(2), ([types, [a, b]]) => {
        const [x, y] = [a?.[0], b?.[0]]
        fc.pre(x !== undefined && y !== undefined)
        const inside = isInside(rightsOf(types, [x]), rightsOf(types, [y]))
        expect(within(types, [x], [y])).toBe(inside)
      }),
      2000,
    )
  })

  it('RAR-08 is antisymmetric: what is within each other allows the same', () => {
    holds(
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        fc.pre(sameDetails(types, x, y))
        const [a, b] = [rightsOf(types, x), rightsOf(types, y)]
        expect(isInside(a, b) && isInside(b, a)).toBe(true)
      }),
    )
  })

  it('compares members that nobody described by equality, and unknown types with their like alone', () => {
    const types = { t: typeWith({}) }
    expect(within(types, [{ type: 't', a: [1, 2] }], [{ type: 't', a: [1, 2] }])).toBe(true)
    expect(within(types, [{ type: 't', a: [1] }], [{ type: 't', a: [1, 2] }])).toBe(false)
    expect(within(types, [{ type: 't', a: 1 }], [{ type: 't' }])).toBe(false)
    expect(within(types, [{ type: 't' }], [{ type: 't', a: 1 }])).toBe(false)
    expect(within(types, [{ type: 'gone', a: 1 }], [{ type: 'gone', a: 1 }])).toBe(true)
    expect(within(types, [{ type: 'gone', a: 1 }], [{ type: 't', a: 1 }])).toBe(false)
    expect(within(types, [{ type: 'constructor' }], [{ type: 'toString' }])).toBe(false)
  })

  it.each([
    ['at-most', '0.1', '0.10', true], ['at-most', '0.10', '0.1', true], ['at-most', '0.3', '0.30000000', true],
    ['at-most', '100000000000000000.01', '100000000000000000.02', true],
    ['at-most', '100000000000000000.02', '100000000000000000.01', false],
    ['at-most', '9', '10', true], ['at-most', '10', '9', false], ['at-most', '1e1', '100', false], ['at-most', '-1', '1', false],
    ['at-most', '', '1', false], ['at-most', 1, '2', false], ['at-most', ' 1', '2', false], ['at-most', '01', '2', false],
    ['at-most', 'x', 'x', true],
    ['not-after', '2026-01-31', '2026-02-01', true], ['not-after', '2026-02-01', '2026-01-31', false],
    ['not-after', '2026-01-31', '2026-01-31T00:00:00Z', false], ['not-after', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', true],
    ['not-after', '2026-01-01T00:00:00+01:00', '2026-01-01T00:00:01Z', false],
    ['not-before', '2026-02-01', '2026-01-31', true], ['not-before', '2026-01-31', '2026-02-01', false],
    ['subset', ['a'], ['b', 'a', 'a'], true], ['subset', ['a', 'c'], ['a', 'b'], false], ['subset', 'a', ['a'], false],
    ['subset', [{ b: 1, a: 2 }], [{ a: 2, b: 1 }], true], ['subset', ['1'], [1], false], ['subset', ['\u00e9'], ['e\u0301'], false],
  ] as const)('RAR-08 %s takes %j in %j: %s', (by, asked, granted, inside) => {
    const types = { t: typeWith({ m: { by, absent: 'itself' } }) }
    expect(within(types, [{ type: 't', m: asked }], [{ type: 't', m: granted }])).toBe(inside)
  }) // prettier-ignore

  it('RAR-08 compares an amount only with the same currency', () => {
    const limit: Comparison = {
      by: 'members',
      absent: 'itself',
      members: { amount: { by: 'at-most', absent: 'itself' } },
    }
    const types = { t: typeWith({ limit }) }
    const of = (currency: string, amount: string) => [{ type: 't', limit: { currency, amount } }]
    expect(within(types, of('EUR', '5'), of('EUR', '5.01'))).toBe(true)
    expect(within(types, of('USD', '5'), of('EUR', '5.01'))).toBe(false)
    expect(within(types, [{ type: 't', limit: { amount: '5' } }], of('EUR', '6'))).toBe(false)
  })
})

describe('union', () => {
  it('RAR-21 holds all that was granted and all that was added, and nothing else', () => {
    holds(
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        const both = union(types, x, y)
        expect(within(types, x, both)).toBe(true)
        expect(within(types, y, both)).toBe(true)
        for (const one of both) expect([...x, ...y]).toContain(one)
        const rights = rightsOf(types, both)
        expect(isInside(rights, rightsOf(types, [...x, ...y]))).toBe(true)
      }),
    )
  })

  it('RAR-21 says nothing twice, keeps the order, and adding again changes nothing', () => {
    holds(
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        const both = union(types, x, y)
        both.forEach((one, index) => {
          const others = both.filter((_, place) => place !== index)
          expect(within(types, [one], others)).toBe(false)
        })
        const places = both.map((one) => [...x, ...y].indexOf(one))
        expect(places).toEqual([...places].sort((a, b) => a - b))
        expect(union(types, both, y)).toEqual(both)
        expect(union(types, both, x)).toEqual(both)
        expect(union(types, both, [])).toEqual(both)
      }),
    )
  })
})

describe('narrowed', () => {
  it('RAR-07 gives what was asked for exactly when it is within what was granted', () => {
    holds(
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        const less = narrowed(types, x, y)
        expect(less !== undefined).toBe(within(types, x, y))
        expect(problemBeyond(types, x, y) === undefined).toBe(within(types, x, y))
        if (less === undefined) return
        expect(sameDetails(types, less, x)).toBe(true)
        expect(isInside(rightsOf(types, less), rightsOf(types, y))).toBe(true)
      }),
    )
  })

  const types = {
    account: typeWith(
      {
        actions: { by: 'subset', absent: 'itself' },
        accounts: { by: 'subset', absent: 'itself' },
      },
      { enrich: { accounts: { service: 'BANK', many: true, least: 1 } } },
    ),
    payment: typeWith({}, { assign: 'identifier' }),
  }
  const granted: readonly AuthorizationDetail[] = [
    { type: 'account', actions: ['list', 'read'], accounts: ['A', 'B'] },
    { type: 'payment', amount: '5', identifier: 'one' },
    { type: 'payment', amount: '5', identifier: 'two' },
  ]

  it('RAR-10 takes what the person chose where the client leaves it out', () => {
    const list = [{ type: 'account', actions: ['list'], accounts: ['A', 'B'] }]
    expect(narrowed(types, [{ type: 'account', actions: ['list'] }], granted)).toEqual(list)
    expect(narrowed(types, [{ type: 'account', actions: ['list'], accounts: [] }], granted)).toEqual(list) // prettier-ignore
  })

  it('RAR-07 narrows what the person chose, and never goes beyond it', () => {
    const fewer = [{ type: 'account', actions: ['read'], accounts: ['B'] }]
    expect(narrowed(types, fewer, granted)).toEqual(fewer)
    const more = [{ type: 'account', actions: ['read'], accounts: ['B', 'C'] }]
    expect(narrowed(types, more, granted)).toBeUndefined()
    expect(problemBeyond(types, more, granted)).toBe('account: field accounts goes beyond what was granted') // prettier-ignore
  })

  it('RAR-07 takes two that are asked for alike as two that were granted', () => {
    const pay = { type: 'payment', amount: '5' }
    expect(narrowed(types, [pay], granted)).toEqual([granted[1]])
    expect(narrowed(types, [pay, pay], granted)).toEqual([granted[1], granted[2]])
    const third = { ...pay, identifier: 'three' }
    expect(narrowed(types, [third], granted)).toBeUndefined()
  })

  it('RAR-07 names the field that goes beyond, and no value', () => {
    const asked = [{ type: 'payment', amount: 'secret-amount' }]
    expect(problemBeyond(types, asked, granted)).toBe('payment: field amount goes beyond what was granted') // prettier-ignore
    expect(problemBeyond(types, [{ type: 'other' }], granted)).toBe('other: was not granted')
    expect(problemBeyond(types, [{ type: 'x"y\n' }], granted)).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) // prettier-ignore
  })
})

describe('forAudience', () => {
  const locations: Comparison = { by: 'subset', absent: 'any' }
  const types = {
    here: typeWith({ locations }, { resourceServers: ['https://a.example', 'https://b.example/v1'] }),
    there: typeWith({}, { resourceServers: ['https://b.example/v1'] }),
  } // prettier-ignore

  it('RAR-12 shows a resource server the types that are for it', () => {
    const details = [{ type: 'here' }, { type: 'there' }, { type: 'gone' }]
    expect(forAudience(types, details, 'https://a.example')).toEqual([{ type: 'here' }])
    expect(forAudience(types, details, 'https://b.example/v1')).toEqual(details.slice(0, 2))
    expect(forAudience(types, details, 'https://c.example')).toEqual([])
    expect(forAudience(types, [{ type: 'constructor' }], 'https://a.example')).toEqual([])
  })

  it('RAR-12 shows it of several locations its own', () => {
    const places = ['https://a.example', 'https://b.example/v1/records', 'https://b.example/v10']
    const details = [{ type: 'here', locations: places }]
    const seen = (audience: string) => forAudience(types, details, audience)
    expect(seen('https://a.example')).toEqual([{ type: 'here', locations: [places[0]] }])
    expect(seen('https://b.example/v1')).toEqual([{ type: 'here', locations: [places[1]] }])
    expect(within(types, seen('https://b.example/v1'), details)).toBe(true)
    expect(forAudience(types, [{ type: 'here', locations: ['https://a.example'] }], 'https://b.example/v1')).toEqual([]) // prettier-ignore
  })
})
