import { afterEach, describe, expect, inject, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { form } from '../support/http.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const second = testClient('second')
const evil = 'https://evil.example/cb'

/** Where a redirect to the client went and what it said. */
const told = (page: Page) => {
  const { redirectedTo } = page
  const { searchParams } = redirectedTo ?? new URL('about:blank')
  return {
    status: page.status,
    to: `${redirectedTo?.origin}${redirectedTo?.pathname}`,
    error: searchParams.get('error'),
    iss: searchParams.get('iss'),
    names: [...searchParams.keys()],
  }
}

afterEach(() => moveClock(0))

describe('an attacker who wants the server to send people elsewhere', () => {
  it('ATK-A1-11 gets an error page for an unknown client, a bad request_uri or a bad scope, never a redirect', async () => {
    const { requestUri } = await web.par()
    const queries: readonly Readonly<Record<string, string>>[] = [
      { client_id: 'nobody', redirect_uri: evil, response_type: 'code', scope: 'evil' },
      { client_id: 'nobody', request_uri: requestUri, redirect_uri: evil },
      { client_id: web.fixture.clientId, request_uri: 'urn:x', redirect_uri: evil, prompt: 'none' },
      { client_id: web.fixture.clientId, redirect_uri: evil, error: 'x' },
      { redirect_uri: evil, post_logout_redirect_uri: evil, return_to: evil, next: evil },
    ]
    for (const query of queries) {
      const page = await createBrowser().open(`${server.issuer}/authorize?${form(query)}`)
      expect(pageRefusal(page)).toMatch(/^400 invalid_request(_uri)?$/)
      expect(page.text).not.toContain('evil.example')
      expect(page.headers.get('location')).toBeNull()
      expect(page.headers.get('refresh')).toBeNull()
    }
    const refused = await web.par({ fields: { scope: 'evil', redirect_uri: evil } })
    expect(refused.answer.status).toBe(400)
    expect(refused.answer.headers.get('location')).toBeNull()
  })

  it('ATK-A1-11 ATK-A1a-01 gets errors sent only to the validated address, with state and iss', async () => {
    const { requestUri } = await web.par({ fields: { prompt: 'none' } })
    const page = await createBrowser().open(`${web.authorizeUrl(requestUri)}&redirect_uri=${evil}`)
    expect(told(page)).toEqual({
      status: 303,
      to: 'https://web.example/cb',
      error: 'login_required',
      iss: server.issuer,
      names: ['error', 'error_description', 'state', 'iss'],
    })
    const essential = '{"id_token":{"acr":{"essential":true,"value":"urn:unreachable"}}}'
    const other = await web.par({ fields: { claims: essential } })
    const unmet = await createBrowser().open(web.authorizeUrl(other.requestUri))
    expect(told(unmet)).toMatchObject({
      to: 'https://web.example/cb',
      error: 'unmet_authentication_requirements',
      iss: server.issuer,
    })
  })

  it.each(['cancel', 'deny'] as const)(
    'ATK-A1-11 ATK-A1a-01 sends a %s to the validated address with its own query kept',
    async (answer) => {
      const { requestUri } = await second.par()
      const login = await createBrowser().open(second.authorizeUrl(requestUri))
      const page = answer === 'cancel' ? login : await login.submit('login', users.alice)
      const done = await page.submit(answer, {
        redirect_uri: evil,
      })
      expect(told(done)).toEqual({
        status: 303,
        to: 'https://second.example/cb',
        error: 'access_denied',
        iss: server.issuer,
        names: ['dummy1', 'dummy2', 'error', 'error_description', 'state', 'iss'],
      })
      const late = await createBrowser().open(second.authorizeUrl(requestUri))
      expect(pageRefusal(late)).toBe('400 invalid_request_uri')
    },
  )

  it('ATK-A1-11 offers a late person only the validated way back', async () => {
    const { requestUri } = await web.par()
    await moveClock(301)
    const url = `${web.authorizeUrl(requestUri)}&redirect_uri=${evil}`
    const page = await createBrowser().open(url)
    expect(pageRefusal(page)).toBe('400 invalid_request_uri')
    const addresses = page.links.map(({ href }) => new URL(href).origin)
    expect(addresses).toEqual(['https://web.example'])
    const [back] = page.links
    expect(new URL(back?.href ?? '').searchParams.get('error')).toBe('access_denied')
    await moveClock(0)
    expect((await createBrowser().open(web.authorizeUrl(requestUri))).forms).toHaveLength(1)
  })

  it('ATK-A1-11 has no other endpoint that redirects', async () => {
    const paths = ['/end_session', '/redirect', '/login', '/consent', '/', '//evil.example']
    for (const path of paths) {
      const page = await createBrowser().open(`${server.issuer}${path}?${form({ next: evil, redirect_uri: evil })}`) // prettier-ignore
      expect(page.redirectedTo, path).toBeUndefined()
      expect([400, 404]).toContain(page.status)
    }
    // Signing out leads to registered addresses only; parameters of other names mean nothing there.
    const signOut = (query: Readonly<Record<string, string>>) =>
      createBrowser().open(`${server.issuer}/logout?${form(query)}`)
    const meaningless = await signOut({ next: evil, redirect_uri: evil })
    expect([meaningless.status, meaningless.redirectedTo]).toEqual([200, undefined])
    const unregistered = await signOut({ post_logout_redirect_uri: evil })
    expect([unregistered.status, unregistered.redirectedTo]).toEqual([400, undefined])
    for (const page of [meaningless, unregistered]) expect(page.text).not.toContain('evil.example')
    expect(refusal((await web.par({ fields: { redirect_uri: evil } })).answer)).toBe(
      '400 invalid_request',
    )
  })
})
