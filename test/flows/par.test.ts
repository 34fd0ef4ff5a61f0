import { describe, expect, it } from 'vitest'
import { refusal, shannonBits } from '../support/refusal.ts'
import { form, send } from '../support/http.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const prefix = 'urn:ietf:params:oauth:request_uri:'

describe('a pushed authorization request', () => {
  it('SP-AS-21 SP-AS-31 SP-AS-36 1.4 is answered 201 with a request_uri and its life in seconds', async () => {
    const { answer, requestUri } = await web.par()
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-cache, no-store')
    expect(Object.keys(answer.json).sort()).toEqual(['expires_in', 'request_uri'])
    const life = answer.json['expires_in']
    expect(life).toSatisfy(Number.isInteger)
    expect(life).toBeGreaterThanOrEqual(60)
    expect(life).toBeLessThan(600)
    expect(requestUri.startsWith(prefix)).toBe(true)
  })

  it('SP-PAR-03 SP-CR-06 1.4 has an unguessable request_uri, another one each time', async () => {
    const pushed = await Promise.all(Array.from({ length: 8 }, () => web.par()))
    const references = pushed.map(({ requestUri }) => requestUri.slice(prefix.length))
    expect(new Set(references).size).toBe(8)
    for (const reference of references) {
      expect(reference).toMatch(/^[A-Za-z0-9._~-]{22,512}$/)
      expect(shannonBits(reference)).toBeGreaterThan(128)
    }
    // The secret half alone, apart from the object's id, has 128 bits and never repeats.
    const tails = references.map((reference) => reference.slice(-22))
    expect(new Set(tails).size).toBe(8)
  })

  it.each(['GET', 'PUT', 'DELETE'])('SP-PAR-05 1.4 is refused by %s', async (method) => {
    const answer = await send(`${server.issuer}/par`, { method })
    expect(refusal(answer)).toBe('405 method_not_allowed')
    expect(answer.headers.get('allow')).toBe('POST')
  })

  it('SP-PAR-05 is refused with 413 when it is larger than 64 KiB', async () => {
    const large = await web.par({ fields: { padding: 'x'.repeat(65 * 1024) } })
    expect(refusal(large.answer)).toBe('413 payload_too_large')
    const fitting = await web.par({ fields: { padding: 'x'.repeat(48 * 1024) } })
    expect(fitting.answer.status).toBe(201)
  })

  it('SP-AS-23 is refused without client authentication, with and without a client_id', async () => {
    expect(refusal((await web.par({ anonymous: true })).answer)).toBe('401 invalid_client')
    const { clientId: client_id } = web.fixture
    const named = await web.par({ anonymous: true, fields: { client_id } })
    expect(refusal(named.answer)).toBe('401 invalid_client')
  })

  it('SP-PAR-01 1.4 is refused when it pushes a request_uri', async () => {
    const { requestUri } = await web.par()
    for (const request_uri of [requestUri, 'https://web.example/request.jwt']) {
      const { answer } = await web.par({ fields: { request_uri } })
      expect(refusal(answer)).toBe('400 invalid_request')
    }
  })

  it.each([
    ['no code_challenge', { code_challenge: undefined }],
    ['the method plain', { code_challenge_method: 'plain' }],
    ['no method, which means plain', { code_challenge_method: undefined }],
    ['an unknown method', { code_challenge_method: 's256' }],
    ['a challenge of 42 characters', { code_challenge: 'a'.repeat(42) }],
    ['a challenge of 44 characters', { code_challenge: 'a'.repeat(44) }],
    ['a padded challenge', { code_challenge: `${'a'.repeat(43)}=` }],
    ['a challenge that is not base64url', { code_challenge: `${'a'.repeat(42)}+` }],
  ])('SP-AS-24 1.4 is refused with %s', async (_, fields) => {
    expect(refusal((await web.par({ fields })).answer)).toBe('400 invalid_request')
  })

  it.each([
    ['token', '400 unsupported_response_type'],
    ['id_token', '400 unsupported_response_type'],
    ['code id_token', '400 unsupported_response_type'],
    ['code token', '400 unsupported_response_type'],
    ['none', '400 unsupported_response_type'],
    ['code ', '400 unsupported_response_type'],
    ['CODE', '400 unsupported_response_type'],
    [undefined, '400 invalid_request'],
  ])('SP-AS-20 1.4 is refused with response_type %j', async (response_type, expected) => {
    expect(refusal((await web.par({ fields: { response_type } })).answer)).toBe(expected)
  })

  it.each([
    ['openid admin', '400 invalid_scope'],
    ['openid unheard-of', '400 invalid_scope'],
    ['openid "quoted"', '400 invalid_scope'],
    [undefined, '400 invalid_scope'],
    [' ', '400 invalid_scope'],
  ])('SP-PAR-02 is refused with scope %j', async (scope, expected) => {
    expect(refusal((await web.par({ fields: { scope } })).answer)).toBe(expected)
  })

  it.each<[string, Record<string, string>, string]>([
    ['an unknown resource', { resource: 'https://nobody.example' }, '400 invalid_target'],
    ['claims that are not JSON', { claims: '{"id_token":' }, '400 invalid_request'],
    ['claims that are no object', { claims: '[]' }, '400 invalid_request'],
    ['prompt none beside another', { prompt: 'none login' }, '400 invalid_request'],
    ['an unknown prompt', { prompt: 'sing' }, '400 invalid_request'],
    ['a max_age that is no number', { max_age: '-1' }, '400 invalid_request'],
    ['a response_mode that is not offered', { response_mode: 'fragment' }, '400 invalid_request'],
    ['a response_mode that nobody signs', { response_mode: 'form_post' }, '400 invalid_request'],
    ['parameters beside a request object', { request: 'e30.e30.' }, '400 invalid_request'],
    ['authorization_details', { authorization_details: '[{"type":"payment"}]' }, '400 invalid_authorization_details'],
    ['a state of 3000 characters', { state: 's'.repeat(3000) }, '400 invalid_request'],
    ['a state with a line feed', { state: 'a\nb' }, '400 invalid_request'],
    ['a nonce of 600 characters', { nonce: 'n'.repeat(600) }, '400 invalid_request'],
  ])('SP-PAR-02 SP-AS-39 is refused with %s, not later', async (_, fields, expected) => {
    expect(refusal((await web.par({ fields })).answer)).toBe(expected)
  }) // prettier-ignore

  it('SP-PAR-06 may ask for prompt=none: what the person must do shows at authorize', async () => {
    const { answer } = await web.par({ fields: { prompt: 'none' } })
    expect(answer.status).toBe(201)
  })

  it('RFC 6749 3.1 is refused with a parameter sent twice, and ignores those it does not know', async () => {
    const twice = await web.par({ extra: [['scope', 'openid']] })
    expect(refusal(twice.answer)).toBe('400 invalid_request')
    const unknown = await web.par({ extra: [['x_unknown', '1']] })
    expect(unknown.answer.status).toBe(201)
  })

  it('SP-PAR-02 is read from a form body and from nowhere else', async () => {
    const fields = web.authorizationFields('v'.repeat(43))
    const assertion = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await web.assertion(),
    }
    const push = (url: string, type: string, body: string) =>
      send(url, { method: 'POST', headers: [['content-type', type]], body })
    const urlencoded = 'application/x-www-form-urlencoded'
    const url = `${server.issuer}/par`
    const all = { ...assertion, ...fields }
    const inQuery = await push(`${url}?${form(fields)}`, urlencoded, form(assertion))
    expect(refusal(inQuery)).toBe('400 invalid_request')
    expect(refusal(await push(url, 'application/json', JSON.stringify(all)))).toBe(
      '400 invalid_request',
    )
    // None of these used the assertion up.
    expect((await push(url, `${urlencoded};charset=UTF-8`, form(all))).status).toBe(201)
  })

  it('SP-PAR-02 leaves nothing behind when it is refused: its assertion and proof still count', async () => {
    const key = await makeDpopKey()
    const client_assertion = await web.assertion()
    const accepted = (extra: Record<string, string> = {}) =>
      web.par({ key, fields: { client_assertion, ...extra } })
    expect(refusal((await accepted({ scope: 'unheard-of' })).answer)).toBe('400 invalid_scope')
    expect((await accepted()).answer.status).toBe(201)
    expect(refusal((await accepted()).answer)).toBe('401 invalid_client')
  })

  it('1.4 works without a certificate for a client that is bound to one but signs assertions', async () => {
    const { answer } = await testClient('certificateBound').par({ side: 'main' })
    expect(answer.status).toBe(201)
  })

  it('1.4 1.6 takes a client that authenticates with its certificate at the alias, and only there', async () => {
    const mtls = testClient('mtlsPki')
    expect((await mtls.par()).answer.status).toBe(201)
    expect(refusal((await mtls.par({ side: 'main' })).answer)).toBe('401 invalid_client')
  })
})

describe('the redirect_uri of a pushed request', () => {
  const { redirectUri } = web.fixture

  it('SP-AS-25 1.4 is required although one is registered', async () => {
    const { answer } = await web.par({ fields: { redirect_uri: undefined } })
    expect(refusal(answer)).toBe('400 invalid_request')
  })

  it.each([
    `${redirectUri}/random-suffix`,
    `${redirectUri}?x=1`,
    `${redirectUri}/`,
    `${redirectUri}#f`,
    redirectUri.replace('https:', 'http:'),
    redirectUri.replace('web.', 'WEB.'),
    redirectUri.replace('/cb', '/CB'),
    redirectUri.replace('.example/', '.example:443/'),
    redirectUri.replace('https://', 'https://user@'),
    'https://web.example.evil.example/cb',
    'http://127.0.0.1:7777/cb',
    'javascript:alert(1)',
  ])('SP-PAR-07 SP-AS-27 1.4 is refused unless it is the registered text: %s', async (uri) => {
    const { answer } = await web.par({ fields: { redirect_uri: uri } })
    expect(refusal(answer)).toBe('400 invalid_request')
  })

  it.each(['http://127.0.0.1:7777/cb', 'http://127.0.0.1:50123/cb', 'http://127.0.0.1/cb'])(
    'SP-AS-27 may be on any port of the loopback address of a native client: %s',
    async (uri) => {
      const { answer } = await testClient('native').par({ fields: { redirect_uri: uri } })
      expect(answer.status).toBe(201)
    },
  )

  it.each([
    'http://localhost:7777/cb',
    'http://localhost.evil.example:7777/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.1:7777/other',
    'http://127.0.0.1:99999/cb',
    'http://127.0.0.2:7777/cb',
    'http://[::1]:7777/cb',
  ])('SP-AS-27 is refused for a native client elsewhere: %s', async (uri) => {
    const { answer } = await testClient('native').par({ fields: { redirect_uri: uri } })
    expect(refusal(answer)).toBe('400 invalid_request')
  })
})
