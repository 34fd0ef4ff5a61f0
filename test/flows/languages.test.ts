import { afterEach, describe, expect, inject, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { pageRefusal } from '../support/refusal.ts'
import { moveClock, testClient } from '../support/test-client.ts'

const { alice } = inject('fixtures').users
const web = testClient('web')

const visit = (language: string) => ({ headers: { 'accept-language': language } })
const languageOf = (page: Page) => page.headers.get('content-language')

afterEach(() => moveClock(0))

describe('the pages', () => {
  it('issue 3.9 speak the language the browser asks for, and say so', async () => {
    const { requestUri } = await web.par()
    const page = await createBrowser().open(web.authorizeUrl(requestUri), visit('de-AT,en;q=0.5'))
    expect(page.status).toBe(200)
    expect(languageOf(page)).toBe('de')
    expect(page.text).toMatch(/^<!doctype html><html lang="de" dir="ltr">/)
    expect(page.words).toContain('Benutzername')
    const english = await createBrowser().open(web.authorizeUrl(requestUri), visit('fr, en;q=0.5'))
    expect(languageOf(english)).toBe('en')
    expect(english.words).toContain('User name')
  })

  it('OIDC Core 3.1.2.1 speak the language the client asks for before the browser’s', async () => {
    const { requestUri } = await web.par({ fields: { ui_locales: 'fr-CA de' } })
    const login = await createBrowser().open(web.authorizeUrl(requestUri), visit('en'))
    expect(languageOf(login)).toBe('de')
    const refused = await login.submit(
      'login',
      { ...alice, password: 'not the password' },
      visit('en'),
    )
    expect(refused.status).toBe(403)
    expect(languageOf(refused)).toBe('de')
    expect(refused.element('problem')).toContain('Benutzername und Passwort passen nicht zusammen')
  })

  it('issue 3 tell people what happened in their language, and developers the code', async () => {
    const { requestUri } = await web.par()
    const browser = createBrowser()
    await moveClock(400)
    const expired = await browser.open(web.authorizeUrl(requestUri), visit('de'))
    expect(pageRefusal(expired)).toBe('400 invalid_request_uri')
    expect(expired.words).toContain('Die Anfrage ist abgelaufen.')
    expect(expired.words).toContain('Zurück zu Test client web')
    const unknown = await browser.open(web.authorizeUrl(`${requestUri}x`), visit('de'))
    expect(unknown.words).toContain('Dieser Link kann nicht verwendet werden')
    expect(unknown.words).toContain('beginnen Sie dort noch einmal')
    const lost = await browser.open(web.url('/nowhere'), visit('de'))
    expect(pageRefusal(lost)).toBe('404 not_found')
    expect(lost.words).toContain('Diese Seite gibt es nicht')
  })
})
