import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesRegistered, problemWithRedirectUri } from '../../../src/clients/redirect-uri.ts'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { anyText, holds } from '../support/property.ts'
import { loopback, refused, taken } from './redirect-uris.ts'

const verdict = (uri: string, type: 'web' | 'native') =>
  problemWithRedirectUri(uri, type, fapi2Security)

describe('problemWithRedirectUri', () => {
  it.each(taken)('SP-AS-27 takes %s for web and for native clients', (uri) => {
    expect(verdict(uri, 'web')).toBeUndefined()
    expect(verdict(uri, 'native')).toBeUndefined()
  })

  it.each(loopback)('SP-AS-27 takes %s for native clients only', (uri) => {
    expect(verdict(uri, 'native')).toBeUndefined()
    expect(verdict(uri, 'web')).toMatch(/^must use https/)
  })

  it.each(refused)('SP-AS-27 ATK-A1-10 refuses %j for both', (uri) => {
    expect(verdict(uri, 'native')).toEqual(expect.any(String))
    expect(verdict(uri, 'web')).toEqual(expect.any(String))
  })

  it('has at least 150 addresses to judge', () => {
    expect(new Set([...taken, ...loopback, ...refused]).size).toBeGreaterThanOrEqual(150)
  })

  it('takes 2048 characters and refuses one more', () => {
    const uri = 'https://app.example/'.padEnd(2048, 'a')
    expect(verdict(uri, 'web')).toBeUndefined()
    expect(verdict(`${uri}a`, 'web')).toMatch(/longer/)
  })

  it('SP-AS-27 refuses loopback addresses under a profile without them', () => {
    const profile = { ...fapi2Security, loopbackRedirects: false }
    expect(problemWithRedirectUri('http://127.0.0.1/cb', 'native', profile)).toMatch(/https/)
    expect(problemWithRedirectUri('https://app.example/cb', 'native', profile)).toBeUndefined()
  })

  it('never throws, and takes only what names its own address', () => {
    const scheme = fc.constantFrom('https://', 'http://', 'https:', 'HTTPS://', 'com.app:/', '//')
    const host = fc.constantFrom('app.example', '127.0.0.1', '[::1]', 'localhost', 'APP.example', 'a@b.example', '', 'xn--bcher-kva.example') // prettier-ignore
    const rest = fc.string({ unit: fc.constantFrom('/', '.', '%2e', '%2F', '?', '&', '=', '#', ':', '@', '\\', 'a', '1', ' ', '%'), maxLength: 12 }) // prettier-ignore
    const built = fc.tuple(scheme, host, rest).map((parts) => parts.join(''))
    holds(
      fc.property(fc.oneof(anyText(), fc.webUrl(), built), (uri) => {
        if (verdict(uri, 'native') !== undefined) return true
        const url = new URL(uri)
        const own = url.href === uri || url.href === `${uri}/`
        const safe = url.protocol === 'https:' || ['127.0.0.1', '[::1]'].includes(url.hostname)
        return own && safe && url.username === '' && !uri.includes('#')
      }),
      300,
    )
  })
})

describe('matchesRegistered', () => {
  it('ATK-A1-10 compares texts', () => {
    const registered = ['https://app.example/cb', 'https://app.example/other?x=1']
    expect(matchesRegistered('https://app.example/other?x=1', registered)).toBe(true)
    expect(matchesRegistered('https://app.example/cb?x=1', registered)).toBe(false)
    expect(matchesRegistered('https://app.example:8443/cb', registered)).toBe(false)
    expect(matchesRegistered('https://app.example/cb', [])).toBe(false)
  })

  it.each([
    ['http://127.0.0.1:1/cb', true],
    ['http://127.0.0.1:65535/cb', true],
    ['http://127.0.0.1/cb', true],
    ['http://127.0.0.1:80/cb', true],
    ['http://127.0.0.1:0/cb', false],
    ['http://127.0.0.1:65536/cb', false],
    ['http://127.0.0.1:99999/cb', false],
    ['http://127.0.0.1:080/cb', false],
    ['http://127.0.0.1:/cb', false],
    ['http://127.0.0.1:+1/cb', false],
    ['http://127.0.0.1: 1/cb', false],
    ['http://127.0.0.1:1:2/cb', false],
    ['http://127.0.0.1:1@evil.example/cb', false],
    ['http://127.0.0.1@evil.example/cb', false],
    ['http://127.0.0.1.evil.example/cb', false],
    ['http://127.0.0.1:1/cb/', false],
    ['http://127.0.0.1:1/cb?x', false],
    ['http://127.0.0.1:1/cb#x', false],
    ['http://127.0.0.1:1/cb\n', false],
    ['http://127.0.0.1:1/x/../cb', false],
    ['http://127.0.0.1:1/%63b', false],
    ['http://127.0.0.1:1', false],
    ['https://127.0.0.1:1/cb', false],
    ['HTTP://127.0.0.1:1/cb', false],
    ['http://127.0.0.2:1/cb', false],
    ['http://127.1:1/cb', false],
    ['http://2130706433:1/cb', false],
    ['http://localhost:1/cb', false],
    ['http://[::1]:1/cb', false],
    ['xhttp://127.0.0.1:1/cb', false],
    ['https://evil.example/http://127.0.0.1:1/cb', false],
    ['http://[::ffff:127.0.0.1]:1/cb', false],
  ])(
    'SP-AS-27 RFC 8252 7.3 compares %s with a loopback address of another port: %s',
    (uri, same) => {
      expect(matchesRegistered(uri, ['http://127.0.0.1:7777/cb'])).toBe(same)
    },
  )

  it('SP-AS-27 lets the port of [::1] vary, with its query and without a path', () => {
    expect(matchesRegistered('http://[::1]:5/cb?x=1', ['http://[::1]/cb?x=1'])).toBe(true)
    expect(matchesRegistered('http://[::1]:5/cb?x=2', ['http://[::1]/cb?x=1'])).toBe(false)
    expect(matchesRegistered('http://[::1]:5', ['http://[::1]:6/'])).toBe(true)
    expect(matchesRegistered('http://127.0.0.1:5/', ['http://[::1]:6/'])).toBe(false)
    const several = ['https://app.example/cb', 'http://127.0.0.1/cb', 'http://[::1]/cb']
    expect(matchesRegistered('http://127.0.0.1:5/cb', several)).toBe(true)
    expect(matchesRegistered('http://127.0.0.1:5/other', several)).toBe(false)
  })

  it('never throws; a match differs from the registered text by a loopback port at most', () => {
    const path = fc.constantFrom('', '/', '/cb', '/cb?x=1')
    const port = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 0, max: 70_000 }).map((n) => `:${n}`),
    )
    const host = fc.constantFrom('127.0.0.1', '[::1]', 'localhost', 'app.example')
    const scheme = fc.constantFrom('http', 'https')
    const uri = fc
      .tuple(scheme, host, port, path)
      .map(([s, h, p, rest]) => `${s}://${h}${p}${rest}`)
    const bare = (text: string) => text.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\])):[0-9]+/, '$1')
    holds(
      fc.property(fc.oneof(anyText(), uri), uri, (pushed, registered) => {
        expect(matchesRegistered(registered, [registered])).toBe(true)
        if (!matchesRegistered(pushed, [registered])) return
        const slash = (text: string) => (/^[a-z]+:\/\/[^/]+$/.test(text) ? `${text}/` : text)
        expect(slash(bare(pushed))).toBe(slash(bare(registered)))
      }),
      300,
    )
  })
})
