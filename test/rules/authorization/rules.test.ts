import { describe, expect, it } from 'vitest'
import { validateAuthorizationRequest } from '../../../src/authorization/rules.ts'
import { codeOf, pushed, valueOf } from '../support/issuer.ts'

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

const sound = {
  response_type: 'code',
  redirect_uri: 'https://app.example/cb',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  scope: 'openid accounts',
}

describe('validateAuthorizationRequest', () => {
  it('SP-PAR-02 makes a validated request of the parts of all rules', () => {
    const input = pushed(
      {
        ...sound,
        state: 's',
        nonce: 'n',
        prompt: 'login consent',
        login_hint: 'alice',
        acr_values: 'a b',
        resource: 'https://api.bank.example',
        claims: '{"id_token":{"acr":{"essential":true,"values":["x"]}},"userinfo":{"email":null}}',
      },
      { sender: { jkt: challenge } },
    )
    expect(valueOf(validateAuthorizationRequest(input))).toEqual({
      redirectUri: 'https://app.example/cb',
      responseMode: 'query',
      state: 's',
      scope: ['openid', 'accounts'],
      resources: ['https://api.bank.example'],
      codeChallenge: challenge,
      dpopJkt: challenge,
      nonce: 'n',
      prompt: ['login', 'consent'],
      loginHint: 'alice',
      acrValues: ['a', 'b'],
      claims: { idToken: ['acr'], userinfo: ['email'] },
      essentialAcr: ['x'],
    })
  })

  it('has no member for what was not pushed, and ignores unknown parameters (RFC 6749 3.1)', () => {
    const input = pushed({ ...sound, some_extension: 'x', client_id: 'app', audience: 'y' })
    expect(valueOf(validateAuthorizationRequest(input))).toEqual({
      redirectUri: 'https://app.example/cb',
      responseMode: 'query',
      scope: ['openid', 'accounts'],
      resources: [],
      codeChallenge: challenge,
      prompt: [],
      acrValues: [],
      claims: { idToken: [], userinfo: [] },
      essentialAcr: [],
    })
  })

  it.each([
    ['SP-PAR-01', { request_uri: 'urn:x' }, 'invalid_request'],
    ['SP-AS-20', { response_type: 'token' }, 'unsupported_response_type'],
    ['SP-AS-25', { redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
    ['SP-AS-24', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['RFC 6749 3.3', { scope: 'admin' }, 'invalid_scope'],
    ['RFC 8707 2', { resource: 'https://elsewhere.example' }, 'invalid_target'],
    ['SP-AS-38', { state: 'ä' }, 'invalid_request'],
    ['SP-AS-33', { nonce: 'n'.repeat(513) }, 'invalid_request'],
    ['OIDC Core 3.1.2.1', { prompt: 'none login' }, 'invalid_request'],
    ['OIDC Core 5.5', { claims: '[]' }, 'invalid_request'],
    ['DPOP-AS-24', { dpop_jkt: 'short' }, 'invalid_request'],
    ['RFC 9396', { authorization_details: '[]' }, 'invalid_authorization_details'],
  ] as const)(
    'SP-PAR-02 %s refuses the whole request when one part is wrong',
    (_id, wrong, code) => {
      expect(codeOf(validateAuthorizationRequest(pushed({ ...sound, ...wrong })))).toBe(code)
      expect(codeOf(validateAuthorizationRequest(pushed(sound)))).toBeUndefined()
    },
  )

  it('answers the first refusal of the table when several parts are wrong', () => {
    const input = pushed({ ...sound, scope: 'admin', response_type: 'token' })
    expect(codeOf(validateAuthorizationRequest(input))).toBe('unsupported_response_type')
  })
})
