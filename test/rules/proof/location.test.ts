import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { locate, locationHints } from '../../../src/proof/location.ts'
import { holds } from '../support/property.ts'

describe('locate', () => {
  it.each([
    [{ colo: 'SEA', continent: 'NA' }, 'wnam'],
    [{ colo: 'IAD', continent: 'NA' }, 'enam'],
    [{ colo: 'FRA', continent: 'EU' }, 'weur'],
    [{ colo: 'WAW', continent: 'EU' }, 'eeur'],
    [{ colo: 'DXB', continent: 'AS' }, 'me'],
    [{ colo: 'SIN', continent: 'AS' }, 'apac'],
    [{ colo: 'GRU', continent: 'SA' }, 'sam'],
    [{ colo: 'SYD', continent: 'OC' }, 'oc'],
    [{ colo: 'JNB', continent: 'AF' }, 'afr'],
    [{ continent: 'AF' }, 'afr'],
    [{ colo: 'PRG' }, 'eeur'],
  ])('finds %j at %s', (place, hint) => {
    expect(locate(place, 'enam')).toBe(hint)
  })

  it.each([
    undefined, {}, { colo: 'XXX' }, { continent: 'AN' }, { continent: 'T1' }, { colo: 'sea' }, { colo: 1, continent: null },
    { continent: 'constructor' }, { continent: 'toString' }, { colo: '__proto__', continent: '__proto__' },
  ])('takes the setting for %j, whose place is unknown', (place) => {
    expect(locate(place, 'oc')).toBe('oc')
  }) // prettier-ignore

  it('gives a location hint of the platform, whatever the platform tells', () => {
    holds(
      fc.property(fc.anything(), fc.anything(), (colo, continent) => {
        expect(locationHints).toContain(locate({ colo, continent }, 'weur'))
      }),
    )
  })

  it('names the location hints in a fixed order, because nonces store their place', () => {
    expect(locationHints).toEqual([
      'wnam',
      'enam',
      'sam',
      'weur',
      'eeur',
      'apac',
      'oc',
      'afr',
      'me',
    ])
  })
})
