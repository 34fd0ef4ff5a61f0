import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CodePage } from '../../src/pages/code.tsx'
import { ConsentPage } from '../../src/pages/consent.tsx'
import { describeWish } from '../../src/pages/describe.ts'
import { inWords } from '../../src/pages/duration.ts'
import { ErrorPage } from '../../src/pages/error.tsx'
import { LoginPage } from '../../src/pages/login.tsx'
import { visibleName, visibleText } from '../../src/pages/name.ts'
import { makeStylesheet } from '../../src/pages/style.ts'
import { chooseSpeech } from '../../src/pages/words.ts'

type Page = { toString(): string | Promise<string> } | Promise<{ toString(): string }>

const text = async (page: Page): Promise<string> => String(await (await page).toString())

const markup = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
const english = chooseSpeech({})
const german = chooseSpeech({ uiLocales: ['de'] })
const frame = {
  ...english,
  stylesheet: '/style.css',
  passkeyScript: '/passkey.js',
  postScript: '/post.js',
  brand: { name: 'Example Bank' },
}

const login = (change: Partial<Parameters<typeof LoginPage>[0]> = {}) =>
  text(
    LoginPage({
      ...frame,
      action: '/login',
      interaction: 'sealed',
      ask: 'identify',
      client: { name: 'Budget Buddy', host: 'app.example' },
      ...change,
    }),
  )

const consent = (change: Partial<Parameters<typeof ConsentPage>[0]> = {}) =>
  text(
    ConsentPage({
      ...frame,
      action: '/consent',
      interaction: 'sealed',
      shown: 'sealed as well',
      client: { name: 'Budget Buddy', redirectHost: 'app.example', verified: true },
      person: { username: 'ana' },
      asks: [{ title: 'See your accounts', detail: 'To show them.', data: ['IBAN'] }],
      audiences: [{ name: 'Bank API', identifier: 'https://api.bank.example' }],
      duration: { accessSeconds: 300, until: Date.UTC(2027, 1, 18) },
      offline: true,
      ...change,
    }),
  )

const code = (change: Partial<Parameters<typeof CodePage>[0]> = {}) =>
  text(
    CodePage({
      ...frame,
      action: '/login/code',
      interaction: 'sealed',
      username: 'ana',
      cancellable: true,
      ...change,
    }),
  )

const error = (change: Partial<Parameters<typeof ErrorPage>[0]> = {}) =>
  text(
    ErrorPage({
      ...frame,
      title: 'This link no longer works',
      message: 'It is too old.',
      code: 'invalid_request_uri',
      ...change,
    }),
  )

/** All pages with the same stranger's text in every place a stranger can fill. */
const filledWith = (strange: string): Promise<string>[] =>
  [english, german].flatMap((speech) => [
    login({
      ...speech,
      brand: { name: strange },
      interaction: strange,
      client: { name: strange, host: strange },
      offer: strange,
      username: strange,
    }),
    code({ ...speech, brand: { name: strange }, interaction: strange, username: strange }),
    consent({
      ...speech,
      brand: { name: strange },
      interaction: strange,
      client: { name: strange, redirectHost: strange, verified: false },
      person: { username: strange },
      asks: describeWish({ scope: [strange], claims: [strange], catalogue: {} }, speech),
      audiences: [{ name: strange, identifier: strange }],
    }),
    error({
      ...speech,
      code: strange,
      reference: strange,
      back: { href: `https://app.example/?${strange}`, clientName: strange },
      again: { href: strange },
    }),
  ])

describe('every page', () => {
  it('escapes markup in every text, from wherever it comes (ATK-A1-22)', async () => {
    const ours = [
      login({ action: markup, stylesheet: markup }),
      consent({ action: markup, asks: [{ title: markup, detail: markup, data: [markup] }] }),
      error({ title: markup, message: markup }),
    ]
    for (const page of await Promise.all([...filledWith(markup), ...ours])) {
      expect(page).not.toContain('<script')
      expect(page).not.toContain('<img')
      // No quotation mark of the text ends an attribute: each is an entity.
      expect(page).not.toContain(`"'>`)
      expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;')
    }
  })

  it('shows no direction override, invisible character or line break of a name (ATK-A1-22)', async () => {
    const strange = 'Bud\u202eget\u2066 \u200bBud\u0000dy\r\nby\u2028Bank\u200f'
    for (const page of await Promise.all(filledWith(strange))) {
      const shown = page.replaceAll(/(?:value|action|href)="[^"]*"/g, '')
      expect(shown).toContain('Budget Bud dy by Bank')
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(shown).not.toMatch(/[\u0000-\u001f\u200b-\u200f\u2028-\u202e\u2066]/)
    }
  })

  it('holds no inline code or style and loads nothing but its style sheet (ATK-A3-04, ATK-A1-22)', async () => {
    for (const page of await Promise.all([login(), consent(), error({ again: { href: '/a' } })])) {
      expect(page).toMatch(/^<!doctype html><html lang="en" dir="ltr">/)
      expect(page).not.toMatch(
        /<script|<style|<img|<iframe|<object|<base| style=| on\w+=|javascript:/i,
      )
      expect(page.match(/ (?:src|href)="[^"]*"/g)?.filter((link) => link !== ' href="/a"')).toEqual(
        [' href="/style.css"'],
      )
      expect(page).toContain('<meta name="robots" content="noindex"/>')
    }
    expect(makeStylesheet()).not.toMatch(/url\(|@import/)
  })

  it('runs the way its language does, and addresses the way addresses do', async () => {
    const rtl = { dir: 'rtl' } as const
    for (const page of await Promise.all([login(rtl), consent(rtl), error(rtl)])) {
      expect(page).toMatch(/^<!doctype html><html lang="en" dir="rtl">/)
    }
    expect(await consent(rtl)).toContain('<bdi class="host" dir="ltr">app.example</bdi>')
    expect(await login(rtl)).toContain('<bdi class="name">Budget Buddy</bdi>')
  })

  it('keeps a joiner that a script is spelled with, and a name of bounded length', () => {
    expect(visibleName('نمی\u200cخواهم', '-')).toBe('نمی\u200cخواهم')
    expect([...visibleName('x'.repeat(500), '-')]).toHaveLength(80)
    expect(visibleName('\u202e\u200b \u3164', 'Unnamed application')).toBe('Unnamed application')
    expect(visibleName('Z' + '\u0300'.repeat(50), '-')).toBe('Z' + '\u0300'.repeat(4))
  })

  it('never cuts an address, whose end tells whose it is', () => {
    const host = `${'bank.example.'.repeat(15)}evil.example`
    expect(visibleText(host)).toBe(host)
  })

  it.each([
    [
      'the pages with their style sheet',
      ['login.tsx', 'consent.tsx', 'error.tsx', 'describe.ts', 'style.ts'],
      8_000,
    ],
    ['the words of one language', ['words/en.ts'], 8_000],
    ['the words of the other', ['words/de.ts'], 8_000],
  ] as const)('is light: %s', async (_, pages, most) => {
    const bundle = await build({
      stdin: {
        contents: pages.map((page) => `export * from './src/pages/${page}'`).join('\n'),
        resolveDir: new URL('../..', import.meta.url).pathname,
      },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      external: ['hono/*'],
    })
    expect(gzipSync(bundle.outputFiles[0]?.contents ?? '').length).toBeLessThan(most)
  })
})

describe('the login page', () => {
  it('has the fields and buttons that scripts and password managers look for', async () => {
    const page = await login()
    for (const id of ['username', 'password', 'login', 'cancel']) {
      expect(page.split(`id="${id}"`)).toHaveLength(2)
    }
    expect(page).toContain('autocomplete="username webauthn"')
    expect(page).toContain('autocomplete="current-password"')
    expect(page).toContain('<form method="post" action="/login">')
    expect(page).toContain('<input type="hidden" name="interaction" value="sealed"/>')
    expect(page).toMatch(/<button id="login" name="action" value="login"/)
    expect(page).toMatch(/<button id="cancel" name="action" value="cancel" formnovalidate/)
    // Pressing Enter presses the first button of a form.
    expect(page.indexOf('id="login"')).toBeLessThan(page.indexOf('id="cancel"'))
    expect(page).not.toContain('role="alert"')
  })

  it('ties a problem to both fields and says it aloud', async () => {
    const page = await login({ username: 'ana', problem: { kind: 'credentials' } })
    expect(page).toMatch(/<p [^>]*id="problem" role="alert">/)
    expect(page.match(/aria-describedby="problem"/g)).toHaveLength(2)
    expect(page.match(/aria-invalid="true"/g)).toHaveLength(2)
    expect(page).toContain('value="ana"')
    expect(page).toContain('<title>Error: Sign in')
  })

  it('says how long to wait, without blaming the fields', async () => {
    const page = await login({ problem: { kind: 'wait', seconds: 90 } })
    expect(page).toContain('Wait 90 seconds')
    expect(page).not.toContain('aria-invalid')
  })

  it('never sends a password back', async () => {
    expect(await login()).toMatch(/<input id="password"(?![^>]*value=)/)
  })
})

describe('the code page', () => {
  it('has a field that phones fill by themselves, tied to its hint and to what was wrong', async () => {
    expect(await code()).toMatch(/<input id="otp"[^>]*autocomplete="one-time-code"/)
    expect(await code()).toContain('aria-describedby="otp-hint"')
    const wrong = await code({ problem: { kind: 'code' } })
    expect(wrong).toContain('aria-describedby="problem otp-hint" aria-invalid="true"')
    expect(wrong).toMatch(/<p [^>]*id="problem" role="alert">/)
    expect(await code({ problem: { kind: 'wait', seconds: 90 } })).not.toContain('aria-invalid')
  })

  it('never sends a code back', async () => {
    expect(await code({ problem: { kind: 'code' } })).toMatch(/<input id="otp"(?![^>]*value=)/)
  })
})

describe('the consent page', () => {
  it('says who asks, what for, from where, until when, who is signed in and where one returns', async () => {
    const page = (await consent()).replaceAll(/<[^>]+>/g, '')
    for (const said of [
      'Budget Buddy asks for your permission',
      'Signed in as ana',
      'See your accounts',
      'To show them.',
      'IBAN',
      'From Bank API (https://api.bank.example) to Budget Buddy',
      'Until 18 February 2027.',
      'can fetch the data again by itself',
      'you return to app.example',
    ]) {
      expect(page).toContain(said)
    }
  })

  it('says whether the operator has verified who asks', async () => {
    expect(await consent()).toContain('Verified by <bdi>Example Bank</bdi>')
    const client = { name: 'Budget Buddy', redirectHost: 'app.example', verified: false }
    const page = await consent({ client })
    expect(page).toContain('<bdi>Example Bank</bdi> has not verified this application')
    expect(page).not.toContain('Verified by')
  })

  it('marks what is new, and says that the person allowed this client before', async () => {
    const asks = [
      { title: 'Old', detail: 'Known.' },
      { title: 'Fresh', detail: 'Not before.', fresh: true },
    ]
    const page = await consent({ asks, before: true })
    expect(page).toMatch(/<span>Fresh<\/span><span class="badge">New<\/span>/)
    expect(page.split('class="badge">New')).toHaveLength(2)
    expect(page).toContain('What it did not have then is marked as new.')
    expect(await consent({ before: true })).toContain('It asks for nothing more than then.')
    expect(await consent()).not.toContain('id="before"')
  })

  it('leads to the account page, where a permission can be ended', async () => {
    expect(await consent({ account: 'https://as.example/account' })).toContain(
      '<a href="https://as.example/account">your account page</a>',
    )
  })

  it('promises no more than once where no refresh token is issued', async () => {
    const page = await consent({ offline: false })
    expect(page).toContain('This once, for 5 minutes after you approve.')
    expect(page).not.toContain('by itself')
  })

  it('offers both answers in one form and chooses none', async () => {
    const page = await consent()
    expect(page).toMatch(/<button id="approve" name="action" value="approve"/)
    expect(page).toMatch(/<button id="deny" name="action" value="deny"/)
    expect(page).not.toContain('autofocus')
    expect(page).toContain('<form method="post" action="/consent" id="consent">')
  })
})

describe('the error page', () => {
  it('holds the code where scripts and people find it', async () => {
    expect(await error({ reference: 'ref-1' })).toMatch(
      /<code id="error">invalid_request_uri<\/code>.*<code id="reference">ref-1<\/code>/,
    )
  })

  it('shows ways on where there are any, and says what to do where there are none', async () => {
    const both = await error({
      back: { href: 'https://app.example/callback?error=access_denied&iss=x', clientName: 'App' },
      again: { href: '/authorize?request_uri=x' },
    })
    expect(both).toContain('href="https://app.example/callback?error=access_denied&amp;iss=x"')
    expect(both).toContain('href="/authorize?request_uri=x"')
    expect(both).not.toContain('start there again')
    expect(await error()).toContain('start there again')
  })

  it('links back to the web and to apps, never to script (ATK-A1-22)', async () => {
    const linked = async (href: string) =>
      (await error({ back: { href, clientName: 'App' } })).includes('id="back"')
    expect(await linked('com.example.app:/callback')).toBe(true)
    expect(await linked('http://127.0.0.1:8791/callback')).toBe(true)
    for (const href of [
      'javascript:alert(1)',
      ' JaVaScRiPt:alert(1)',
      'data:text/html,x',
      'back',
    ]) {
      expect(await linked(href)).toBe(false)
    }
  })
})

describe('plain words', () => {
  const catalogue = {
    accounts: {
      title: 'See accounts',
      description: 'Balances.',
      data: ['IBAN'],
      translations: { de: { title: 'Konten sehen', description: 'Salden.', data: ['IBAN'] } },
    },
  }
  const wish = { scope: [], claims: [], catalogue }
  const said = (change: Partial<Parameters<typeof describeWish>[0]>, speech = english) =>
    describeWish({ ...wish, ...change }, speech)

  it("come from the issuer's catalogue, else from the standard scopes", () => {
    expect(said({ scope: ['accounts', 'email', 'accounts'] })).toEqual([
      { title: 'See accounts', detail: 'Balances.', data: ['IBAN'] },
      expect.objectContaining({ title: 'See your email address' }),
    ])
  })

  it("come in the language of the page, or else in the issuer's own words", () => {
    const scope = ['accounts', 'email', 'bare']
    const bare = { title: 'Bare', description: 'Only English.' }
    expect(said({ scope, catalogue: { ...catalogue, bare } }, german)).toEqual([
      { title: 'Konten sehen', detail: 'Salden.', data: ['IBAN'] },
      expect.objectContaining({ title: 'Ihre E-Mail-Adresse sehen' }),
      { title: 'Bare', detail: 'Only English.' },
    ])
  })

  it('never hide a scope, whatever its name', () => {
    const titles = said({ scope: ['constructor', '__proto__', 'x'] }).map(({ title }) => title)
    expect(titles).toEqual(['constructor', '__proto__', 'x'])
  })

  it('name single claims and leave out what only tells of the sign-in', () => {
    expect(said({ claims: ['auth_time', 'acr'] })).toEqual([])
    expect(said({ claims: ['email', 'email', 'shoe_size'] })[0]?.data).toEqual([
      'Email address',
      'shoe_size',
    ])
  })

  it('mark what is new since the last consent, and nothing at the first', () => {
    const before = { scope: ['accounts'], claims: ['email'] }
    const again = { scope: ['accounts', 'email'], claims: ['email', 'name'] }
    expect(said({ ...again, before }).map(({ fresh, data }) => [fresh, data])).toEqual([
      [undefined, ['IBAN']],
      [true, undefined],
      [undefined, ['Email address']],
      [true, ['Name']],
    ])
    expect(said(again).some(({ fresh }) => fresh)).toBe(false)
  })

  it('never promise a shorter time than it is', () => {
    const seconds = [1, 59, 60, 61, 300, 301, 3600, 5400, 86_400, 90 * 86_400]
    expect(seconds.map((count) => inWords(count, 'en'))).toEqual([
      '1 second', '59 seconds', '1 minute', '61 seconds', '5 minutes', '6 minutes', '1 hour',
      '90 minutes', '1 day', '90 days',
    ]) // prettier-ignore
  })
})
