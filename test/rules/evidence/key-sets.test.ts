import { describe, expect, it } from 'vitest'
import { readKeySets } from '../../../src/evidence/verify/keys.ts'

const key = { kid: 'a', kty: 'EC', x: 'AA' }

describe('readKeySets', () => {
  it('gives the keys of all sets, and takes one that occurs twice for one', () => {
    expect(readKeySets([{ keys: [key] }, { keys: [{ ...key, kid: 'b' }] }])).toHaveLength(2)
    const turned = { x: 'AA', kty: 'EC', kid: 'a' }
    expect(readKeySets([{ keys: [key] }, { keys: [turned] }])).toContain(key)
  })

  it.each([
    ['what is no set', [{}], 'This is not a JWK Set.'],
    ['a key without name', [{ keys: [{}] }], 'A key has no kid.'],
    ['two keys of one name', [{ keys: [key, { ...key, x: 'AB' }] }], 'Two keys are called a.'],
    ['half of a character', [{ keys: [key, { ...key, x: '\ud800' }] }], 'A key holds half of a character.'],
  ])('refuses %s in words', (_what, sets, words) => {
    expect(readKeySets(sets)).toBe(words)
  }) // prettier-ignore
})
