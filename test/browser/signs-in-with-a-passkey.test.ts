import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf, newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { sharedServer } from '../support/worker-server.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { addAuthenticator } from './support/authenticator.ts'
import type { Authenticator } from './support/authenticator.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectGoodLooks, looks } from './support/looks.ts'
import { expectArrived } from './support/pages.ts'
import { givePassword, openAccount, signIn } from './support/people.ts'

const phishingResistant = 'urn:fapi-edge:acr:phishing-resistant'
const essential = JSON.stringify({
  id_token: { acr: { essential: true, value: phishingResistant } },
})
const passkeys = 'section:has(#yours)'

/** Signs in with password and code and enrols a passkey on the account page. */
async function enrol(page: Page, person: Somebody, name = 'My phone'): Promise<Authenticator> {
  const authenticator = await addAuthenticator(page)
  await openAccount(page, person)
  await page.goto(`${sharedServer().issuer}/account/passkeys`)
  await page.fill('#name', name)
  await page.click('#passkey')
  await page.locator('[role=status].done').waitFor()
  return authenticator
}

inBrowser('A passkey', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it('is enrolled on the account page, and later signs in alone, with one touch', async () => {
    const { page, context } = await visitor({ device: 'phone' })
    const authenticator = await enrol(page, await newPerson())
    expect(await authenticator.count()).toBe(1)
    expect(await page.locator(passkeys).innerText()).toContain('My phone')
    await context.clearCookies()
    await authenticator.setPresent(false)
    const attempt = await app.start()
    await page.goto(attempt.url)
    await page.locator('#passkey').waitFor()
    await authenticator.setPresent(true)
    await page.click('#passkey')
    await page.click('#approve')
    await expectArrived(page, app)
    const tokens = await attempt.tokens()
    expect(tokens.claims()).toMatchObject({ acr: phishingResistant, amr: ['pop', 'user', 'mfa'] })
    expect(await attempt.accounts(tokens)).toBe(200)
  })

  it('is all that is asked where the app needs it and the person is signed in already', async () => {
    const { page } = await visitor()
    await enrol(page, await newPerson())
    const attempt = await app.start({ claims: essential })
    await page.goto(attempt.url)
    expect(await page.locator('#password, #otp').count()).toBe(0)
    await page.click('#passkey')
    await page.click('#approve')
    await expectArrived(page, app)
    expect((await attempt.tokens()).claims()).toMatchObject({ acr: phishingResistant })
  })

  it('of somebody who cannot be verified is refused in words, and password and code still do', async () => {
    const { page, context } = await visitor()
    const person = await newPerson()
    const authenticator = await enrol(page, person)
    await context.clearCookies()
    await authenticator.setVerified(false)
    const attempt = await app.start()
    await page.goto(attempt.url)
    await page.click('#passkey')
    await expect.poll(() => page.locator('#passkey-status').innerText()).not.toBe('')
    await signIn(page, person, codeOf(person, 1))
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('that was removed opens nothing any more', async () => {
    const { page, context } = await visitor()
    const person = await newPerson()
    const authenticator = await enrol(page, person)
    await page.click(`${passkeys} button[name=action][value=remove]`)
    await page.locator('[role=status].done').waitFor()
    expect(await page.locator(passkeys).innerText()).not.toContain('My phone')
    expect(await authenticator.count()).toBe(1)
    await context.clearCookies()
    await authenticator.setPresent(false)
    const attempt = await app.start()
    await page.goto(attempt.url)
    await page.locator('#passkey').waitFor()
    // One touch only: the page that comes back offers passkeys again, and this owner would never let go.
    await page.route('**/login/passkey', async (route) => {
      await authenticator.setPresent(false)
      await route.continue()
    })
    await authenticator.setPresent(true)
    await page.click('#passkey')
    await page.locator('#problem').waitFor()
    await signIn(page, person, codeOf(person, 1))
    await page.click('#approve')
    await expectArrived(page, app)
  })

  it('cannot be asked for without JavaScript: that is said, and nothing else is in the way', async () => {
    const { page } = await visitor({ javaScript: false })
    const person = await newPerson()
    const attempt = await app.start()
    await page.goto(attempt.url)
    expect(await page.locator('#passkey').isVisible()).toBe(false)
    await signIn(page, person)
    await page.goto(`${sharedServer().issuer}/account/passkeys`)
    expect(await page.locator('#passkey').isVisible()).toBe(false)
    expect(await page.locator('noscript .problem').isVisible()).toBe(true)
  })

  it.each(looks)('reads well on %s, wherever it is asked for', async (name, look) => {
    const { page, context } = await visitor(look)
    const person = await newPerson()
    const authenticator = await enrol(page, person)
    await expectGoodLooks(page, 'passkeys', name)
    await context.clearCookies()
    await authenticator.setPresent(false)
    await page.goto((await app.start()).url)
    await page.locator('#passkey').waitFor()
    await expectGoodLooks(page, 'login-with-passkey', name)
    await givePassword(page, person)
    await page.fill('#otp', codeOf(person, 1))
    await page.click('#login')
    await page.locator('#approve').waitFor()
    await page.goto((await app.start({ claims: essential })).url)
    await page.locator('#passkey').waitFor()
    await expectGoodLooks(page, 'passkey-prompt', name)
    await authenticator.setPresent(true)
    await authenticator.setVerified(false)
    await page.click('#passkey')
    await expect.poll(() => page.locator('#passkey-status').innerText()).not.toBe('')
    await expectGoodLooks(page, 'passkey-failed', name)
  })
})
