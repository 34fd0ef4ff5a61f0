import { afterAll, beforeAll, expect, it } from 'vitest'
import { moveClock } from '../support/test-client.ts'
import { codeOf, newPerson } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import {
  expectArrived,
  expectErrorPage,
  expectWayBack,
  openConsent,
  setValue,
} from './support/pages.ts'
import { givePassword, signIn } from './support/people.ts'

const minute = 60

inBrowser('A person who does not go straight on', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it('goes back from the app to a page that offers the way to the app again', async () => {
    const { page } = await visitor()
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson())
    await page.click('#approve')
    await expectArrived(page, app)
    await page.goBack()
    await expectWayBack(page, attempt)
  })

  it('goes back from consent to sign-in, and signs in again', async () => {
    const { page } = await visitor()
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson())
    await page.goBack()
    await page.locator('#login').waitFor()
    await page.goto(attempt.url)
    await page.locator('#approve, #login').first().waitFor()
    if ((await page.locator('#approve').count()) === 0) await signIn(page, await newPerson())
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('reloads every page, a refused sign-in too, and goes on', async () => {
    const { page } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await page.reload()
    await givePassword(page, { ...person, password: 'not the password at all' })
    await page.locator('#problem').waitFor()
    await page.reload()
    await page.locator('#problem').waitFor()
    await signIn(page, person)
    await page.reload()
    await page.click('#approve')
    await expectArrived(page, app)
    await page.reload()
    expect(new Set(attempt.answers().map(String)).size).toBe(1)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('double-clicks every button, and the app gets one code', async () => {
    const { page } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await page.fill('#username', person.username)
    await page.fill('#password', person.password)
    await page.dblclick('#login')
    await page.locator('#otp, #approve').first().waitFor()
    if ((await page.locator('#otp').count()) > 0) {
      await page.fill('#otp', codeOf(person))
      await page.dblclick('#login')
    }
    await page.dblclick('#approve')
    await expectArrived(page, app)
    expect(new Set(attempt.answers().map(String)).size).toBe(1)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('has two requests of the app in two tabs, and finishes both', async () => {
    const { page, context } = await visitor()
    const person = await newPerson()
    const [first, second] = [await app.start(), await app.start()]
    const other = await context.newPage()
    await page.goto(first.url)
    await other.goto(second.url)
    await signIn(page, person)
    await signIn(other, person, codeOf(person, 1))
    // The newer sign-in is the one that counts in this browser: the first tab asks once more.
    await page.click('#approve')
    await page.locator('#approve').waitFor()
    expect(first.answers()).toHaveLength(0)
    await page.click('#approve')
    await expectArrived(page, app)
    await other.click('#approve')
    await expectArrived(other, app)
    expect(await first.accounts(await first.tokens())).toBe(200)
    expect(await second.accounts(await second.tokens())).toBe(200)
  })

  it('has one request in two tabs: the first answer counts, the other tab shows the way back', async () => {
    const { page, context } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    const other = await context.newPage()
    await openConsent(page, attempt, person)
    await other.goto(page.url())
    await other.click('#approve')
    await expectArrived(other, app)
    await page.click('#deny')
    await expectWayBack(page, attempt)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('opens the link too late, and is offered the way back', async () => {
    const { page } = await visitor()
    const attempt = await app.start()
    await moveClock(6 * minute)
    await page.goto(attempt.url)
    await expectWayBack(page, attempt)
  })

  it('waits too long at sign-in, and is offered the way back', async () => {
    const { page } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await moveClock(31 * minute)
    await givePassword(page, person)
    await expectWayBack(page, attempt)
  })

  it('waits too long at consent, and is offered the way back', async () => {
    const { page } = await visitor()
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson())
    await moveClock(31 * minute)
    await page.click('#approve')
    await expectWayBack(page, attempt)
  })

  it('opens an address that does not exist, and is told so', async () => {
    const { page } = await visitor()
    await page.goto(new URL('/nowhere', (await app.start()).url).href)
    await expectErrorPage(page, 'not_found')
  })
})

inBrowser('Two browsers', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it('ATK-A1-19 cannot share an interaction: its address is refused elsewhere, and goes on at home', async () => {
    const { page } = await visitor()
    const { page: elsewhere } = await visitor()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await elsewhere.goto(page.url())
    await expectErrorPage(elsewhere, 'invalid_request')
    await signIn(page, await newPerson())
    await elsewhere.goto(page.url())
    await expectErrorPage(elsewhere, 'invalid_request')
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('ATK-A1-19 cannot post a form of another one, though it opened the same request', async () => {
    const { page } = await visitor()
    const { page: elsewhere } = await visitor()
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson())
    await openConsent(elsewhere, attempt, await newPerson())
    const sealed = await page.inputValue('input[name=interaction]')
    await setValue(elsewhere, 'input[name=interaction]', sealed)
    await elsewhere.click('#approve')
    await expectErrorPage(elsewhere, 'invalid_request')
    expect(attempt.answers()).toHaveLength(0)
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('may open one request: the first to complete wins, the second is shown the way back', async () => {
    const { page } = await visitor()
    const { page: other } = await visitor({ device: 'phone' })
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson())
    await openConsent(other, attempt, await newPerson())
    await page.click('#approve')
    await expectArrived(page, app)
    await other.click('#approve')
    await expectWayBack(other, attempt)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })
})
