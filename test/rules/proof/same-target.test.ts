import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameTarget } from '../../../src/proof/dpop.ts'
import { anyText, holds } from '../support/property.ts'

const url = 'https://as.bank.example/tenant/token'

describe('sameTarget', () => {
  it.each([
    url,
    'HTTPS://as.bank.example/tenant/token',
    'https://AS.Bank.Example/tenant/token',
    'https://as.bank.example:443/tenant/token',
    'https://as.bank.example:/tenant/token',
    'https://as.bank.example/tenant/token?',
    'https://as.bank.example/tenant/token?a=b',
    'https://as.bank.example/tenant/token#',
    'https://as.bank.example/tenant/token?a=b#c',
    'https://as.bank.example/./tenant/token',
    'https://as.bank.example/tenant/./token',
    'https://as.bank.example/x/../tenant/token',
    'https://as.bank.example/%74enant/token',
    'https://as.bank.example/tenant/%74%6f%6B%65n',
    'https://as.bank.example/tenant/%2e/token',
    `${url}?`.padEnd(2_048, 'x'),
  ])('DPOP-09 takes %s for the same address', (htu) => {
    expect(sameTarget(htu, url)).toBe(true)
  })

  it.each([
    '', 'x', '/tenant/token', `${url}?`.padEnd(2_049, 'x'), 'xhttps://as.bank.example/tenant/token', `blob:${url}`, '//as.bank.example/tenant/token', 'as.bank.example/tenant/token', 'http://as.bank.example/tenant/token',
    'http://as.bank.example:443/tenant/token', 'https://as.bank.example:8443/tenant/token', 'https://as.bank.example./tenant/token',
    'https://evil.example/tenant/token', 'https://as.bank.example.evil.example/tenant/token', 'https://as.bank.example/tenant/token/',
    'https://as.bank.example/tenant//token', 'https://as.bank.example//tenant/token', 'https://as.bank.example/Tenant/token',
    'https://as.bank.example/tenant/TOKEN', 'https://as.bank.example/tenant/token%2F', 'https://as.bank.example/tenant%2Ftoken',
    'https://as.bank.example/tenant/token;x', 'https://as.bank.example/tenant/token%3Fx', 'https://as.bank.example/tenant/par',
    'https://as.bank.example/token', 'https://as.bank.example', 'https://as.bank.example/tenant/../token',
    'https://user@as.bank.example/tenant/token', 'https://:pw@as.bank.example/tenant/token', 'https://user:pw@as.bank.example/tenant/token',
    'https://as.bank.example@evil.example/tenant/token', 'https:as.bank.example/tenant/token', 'https:/as.bank.example/tenant/token',
    'https:\\\\as.bank.example\\tenant\\token', 'https://as.bank.example/tenant\\token', ' https://as.bank.example/tenant/token',
    'https://as.bank.example/tenant/token ', 'https://as.bank.example/tenant/token\n', 'https://as.bank.example/ten\tant/token',
    'https://\u0430s.bank.example/tenant/token', 'https://as\u3002bank.example/tenant/token', 'https://as.bank.example/tenant/tokén',
    'wss://as.bank.example/tenant/token', 'ftp://as.bank.example/tenant/token', 'javascript:https://as.bank.example/tenant/token',
    `${url}?${'x'.repeat(2_048)}`,
  ])('DPOP-09 ATK-A1a-03 takes %j for another address', (htu) => {
    expect(sameTarget(htu, url)).toBe(false)
  }) // prettier-ignore

  it('DPOP-09 takes an empty path for the root, and case of percent-encoding for nothing', () => {
    expect(sameTarget('https://api.example', 'https://api.example/')).toBe(true)
    expect(sameTarget('https://api.example?x', 'https://api.example/')).toBe(true)
    expect(sameTarget('https://api.example/a%2fb', 'https://api.example/a%2Fb')).toBe(true)
    expect(sameTarget('https://api.example/a%2fb', 'https://api.example/a/b')).toBe(false)
    expect(sameTarget('https://api.example/%7Euser', 'https://api.example/~user')).toBe(true)
    expect(sameTarget('http://[::1]:80/a', 'http://[0:0:0:0:0:0:0:1]/a')).toBe(true)
  })

  it('is equal to itself under every change that RFC 3986 calls equivalent', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'B', '0', '-', '.', '_', '~'), minLength: 1, maxLength: 6 }).filter((s) => !/^\.+$/.test(s)) // prettier-ignore
    const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
    const encode = (text: string) =>
      text.replace(/[a-z]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
    holds(
      fc.property(path, fc.string({ unit: fc.constantFrom('a', '=', '&', '?', '/'), maxLength: 10 }), (text, query) => {
        const target = `https://api.example${text}`
        const same = [
          `HTTPS://API.example:443${text}`, `${target}?${query}`, `${target}#${query}`, `https://api.example${encode(text)}`,
          `https://api.example/.${text}`, `https://api.example/x/..${text}`,
        ]
        for (const other of same) {
          expect(sameTarget(other, target)).toBe(true)
          expect(sameTarget(target, other)).toBe(true)
        }
        expect(sameTarget(`${target}/x`, target)).toBe(false)
        expect(sameTarget(`http://api.example${text}`, target)).toBe(false)
      }),
    ) // prettier-ignore
  })

  it('is symmetric, and never true across origins, for any texts', () => {
    const text = fc.oneof(anyText(), fc.webUrl(), fc.webUrl({ withQueryParameters: true, withFragments: true })) // prettier-ignore
    holds(
      fc.property(text, text, (one, other) => {
        expect(sameTarget(one, other)).toBe(sameTarget(other, one))
        if (sameTarget(one, other)) expect(new URL(one).origin).toBe(new URL(other).origin)
      }),
      500,
    )
  })
})
