import { describe, expect, it } from 'vitest'
import { CodeSetupPage } from '../../../src/pages/account/code.tsx'
import { OverviewPage } from '../../../src/pages/account/overview.tsx'
import { PasswordPage } from '../../../src/pages/account/password.tsx'
import { inGroups } from '../../../src/pages/account/qr.tsx'
import { RecoveryCodesPage, RecoveryPage } from '../../../src/pages/account/recovery.tsx'
import { SetupBeginPage, SetupPage } from '../../../src/pages/account/setup.tsx'
import { SignedOutPage } from '../../../src/pages/account/signed-out.tsx'
import { describeDetail } from '../../../src/pages/describe-details.ts'
import { describeWish } from '../../../src/pages/describe.ts'
import { chooseSpeech } from '../../../src/pages/words.ts'
import { enrolmentUri, newCodeSecret, newRecoveryCodes } from '../../../src/people/one-time-code.ts'

type Page = { toString(): string | Promise<string> } | Promise<{ toString(): string }>

const text = async (page: Page): Promise<string> => String(await (await page).toString())

const markup = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
const hostile = `Bank\u202e${markup}\u0000\n`
const frame = (lang: string, name = 'Example Bank') => ({
  ...chooseSpeech({ uiLocales: [lang] }),
  stylesheet: '/style.css',
  passkeyScript: '/passkey.js',
  postScript: '/post.js',
  brand: { name },
})

const at = Date.UTC(2027, 1, 18, 9, 30)
const home = { href: '/account', label: 'Back' }
const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

type Overview = Parameters<typeof OverviewPage>[0]
const overview = (name: string): Omit<Overview, keyof ReturnType<typeof frame>> => ({
  action: (path) => path,
  form: 'sealed',
  username: name,
  permissions: [
    { grantId: 'aa', clientName: name, status: 'active', asks: describeWish({ scope: [name], claims: [name], catalogue: {} }, chooseSpeech({})), details: [describeDetail({}, { type: name }, chooseSpeech({}))], createdAt: at, endsAt: at, lastUsedAt: at },
    { grantId: 'bb', clientName: name, status: 'revoked', asks: [], createdAt: at, endsAt: at, endedAt: at },
    { grantId: 'cc', clientName: name, status: 'revoked', asks: [], createdAt: at, endsAt: at },
    { grantId: 'dd', clientName: name, status: 'expired', asks: [], createdAt: at, endsAt: at },
  ],
  methods: { password: true, codeAddedAt: at, recoveryCodes: 3, passkeys: 1 },
  sessions: [
    { id: 'here', here: true, device: 'firefox/windows', country: 'AT', createdAt: at, lastSeenAt: at },
    { id: 'there', here: false, device: name, createdAt: at, lastSeenAt: at },
  ],
  activity: [
    { kind: 'sign-in', at, method: 'passkey', device: 'safari/ios', country: 'DE' },
    { kind: 'sign-in-failed', at, method: 'password', count: 7, device: name },
    { kind: 'permission-given', at, clientId: name, clientName: name },
  ],
}) // prettier-ignore

const setup = { password: false, code: false, passkeys: 0, recoveryCodes: 0 }

const everyPage = (lang: string, name: string): readonly (readonly [string, Page])[] => {
  const own = frame(lang, name)
  const uri = enrolmentUri(secret, { issuer: name, username: name })
  return [
    ['overview', OverviewPage({ ...own, ...overview(name) })],
    ['code', CodeSetupPage({ ...own, action: '/c', form: 'sealed', home, secret, uri, replaces: true, removable: true, wrong: true })],
    ['recovery', RecoveryPage({ ...own, action: '/r', form: 'sealed', home, left: 1 })],
    ['recovery codes', RecoveryCodesPage({ ...own, codes: ['ABCDABCDABCDABCD'], home: '/account' })],
    ['password', PasswordPage({ ...own, action: '/p', form: 'sealed', home, username: name, asksCurrent: true, first: false, limits: { least: 8, most: 256 }, problem: { kind: 'current' } })],
    ['begin', SetupBeginPage({ ...own, action: '/setup', form: 'sealed', asksPassword: true, problem: { kind: 'password' } })],
    ['set-up', SetupPage({ ...own, action: (path) => path, form: 'sealed', username: name, has: setup, ready: false, two: true })],
    ['signed out', SignedOutPage({ ...own, again: '/account' })],
  ] // prettier-ignore
}

describe('every page of the account', () => {
  it.each(['en', 'de'])('ATK-A1-22 shows hostile names as text only (%s)', async (lang) => {
    for (const [name, page] of everyPage(lang, hostile)) {
      const shown = await text(page)
      expect(shown, name).toMatch(new RegExp(`^<!doctype html><html lang="${lang}"`))
      // What stands in quotes is a value, whatever it says.
      const bare = shown.replace(/="[^"]*"/g, '=')
      expect(bare, name).not.toMatch(/<script|<img|<[a-z][^>]*\s(?:on[a-z]+|style)=/i)
      // A user name in a field is what password managers keep, as it is.
      expect(bare, name).not.toMatch(/[\u202e\0]/)
      expect(shown, name).not.toMatch(/undefined|\[object/)
    }
  })

  it('has each id once, and a label for every field', async () => {
    for (const [name, page] of everyPage('en', 'ana')) {
      const shown = await text(page)
      const ids = [...shown.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size, name).toBe(ids.length)
      for (const [field] of shown.matchAll(/<input(?![^>]*(?:type="hidden"| hidden))[^>]*>/g)) {
        const id = / id="([^"]+)"/.exec(field)?.[1] ?? ''
        expect(shown, `${name} ${id}`).toContain(`<label for="${id}">`)
      }
    }
  })
})

describe('the overview', () => {
  it('offers to take back what is active, and nothing else', async () => {
    const shown = await text(OverviewPage({ ...frame('en'), ...overview('Budget Buddy') }))
    expect(shown).toContain('id="end-aa"')
    expect(shown).not.toMatch(/id="end-(bb|cc|dd|here)"/)
    expect(shown).toContain('id="end-there"')
    expect(shown).toContain('aria-label="Take back: Budget Buddy"')
    expect(shown).toContain('Firefox on Windows, Austria')
    expect(shown).toContain('7 times')
  })

  it('shows no ways to sign in where people sign in elsewhere', async () => {
    const { methods: _methods, ...rest } = overview('ana')
    expect(await text(OverviewPage({ ...frame('en'), ...rest }))).not.toContain('id="methods"')
  })

  it('says so where there is nothing', async () => {
    const empty = { ...overview('ana'), permissions: [], activity: [], sessions: [] }
    const shown = await text(OverviewPage({ ...frame('de'), ...empty }))
    expect(shown).toContain('Sie haben keiner Anwendung eine Erlaubnis gegeben.')
    expect(shown).toContain('Noch nichts.')
    expect(shown).not.toContain('id="end-others"')
  })
})

describe('secrets on a page', () => {
  it('are shown in groups of four, and as a picture of what apps read', async () => {
    expect(inGroups(secret)).toBe('JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP')
    const uri = new URL(enrolmentUri(secret, { issuer: 'Bank & Söhne', username: 'ana:b@x' }))
    expect(uri.protocol).toBe('otpauth:')
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Bank & Söhne', secret, algorithm: 'SHA1', digits: '6', period: '30',
    }) // prettier-ignore
    const page = everyPage('en', 'ana').find(([name]) => name === 'code')?.[1]
    const shown = await text(page ?? '')
    expect(shown).toMatch(/<rect width="\d+" height="\d+" fill="#fff"/)
    expect(shown).toMatch(/<path d="(M\d+ \d+h1v1h-1z)+" fill="#000"/)
  })

  it('are new each time: 160 bits for codes, ten times 80 for recovery', () => {
    expect(newCodeSecret()).toMatch(/^[A-Z2-7]{32}$/)
    const codes = Array.from({ length: 20 }, newRecoveryCodes).flat()
    for (const code of codes) expect(code).toMatch(/^[A-Z2-7]{16}$/)
    expect(new Set(codes).size).toBe(200)
  })
})
