import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseForm } from '../../../src/authorization/parameters.ts'
import { parametersOf } from '../../../src/authorization/request-claims.ts'
import { validateAuthorizationRequest } from '../../../src/authorization/rules.ts'
import { makeClient, makeIssuer } from '../../../test/rules/support/issuer.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledRecord, mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const sound = {
  response_type: 'code',
  redirect_uri: 'https://app.example/cb',
  scope: 'openid accounts',
  state: 's',
  nonce: 'n',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  resource: ['https://api.bank.example'],
  claims: { id_token: { acr: { essential: true, values: ['urn:x'] } }, userinfo: { email: null } },
  max_age: 300,
  prompt: 'login',
  acr_values: 'urn:a urn:b',
  dpop_jkt: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  response_mode: 'jwt',
  grant_management_action: 'create',
}
const word = fc.oneof(fc.constantFrom('', ' ', 'code', 'none', 'openid', '-1', '1e9', '[]', '{}', '{"userinfo":{"__proto__":null}}', 'null'), mangledText(fc.constantFrom(...Object.values(sound).filter((one) => typeof one === 'string'))), anyText(40)) // prettier-ignore
const issuer = makeIssuer()
const client = makeClient()
const claims = mangledRecord(sound, fc.oneof(word, anyJson()))

export const requests: Parser = {
  name: 'request objects and rules',
  source: 'src/authorization/request-claims.ts',
  properties: [
    always(
      'the claims of a request object are the bag a form would have filled',
      fc.property(claims, (given) => {
        const read = parametersOf(given)
        if (!read.ok) return
        const pairs = [...read.bag].flatMap(([name, values]) => values.map((value) => [name, value] as [string, string])) // prettier-ignore
        const form = parseForm(new URLSearchParams(pairs).toString())
        assert.ok(form.ok)
        assert.deepEqual([...form.value], [...read.bag])
      }),
    ),
    always(
      'the rules refuse or accept whatever is asked, and accept only what is bound and registered',
      fc.property(claims, (given) => {
        const read = parametersOf(given)
        if (!read.ok) return
        const judged = validateAuthorizationRequest({
          parameters: read.bag,
          client,
          issuer,
          sender: {},
          signed: true,
        })
        if (!judged.ok) return assert.match(judged.refusal.code, /^[a-z_]+$/)
        const { redirectUri, codeChallenge } = judged.value
        assert.equal(redirectUri, sound.redirect_uri)
        assert.match(String(codeChallenge), /^[A-Za-z0-9_-]{43}$/)
        return undefined
      }),
      0.5,
    ),
  ],
}
