import { beforeAll, describe, expect, it } from 'vitest'
import type { Cookie } from '../support/cookies.ts'
import {
  authorizeUrl,
  createVisitor,
  interactionOf,
  makeParties,
  person,
  press,
  push,
  settle,
} from '../objects/support/flow.ts'
import type { Visitor } from '../objects/support/flow.ts'
import { bank, form, other, tenant } from '../objects/support/issuers.ts'
import type { IssuerAddress, Party } from '../objects/support/issuers.ts'

let app: Party

beforeAll(async () => {
  ;({ app } = await makeParties())
  for (const issuer of [bank, other, tenant]) await settle(issuer, [app])
})

const named = (cookie: Cookie, issuer: IssuerAddress) => cookie.name.includes(`-${issuer.id}-`)

/** Gives a browser the values of its cookies of one issuer again, as cookies of another one. */
function carryCookies({ jar }: Visitor, home: IssuerAddress, abroad: IssuerAddress): void {
  for (const cookie of jar.list().filter((one) => named(one, home))) {
    const name = cookie.name.replace(`-${home.id}-`, `-${abroad.id}-`)
    jar.put({ ...cookie, name, host: new URL(abroad.url).hostname })
  }
}

const pairs: readonly (readonly [string, IssuerAddress, IssuerAddress])[] = [
  ['bank to other', bank, other],
  ['other to bank', other, bank],
  ['bank to tenant', bank, tenant],
  ['tenant to bank', tenant, bank],
]

describe.each(pairs)('a browser sent from %s', (_, home, abroad) => {
  it('ATK-A1-05 ATK-A1a-06 cannot open the request_uri, which stays open at home', async () => {
    const { requestUri } = await push(home, app)
    const stranger = await createVisitor().go(authorizeUrl(abroad, requestUri))
    expect(stranger.response.status).toBe(400)
    expect(stranger.text).toContain('invalid_request_uri')
    expect(stranger.text).not.toContain('app.example')
    const login = await createVisitor().go(authorizeUrl(home, requestUri))
    expect(login.response.status).toBe(200)
    expect(login.url).toContain(`${home.url}/login`)
  })

  it('ATK-A1-19 cannot go on with a sealed sign-in, cookies included', async () => {
    const visitor = createVisitor()
    const login = await visitor.go(authorizeUrl(home, (await push(home, app)).requestUri))
    carryCookies(visitor, home, abroad)
    const interaction = interactionOf(login)
    expect(interaction).not.toBe('')
    const shown = await visitor.go(
      `${abroad.url}/login?${new URLSearchParams({ interaction }).toString()}`,
    )
    const posted = await visitor.go(`${abroad.url}/login`, {
      method: 'POST',
      ...form({ interaction, ...person }),
    })
    expect([shown.response.status, posted.response.status]).toEqual([400, 400])
    const consent = await press(visitor, login, { button: 'login', fields: person })
    expect(consent.url).toContain(`${home.url}/consent`)
  })

  it('ATK-A1-19 cannot approve with a sealed approval, cookies included', async () => {
    const visitor = createVisitor()
    const login = await visitor.go(authorizeUrl(home, (await push(home, app)).requestUri))
    const consent = await press(visitor, login, { button: 'login', fields: person })
    carryCookies(visitor, home, abroad)
    const interaction = interactionOf(consent)
    const shown = await visitor.go(
      `${abroad.url}/consent?${new URLSearchParams({ interaction }).toString()}`,
    )
    const posted = await visitor.go(`${abroad.url}/consent`, {
      method: 'POST',
      ...form({ interaction, action: 'approve' }),
    })
    for (const { response } of [shown, posted]) {
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
    }
    const { response } = await press(visitor, consent, { button: 'approve' })
    const callback = new URL(response.headers.get('location') ?? '')
    expect(callback.searchParams.get('iss')).toBe(home.url)
    expect(callback.searchParams.get('code')).toMatch(/^[\w-]{80,}$/)
  })

  it('ATK-A1-18 gets cookies of its own, and those of the other issuer open no interaction', async () => {
    const visitor = createVisitor()
    await visitor.go(authorizeUrl(home, (await push(home, app)).requestUri))
    const cookiesOfHome = visitor.jar.list()
    const login = await visitor.go(authorizeUrl(abroad, (await push(abroad, app)).requestUri))
    expect(visitor.jar.list().filter((cookie) => named(cookie, home))).toEqual(cookiesOfHome)
    const own = visitor.jar.list().filter((cookie) => named(cookie, abroad))
    expect(own.map(({ name }) => name)).toEqual([`__Host-fapi-${abroad.id}-browser`])
    visitor.jar.clear()
    for (const cookie of cookiesOfHome) {
      visitor.jar.put({ ...cookie, host: new URL(abroad.url).hostname })
    }
    expect((await visitor.go(login.url)).response.status).toBe(400)
    for (const cookie of own) visitor.jar.put(cookie)
    expect((await visitor.go(login.url)).response.status).toBe(200)
  })
})
