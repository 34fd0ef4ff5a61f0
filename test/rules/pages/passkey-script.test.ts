import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'
import { asset } from '../../../src/endpoints/assets.ts'
import { frame } from '../../../src/endpoints/page.tsx'
import { passkeyScript } from '../../../src/pages/passkey-script.ts'
import { makeCall } from '../support/call.ts'
import { makeIssuer } from '../support/issuer.ts'

/** What the script may use of a browser: nothing that fetches, stores or evaluates. */
const browserHas = [
  'window', 'document', 'navigator', 'location', 'PublicKeyCredential', 'AbortController', 'Uint8Array', 'atob', 'btoa', 'JSON',
  'String', 'Error',
] // prettier-ignore

async function lint(text: string) {
  const eslint = new ESLint({
    overrideConfigFile: true,
    overrideConfig: {
      languageOptions: {
        ecmaVersion: 2020,
        sourceType: 'script',
        globals: Object.fromEntries(browserHas.map((name) => [name, 'readonly'])),
      },
      rules: {
        'no-undef': 'error',
        'no-unused-vars': ['error', { caughtErrors: 'none' }],
        'no-const-assign': 'error',
        'no-eval': 'error',
        'no-implied-eval': 'error',
        'prefer-const': 'error',
        eqeqeq: 'error',
      },
    },
  })
  const [result] = await eslint.lintText(text)
  return result?.messages.map(({ line, message }) => `${line}: ${message}`)
}

describe('the script for passkeys', () => {
  it('is ES2020 without faults that can be seen, and uses nothing but what it needs', async () => {
    expect(await lint(passkeyScript)).toEqual([])
    expect(await lint(`${passkeyScript}\nfetch(x ??= 1)`)).not.toEqual([])
  })

  it('is small, and makes no markup of words', () => {
    expect(passkeyScript.length).toBeLessThan(6_000)
    expect(passkeyScript).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|https?:/)
  })

  it('is served at an address with its hash, and kept for ever', async () => {
    const call = makeCall({ issuer: makeIssuer() })
    const { passkeyScript: address } = await frame(call)
    expect(address).toMatch(/^https:\/\/as\.bank\.example\/assets\/passkey-[0-9a-f]{16}\.js$/)
    const served = await asset({ ...call, path: new URL(address).pathname })
    expect(served?.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(served?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await served?.text()).toBe(passkeyScript)
    const other = { ...call, path: '/assets/passkey-0000000000000000.js' }
    expect(await asset(other)).toBeUndefined()
  })
})
