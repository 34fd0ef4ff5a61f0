import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { account, makeLink } from '../support/account.ts'
import { openAdmin } from '../support/admin.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { createBrowser } from '../support/browser.ts'
import { addPasskey, askedBy, signInWithPasskey } from '../support/passkeys.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()

it('A1-21 a newcomer with an operator’s link enrols a passkey, has nothing else, and signs in with it', async () => {
  const username = `person-${randomBytes(6).toString('hex')}`
  const admin = await openAdmin()
  expect((await admin.request('PUT', `/users/${username}`, {})).status).toBe(201)
  const browser = createBrowser()
  const link = await makeLink(username, 'setup-link')
  await (await browser.open(link, { from: 'cross-site' })).submit('begin')
  const page = await account(browser, '/account/passkeys')
  const authenticator = await createAuthenticator(new URL(server.issuer).origin)
  const attestation = JSON.stringify(await authenticator.create(askedBy(page).options))
  const added = await addPasskey(browser, page, { attestation, name: 'Phone' })
  expect(added.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-added`)
  // The link adds: it renames and removes nothing.
  expect(added.text).not.toMatch(/id="(?:remove|rename)-/)
  const login = await (await account(browser, '/setup')).submit('finish')
  const home = await signInWithPasskey(browser, login, { authenticator })
  expect(home.url).toBe(`${server.issuer}/account`)
  expect(home.words).toContain(username)
  const { json } = await admin.request('GET', `/users/${username}`)
  expect(json['factors']).toEqual({ password: false, totp: false, passkeys: 1, recovery_codes: 0 })
})
