import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { openAdmin, registerClient } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { form, send } from '../support/http.ts'
import { pageRefusal } from '../support/refusal.ts'
import { moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { alice } = inject('fixtures').users
const web = testClient('web')
const second = testClient('second')
const authorize = `${server.issuer}/authorize`

const shows = (page: Page, button: string): boolean =>
  page.forms.some((one) => one.buttons.some(({ id }) => id === button))

afterEach(() => moveClock(0))

describe('the authorization endpoint', () => {
  it('SP-AS-22 1.5 refuses parameters that were not pushed, without asking anybody to sign in', async () => {
    const fields = web.authorizationFields('v'.repeat(43))
    const query = { client_id: web.fixture.clientId, ...fields }
    const plain = await createBrowser().open(`${authorize}?${form(query)}`)
    expect(pageRefusal(plain)).toBe('400 invalid_request')
    const signed = await createBrowser().open(
      `${authorize}?${form({ ...query, request: 'e30.e30.' })}`,
    )
    expect(pageRefusal(signed)).toBe('400 invalid_request')
    const request_uri = 'https://web.example/request.jwt'
    const remote = await createBrowser().open(`${authorize}?${form({ ...query, request_uri })}`)
    expect(pageRefusal(remote)).toBe('400 invalid_request_uri')
  })

  it('SP-PAR-04 SP-AS-07 1.5 refuses a request_uri of another client, on a page of its own', async () => {
    const { requestUri } = await web.par()
    for (const clientId of [second.fixture.clientId, 'client-nobody']) {
      const page = await createBrowser().open(web.authorizeUrl(requestUri, clientId))
      expect(pageRefusal(page)).toBe('400 invalid_request_uri')
      expect(page.links).toEqual([])
    }
    // The stranger's attempt spoils nothing.
    expect(shows(await createBrowser().open(web.authorizeUrl(requestUri)), 'login')).toBe(true)
  })

  it('SP-AS-07 1.5 shows a page, never a redirect, for a request_uri it does not know', async () => {
    const { requestUri } = await web.par()
    const reference = requestUri.slice('urn:ietf:params:oauth:request_uri:'.length)
    const last = reference.endsWith('A') ? 'B' : 'A'
    for (const text of [
      `urn:ietf:params:oauth:request_uri:${reference.slice(0, -1)}${last}`,
      `urn:ietf:params:oauth:request_uri:${reference}A`,
      'urn:ietf:params:oauth:request_uri:',
      'urn:ietf:params:oauth:request_uri:../../x',
      `URN:ietf:params:oauth:request_uri:${reference}`,
      reference,
      'x',
    ]) {
      const page = await createBrowser().open(web.authorizeUrl(text))
      expect(pageRefusal(page), text).toBe('400 invalid_request_uri')
    }
    const { clientId: client_id } = web.fixture
    const without = await createBrowser().open(`${authorize}?${form({ client_id })}`)
    expect(pageRefusal(without)).toBe('400 invalid_request')
    const twice = await createBrowser().open(
      `${web.authorizeUrl(requestUri)}&client_id=${client_id}`,
    )
    expect(pageRefusal(twice)).toBe('400 invalid_request')
  })

  it('SP-PAR-08 1.5 needs client_id and request_uri only, by GET or POST and in any order', async () => {
    const { requestUri: request_uri } = await web.par()
    const { clientId: client_id } = web.fixture
    const orders = [
      { client_id, request_uri },
      { request_uri, client_id },
    ]
    for (const order of orders) {
      expect(shows(await createBrowser().open(`${authorize}?${form(order)}`), 'login')).toBe(true)
    }
    expect(shows(await createBrowser().post(authorize, { client_id, request_uri }), 'login')).toBe(
      true,
    )
  })

  it('SP-AS-31 SP-PAR-09 1.5 refuses a request_uri exactly when its life is over', async () => {
    const { requestUri, answer } = await web.par({ fields: { state: 'late state' } })
    const life = Number(answer.json['expires_in'])
    const other = await web.par()
    await moveClock(life - 5)
    expect(shows(await createBrowser().open(web.authorizeUrl(other.requestUri)), 'login')).toBe(
      true,
    )
    await moveClock(life)
    const page = await createBrowser().open(web.authorizeUrl(requestUri))
    expect(pageRefusal(page)).toBe('400 invalid_request_uri')
    // A late person gets a way back: the client learns that it did not work, and nothing else.
    const back = new URL(page.links.find(({ id }) => id === 'back')?.href ?? '')
    expect(`${back.origin}${back.pathname}`).toBe(web.fixture.redirectUri)
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'late state',
      iss: server.issuer,
    })
  })

  it.each(['GET', 'OPTIONS', 'POST'])(
    'SP-TLS-09 answers %s without CORS headers',
    async (method) => {
      const { requestUri } = await web.par()
      const headers = [
        ['origin', 'https://app.example'],
        ['access-control-request-method', 'GET'],
      ] as const
      for (const url of [web.authorizeUrl(requestUri), authorize, web.authorizeUrl('x')]) {
        const answer = await send(url, { method, headers })
        const names = [...answer.headers.keys()]
        expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([])
      }
    },
  )
})

describe('the pages', () => {
  let login: Page
  let consent: Page
  const seen: string[] = []

  beforeAll(async () => {
    const fetch = createFetch()
    const browser = createBrowser({
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        seen.push(`${init.method} ${new URL(url).pathname} ${response.status}`)
        return response
      },
    })
    const { requestUri } = await second.par({ fields: { scope: 'openid profile accounts' } })
    login = await browser.open(second.authorizeUrl(requestUri))
    consent = await login.submit('login', alice)
    await consent.submit('approve')
  })

  it('SP-AS-29 SP-AS-30 lead from one to the next by 303 and by nothing else', () => {
    expect(seen).toEqual([
      'GET /authorize 303',
      'GET /login 200',
      'POST /login 303',
      'GET /consent 200',
      'POST /consent 303',
    ])
  })

  it('SP-SC-05 SP-TLS-07 are not stored, framed, scripted or told about', async () => {
    const error = await createBrowser().open(authorize)
    for (const page of [login, consent, error]) {
      const header = (name: string) => page.headers.get(name)
      expect(header('content-type')).toBe('text/html; charset=utf-8')
      expect(header('cache-control')).toBe('no-store')
      expect(header('referrer-policy')).toBe('no-referrer')
      expect(header('x-content-type-options')).toBe('nosniff')
      expect(header('x-frame-options')).toBe('DENY')
      const target = page === error ? '' : ' https://second.example'
      // The one script there is, for passkeys.
      const script = page === login ? "script-src 'self'; " : ''
      expect(header('content-security-policy')).toBe(
        `default-src 'none'; ${script}style-src 'self'; form-action 'self'${target}; frame-ancestors 'none'; base-uri 'none'`,
      )
      const scripts = page.text.match(/<script[^>]*>[^<]*/gi) ?? []
      const own = `<script src="${server.issuer}/assets/passkey-[0-9a-f]{16}\\.js" defer="">`
      expect(scripts.length).toBe(page === login ? 1 : 0)
      for (const found of scripts) expect(found).toMatch(new RegExp(`^${own}$`))
      expect(page.text).not.toMatch(/\son\w+=|style=/i)
    }
  })

  it('SP-AS-32 name the client, the person, what is asked, whose data and how long', () => {
    expect(login.words).toContain('Test client second')
    expect(login.words).toContain('second.example')
    for (const text of [
      'Test client second',
      'alice',
      'Your accounts',
      'See your accounts and balances.',
      'Example Bank API',
      'second.example',
    ]) {
      expect(consent.words).toContain(text)
    }
    expect(consent.element('approve')).toBe('Approve')
    expect(consent.element('deny')).toBe('Deny')
  })

  it('SP-AS-32 show names as text, whatever they hold', async () => {
    const client_name = `<img src=x onerror=alert(1)>"'&<script>`
    const { fixture } = await registerClient(await openAdmin(), { client_name })
    const client = testClient(fixture)
    const fields = { login_hint: '"><script>alert(2)</script>' }
    const page = await createBrowser().open(
      client.authorizeUrl((await client.par({ fields })).requestUri),
    )
    const consented = await page.submit('login', alice)
    for (const { text } of [page, consented]) {
      expect(text).not.toMatch(/<img|<script(?! src="[^"<>]*" defer=""><\/script>)/i)
      expect(text).toContain('&lt;img')
    }
    expect(page.forms[0]?.fields).toContainEqual(['username', fields.login_hint])
  })
})

describe('an answered request', () => {
  it('SP-AS-37 SP-SC-04 1.5 may be opened twice before login, each works; after completion it is over', async () => {
    const { requestUri } = await web.par({ fields: { state: 'thrice' } })
    const browser = createBrowser()
    const first = await browser.open(web.authorizeUrl(requestUri))
    const again = await browser.open(web.authorizeUrl(requestUri))
    expect([shows(first, 'login'), shows(again, 'login')]).toEqual([true, true])
    const callback = await (await first.submit('login', alice)).submit('approve')
    expect(callback.redirectedTo?.searchParams.get('code')).toBeTruthy()
    for (const visitor of [browser, createBrowser()]) {
      const third = await visitor.open(web.authorizeUrl(requestUri))
      expect(pageRefusal(third)).toBe('400 invalid_request_uri')
      const back = third.links.find(({ id }) => id === 'back')
      expect(back?.href.startsWith(`${web.fixture.redirectUri}?error=access_denied`)).toBe(true)
      expect(back?.href).not.toContain('code=')
    }
    expect(pageRefusal(await again.submit('login', alice))).toBe('400 invalid_request_uri')
  })

  it('SP-AS-37 is given from the second visit as well', async () => {
    const { requestUri } = await web.par()
    const browser = createBrowser()
    await browser.open(web.authorizeUrl(requestUri))
    const again = await browser.open(web.authorizeUrl(requestUri))
    const callback = await (await again.submit('login', alice)).submit('approve')
    expect(callback.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('SP-AS-37 belongs to the first of two browsers to complete it', async () => {
    const { requestUri } = await web.par()
    const consents = await Promise.all(
      [createBrowser(), createBrowser()].map(async (browser) => {
        const login = await browser.open(web.authorizeUrl(requestUri))
        return login.submit('login', alice)
      }),
    )
    expect(consents.map((page) => shows(page, 'approve'))).toEqual([true, true])
    const [one, other] = consents
    const won = await other?.submit('approve')
    expect(won?.redirectedTo?.searchParams.get('code')).toBeTruthy()
    for (const button of ['approve', 'deny']) {
      const lost = await one?.submit(button)
      expect(lost && pageRefusal(lost)).toBe('400 invalid_request_uri')
    }
  })

  it('has the same code after a double click, which still works once', async () => {
    const { requestUri, verifier } = await second.par()
    const login = await createBrowser().open(second.authorizeUrl(requestUri))
    const consent = await login.submit('login', alice)
    const answers = await Promise.all([consent.submit('approve'), consent.submit('approve')])
    const codes = answers.map((page) => page.redirectedTo?.searchParams.get('code') ?? '')
    expect(codes[0]).not.toBe('')
    expect(codes[1]).toBe(codes[0])
    const given = { code: codes[0] ?? '', verifier }
    const credential = inject('fixtures').strangers.selfSigned
    const bound = { credential, side: 'mtls' } as const
    expect((await second.redeem(given, bound)).answer.status).toBe(200)
    expect((await second.redeem(given, bound)).answer.json['error']).toBe('invalid_grant')
    // Another answer than the first is too late.
    expect(pageRefusal(await consent.submit('deny'))).toBe('400 invalid_request_uri')
  })

  it('RFC 9126 may be given after the opening time by a person who began in time, for 30 minutes', async () => {
    const [soon, late] = await Promise.all([web.par(), web.par()])
    const logins = await Promise.all(
      [soon, late].map(({ requestUri }) => createBrowser().open(web.authorizeUrl(requestUri))),
    )
    await moveClock(600)
    const consents = await Promise.all(logins.map((login) => login.submit('login', alice)))
    expect(consents.map((page) => shows(page, 'approve'))).toEqual([true, true])
    await moveClock(1_750)
    const finished = await consents[0]?.submit('approve')
    expect(finished?.redirectedTo?.searchParams.get('code')).toBeTruthy()
    await moveClock(1_801)
    const over = await consents[1]?.submit('approve')
    expect(over?.redirectedTo).toBeUndefined()
    expect(over?.status).toBe(400)
  })
})
