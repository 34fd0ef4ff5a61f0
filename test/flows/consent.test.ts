import { beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient, registerPerson } from '../support/admin.ts'
import type { Admin, Person } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
let admin: Admin

beforeAll(async () => {
  admin = await openAdmin()
})

type Client = ReturnType<typeof testClient>

async function openConsent(client: Client, person: Person, fields: object = {}): Promise<Page> {
  const { requestUri } = await client.par({ fields: { ...fields } })
  const login = await createBrowser().open(client.authorizeUrl(requestUri))
  const { username, password } = person
  return login.submit('login', { username, password })
}

describe('the consent page', () => {
  it('issue 3.6 marks what is new since the person last allowed this client something', async () => {
    const { fixture } = await registerClient(admin)
    const client = testClient(fixture)
    const person = await registerPerson(admin)
    const claims = (name: string) => JSON.stringify({ userinfo: { [name]: null } })

    const first = await openConsent(client, person, { scope: 'openid accounts' })
    expect(first.words).not.toMatch(/\bNew\b|permission before/)
    expect((await first.submit('approve')).redirectedTo?.searchParams.get('code')).toBeTruthy()

    const more = { scope: 'openid accounts email', claims: claims('birthdate') }
    const second = await openConsent(client, person, more)
    expect(second.words).toContain('What it did not have then is marked as new.')
    expect(second.text).toMatch(/<span>See your email address<\/span><span class="badge">New</)
    expect(second.text).toMatch(/<span>See single details<\/span><span class="badge">New</)
    expect(second.text.split('class="badge">New<')).toHaveLength(3)
    // What was denied was not allowed: it is new the next time as well.
    await second.submit('deny')
    const third = await openConsent(client, person, more)
    expect(third.text.split('class="badge">New<')).toHaveLength(3)
    await third.submit('approve')

    const same = await openConsent(client, person, more)
    expect(same.words).toContain('It asks for nothing more than then.')
    expect(same.text).not.toContain('class="badge">New<')
  })

  it('issue 3.6 knows nothing of what others allowed, or of what was allowed to others', async () => {
    const one = testClient((await registerClient(admin)).fixture)
    const other = testClient((await registerClient(admin)).fixture)
    const [ana, ben] = [await registerPerson(admin), await registerPerson(admin)]
    await (await openConsent(one, ana)).submit('approve')
    for (const page of [await openConsent(other, ana), await openConsent(one, ben)]) {
      expect(page.words).not.toMatch(/\bNew\b|permission before/)
    }
    expect((await openConsent(one, ana)).words).toContain('permission before')
  })

  it('issue 3.6 shows name, host and whether the operator verified the client', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const person = await registerPerson(admin)
    const unverified = await openConsent(client, person)
    expect(unverified.words).toContain(`from ${new URL(fixture.redirectUri).host}`)
    expect(unverified.words).toMatch(/has not verified this application/)
    const path = `/clients/${fixture.clientId}`
    expect((await admin.request('POST', `${path}/verify`)).status).toBe(200)
    const verified = await openConsent(client, person)
    expect(verified.words).toMatch(/Verified by \S/)
    expect(verified.words).not.toContain('has not verified')
    expect(verified.words).toContain(String(metadata['client_name']))
  })

  it('issue 3.6 leads to the account page of this issuer', async () => {
    const client = testClient((await registerClient(admin)).fixture)
    const page = await openConsent(client, await registerPerson(admin))
    expect(page.links.map(({ href }) => href)).toContain(`${server.issuer}/account`)
  })
})
