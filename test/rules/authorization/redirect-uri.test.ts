import { describe, expect, it } from 'vitest'
import { redirectUri } from '../../../src/authorization/rules/redirect-uri.ts'
import { pushed, refusalOf } from '../support/issuer.ts'

const registered = ['https://app.example/cb', 'https://app.example/cb?dummy1=lorem&dummy2=ipsum']

describe('redirect_uri', () => {
  it('SP-AS-25 refuses a request without redirect_uri even if exactly one is registered', () => {
    const client = { redirect_uris: ['https://app.example/cb'] }
    expect(refusalOf(redirectUri, {}, { client })).toBe('invalid_request')
  })

  it.each(registered)('SP-AS-25 accepts the registered %s and keeps its text', (value) => {
    const input = pushed({ redirect_uri: value }, { client: { redirect_uris: registered } })
    expect(redirectUri(input)).toEqual({ ok: true, value: { redirectUri: value } })
  })

  it.each([
    'https://app.example/cb/', 'https://app.example/cb/more', 'https://app.example/', 'https://app.example',
    'https://app.example/CB', 'https://APP.example/cb', 'HTTPS://app.example/cb', 'http://app.example/cb',
    'https://app.example:443/cb', 'https://app.example:8443/cb', 'https://app.example./cb',
    'https://app.example/cb?', 'https://app.example/cb?x=1', 'https://app.example/cb#',
    'https://app.example/cb#f', 'https://app.example/cb?dummy2=ipsum&dummy1=lorem',
    'https://app.example/cb?dummy1=lorem&dummy2=ipsum&x', 'https://app.example/./cb',
    'https://app.example/x/../cb', 'https://app.example/x/..%2fcb', 'https://app.example/%63b',
    'https://app.example//cb', 'https://app.example/cb%00', 'https://app.example/cb%20',
    ' https://app.example/cb', 'https://app.example/cb ', 'https://app.example/cb\n',
    'https://user@app.example/cb', 'https://app.example@evil.example/cb',
    'https://app.example.evil.example/cb', 'https://evil.example/cb', 'https://evil.example/?https://app.example/cb',
    'https://\u0430pp.example/cb', 'https:\\\\app.example\\cb', 'https:/app.example/cb', '//app.example/cb', '/cb',
    'javascript:alert(1)', 'data:text/html,x', 'app.example:/cb', 'https://*.example/cb',
    'http://127.0.0.1/cb', 'http://localhost/cb',
  ])('ATK-A1-10 SP-PAR-07 refuses %j where another address is registered', (value) => {
    const client = { redirect_uris: registered }
    expect(refusalOf(redirectUri, { redirect_uri: value }, { client })).toBe('invalid_request')
  }) // prettier-ignore

  it('SP-AS-27 accepts another port of a registered loopback address only', () => {
    const client = { redirect_uris: ['http://127.0.0.1:7777/cb'] }
    const verdict = (value: string) => refusalOf(redirectUri, { redirect_uri: value }, { client })
    expect(verdict('http://127.0.0.1:50123/cb')).toBeUndefined()
    expect(verdict('http://127.0.0.1:50123/other')).toBe('invalid_request')
    expect(verdict('http://[::1]:7777/cb')).toBe('invalid_request')
  })
})
