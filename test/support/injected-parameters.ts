/** What somebody adds to the address on its way through the browser. */
export const injected: Readonly<Record<string, string>> = {
  redirect_uri: 'https://evil.example/cb',
  response_type: 'code id_token token',
  response_mode: 'fragment',
  scope: 'openid profile email offline_access',
  state: 'evil-state',
  nonce: 'evil-nonce',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'plain',
  dpop_jkt: 'A'.repeat(43),
  claims: '{"id_token":{"email":{"essential":true}}}',
  prompt: 'none',
  max_age: '0',
  login_hint: 'evil-hint',
  acr_values: 'urn:evil',
  resource: 'https://evil.example',
  request: 'eyJhbGciOiJub25lIn0.e30.',
}
