import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdsAsync } from '../rules/support/property.ts'
import { formType, honest, openRawAdmin } from '../support/attack.ts'
import { send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { mark, soberProblem } from '../support/sober.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { DpopKey } from '../support/test-client.ts'
import { peopleForms } from '../support/people-forms.ts'
import { sharedServer } from '../support/worker-server.ts'

/* Generated input: whatever is sent, no answer is the server's fault, shows innards or echoes markup. */

const server = sharedServer()
const web = testClient('web')

const paths = [
  '/par', '/token', '/introspect', '/revoke', '/userinfo', '/jwks', ...peopleForms, '/account', '/account/sign-out', '/account/signed-out', '/login/callback',
  '/.well-known/openid-configuration', '/assets/x', '/admin/clients', '/admin/users/x', '/nothing',
] // prettier-ignore

const words = [
  'client_id', 'request_uri', 'client_assertion', 'client_assertion_type', 'response_type', 'redirect_uri', 'scope', 'state',
  'nonce', 'code_challenge', 'code_challenge_method', 'claims', 'prompt', 'max_age', 'resource', 'dpop_jkt', 'grant_type',
  'code', 'code_verifier', 'refresh_token', 'token', 'token_type_hint', 'interaction', 'username', 'password', 'action', 'form', 'otp', 'assertion', 'attestation', 'link', 'grant', 'session', 'id_token_hint', 'post_logout_redirect_uri',
  'authorization_details', 'request', 'response_mode', 'login_hint', 'acr_values', '__proto__', 'constructor',
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'urn:ietf:params:oauth:request_uri:', 'authorization_code',
  'client_credentials', 'openid', 'accounts', 'S256', 'client-web', 'none', 'https://web.example/cb', mark,
] // prettier-ignore

const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.base64String({ maxLength: 120 }) },
  { weight: 1, arbitrary: fc.webUrl({ withFragments: true, withQueryParameters: true }) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(3_000)) },
)

/** Encoded as it should be, or left as it is. */
const encoded = fc
  .tuple(text, fc.boolean())
  .map(([value, sound]) => (sound ? encodeURIComponent(value.toWellFormed()) : value))
const form = fc
  .array(fc.tuple(encoded, encoded), { maxLength: 12 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))
const body = fc.oneof(
  { weight: 5, arbitrary: form },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
)

/** What HTTP itself lets through in a header and in the path. */
const headerValue = text.map((value) => value.replace(/[^\x20-\x7e\x80-\xff]/g, '?').trim())
const pathText = encoded.map((value) => value.replace(/[^\x21-\x7e]/g, (char) => encodeURIComponent(char.toWellFormed()))) // prettier-ignore
const headers = fc.array(
  fc.tuple(
    fc.constantFrom('authorization', 'dpop', 'cookie', 'origin', 'sec-fetch-site', 'accept', 'content-type', 'x-forwarded-host', 'accept-language', 'x-fapi-interaction-id', 'client-cert'),
    headerValue,
  ),
  { maxLength: 4 },
) // prettier-ignore

/** What holds for every answer, and its own input is shown when it does not. */
function expectSober(answer: Answer): void {
  expect(soberProblem(answer)).toBeUndefined()
  const type = answer.headers.get('content-type') ?? ''
  const known = ['text/html', 'application/json', 'text/css'].some((one) => type.startsWith(one))
  expect(known || answer.text === '', type).toBe(true)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
}

describe('an attacker who sends anything', () => {
  it('ATK-A1-34 ATK-A1-22 gets a sober answer from every endpoint for any method, query, header and body', async () => {
    const methods = fc.constantFrom('GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD')
    const property = fc.asyncProperty(
      fc.constantFrom(...paths), methods, fc.option(form, { nil: '' }), headers, body, fc.boolean(),
      async (path, method, query, given, content, typed) => {
        const target = `${server.issuer}${path}${query === '' ? '' : '?'}${query.replace(/[^\x21-\x7e]|#/g, (char) => encodeURIComponent(char.toWellFormed()))}` // prettier-ignore
        const type = typed ? ([['content-type', formType]] as const) : []
        const carries = method === 'POST' || method === 'PUT'
        const answer = await send(target, {
          method,
          headers: [...given, ...type],
          ...(carries ? { body: content } : {}),
        })
        expectSober(answer)
        // A stranger is sent to nothing but the sign-in, and learns that they are signed out.
        const own = [`${server.issuer}/login?interaction=`, `${server.issuer}/account/signed-out`, `${server.issuer}/logout`]
        const location = answer.headers.get('location') ?? ''
        if (answer.status === 303) expect(own.some((start) => location.startsWith(start)), location).toBe(true)
        else if (answer.status < 400) expect(path).toMatch(/^\/(jwks$|\.well-known\/|logout$|account\/signed-out$)/)
      },
    ) // prettier-ignore
    await holdsAsync(property, 200)
  }, 60_000)

  it('ATK-A1-34 gets a sober answer for any path', async () => {
    const segments = fc.array(pathText, { minLength: 1, maxLength: 5 }).map((all) => all.join('/'))
    const bases = fc.constantFrom('', 'admin/', '.well-known/', 'assets/', 'token/')
    const property = fc.asyncProperty(bases, segments, async (base, path) => {
      const target = `${server.issuer}/${base}${path}`
      if (URL.canParse(target)) expectSober(await send(target))
    })
    await holdsAsync(property, 200)
  }, 60_000)
})

describe('a registered client that sends anything', () => {
  let key: DpopKey
  beforeAll(async () => {
    key = await makeDpopKey()
  })

  it('ATK-A1-34 gets a sober answer at PAR, with sound fields replaced by anything', async () => {
    const sound = web.authorizationFields('v'.repeat(43))
    const names = fc.constantFrom(...Object.keys(sound), 'claims', 'nonce', 'prompt', 'max_age', 'resource', 'dpop_jkt', 'acr_values', 'login_hint', 'response_mode', 'request') // prettier-ignore
    const property = fc.asyncProperty(
      fc.dictionary(names, text, { maxKeys: 3 }),
      async (fields) => {
        const { answer } = await web.par({ fields })
        expectSober(answer)
        expect([201, 400, 401]).toContain(answer.status)
      },
    )
    await holdsAsync(property, 200)
  }, 60_000)

  it('ATK-A1-34 gets a sober refusal at token, introspect and revoke for any value', async () => {
    const grants = fc.constantFrom('authorization_code', 'refresh_token', 'client_credentials')
    const names = fc.constantFrom('code', 'code_verifier', 'redirect_uri', 'refresh_token', 'scope', 'resource', 'token', 'grant_type') // prettier-ignore
    const paths = fc.constantFrom('/token', '/introspect', '/revoke')
    const property = fc.asyncProperty(paths, grants, fc.dictionary(names, text), async (path, grant_type, fields) => {
      const answer = await web.post(path, { grant_type, ...fields }, { key })
      expectSober(answer)
      expect(answer.text).not.toContain('refresh_token"')
    }) // prettier-ignore
    await holdsAsync(property, 200)
  }, 60_000)

  it('ATK-A1-34 gets a sober refusal for any claims and headers in assertion and proof', async () => {
    const value = fc.jsonValue({ maxDepth: 2 })
    const claims = fc.dictionary(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'x'), value) // prettier-ignore
    const header = fc.dictionary(fc.constantFrom('kid', 'typ', 'jwk', 'jku', 'x5c', 'x'), value)
    const proofClaims = fc.dictionary(fc.constantFrom('jti', 'htm', 'htu', 'iat', 'nonce', 'ath', 'exp', 'nbf'), value) // prettier-ignore
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    const property = fc.asyncProperty(claims, header, proofClaims, header, async (given, assertionHeader, inProof, proofHeader) => {
      const { answer } = await web.token(fields, {
        key, claims: given, assertionHeader, proofOptions: { claims: inProof, header: proofHeader },
      })
      expectSober(answer)
    }) // prettier-ignore
    await holdsAsync(property, 200)
  }, 60_000)

  it('ATK-A1-34 gets a sober refusal for any token and scheme at userinfo and the bank API', async () => {
    const targets = fc.constantFrom(`${server.issuer}/userinfo`, `${server.api}/accounts`)
    const schemes = fc.constantFrom('DPoP', 'Bearer', 'dpop', '', 'Basic', 'DPoP,')
    const property = fc.asyncProperty(targets, schemes, headerValue, headerValue, async (target, scheme, token, proof) => {
      const answer = await getResource(target, token, { scheme, proof })
      honest(answer)
      expect([400, 401]).toContain(answer.status)
      expect(answer.headers.get('www-authenticate')).toMatch(/DPoP /)
      expect(answer.headers.get('www-authenticate')).not.toContain('x-mark')
    }) // prettier-ignore
    await holdsAsync(property, 150)
  }, 60_000)
})

describe('an operator who sends anything', () => {
  it('ATK-A1-34 gets a sober answer for any JSON as client or person', async () => {
    const raw = await openRawAdmin()
    const members = fc.constantFrom('client_name', 'redirect_uris', 'grant_types', 'scope', 'jwks', 'token_endpoint_auth_method', 'password', 'sub', 'claims', 'contacts', 'application_type', 'jwks_uri') // prettier-ignore
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.array(text, { maxLength: 3 }), text)
    const targets = fc.constantFrom('/clients/generated', '/users/generated')
    const property = fc.asyncProperty(targets, fc.dictionary(members, value), async (path, record) => {
      const answer = await raw('PUT', path, JSON.stringify(record))
      expectSober(answer)
      expect([200, 201, 400, 409]).toContain(answer.status)
    }) // prettier-ignore
    await holdsAsync(property, 150)
  }, 60_000)
})
