import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openAdmin, registerPerson } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { send } from '../support/http.ts'
import { getResource, makeDpopKey, nonceOf, proof, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const readLog = (): string => readFileSync(join(server.state, 'server.log'), 'utf8')

describe('an attacker who reads the log', () => {
  it('ATK-A5-09 finds no token, code, assertion, proof, password, cookie, request or name of a person in it', async () => {
    const before = readLog().length
    const key = await makeDpopKey()
    const person = await registerPerson(await openAdmin())
    const assertion = await web.assertion()
    const fields = { client_assertion: assertion, state: `state-${randomBytes(8).toString('hex')}`, nonce: `nonce-${randomBytes(8).toString('hex')}`, login_hint: `hint-${randomBytes(8).toString('hex')}` } // prettier-ignore
    const parProof = await proof(key, web.url('/par'), { nonce: await nonceOf(web.url('/par')) })
    const pushed = await web.par({ fields, proof: parProof })
    const browser = createBrowser()
    const login = await browser.open(web.authorizeUrl(pushed.requestUri))
    const wrongPassword = `wrong-${randomBytes(8).toString('hex')}`
    const strangeName = `stranger-${randomBytes(8).toString('hex')}`
    await login.submit('login', { username: person.username, password: wrongPassword })
    await login.submit('login', { username: strangeName, password: wrongPassword })
    const consent = await login.submit('login', person)
    const callback = (await consent.submit('approve')).redirectedTo
    const code = callback?.searchParams.get('code') ?? ''
    const given = { code, verifier: pushed.verifier }
    await web.redeem({ code, verifier: 'w'.repeat(43) }, { key })
    const tokens = await web.redeem(given, { key })
    await web.refresh(tokens.refreshToken, { key })
    await getResource(`${server.issuer}/userinfo`, tokens.accessToken, { key })
    await getResource(`${server.issuer}/userinfo`, tokens.accessToken)
    await getResource(`${server.api}/accounts`, tokens.accessToken, { key })
    await testClient('resourceServer').post('/introspect', { token: tokens.accessToken })
    await testClient('second').post('/revoke', { token: tokens.refreshToken })
    await web.redeem(given, { key })
    await web.post('/revoke', { token: tokens.accessToken })
    const garbage = `garbage-${randomBytes(8).toString('hex')}`
    await web.par({ fields: { redirect_uri: `https://evil.example/${garbage}`, scope: garbage } })
    await send(`${server.issuer}/authorize?client_id=${garbage}&request_uri=${garbage}`)
    await getResource(`${server.issuer}/userinfo`, garbage, { key })

    const log = readLog().slice(before)
    const sealed = new URL(consent.url).searchParams.get('interaction') ?? ''
    const secrets = {
      'access token': tokens.accessToken,
      'signature of the access token': tokens.accessToken.split('.')[2],
      'id of the access token': String(tokens.claims['jti']),
      'refresh token': tokens.refreshToken,
      'secret of the refresh token': tokens.refreshToken.slice(-40),
      'id_token': String(tokens.answer.json['id_token']),
      code,
      'secret of the code': code.slice(-40),
      verifier: pushed.verifier,
      assertion,
      'signature of the assertion': assertion.split('.')[2],
      proof: parProof,
      'request_uri': pushed.requestUri,
      'secret of the request_uri': pushed.requestUri.slice(-40),
      state: fields.state,
      nonce: fields.nonce,
      hint: fields.login_hint,
      sealed,
      password: person.password,
      'wrong password': wrongPassword,
      'user name': person.username,
      'strange name': strangeName,
      garbage,
      cookie: browser.cookies.list()[0]?.value,
      'sign-in cookie': browser.cookies.list()[1]?.value,
    } // prettier-ignore
    for (const [what, secret] of Object.entries(secrets)) {
      expect(secret?.length, what).toBeGreaterThan(7)
      expect(log.includes(secret ?? ''), `${what} in the log`).toBe(false)
    }
    expect(log).not.toMatch(/eyJ[A-Za-z0-9_-]{10}/)
  })

  it('ATK-A5-09 still lets an operator follow a request: one JSON object per line, with ids', async () => {
    const before = readLog().length
    const key = await makeDpopKey()
    await web.redeem(await web.code(), { key })
    await web.par({ fields: { scope: 'unknown' } })
    const lines = readLog().slice(before).split('\n').filter((line) => line !== '') // prettier-ignore
    const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    const named = events.map(({ event }) => event)
    for (const event of ['par.accepted', 'sign_in.succeeded', 'consent.approved', 'token.issued', 'request.refused']) {
      expect(named).toContain(event)
    } // prettier-ignore
    const issued = events.find(({ event }) => event === 'token.issued')
    expect(issued).toMatchObject({ client_id: 'client-web', issuer: expect.any(String) as string })
    expect(issued?.['request_id']).toBeTruthy()
  })
})
