import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../../src/config.ts'
import {
  clearCookie,
  cookieHash,
  newBrowserCookie,
  readCookie,
  setCookie,
} from '../../../src/people/cookies.ts'
import { makeCall } from '../support/call.ts'
import { bank, makeIssuer } from '../support/issuer.ts'

const value = 'a'.repeat(43)
const handle = 'h'.repeat(87)
const name = '__Host-fapi-bank-browser'
const read = (cookie: string, which: 'browser' | 'session' = 'browser') =>
  readCookie(makeCall({ headers: { cookie } }), which)

describe('a cookie', () => {
  it('ATK-A1-18 is for this host, https and HTTP only, and has the issuer in its name', () => {
    const { value: made, header } = newBrowserCookie(makeCall())
    const attributes = 'Path=/; HttpOnly; SameSite=Lax; Secure'
    expect(header).toBe(`__Host-fapi-bank-browser=${made}; ${attributes}; Max-Age=34560000`)
    expect(Buffer.from(made, 'base64url')).toHaveLength(32)
    expect(setCookie(makeCall(), 'session', handle).header).toBe(
      `__Host-fapi-bank-session=${handle}; ${attributes}`,
    )
    expect(clearCookie(makeCall(), 'session')).toBe(
      `__Host-fapi-bank-session=; ${attributes}; Max-Age=0`,
    )
  })

  it('SP-CR-06 is new each time', () => {
    const values = Array.from({ length: 100 }, () => newBrowserCookie(makeCall()).value)
    expect(new Set(values).size).toBe(100)
  })

  it('keeps its name without prefix on plain-http loopback', () => {
    const settings = { issuers: [{ ...bank, issuer: 'http://localhost:8787' }] }
    const result = readSettings(settings, { development: true })
    const [issuer] = result.ok ? result.settings.issuers : []
    const call = (cookie: string) =>
      makeCall({ headers: { cookie }, ...(issuer === undefined ? {} : { issuer }) })
    const { header } = newBrowserCookie(call(''))
    expect(header).toMatch(
      /^fapi-bank-browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=34560000$/,
    )
    expect(readCookie(call(`fapi-bank-browser=${value}`), 'browser')).toBe(value)
    expect(readCookie(call(`${name}=${value}`), 'browser')).toBeUndefined()
  })

  it('is read among others, and given back as it was made', () => {
    expect(read(`a=b; ${name}=${value}; c=d`)).toBe(value)
    expect(read(`a=b;${name}=${value}`)).toBe(value)
    const { value: made, header } = newBrowserCookie(makeCall())
    expect(read(header.split(';')[0] ?? '')).toBe(made)
  })

  it.each([
    ['absent', ''],
    ['empty', `${name}=`],
    ['too short', `${name}=${value.slice(1)}`],
    ['too long', `${name}=${value}a`],
    ['quoted', `${name}="${value}"`],
    ['of other characters', `${name}=${'é'.repeat(43)}`],
    ['without prefix', `fapi-bank-browser=${value}`],
    ['of another case', `${name.toLowerCase()}=${value}`],
    ['of another issuer', `__Host-fapi-tenant-browser=${value}`],
    ['of another purpose', `__Host-fapi-bank-session=${value}`],
    ['of a longer name', `x${name}=${value}`],
    ['sent twice', `${name}=${value}; ${name}=${value}`],
    ['planted beside another', `${name}=${value}; ${name}=${'b'.repeat(43)}`],
  ])('ATK-A1-18 is not read when it is %s', (_what, cookie) => {
    expect(read(cookie)).toBeUndefined()
  })

  it('ATK-A1-18 of one issuer is none of another on the same host', () => {
    const issuer = makeIssuer({ id: 'tenant', issuer: 'https://as.bank.example/tenant' })
    const call = makeCall({ issuer, headers: { cookie: `${name}=${value}` } })
    expect(readCookie(call, 'browser')).toBeUndefined()
  })

  it('is stored as its hash only', async () => {
    expect(await cookieHash(value)).toBe(createHash('sha256').update(value).digest('base64url'))
  })
})
