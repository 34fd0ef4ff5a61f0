import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPerson } from '../support/people.ts'
import { sharedServer } from '../support/worker-server.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { addAuthenticator } from './support/authenticator.ts'
import type { Authenticator } from './support/authenticator.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectArrived } from './support/pages.ts'
import { openAccount } from './support/people.ts'

const phishingResistant = 'urn:fapi-edge:acr:phishing-resistant'

/** A signed-out browser whose device keeps a passkey. */
async function withPasskey(page: Page): Promise<Authenticator> {
  const authenticator = await addAuthenticator(page)
  await openAccount(page, await newPerson())
  await page.goto(`${sharedServer().issuer}/account/passkeys`)
  await page.click('#passkey')
  await page.locator('[role=status].done').waitFor()
  await page.context().clearCookies()
  return authenticator
}

/** Notes what a page asks the browser for, and changes nothing of it. */
const watching = `
  window.asked = []
  const get = navigator.credentials.get.bind(navigator.credentials)
  navigator.credentials.get = (options) => {
    window.asked.push({ kind: options.mediation ?? 'button', signal: options.signal })
    return get(options)
  }
`
const seen = `window.asked.map(({ kind, signal }) => kind + (signal.aborted ? ' ended' : ' open'))`

/** Watches a page's requests for passkeys. Answers what became of each. */
async function watchRequests(page: Page): Promise<() => Promise<unknown>> {
  await page.addInitScript({ content: watching })
  return () => page.evaluate(seen)
}

inBrowser('A person who is offered a passkey', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it('in the field for the user name takes it there, and presses nothing else', async () => {
    const { page } = await visitor({ device: 'phone' })
    await withPasskey(page)
    const attempt = await app.start()
    await page.goto(attempt.url)
    // The device offers it; its owner says yes at once.
    await page.click('#approve')
    await expectArrived(page, app)
    expect((await attempt.tokens()).claims()).toMatchObject({ acr: phishingResistant })
  })

  it('presses the button while it is offered there: the one request ends the other', async () => {
    const { page } = await visitor()
    const authenticator = await withPasskey(page)
    // Nobody touches the device, so that each request stays open.
    await authenticator.setPresent(false)
    const asked = await watchRequests(page)
    await page.goto((await app.start()).url)
    await expect.poll(asked).toEqual(['conditional open'])
    await page.click('#passkey')
    expect(await page.locator('#passkey').isDisabled()).toBe(true)
    await expect.poll(asked).toEqual(['conditional ended', 'button open'])
    expect(await page.locator('#passkey-status').innerText()).toBe('')
  })

  it('goes back after signing in and is asked anew, in two tabs as well', async () => {
    const { page, context } = await visitor()
    const authenticator = await withPasskey(page)
    await authenticator.setPresent(false)
    const attempt = await app.start()
    await page.goto(attempt.url)
    const login = page.url()
    const challenge = () => page.locator('#passkey-area').getAttribute('data-options')
    const first = await challenge()
    const tab = await context.newPage()
    await tab.goto(login)
    await tab.locator('#passkey').waitFor()
    await authenticator.setPresent(true)
    await page.click('#passkey')
    await page.locator('#approve').waitFor()
    await authenticator.setPresent(false)
    await page.goBack()
    await page.locator('#passkey').waitFor()
    expect(await challenge()).not.toBe(first)
    await authenticator.setPresent(true)
    await page.click('#passkey')
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('on a device without any is told so, and nothing was sent', async () => {
    const { page } = await visitor()
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') sent.push(request.url())
    })
    await addAuthenticator(page)
    await page.goto((await app.start()).url)
    await page.click('#passkey')
    await expect.poll(() => page.locator('#passkey-status').innerText()).not.toBe('')
    expect(await page.locator('#passkey-status').innerText()).toBe(
      'Your passkey was not used. Try again when you are ready.',
    )
    expect(await page.locator('#passkey').isEnabled()).toBe(true)
    expect(sent).toEqual([])
  })

  it('cannot enrol the same device twice, and is told so', async () => {
    const { page } = await visitor()
    const authenticator = await addAuthenticator(page)
    await openAccount(page, await newPerson())
    await page.goto(`${sharedServer().issuer}/account/passkeys`)
    await page.click('#passkey')
    await page.locator('[role=status].done').waitFor()
    await page.click('#passkey')
    await expect.poll(() => page.locator('#passkey-status').innerText()).not.toBe('')
    expect(await page.locator('#passkey-status').innerText()).toBe(
      'There is a passkey for your account on this device already.',
    )
    expect(await authenticator.count()).toBe(1)
  })
})
