import { describe, expect, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Fetch } from '../support/browser.ts'

type Answer = { status?: number; headers?: readonly (readonly [string, string])[]; body?: string }
type Seen = {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  body?: string
}

/** A server of canned answers that remembers what it was asked. */
function serve(answers: Readonly<Record<string, Answer>>) {
  const seen: Seen[] = []
  const fetch: Fetch = async (url, { method, headers, body }) => {
    seen.push({ url, method, headers, ...(body === undefined ? {} : { body }) })
    const answer = answers[`${method} ${url}`] ?? { status: 404 }
    const all = new Headers()
    for (const [name, value] of answer.headers ?? []) all.append(name, value)
    return new Response(answer.body ?? '', { status: answer.status ?? 200, headers: all })
  }
  return { browser: createBrowser({ fetch }), seen }
}

const see = (location: string, ...cookies: readonly string[]): Answer => ({
  status: 303,
  headers: [['location', location], ...cookies.map((cookie) => ['set-cookie', cookie] as const)],
})

const form = `<!doctype html><html><body><h1>Hi &amp; hello</h1><p id="error">a<b>b</b></p>
  <form method="post" action="/login"><input type="hidden" name="interaction" value="a&quot;&#39;&lt;b"/>
  <input id="username" name="username" value=""><input type=checkbox name=stay value=1>
  <button id="login" name="action" value="login">In</button>
  <button id="cancel" name="action" value="cancel" formnovalidate="">Out</button></form>
  <a id="back" href="https://app.example/cb?a=1&amp;b=2">Back</a></body></html>`

describe('the browser of the tests', () => {
  it('fills the form that holds the button and sends what a browser would', async () => {
    const { browser, seen } = serve({
      'GET https://as.example/login': { body: form },
      'POST https://as.example/login': see('https://app.example/callback?code=1'),
    })
    const page = await browser.open('https://as.example/login')
    expect(page.words).toContain('Hi & hello\nab')
    expect(page.element('error')).toBe('ab')
    const after = await page.submit('login', { username: 'ana' })
    expect(after.redirectedTo?.href).toBe('https://app.example/callback?code=1')
    expect(Object.fromEntries(new URLSearchParams(seen[1]?.body))).toEqual({
      interaction: `a"'<b`,
      username: 'ana',
      action: 'login',
    })
    expect(seen[1]?.headers).toMatchObject({
      origin: 'https://as.example',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    })
    await expect(page.submit('approve')).rejects.toThrow("no button 'approve'")
    expect(page.links[0]?.href).toBe('https://app.example/cb?a=1&b=2')
  })

  it('follows redirects within the origin, keeps cookies, and never repeats a POST', async () => {
    const { browser, seen } = serve({
      'GET https://as.example/a': see('/b', '__Host-s=1; Secure; Path=/; HttpOnly', 'x=2; Path=/b'),
      'GET https://as.example/b': { body: 'there' },
      'POST https://as.example/p': { status: 307, headers: [['location', '/b']] },
    })
    const page = await browser.open('https://as.example/a', { from: 'cross-site' })
    expect([page.url, page.text, page.redirectedTo]).toEqual([
      'https://as.example/b',
      'there',
      undefined,
    ])
    expect(seen[1]?.headers).toMatchObject({
      cookie: '__Host-s=1; x=2',
      'sec-fetch-site': 'cross-site',
    })
    expect((await browser.post('https://as.example/p', {})).redirectedTo?.pathname).toBe('/b')
    expect(seen).toHaveLength(3)
  })

  it('refuses the cookies that a real one refuses', async () => {
    const { browser } = serve({
      'GET https://as.example/': {
        headers: [
          '__Host-a=1; Path=/', '__Host-b=1; Secure', '__Host-c=1; Secure; Path=/; Domain=as.example',
          '__Secure-d=1', 'e=1; Max-Age=0', 'good=1; Path=/',
        ].map((cookie) => ['set-cookie', cookie] as const),
      },
    }) // prettier-ignore
    await browser.open('https://as.example/')
    expect(browser.cookies.list().map(({ name }) => name)).toEqual(['good'])
  })

  it('withholds SameSite cookies from visits that come from elsewhere', async () => {
    const { browser, seen } = serve({
      'GET https://as.example/': {
        headers: ['s=1; SameSite=Strict', 'l=1; SameSite=Lax', 'n=1; SameSite=None; Secure'].map(
          (cookie) => ['set-cookie', cookie] as const,
        ),
      },
    })
    await browser.open('https://as.example/')
    await browser.open('https://as.example/', { from: 'cross-site' })
    await browser.post('https://as.example/', {}, { from: 'cross-site' })
    await browser.open('https://as.example/')
    expect(seen.map(({ headers }) => headers['cookie'])).toEqual([
      undefined, 'l=1; n=1', 'n=1', 's=1; l=1; n=1',
    ]) // prettier-ignore
    expect(seen[2]?.headers['origin']).toBe('https://elsewhere.example')
  })

  it('hides its origin on a page that wants no referrer', async () => {
    const { browser, seen } = serve({
      'GET https://as.example/login': { body: form, headers: [['referrer-policy', 'no-referrer']] },
    })
    await (await browser.open('https://as.example/login')).submit('cancel')
    expect(seen[1]?.headers['origin']).toBe('null')
  })
})
