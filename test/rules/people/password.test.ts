import { pbkdf2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  hashPassword,
  mostPasswordCharacters,
  verifyPassword,
} from '../../../src/people/password.ts'

describe('a stored password', () => {
  it('is PBKDF2 with SHA-256 at the 100,000 rounds the platform allows, and no more', async () => {
    const stored = await hashPassword('correct horse')
    expect(stored.algorithm).toBe('PBKDF2-SHA-256')
    expect(stored.iterations).toBe(100_000)
    const salt = Buffer.from(stored.salt, 'base64url')
    expect(salt).toHaveLength(16)
    const expected = pbkdf2Sync('correct horse', salt, 100_000, 32, 'sha256')
    expect(stored.hash).toBe(expected.toString('base64url'))
  })

  it('has a salt of its own each time', async () => {
    const [one, two] = await Promise.all([hashPassword('same'), hashPassword('same')])
    expect(one.salt).not.toBe(two.salt)
    expect(one.hash).not.toBe(two.hash)
  })

  it('is compared with the rounds it was made with', async () => {
    const salt = Buffer.alloc(16, 3)
    const hash = pbkdf2Sync('old', salt, 1_000, 32, 'sha256').toString('base64url')
    const stored = { algorithm: 'PBKDF2-SHA-256', iterations: 1_000, salt: salt.toString('base64url'), hash } as const // prettier-ignore
    expect(await verifyPassword('old', stored)).toBe(true)
    expect(await verifyPassword('old', { ...stored, iterations: 1_001 })).toBe(false)
  })

  it('matches the password and nothing near it', async () => {
    const stored = await hashPassword('correct horse')
    expect(await verifyPassword('correct horse', stored)).toBe(true)
    for (const wrong of ['', 'Correct horse', 'correct horse ', 'correct']) {
      expect(await verifyPassword(wrong, stored)).toBe(false)
    }
  })

  it('matches however a keyboard composes its characters (NFKC)', async () => {
    const stored = await hashPassword('Amélie ﬁ Ａ')
    expect(await verifyPassword('Ame\u0301lie fi A', stored)).toBe(true)
    expect(await verifyPassword('Amelie fi A', stored)).toBe(false)
  })

  it('that does not exist matches nothing', async () => {
    expect(await verifyPassword('', undefined)).toBe(false)
    expect(await verifyPassword('anything', undefined)).toBe(false)
  })

  it('ATK-A1-31 is looked at up to its longest length', async () => {
    const longest = 'x'.repeat(mostPasswordCharacters)
    const stored = await hashPassword(longest)
    expect(await verifyPassword(longest, stored)).toBe(true)
    expect(await verifyPassword(longest.slice(1), stored)).toBe(false)
  })
})
