import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = dirname(dirname(dirname(import.meta.dirname)))

/** Modules that are evaluated with this one: those it imports as values, and theirs. */
function evaluatedWith(entry: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const visit = (path: string) => {
    const name = relative(root, path)
    if (seen.has(name)) return
    seen.add(name)
    const text = readFileSync(path, 'utf8')
    // `import type` and `import()` evaluate nothing.
    const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
    for (const [, target = ''] of statements) {
      const next = join(dirname(path), target)
      if (!target.startsWith('.')) seen.add(target)
      else if (existsSync(next)) visit(next)
      else throw new Error(`${name} imports ${target}, which is not there`)
    }
  }
  visit(join(root, entry))
  return seen
} // prettier-ignore

const verification = [
  'src/people/passkeys.ts',
  'src/people/webauthn/cbor.ts',
  'src/people/webauthn/cose-key.ts',
]

describe('the verification of passkeys', () => {
  it.each([
    ['the Worker and every endpoint for clients', 'src/index.ts'],
    ['a token request', 'src/endpoints/token.ts'],
    ['the page that asks for a password', 'src/endpoints/login.tsx'],
    ['the page of the account', 'src/endpoints/account/overview.tsx'],
  ])('is not evaluated by %s', (_what, entry) => {
    const modules = evaluatedWith(entry)
    expect(modules.size).toBeGreaterThan(10)
    expect(verification.filter((name) => modules.has(name))).toEqual([])
    expect([...modules].filter((name) => name.includes('simplewebauthn'))).toEqual([])
  })

  it('is evaluated by the endpoints that take passkeys', () => {
    for (const entry of ['src/endpoints/passkey.tsx', 'src/endpoints/account/passkeys.tsx']) {
      const modules = evaluatedWith(entry)
      expect(verification.filter((name) => modules.has(name))).toEqual(verification)
    }
  })

  it('is not evaluated with any page: the Worker evaluates no page at all before the first', () => {
    const pages = [...evaluatedWith('src/index.ts')].filter((name) => name.startsWith('src/pages/'))
    expect(pages.filter((name) => name.endsWith('.tsx'))).toEqual([])
  })
})
