import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { moveClock, nowSeconds, testClient } from '../support/test-client.ts'
import type { Server, TestClient } from '../support/test-client.ts'
import { sessionOf, withCa } from '../support/two-servers.ts'

/*
 * The bound login is another party. Here it answers what a test enters: everything but a sound answer
 * ends in a page and signs nobody in.
 */

let bank: Server & Runtime
let client: TestClient

beforeAll(async () => {
  const delegate = { binding: 'LOGIN', name: 'rude' }
  const config = { issuer: { id: 'bank', authentication: { delegate } } }
  const args = ['--no-demo', '--login-worker', 'test/support/rude-login.ts']
  bank = withCa(await startRuntime({ args, config }))
  client = testClient((await registerClient(await openAdmin(bank))).fixture, bank)
})

afterEach(async () => moveClock(0, bank))
afterAll(async () => bank?.stop())

type Fields = Readonly<Record<string, string>>
type Visit = { readonly browser: Browser; readonly page: Page }

async function open(fields: Fields = {}): Promise<Visit> {
  const browser = createBrowser()
  const { requestUri } = await client.par({ fields })
  return { browser, page: await browser.open(client.authorizeUrl(requestUri)) }
}

const say = (page: Page, answer: unknown): Promise<Page> =>
  page.submit('say', { answer: typeof answer === 'string' ? answer : JSON.stringify(answer) })

const sound = {
  status: 'authenticated',
  subject: 'somebody',
  level: 2,
  amr: ['pwd', 'otp'],
  auth_time: 'NOW',
} as const

async function expectNobody({ browser, page }: Visit, answer: unknown, status = 403) {
  const told = await say(page, answer)
  expect(told.status, told.words).toBe(status)
  expect(sessionOf(bank, browser)).toBeUndefined()
  return told
}

async function expectSomebody({ browser, page }: Visit, answer: unknown): Promise<Page> {
  const consent = await say(page, answer)
  expect(consent.words).toContain('Approve')
  expect(sessionOf(bank, browser)).toBeDefined()
  return consent
}

describe('an answer that somebody signed in', () => {
  it.each([
    ['no subject', { subject: undefined }],
    ['an empty subject', { subject: '' }],
    ['a number as subject', { subject: 7 }],
    ['a subject of 256 characters', { subject: 'a'.repeat(256) }],
    ['a subject with a line break', { subject: 'a\nb' }],
    ['no level', { level: undefined }],
    ['level 0', { level: 0 }],
    ['level 4', { level: 4 }],
    ['level "2"', { level: '2' }],
    ['no amr', { amr: undefined }],
    ['a text as amr', { amr: 'pwd' }],
    ['odd words in amr', { amr: ['pwd', '<b>'] }],
    ['too many words in amr', { amr: Array.from({ length: 17 }, () => 'pwd') }],
    ['no auth_time', { auth_time: undefined }],
    ['half a second', { auth_time: 1.5 }],
    ['a time before time', { auth_time: -1 }],
    ['a time in the future', { auth_time: nowSeconds() + 3_600 }],
    ['a claim of no standard', { claims: { shoe_size: 'x' } }],
    ['a claim of another type', { claims: { email_verified: 'yes' } }],
    ['a sub of its own', { claims: { sub: 'user-1' } }],
    ['a user name with control characters', { username: 'a\u202eb' }],
    ['a long user name', { username: 'a'.repeat(129) }],
    ['something unknown', { admin: true }],
  ])('with %s counts for nothing', async (_what, changes) => {
    const told = await expectNobody(await open(), { ...sound, ...changes })
    expect(told.element('error')).toBe('access_denied')
  })

  it('without these faults counts', async () => {
    const claims = { name: 'Some Body', email: 'some@body.example' }
    await expectSomebody(await open(), { ...sound, claims, username: 'Some Body' })
  })

  it.each(['nothing', 'null', '[]', '"authenticated"', '{}', '{"status":"admin"}', 'date', 'function'])(
    'that is %s is none',
    async (answer) => {
      await expectNobody(await open(), answer)
    },
  ) // prettier-ignore

  it('is worth no less than what is required', async () => {
    const visit = await open()
    const told = await expectNobody(visit, { ...sound, level: 1 }, 400)
    expect(told.element('error')).toBe('unmet_authentication_requirements')
    const back = new URL(told.links.find(({ id }) => id === 'back')?.href ?? '')
    expect(back.searchParams.get('error')).toBe('unmet_authentication_requirements')
    const again = await told.follow('again')
    expect(again.words).toContain('Say something.')
    await expectSomebody({ ...visit, page: again }, sound)
  })

  it('is as fresh as the client demands', async () => {
    const old = { ...sound, auth_time: nowSeconds() - 120 }
    await expectNobody(await open({ max_age: '60' }), old, 400)
    await expectNobody(await open({ prompt: 'login' }), old, 400)
    await expectSomebody(await open(), old)
    await expectSomebody(await open({ max_age: '60' }), sound)
  })
})

describe('a page of the login', () => {
  const page = { status: 'page', buttons: [{ value: 'say', label: 'Say' }] }
  const field = { name: 'answer', label: 'Answer', type: 'text' }

  it('ATK-A1-22 is words, never markup', async () => {
    const markup = '<script>alert(1)</script><form action="https://evil.example">'
    const answer = {
      ...page,
      title: markup,
      message: markup,
      problem: markup,
      fields: [{ ...field, label: markup, hint: markup, value: '"><script>' }],
      buttons: [{ value: 'say', label: markup }],
    }
    const { page: first } = await open()
    const shown = await say(first, answer)
    expect(shown.status).toBe(403)
    expect(shown.text).not.toContain('<script')
    expect(shown.forms.map(({ action }) => action)).toEqual([`${bank.issuer}/login`])
    expect(shown.words).toContain('<script>alert(1)</script>')
  })

  it.each([
    ['our hidden field', { fields: [{ ...field, name: 'interaction' }] }],
    ['our button', { buttons: [{ value: 'cancel', label: 'OK' }] }],
    ['two fields of a name', { fields: [field, field] }],
    ['a hidden field', { fields: [{ ...field, type: 'hidden' }] }],
    ['a file', { fields: [{ ...field, type: 'file' }] }],
    ['a field with an attribute', { fields: [{ ...field, onfocus: 'alert(1)' }] }],
    ['a name with markup', { fields: [{ ...field, name: 'a"b' }] }],
    ['a password filled in', { fields: [{ ...field, type: 'password', value: 'x' }] }],
    ['thirteen fields', { fields: Array.from({ length: 13 }, (_, n) => ({ ...field, name: `f${n}` })) }],
    ['a long message', { message: 'a'.repeat(1_001) }],
    ['a long state', { state: 'a'.repeat(1_025) }],
    ['a state with line breaks', { state: 'a\nb' }],
    ['an address to refresh to', { refresh: '1; url=https://evil.example' }],
    ['a refresh at once', { refresh: 0 }],
    ['html', { html: '<b>' }],
  ])('with %s is not shown', async (_what, changes) => {
    await expectNobody(await open(), { ...page, ...changes })
  }) // prettier-ignore

  it('may ask again by itself, with its state and nothing else', async () => {
    const { browser, page: first } = await open()
    const state = 'waiting "for" the app'
    const shown = await say(first, { ...page, message: 'Confirm.', refresh: 2, state })
    const [, seconds, address = ''] = /^(\d+); url=(\S+)$/.exec(shown.headers.get('refresh') ?? '') ?? []
    expect(seconds).toBe('2')
    expect(address.startsWith(`${bank.issuer}/login?interaction=`)).toBe(true)
    expect(shown.text).not.toContain('waiting')
    expect((await browser.open(address)).words).toContain(state)
    // Sealed for this browser.
    expect((await createBrowser().open(address)).status).toBe(400)
  }) // prettier-ignore
})

describe('the login', () => {
  it('is told who asks and what is needed, and no secret of this server', async () => {
    const { browser, page } = await open({ ui_locales: 'de en', login_hint: 'somebody', max_age: '60' })
    const shown = await say(page, 'echo')
    const text = shown.words.slice(shown.words.indexOf('{'), shown.words.lastIndexOf('}') + 1)
    const request = JSON.parse(text) as Readonly<Record<string, unknown>>
    expect(request).toMatchObject({
      version: 1,
      issuer: bank.issuer,
      method: 'POST',
      form: { answer: 'echo', action: 'say' },
      locales: ['de', 'en'],
      client: { host: new URL(client.fixture.redirectUri).host },
      need: { required: 2, wanted: 2 },
      login_hint: 'somebody',
    })
    expect(request['form']).not.toHaveProperty('interaction')
    const secrets = browser.cookies.list().map(({ value }) => value)
    for (const secret of secrets) expect(text).not.toContain(secret)
    // The same browser has the same name, another one another.
    const nameOf = async (at: Page) => /"browser":"([^"]+)"/.exec((await say(at, 'echo')).words)?.[1]
    expect(await nameOf(shown)).toBe(request['browser'])
    expect(await nameOf((await open()).page)).not.toBe(request['browser'])
  }) // prettier-ignore

  it.each(['throw', 'never'])('that does this is a page with both ways on: %s', async (answer) => {
    const told = await expectNobody(await open(), answer, 503)
    expect(told.text).not.toContain('the login broke')
    expect(told.links.map(({ id }) => id)).toEqual(expect.arrayContaining(['again', 'back']))
  })

  it('that says no, or that the person cancelled, ends the sign-in', async () => {
    const no = await expectNobody(await open(), { status: 'failed', reason: 'locked' })
    expect(no.text).not.toContain('locked')
    const { browser, page } = await open()
    const cancelled = await say(page, { status: 'cancelled' })
    expect(cancelled.redirectedTo?.searchParams.get('error')).toBe('access_denied')
    expect(sessionOf(bank, browser)).toBeUndefined()
  })
})
