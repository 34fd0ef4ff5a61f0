import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { openAdmin } from '../../support/admin.ts'
import { nowSeconds } from '../../support/test-client.ts'
import type { Server } from '../../support/test-client.ts'

export type Person = {
  readonly username: string
  readonly password: string
  /** Base32, as in the configuration file. */
  readonly totpSecret: string
}

/** Registers a person nobody else uses, with a password and one-time codes. */
export async function newPerson(
  wanted: { readonly username?: string; readonly name?: string } = {},
  on?: Server,
): Promise<Person> {
  const username = wanted.username ?? `person-${randomBytes(6).toString('hex')}`
  const password = `the password of ${username}`
  const totpSecret = new Secret({ size: 20 }).base32
  const admin = await openAdmin(on)
  const answer = await admin.request('PUT', `/users/${encodeURIComponent(username)}`, {
    password,
    totp_secret: totpSecret,
    claims: { name: wanted.name ?? 'Ana Example' },
  })
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status} ${answer.text}`)
  return { username, password, totpSecret }
}

/** The code that the person's device shows (RFC 6238), `steps` later than now. */
export const codeOf = ({ totpSecret }: Person, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(totpSecret) }).generate({
    timestamp: (nowSeconds() + 30 * steps) * 1000,
  })

/** Signs in on the page that asks for user name and password, up to the question of consent. */
export async function signIn(page: Page, person: Person, code?: string): Promise<void> {
  await givePassword(page, person)
  await page.locator('#otp, #approve').first().waitFor()
  if ((await page.locator('#otp').count()) === 0) return
  await page.fill('#otp', code ?? codeOf(person))
  await page.click('#login')
  await page.locator('#approve').waitFor()
}

/** Fills in user name and password and sends them. */
export async function givePassword(page: Page, person: Person): Promise<void> {
  await page.fill('#username', person.username)
  await page.fill('#password', person.password)
  await page.click('#login')
}
