import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delayAfter } from '../../../src/objects/throttle-delay.ts'
import { network } from '../../../src/people/throttling.ts'
import { anyText, holds } from '../support/property.ts'

describe('network', () => {
  it.each([
    ['192.0.2.1', '192.0.2'],
    ['192.0.2.254', '192.0.2'],
    ['192.0.3.1', '192.0.3'],
    ['::ffff:192.0.2.1', '192.0.2'],
    ['::FFFF:192.0.2.9', '192.0.2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1'],
    ['2001:db8:1::', '2001:db8:1'],
    ['2001:DB8:0001::1', '2001:db8:1'],
    ['2001:db8::1', '2001:db8:0'],
    ['2001:db8:0:1::1', '2001:db8:0'],
    ['2001::1', '2001:0:0'],
    ['2001:0:0:1::', '2001:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2'],
    ['1::9:3:4:5:6:7', '1:0:9'],
    ['::1', '0:0:0'],
    ['::', '0:0:0'],
    ['64:ff9b::c000:201', '64:ff9b:0'],
  ])('ATK-A1-32 of %s is %s', (address, expected) => {
    expect(network(address)).toBe(expected)
  })

  it('ATK-A1-32 of an IPv6 address is the same however it is written', () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    const groups = fc.array(fc.oneof(group, fc.constant(0)), { minLength: 8, maxLength: 8 })
    holds(
      fc.property(groups, (numbers) => {
        const hex = numbers.map((n) => n.toString(16))
        const expected = hex.slice(0, 3).join(':')
        const full = hex.map((text) => text.padStart(4, '0').toUpperCase()).join(':')
        const short = new URL(`http://[${hex.join(':')}]/`).hostname.slice(1, -1)
        for (const text of [hex.join(':'), full, short]) expect(network(text)).toBe(expected)
      }),
    )
  })

  it('never throws', () => {
    const near = fc.string({ unit: fc.constantFrom(':', '::', '.', '0', 'f', '1'), maxLength: 30 })
    holds(
      fc.property(fc.oneof(anyText(), near), (text) => {
        expect(typeof network(text)).toBe('string')
      }),
    )
  })
})

describe('delayAfter', () => {
  it.each([['name', 5], ['address', 20]] as const)('ATK-A1-32 gives a %s %i free failures', (kind, free) => {
    expect(delayAfter(free, kind)).toBe(0)
    expect(delayAfter(free + 1, kind)).toBe(2)
    expect(delayAfter(free + 2, kind)).toBe(4)
  }) // prettier-ignore

  it.each(['name', 'address'] as const)('ATK-A1-32 grows for a %s, and is never a lock', (kind) => {
    holds(
      fc.property(fc.nat({ max: 2_000_000_000 }), (failures) => {
        const delay = delayAfter(failures, kind)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(300)
        expect(delayAfter(failures + 1, kind)).toBeGreaterThanOrEqual(delay)
      }),
    )
    expect(delayAfter(1_000, kind)).toBe(300)
  })
})
