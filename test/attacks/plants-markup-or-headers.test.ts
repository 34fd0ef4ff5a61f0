import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { newClient, openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { honest, post } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import { form, send } from '../support/http.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')

/** Ways out of text, attributes, comments and scripts. */
const markup = [
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onfocus=alert(1) autofocus x='",
  '</title><svg/onload=alert(1)>', '--><b>x</b><!--', '</textarea><b>x</b>', '&lt;b&gt;x&lt;/b&gt;',
  '&#60;b&#62;', '${7*7}{{7*7}}<%= 7*7 %>', '<b>bold', 'javascript:alert(1)', '<meta http-equiv=refresh>',
] // prettier-ignore

/** The one script of ours, whole: nothing else may be one. */
const ownScript = new RegExp(
  `<script src="${server.issuer}/assets/passkey-[0-9a-f]{16}\\.js" defer=""></script>`,
)

/** Demands that no element or attribute of a page came from outside: values in quotes are text. */
function expectInert(text: string): void {
  // Once, and not everywhere: a second one would be a stranger's.
  const others = text.replace(ownScript, '')
  const tags = others.replace(/"[^"]*"/g, '""').match(/<[a-z!/][^>]*>/gi) ?? []
  expect(tags.length).toBeGreaterThan(10)
  const foreign = /^<\/?(script|img|svg|b|iframe|textarea)\b|<!--|http-equiv| on[a-z]+ ?=|'/i
  expect(tags.filter((tag) => foreign.test(tag))).toEqual([])
}

describe('an attacker who plants markup', () => {
  let admin: Admin
  beforeAll(async () => {
    admin = await openAdmin()
  })

  it('ATK-A1-22 ATK-A1-05 is shown as plain text in every client name: sign-in, consent and error page', async () => {
    for (const client_name of markup) {
      const { fixture } = await registerClient(admin, { client_name })
      const client = testClient(fixture)
      const { requestUri } = await client.par()
      const login = await createBrowser().open(client.authorizeUrl(requestUri))
      expectInert(login.text)
      expect(login.words).toContain(client_name)
      const approved = await client.par()
      const consent = await (
        await createBrowser().open(client.authorizeUrl(approved.requestUri))
      ).submit('login', users.alice)
      expectInert(consent.text)
      expect(consent.words).toContain(client_name)
      await consent.submit('deny')
      const late = await createBrowser().open(client.authorizeUrl(approved.requestUri))
      expectInert(late.text)
      expect(late.element('back')).toContain(client_name)
    }
  }, 60_000)

  it('ATK-A1-22 is shown as plain text in login_hint and comes back as it was', async () => {
    for (const login_hint of [...markup, 'a\r\nb', 'a\tb', '"', "'", '\\', '\u202eevil']) {
      const { requestUri } = await web.par({ fields: { login_hint } })
      const login = await createBrowser().open(web.authorizeUrl(requestUri))
      expectInert(login.text)
      const hint = login.forms[0]?.fields.find(([name]) => name === 'username')
      expect(hint?.[1]).toBe(login_hint)
    }
  })

  it('ATK-A1-22 is shown as plain text in the user name after a failed sign-in', async () => {
    const username = `"><script>alert(1)</script><b>' onfocus=x '${randomBytes(4).toString('hex')}`
    const { requestUri } = await web.par()
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const again = await login.submit('login', { username, password: '"><script>' })
    expect(again.status).toBe(403)
    expectInert(again.text)
    expect(again.forms[0]?.fields.find(([name]) => name === 'username')?.[1]).toBe(username)
    expect(again.forms[0]?.fields.find(([name]) => name === 'password')?.[1]).toBe('')
  })

  it('ATK-A1-22 is shown as plain text in the name of a person, and in claims asked for', async () => {
    const username = `<b>mallory</b>"'&${randomBytes(4).toString('hex')}`
    const person = { password: 'a long enough password' }
    const made = await admin.request('PUT', `/users/${encodeURIComponent(username)}`, person)
    expect(made.status).toBe(201)
    const names = Object.fromEntries(markup.map((name) => [name, null]))
    const { requestUri } = await web.par({ fields: { claims: JSON.stringify({ userinfo: names, id_token: { constructor: null, ['__proto__']: null } }) } }) // prettier-ignore
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const consent = await login.submit('login', { username, ...person })
    expectInert(consent.text)
    expect(consent.words).toContain(`Signed in as ${username}`)
    expect(consent.words).not.toContain('native code')
    const done = await consent.submit('approve')
    expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-22 is returned encoded in state, in the redirect and in the way back', async () => {
    for (const state of [...markup.filter((one) => /^[\x20-\x7e]+$/.test(one)), '&code=evil#x', '%0d%0aX: y', "'\"\\`"]) {
      const { requestUri } = await web.par({ fields: { state } })
      const login = await createBrowser().open(web.authorizeUrl(requestUri))
      expect(login.text).not.toContain(state)
      const denied = await login.submit('cancel')
      expect(denied.redirectedTo?.searchParams.getAll('state')).toEqual([state])
      expect(denied.redirectedTo?.searchParams.get('code')).toBeNull()
      expect(denied.headers.get('location')).toMatch(/^[\x21-\x7e]+$/)
      expect(denied.headers.get('location')).not.toMatch(/[<>"\\`]/)
      const late = await createBrowser().open(web.authorizeUrl(requestUri))
      expectInert(late.text)
      const back = late.links.find(({ id }) => id === 'back')
      expect(new URL(back?.href ?? '').searchParams.get('state')).toBe(state)
    } // prettier-ignore
  })

  it('ATK-A1-22 ATK-A1-30 cannot register addresses that are no web page, which nobody would fetch anyway', async () => {
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    for (const member of ['client_uri', 'policy_uri', 'tos_uri']) {
      for (const uri of ['javascript:alert(1)', 'data:text/html,x', 'http://a.example', '//a', 'x', '', null, 1, {}]) {
        const answer = await admin.request('PUT', path, { ...metadata, [member]: uri })
        expect(refusal(answer), `${member} ${String(uri)}`).toBe('400 invalid_client_metadata')
      } // prettier-ignore
    }
    const logo = {
      ...metadata,
      logo_uri: 'http://127.0.0.1:9/logo',
      client_uri: 'https://a.example',
    }
    const answer = await admin.request('PUT', path, logo)
    expect(answer.status).toBe(201)
    expect(answer.json['logo_uri']).toBeUndefined()
  })
})

describe('an attacker who plants line breaks and quotes', () => {
  const breaks = [
    'a\r\nset-cookie: x=y',
    'a\nb',
    'a\rb',
    'a\tb',
    'a"b',
    'a\\b',
    'a\u2028b',
    'ä',
    '\u0085',
    '€\r\n\r\n<b>',
  ]

  it('ATK-A1-23 gets descriptions and headers without them, at every endpoint for every parameter', async () => {
    const names = ['client_id', 'client_assertion_type', 'client_assertion', 'response_type', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'response_mode', 'prompt', 'max_age', 'claims', 'resource', 'dpop_jkt', 'acr_values', 'grant_type', 'code', 'code_verifier', 'refresh_token', 'token'] // prettier-ignore
    for (const name of names) {
      for (const value of breaks) {
        const pushed = await web.par({ fields: { [name]: value } })
        refusal(pushed.answer)
        expect(honest(pushed.answer)).toBeLessThan(402)
        const bare = await post('/token', form({ [name]: value }))
        expect(refusal(bare)).toBe('401 invalid_client')
        for (const answer of [pushed.answer, bare]) {
          expect(answer.headers.get('set-cookie')).toBeNull()
          expect(answer.text).not.toMatch(/set-cookie|\\[rnt"\\]|[^\x20-\x7e]/)
        }
      }
    }
  }, 60_000)

  it('ATK-A1-23 gets error pages without them from authorize, login and consent', async () => {
    for (const value of [...breaks, '<b>', '"><b>']) {
      for (const path of ['/authorize', '/login', '/consent', `/${encodeURIComponent(value)}`]) {
        const query = form({ client_id: value, request_uri: value, interaction: value, error: value, error_description: value }) // prettier-ignore
        const page = await createBrowser().open(`${server.issuer}${path}?${query}`)
        expect(pageRefusal(page)).toMatch(/^40[04] (invalid_request(_uri)?|not_found)$/)
        expect(page.text).not.toContain('<b>')
        expect(page.text).not.toContain('set-cookie')
        expect(page.headers.getSetCookie()).toEqual([])
      }
    }
  })

  it('ATK-A1-23 gets challenges without them', async () => {
    const key = await makeDpopKey()
    for (const token of ['a"b', 'a\\b', 'x, Basic realm="evil"', 'a b', '"', '<b>']) {
      const answer = await send(`${server.issuer}/userinfo`, {
        headers: [['authorization', `DPoP ${token}`]],
      })
      expect([400, 401]).toContain(honest(answer))
      const challenge = answer.headers.get('www-authenticate') ?? ''
      expect(challenge).toMatch(/^DPoP /)
      expect(challenge).not.toMatch(/evil|Basic|<b>|a"b/)
      const htu = await getResource(`${server.issuer}/userinfo`, 'a.b.c', {
        key,
        proofOptions: { claims: { htu: token, htm: token } },
      })
      expect(htu.headers.get('www-authenticate')).not.toMatch(/evil|<b>/)
    }
  })

  it('ATK-A1-23 gets raw line breaks of a path or query refused or encoded', async () => {
    for (const path of ['/%0d%0aset-cookie:x=y', '/authorize?%0d%0aset-cookie:x=y', '/login?interaction=%0d%0aset-cookie:%20x=y', '/assets/%0d%0ax']) {
      const answer = await send(`${server.issuer}${path}`)
      expect([400, 404]).toContain(honest(answer))
      expect(answer.headers.get('set-cookie')).toBeNull()
    } // prettier-ignore
  })
})
