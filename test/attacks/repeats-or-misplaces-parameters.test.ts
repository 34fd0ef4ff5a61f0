import { describe, expect, inject, it } from 'vitest'
import { formType, post, storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import { form, send } from '../support/http.ts'
import { peopleForms } from '../support/people-forms.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const authentication = async () => ({
  client_assertion_type: assertionType,
  client_assertion: await web.assertion(),
})

describe('an attacker who sends a parameter twice', () => {
  it('ATK-A1-28 is refused at PAR for each of them, before anything is used', async () => {
    const optional = { nonce: 'n', login_hint: 'x', claims: '{}', max_age: '1', prompt: 'login', dpop_jkt: 'A'.repeat(43), response_mode: 'query', acr_values: 'a', unknown: 'x' } // prettier-ignore
    const all = {
      client_id: web.fixture.clientId,
      ...(await authentication()),
      ...web.authorizationFields('v'.repeat(43)),
      ...optional,
    }
    for (const [name, value] of Object.entries(all)) {
      for (const second of [value, 'another', '']) {
        const answer = await post('/par', form([...Object.entries(all), [name, second]]))
        expect(refusal(answer), `${name}=${second}`).toBe('400 invalid_request')
        expect(storageCost(answer).calls).toBe(0)
      }
    }
    // The assertion was in every request above and is still unused.
    expect((await post('/par', form(all))).status).toBe(201)
  })

  it('ATK-A1-28 is refused at token for each of them, and code and refresh token stay as they were', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    const fields = {
      grant_type: 'authorization_code',
      code: given.code,
      code_verifier: given.verifier,
      redirect_uri: web.fixture.redirectUri,
      client_id: web.fixture.clientId,
      unknown: 'x',
    }
    const twice = async (all: Readonly<Record<string, string>>) => {
      const names = [...Object.entries(all), ['client_assertion_type', assertionType], ['client_assertion', 'x']] as const // prettier-ignore
      for (const [name, value] of names) {
        for (const second of [value, 'another']) {
          const { answer } = await web.token(all, { key, extra: [[name, second]] })
          expect(refusal(answer), name).toBe('400 invalid_request')
          expect(storageCost(answer).calls).toBe(0)
        }
      }
    }
    await twice(fields)
    const tokens = await web.redeem(given, { key })
    expect(tokens.answer.status).toBe(200)
    const { refreshToken } = tokens
    await twice({ grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'openid' })
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
  })

  it.each(['/introspect', '/revoke'])(
    'ATK-A1-28 is refused at %s for each of them',
    async (path) => {
      const client = testClient('resourceServer')
      const fields = { token: 'x', token_type_hint: 'access_token', client_id: client.fixture.clientId } // prettier-ignore
      const names = [...Object.keys(fields), 'client_assertion', 'client_assertion_type']
      for (const name of names) {
        const answer = await client.post(path, fields, { extra: [[name, 'x']] })
        expect(refusal(answer), name).toBe('400 invalid_request')
        expect(storageCost(answer).calls).toBe(0)
      }
      expect((await client.post(path, fields)).status).toBe(200)
    },
  )

  it('ATK-A1-28 is refused at authorize, login and consent, and the request stays open', async () => {
    const { requestUri } = await web.par()
    const { clientId } = web.fixture
    const pairs = [
      ['client_id', clientId],
      ['request_uri', requestUri],
      ['x', '1'],
    ] as const
    for (const [name, value] of pairs) {
      const query = form([...pairs, [name, value]])
      const got = await createBrowser().open(`${server.issuer}/authorize?${query}`)
      expect(pageRefusal(got), name).toBe('400 invalid_request')
      expect((await post('/authorize', query)).status).toBe(400)
    }
    const browser = createBrowser()
    const login = await browser.open(`${server.issuer}/authorize?${form(pairs)}`)
    const consent = await (async () => {
      const { action = '', fields = [] } = login.forms[0] ?? {}
      const all = [...fields.filter(([name]) => name === 'interaction'), ['username', users.alice.username], ['password', users.alice.password], ['action', 'login']] as const // prettier-ignore
      for (const [name, value] of all) {
        const page = await browser.post(action, new URLSearchParams(form([...all, [name, value]])))
        expect(pageRefusal(page), name).toBe('400 invalid_request')
        expect(page.headers.getSetCookie()).toEqual([])
      }
      return login.submit('login', users.alice)
    })()
    const [sealed] = consent.forms[0]?.fields ?? []
    for (const [name, value] of [sealed ?? ['interaction', ''], ['action', 'approve']] as const) {
      const all = [sealed ?? ['interaction', ''], ['action', 'approve'], [name, value]] as const
      const page = await browser.post(consent.forms[0]?.action ?? '', new URLSearchParams(form(all))) // prettier-ignore
      expect(pageRefusal(page), name).toBe('400 invalid_request')
    }
    const shown = await browser.open(`${consent.url}&interaction=x`)
    expect(pageRefusal(shown)).toBe('400 invalid_request')
    const done = await consent.submit('approve')
    expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-28 may send resource twice, as RFC 8707 wants it, and no other parameter', async () => {
    const resources = ['https://other-api.example', 'https://other-api.example']
    const extra = resources.map((one) => ['resource', one] as const)
    expect((await web.par({ extra })).answer.status).toBe(201)
    const array = await web.par({ extra: [['scope[]', 'openid'], ['scope[0]', 'openid']] }) // prettier-ignore
    expect(array.answer.status).toBe(201)
  })
})

describe('an attacker who confuses content types and places', () => {
  const types: readonly (string | undefined)[] = [
    undefined, '', 'application/json', 'application/json; charset=utf-8', 'multipart/form-data; boundary=x',
    'text/plain', 'text/plain; application/x-www-form-urlencoded', 'application/xml', 'application/octet-stream',
    'application/x-www-form-urlencodedx', 'application/x-www-form-urlencoded, text/plain', 'x-www-form-urlencoded',
    'application/ x-www-form-urlencoded', 'application/jwt', '*/*',
  ] // prettier-ignore

  it.each(['/par', '/token', '/introspect', '/revoke'])(
    'ATK-A1-29 is refused at %s for every content type but the form',
    async (path) => {
      const fields = {
        ...(await authentication()),
        ...web.authorizationFields('v'.repeat(43)),
        grant_type: 'client_credentials',
        token: 'x',
      }
      for (const type of types) {
        const headers = type === undefined ? [] : ([['content-type', type]] as const)
        for (const body of [form(fields), JSON.stringify(fields)]) {
          const answer = await post(path, body, headers)
          expect(refusal(answer), type).toBe('400 invalid_request')
          expect(storageCost(answer).calls).toBe(0)
        }
      }
      const json = await post(path, JSON.stringify(fields))
      expect(refusal(json)).toBe('401 invalid_client')
      const boundary = '--x\r\ncontent-disposition: form-data; name="token"\r\n\r\nx\r\n--x--\r\n'
      expect((await post(path, boundary)).status).toBe(401)
    },
  )

  it('ATK-A1-29 takes the form in any letters and with a charset', async () => {
    const fields = web.authorizationFields('v'.repeat(43))
    for (const type of [formType, formType.toUpperCase(), `${formType}; charset=UTF-8`, `${formType};charset=utf-8`]) {
      const body = form({ ...fields, ...(await authentication()) })
      expect((await post('/par', body, [['content-type', type]])).status).toBe(201)
    } // prettier-ignore
  })

  it.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
    'ATK-A1-29 cannot send the pages’ forms as %s',
    async (type) => {
      for (const path of peopleForms) {
        const headers = { 'content-type': type }
        const page = await createBrowser().post(`${server.issuer}${path}`, { a: 'b' }, { headers })
        expect(pageRefusal(page)).toBe('400 invalid_request')
      }
    },
  )

  it.each(['/par', '/token', '/introspect', '/revoke', '/authorize', '/login', '/consent'])(
    'ATK-A1-29 cannot put parameters of a POST to %s into the query',
    async (path) => {
      const fields = { ...(await authentication()), ...web.authorizationFields('v'.repeat(43)), token: 'x' } // prettier-ignore
      for (const query of [form(fields), 'x=1', 'redirect_uri=https://evil.example']) {
        for (const body of ['', form(fields)]) {
          const answer = await post(`${path}?${query}`, body)
          expect(answer.status).toBe(400)
          expect(answer.text).not.toContain('evil')
          expect(storageCost(answer).calls).toBe(0)
        }
      }
      if (path === '/par') expect((await post(path, form(fields))).status).toBe(201)
    },
  )

  it('ATK-A1-29 cannot change the method by _method or a header', async () => {
    const fields = { ...(await authentication()), ...web.authorizationFields('v'.repeat(43)) }
    const overrides = ['x-http-method-override', 'x-http-method', 'x-method-override'].map((name) => [name, 'POST'] as const) // prettier-ignore
    for (const path of ['/par', '/token', '/introspect', '/revoke']) {
      const url = `${server.issuer}${path}?_method=POST&${form(fields)}`
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const headers = [...overrides, ['content-type', formType]] as const
        const answer = await send(url, { method, headers })
        expect(answer.status, `${method} ${path}`).toBe(405)
        expect(answer.headers.get('allow')).toBe('POST')
      }
    }
    const posted = { ...fields, _method: 'GET' }
    const answer = await post('/par', form(posted), [...overrides, ['content-type', formType]])
    expect(answer.status).toBe(201)
  })

  it('ATK-A1-29 cannot hide a body behind an encoding', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'identity', 'x']) {
      const body = new Uint8Array([
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ])
      const answer = await post('/par', body, [['content-type', formType], ['content-encoding', encoding]]) // prettier-ignore
      expect(refusal(answer)).toMatch(/^40[01] invalid_(request|client)$/)
    }
  })
})
