import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { formType, honest, post, signTexts, storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import type { PrivateJwk } from '../support/fixtures.ts'
import { form, send } from '../support/http.ts'
import { peopleForms } from '../support/people-forms.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { makeDpopKey, nonceOf, nowSeconds, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const bodies = ['/par', '/token', '/introspect', '/revoke', ...peopleForms]
const inherited = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'] // prettier-ignore

const parBody = async (): Promise<string> =>
  form({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await web.assertion(),
    ...web.authorizationFields('v'.repeat(43)),
  })

describe('an attacker who sends broken encodings', () => {
  const broken = [
    '%', '%2', '%zz', '%u0041', '%%', '%C3%28', '%C0%AF', '%E0%80%AF', '%ED%A0%80', '%F5%80%80%80', '%FF', '%FE%FF',
    '%80', '%00', 'a%00b', '%01', '%1f', '%7f', '%0b', '%F0%9F',
  ] // prettier-ignore

  it('ATK-A1-34 gets 400 for them in names and values, at every endpoint, before anything is used', async () => {
    const body = await parBody()
    for (const text of broken) {
      for (const pair of [`x=${text}`, `${text}=x`, text]) {
        for (const path of bodies) {
          const answer = await post(path, `${body}&${pair}`)
          expect(answer.status, `${path} ${pair}`).toBe(400)
          expect(storageCost(answer).calls).toBe(0)
          honest(answer)
        }
        const page = await createBrowser().open(`${server.issuer}/authorize?client_id=a&${pair}`)
        expect(pageRefusal(page), pair).toBe('400 invalid_request')
      }
    }
    expect((await post('/par', `${body}&x=%C3%A4+%F0%9F%98%80`)).status).toBe(201)
  }, 60_000)

  it('ATK-A1-34 gets 400 for bytes that are not UTF-8', async () => {
    const body = await parBody()
    const tails = [
      [0xff],
      [0xc3, 0x28],
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xf0, 0x9f],
      [0xfe, 0xff, 0, 0x61],
    ]
    for (const tail of tails) {
      const bytes = Buffer.concat([Buffer.from(`${body}&x=`), Buffer.from(tail)])
      expect(refusal(await post('/par', bytes))).toBe('400 invalid_request')
    }
    const utf16 = Buffer.from(body, 'utf16le')
    expect(refusal(await post('/par', utf16))).toBe('400 invalid_request')
    const marked = Buffer.from(`\ufeff${body}`)
    expect((await post('/par', marked)).status).toBe(401)
    expect((await post('/par', Buffer.from(`${body}&x=ä😀`))).status).toBe(201)
  })

  it('ATK-A1-34 gets 4xx for broken paths and odd methods, everywhere', async () => {
    const paths = ['/%', '/%zz', '/%C3%28', '/%00', '/..%2f..%2fetc', '/token%00', '/token/', '//token', '/TOKEN', '/token;x', '/token%2f', '/./token', '/authorize/../token%', '/assets/%', '/assets/../token', '/admin', '/admin/', '/admin/%', '/.well-known/%', '/__proto__', '/constructor'] // prettier-ignore
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PROPFIND', 'REPORT', 'TRACE']) {
        const answer = await send(`${server.issuer}${path}`, { method })
        const status = honest(answer)
        expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
      } // prettier-ignore
    }
  })

  it('ATK-A1-34 gets 4xx for headers that are none of what they should be', async () => {
    const odd = ['', ' ', ',', ';', '=', '"', 'x', '\u00ff', 'DPoP', 'DPoP ', 'Bearer', 'Bearer a,b', 'DPoP a DPoP b', 'Basic x', 'null', '[object Object]', '%00', '{}'] // prettier-ignore
    for (const name of ['authorization', 'dpop', 'cookie', 'origin', 'sec-fetch-site', 'accept', 'content-length', 'x-fapi-interaction-id', 'if-none-match']) {
      for (const value of odd) {
        if (name === 'content-length') continue
        for (const path of ['/par', '/token', '/userinfo', '/introspect', '/revoke', '/login', '/admin/clients']) {
          const answer = await post(path, 'a=b', [['content-type', formType], [name, value]])
          expect([400, 401, 403], `${path} ${name}: ${value}`).toContain(honest(answer))
        }
      }
    } // prettier-ignore
  })
})

describe('an attacker who sends names every object has', () => {
  it('ATK-A1-34 gets them ignored as parameters, and refused as values, never taken for something known', async () => {
    const extra = inherited.map((name) => [name, 'x'] as const)
    expect((await web.par({ extra })).answer.status).toBe(201)
    const nested = ['__proto__[admin]', 'constructor.prototype.admin', 'a[b][c]'].map((name) => [name, 'x'] as const) // prettier-ignore
    expect((await web.par({ extra: nested })).answer.status).toBe(201)
    const expected = {
      grant_type: '400 unsupported_grant_type', response_type: '400 unsupported_response_type',
      response_mode: '400 invalid_request', code_challenge_method: '400 invalid_request', scope: '400 invalid_scope',
      prompt: '400 invalid_request', resource: '400 invalid_target', client_id: '401 invalid_client',
      client_assertion_type: '401 invalid_client', redirect_uri: '400 invalid_request', claims: '400 invalid_request',
      max_age: '400 invalid_request', dpop_jkt: '400 invalid_request',
    } // prettier-ignore
    for (const value of inherited) {
      for (const [name, code] of Object.entries(expected)) {
        const answer =
          name === 'grant_type'
            ? (await web.token({ [name]: value })).answer
            : (await web.par({ fields: { [name]: value } })).answer
        expect(refusal(answer), `${name}=${value}`).toBe(code)
      }
      const bare = await post('/par', form({ client_id: value }))
      expect(refusal(bare)).toBe('401 invalid_client')
    }
  })

  it('ATK-A1-34 gets nothing out of them in claims', async () => {
    const texts = [
      '{"__proto__":{"id_token":{"email":null}}}', '{"id_token":{"__proto__":{"acr":{"essential":true}}}}',
      '{"constructor":{"prototype":{"x":1}}}', '{"id_token":{"constructor":null,"toString":null,"__proto__":null}}',
    ] // prettier-ignore
    for (const claims of texts) {
      const { answer, requestUri } = await web.par({ fields: { claims } })
      expect(answer.status).toBe(201)
      expect((await createBrowser().open(web.authorizeUrl(requestUri))).forms).toHaveLength(1)
    }
    for (const claims of ['null', '[]', '1', '"x"', 'true', '{', '{"id_token":[]}', '{"id_token":1}', '{"userinfo":"x"}', '{}x', "{'a':1}", 'NaN', '{"id_token":{},}']) {
      expect(refusal((await web.par({ fields: { claims } })).answer), claims).toBe('400 invalid_request')
    } // prettier-ignore
  })
})

describe('an attacker who sends crooked JWTs', () => {
  const { jwk, clientId } = web.fixture
  const header = JSON.stringify({ alg: 'ES256', kid: jwk?.['kid'] })
  const wrong = ['null', 'true', 'false', '0', '-1', '1e999', '1.5', '""', '"x"', '[]', '["x"]', '{}', '{"__proto__":1}', '"\\u0000"', '"\\ud800"', '12345678901234567890'] // prettier-ignore

  /** The members of a sound assertion as JSON texts, so that any text may stand in their place. */
  const sound = (): Record<string, string> => {
    const now = nowSeconds()
    const values = { iss: clientId, sub: clientId, aud: server.issuer, jti: randomBytes(16).toString('hex'), iat: now, exp: now + 60 } // prettier-ignore
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)])) // prettier-ignore
  }
  const textOf = (members: readonly (readonly [string, string])[]): string =>
    `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`

  async function push(payload: string, head = header): Promise<string> {
    const client_assertion = await signTexts(jwk as PrivateJwk, head, payload)
    const { answer } = await web.par({ fields: { client_assertion } })
    honest(answer)
    return refusal(answer)
  }

  it.each(['iss', 'sub', 'aud', 'exp', 'jti', 'iat', 'nbf'])(
    'ATK-A1-34 is refused with every wrong type of %s in an assertion',
    async (name) => {
      for (const value of wrong) {
        const harmless =
          (name === 'jti' && /^"(x|\\u0000|\\ud800)"$/.test(value)) ||
          (['iat', 'nbf'].includes(name) && ['0', '-1', '1.5'].includes(value))
        const members = Object.entries({ ...sound(), [name]: value })
        const expected = harmless ? /^(201|401 invalid_client)$/ : /^401 invalid_client$/
        expect(await push(textOf(members)), `${name}: ${value}`).toMatch(expected)
      }
      expect(await push(textOf(Object.entries(sound())))).toBe('201')
    },
  )

  it('ATK-A1-34 is refused with every wrong type of alg, kid and typ in the header', async () => {
    for (const value of wrong) {
      for (const name of ['alg', 'kid', 'typ']) {
        const members = { alg: '"ES256"', kid: JSON.stringify(jwk?.['kid']), [name]: value }
        const head = textOf(Object.entries(members))
        expect(await push(textOf(Object.entries(sound())), head), `${name}: ${value}`).toBe(
          '401 invalid_client',
        )
      }
    }
  })

  it('ATK-A1-34 is refused with parts that are no JSON objects', async () => {
    const parts = [
      '',
      'null',
      '[]',
      '"x"',
      '1',
      '{',
      '{}}',
      "{'a':1}",
      '{"a":NaN}',
      '{"a":undefined}',
      '\u0000',
      '{"a":1}{"a":1}',
    ]
    for (const part of parts) {
      expect(await push(part), part).toBe('401 invalid_client')
      expect(await push(textOf(Object.entries(sound())), part), part).toBe('401 invalid_client')
    }
  })

  it('ATK-A1-34 cannot say two things with one name: the last counts for every check alike', async () => {
    const { aud = '', sub = '', ...others } = sound()
    const evil = '"https://evil.example"'
    const members = Object.entries(others)
    const twice = (name: string, first: string, last: string) =>
      push(textOf([...members, ['jti', JSON.stringify(randomBytes(8).toString('hex'))], ...(name === 'aud' ? [['sub', sub] as const] : [['aud', aud] as const]), [name, first], [name, last]])) // prettier-ignore
    expect(await twice('aud', aud, evil)).toBe('401 invalid_client')
    expect(await twice('sub', sub, '"client-second"')).toBe('401 invalid_client')
    expect(await twice('aud', evil, aud)).toBe('201')
    const algs = '{"alg":"ES256","alg":"none"}'
    expect(await push(textOf(Object.entries(sound())), algs)).toBe('401 invalid_client')
  })

  it('ATK-A1-34 gets nothing out of __proto__ and constructor as claims', async () => {
    const { sub = '', ...others } = sound()
    const inner = `{"sub":${sub},"iss":${sub}}`
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      expect(await push(textOf([...Object.entries(others), [name, inner]]))).toBe(
        '401 invalid_client',
      )
      expect(await push(textOf([...Object.entries(sound()), [name, inner]]))).toBe('201')
    }
  })

  it('ATK-A1-34 is refused with wrong types in a DPoP proof, with 400 or 401 and nothing else', async () => {
    const key = await makeDpopKey()
    const nonce = await nonceOf(web.url('/token'))
    const head = JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk })
    const values = (): Record<string, string> => ({
      jti: JSON.stringify(randomBytes(8).toString('hex')),
      htm: '"POST"',
      htu: JSON.stringify(web.url('/token')),
      iat: String(nowSeconds()),
      nonce: JSON.stringify(nonce),
    })
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    const ask = async (payload: string, header_ = head) => {
      const proof = await signTexts(key.jwk, header_, payload)
      const { answer } = await web.token(fields, { proof })
      honest(answer)
      return refusal(answer)
    }
    for (const name of ['jti', 'htm', 'htu', 'iat', 'nonce', 'exp', 'nbf']) {
      for (const value of wrong) {
        const members = Object.entries({ ...values(), [name]: value })
        expect(await ask(textOf(members)), `${name}: ${value}`).toMatch(
          /^(200|400 invalid_dpop_proof|400 use_dpop_nonce)$/,
        )
      }
    }
    for (const value of wrong) {
      for (const name of ['typ', 'alg', 'jwk']) {
        const members = { typ: '"dpop+jwt"', alg: '"ES256"', jwk: JSON.stringify(key.publicJwk), [name]: value } // prettier-ignore
        const odd = textOf(Object.entries(members))
        expect(await ask(textOf(Object.entries(values())), odd), `${name}: ${value}`).toBe(
          '400 invalid_dpop_proof',
        )
      }
      for (const name of ['kty', 'crv', 'x', 'y']) {
        const members = Object.entries(key.publicJwk).map(([one, text]) => [one, one === name ? value : JSON.stringify(text)] as const) // prettier-ignore
        const odd = textOf([
          ['typ', '"dpop+jwt"'],
          ['alg', '"ES256"'],
          ['jwk', textOf(members)],
        ])
        expect(await ask(textOf(Object.entries(values())), odd), `${name}: ${value}`).toBe(
          '400 invalid_dpop_proof',
        )
      }
    }
    expect(await ask(textOf(Object.entries(values())))).toBe('200')
  })
})
