import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { runDoctor } from '../../cli/doctor.ts'
import { examine } from '../../cli/doctor/examine.ts'
import { checkHsts, checkPlainHttp } from '../../cli/doctor/browser.ts'
import type { Finding } from '../../cli/doctor/finding.ts'
import { checkMetadata, wellKnownUrls } from '../../cli/doctor/metadata.ts'
import { ca, patient, publicKey, type Illness, type Reply } from './patient.ts'
import { temporaryFolder, testTerminal } from './support.ts'

const notWell = (findings: readonly Finding[]) =>
  findings.filter(({ outcome }) => outcome === 'fail' || outcome === 'warn')

const examineIll = async (illness: Illness) => examine({ issuer: await patient(illness), ca })

const only = (part: string, change: (reply: Reply) => Reply): Illness => ({
  reply: (reply, request) =>
    new URL(String(request.url), 'https://localhost').pathname === part ? change(reply) : reply,
})

const withHeader =
  (name: string, value: string | string[]) =>
  (reply: Reply): Reply => ({
    ...reply,
    headers: { ...reply.headers, [name]: value },
  })

const omit = (name: string) => (record: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(record).filter(([one]) => one !== name))

const without =
  (name: string) =>
  (reply: Reply): Reply => ({
    ...reply,
    headers: Object.fromEntries(Object.entries(reply.headers).filter(([one]) => one !== name)),
  })

describe('npm run doctor', () => {
  test('finds a healthy issuer healthy and says what it cannot see', async () => {
    const cwd = await temporaryFolder()
    await writeFile(path.join(cwd, 'root.pem'), ca)
    const terminal = testTerminal({ cwd })
    const status = await runDoctor([await patient(), '--ca', 'root.pem'], terminal)
    const text = terminal.outLines.join('\n')
    expect(text.split('\n').filter((line) => /^[✗!]/.test(line))).toEqual([])
    expect(text).toMatch(/✓ localhost:\d+: TLS 1.2 and 1.3 with recommended suites/)
    expect(text).toContain('Cannot be seen from outside:')
    expect(status).toBe(0)
  })

  test('ends with status 1 and a remedy when one thing is wrong', async () => {
    const cwd = await temporaryFolder()
    await writeFile(path.join(cwd, 'root.pem'), ca)
    const terminal = testTerminal({ cwd })
    const issuer = await patient(only('/authorize', without('strict-transport-security')))
    expect(await runDoctor([issuer, '--ca', 'root.pem', '--json'], terminal)).toBe(1)
    const result = JSON.parse(terminal.outLines.join()) as { readonly findings: Finding[] }
    expect(notWell(result.findings)).toEqual([
      {
        check: 'browser.hsts',
        outcome: 'fail',
        says: 'No HSTS on the authorization endpoint',
        remedy: expect.any(String) as string,
      },
    ])
  })

  test.each([[[]], [['https://a.example', 'https://b.example']], [['https://a.example', '--x']]])(
    'ends with status 2 for %j',
    async (argv) => {
      const terminal = testTerminal()
      expect(await runDoctor(argv, terminal)).toBe(2)
      expect(terminal.errLines).toHaveLength(1)
    },
  )

  test('refuses an http issuer that is not on this machine, without calling it', async () => {
    const terminal = testTerminal()
    expect(await runDoctor(['http://as.example'], terminal)).toBe(1)
    expect(terminal.errLines.join()).toContain('must be https')
  })

  test('says so when nothing answers', async () => {
    const findings = await examine({ issuer: 'https://localhost:9' })
    expect(notWell(findings).map((one) => one.check)).toEqual(['metadata.oauth', 'tls.reachable'])
  })
})

describe('TLS', () => {
  const older = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const
  const also = (suite: string) => `TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:${suite}`
  test.each<[string, Illness['tls'], readonly string[]]>([
    [
      'TLS 1.0 and 1.1, and all their suites',
      older,
      ['tls.1_0', 'tls.1_1', 'tls.cbc', 'tls.static_rsa'],
    ],
    ['a CBC suite', { ciphers: also('ECDHE-RSA-AES128-SHA256') }, ['tls.cbc']],
    ['a static RSA suite', { ciphers: also('AES128-GCM-SHA256') }, ['tls.static_rsa']],
    ['a DHE suite', { ciphers: also('DHE-RSA-AES128-GCM-SHA256'), dhparam: 'auto' }, ['tls.dhe']],
    ['no TLS 1.3', { maxVersion: 'TLSv1.2' }, ['tls.1_3']],
  ])('%s is seen', async (_, tls, expected) => {
    const found = notWell(await examineIll({ tls: tls ?? {} })).map((one) => one.check)
    expect(found).toEqual(expected)
  })

  test('a host with TLS 1.3 alone is well: there are no suites to look for', async () => {
    const findings = await examineIll({ tls: { minVersion: 'TLSv1.3' } })
    expect(notWell(findings)).toEqual([])
    const skipped = findings.filter((one) => one.outcome === 'skip').map((one) => one.check)
    expect(skipped).toEqual(['tls.cbc', 'tls.static_rsa', 'tls.dhe', 'mtls.main_host'])
  })

  test('a certificate nobody trusts is seen', async () => {
    const findings = await examine({ issuer: await patient() })
    expect(notWell(findings).map((one) => one.check)).toEqual(['metadata.oauth', 'tls.certificate'])
  })

  test('metadata over plain http is seen; a redirect or silence is well', () => {
    const answer = { url: 'http://as.example', headers: new Headers(), body: '' }
    expect(checkPlainHttp({ ...answer, status: 200 }).outcome).toBe('fail')
    expect(checkPlainHttp({ ...answer, status: 301 }).outcome).toBe('pass')
    expect(checkPlainHttp(undefined).outcome).toBe('pass')
  })
})

describe('what is served', () => {
  const html = { 'content-type': 'text/html' }
  const wafPage = (): Reply => ({ status: 403, headers: html, body: '<p>Blocked</p>' })
  test.each<[string, Illness, readonly string[]]>([
    [
      'CORS on authorize',
      only('/authorize', withHeader('access-control-allow-origin', '*')),
      ['browser.cors'],
    ],
    [
      'CORS on OPTIONS alone',
      {
        reply: (reply, request) =>
          request.method === 'OPTIONS' ? withHeader('access-control-max-age', '1')(reply) : reply,
      },
      ['browser.cors'],
    ],
    [
      'an open redirector',
      only('/authorize', (reply) => ({
        ...withHeader('location', 'https://x')(reply),
        status: 303,
      })),
      ['browser.redirect', 'browser.page', 'mtls.no_pages'],
    ],
    [
      'a page that may be framed',
      only('/authorize', without('content-security-policy')),
      ['browser.headers'],
    ],
    [
      'a page that may be stored',
      only('/authorize', without('cache-control')),
      ['browser.headers'],
    ],
    [
      'a page that leaks its address',
      only('/authorize', withHeader('referrer-policy', 'origin')),
      ['browser.headers'],
    ],
    [
      'PAR that takes GET',
      {
        reply: (reply) => (reply.status === 405 ? { ...reply, status: 200 } : reply),
      },
      ['par.get'],
    ],
    ['405 without Allow', only('/par', without('allow')), ['par.get']],
    ['no nonce', only('/par', without('dpop-nonce')), ['dpop.nonce']],
    ['two nonces', only('/token', withHeader('dpop-nonce', ['a', 'b'])), ['dpop.nonce']],
    [
      'answers that may be stored',
      only('/token', without('cache-control')),
      ['back_channel.no_store'],
    ],
    [
      'an open admin API',
      only('/admin/keys', (reply) => ({ ...reply, status: 200 })),
      ['admin.closed'],
    ],
    [
      'a WAF page before the token endpoint',
      only('/token', wafPage),
      ['token.bare', 'dpop.nonce', 'back_channel.no_store', 'mtls.self_signed', 'mtls.without'],
    ],
    [
      'different documents',
      { openid: (same) => ({ ...same, scopes_supported: [] }) },
      ['metadata.same'],
    ],
    ['a private key', { jwks: (key) => ({ ...key, d: 'AAAA' }) }, ['jwks.public']],
    ['a key without kid', { jwks: omit('kid') }, ['jwks.kid']],
    [
      'a short RSA key',
      {
        jwks: () => ({
          kty: 'RSA',
          kid: 'r',
          n: Buffer.alloc(128, 255).toString('base64url'),
          e: 'AQAB',
        }),
      },
      ['jwks.strength'],
    ],
    ['RS256', { jwks: (key) => ({ ...key, alg: 'RS256' }) }, ['jwks.strength']],
  ])('%s is seen', async (_, illness, expected) => {
    expect(notWell(await examineIll(illness)).map((one) => one.check)).toEqual(expected)
  })

  test('HSTS that lasts less than a year is doubtful', () => {
    const answer = (value: string) => ({
      url: 'https://as.example',
      status: 400,
      headers: new Headers({ 'strict-transport-security': value }),
      body: '',
    })
    expect(checkHsts(answer('max-age=31536000; includeSubDomains')).outcome).toBe('pass')
    expect(checkHsts(answer('max-age=3600')).outcome).toBe('warn')
    expect(checkHsts(answer('max-age=0')).outcome).toBe('fail')
  })
})

describe('mutual TLS', () => {
  test.each<[string, Illness, readonly string[]]>([
    ['a host that does not ask', { mtls: { requestCert: false } }, ['mtls.asks']],
    [
      'a main host that asks',
      { tls: { requestCert: true, rejectUnauthorized: false } },
      ['mtls.main_host'],
    ],
    [
      'a host that refuses self-signed certificates',
      { mtls: { rejectUnauthorized: true } },
      ['mtls.self_signed', 'mtls.without'],
    ],
    [
      'a sign-in page on the mTLS host',
      only('/login', () => ({ status: 200, headers: {}, body: '<form>' })),
      ['mtls.no_pages'],
    ],
  ])('%s is seen', async (_, illness, expected) => {
    const found = notWell(await examineIll(illness)).map((one) => one.check)
    expect(found).toEqual(expected)
  })

  test('is left out when no aliases are published', async () => {
    const findings = await examineIll({ metadata: omit('mtls_endpoint_aliases') })
    expect(notWell(findings)).toEqual([])
    expect(findings.find((one) => one.check === 'mtls')?.outcome).toBe('skip')
  })
})

describe('the metadata', () => {
  const issuer = 'https://as.example'
  const sound = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    dpop_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    require_pushed_authorization_requests: true,
    authorization_response_iss_parameter_supported: true,
  }

  test('that is sound is found sound', () => {
    expect(notWell(checkMetadata(sound, issuer))).toEqual([])
  })

  test.each<[string, Record<string, unknown>]>([
    ['metadata.issuer', { issuer: `${issuer}/` }],
    ['metadata.par', { require_pushed_authorization_requests: undefined }],
    ['metadata.pkce', { code_challenge_methods_supported: ['S256', 'plain'] }],
    ['metadata.response_types', { response_types_supported: ['code', 'code id_token'] }],
    ['metadata.grant_types', { grant_types_supported: ['authorization_code', 'password'] }],
    ['metadata.iss', { authorization_response_iss_parameter_supported: 'true' }],
    ['metadata.auth_methods', { token_endpoint_auth_methods_supported: ['client_secret_basic'] }],
    ['metadata.auth_methods', { revocation_endpoint_auth_methods_supported: ['none'] }],
    ['metadata.auth_algs', { token_endpoint_auth_signing_alg_values_supported: undefined }],
    ['metadata.sender', { dpop_signing_alg_values_supported: undefined }],
    ['metadata.openid', { scopes_supported: ['openid'] }],
    ['metadata.aliases', { mtls_endpoint_aliases: { authorization_endpoint: `${issuer}/a` } }],
    ['metadata.aliases', { mtls_endpoint_aliases: { userinfo_endpoint: `${issuer}/u` } }],
    ['metadata.algs', { request_object_signing_alg_values_supported: ['RS256'] }],
    ['metadata.request_objects', { require_signed_request_object: true }],
    ['metadata.request_objects', { request_parameter_supported: true }],
    ['metadata.response_modes', { response_modes_supported: ['query', 'fragment'] }],
    ['metadata.response_modes', { response_modes_supported: ['query', 'jwt'] }],
    [
      'metadata.response_modes',
      {
        response_modes_supported: ['query.jwt'],
        authorization_signing_alg_values_supported: ['ES256'],
      },
    ],
    [
      'metadata.signed_messages',
      { require_signed_request_object: true, response_modes_supported: ['query'] },
    ],
    ['metadata.endpoints', { token_endpoint: 'http://as.example/token' }],
    ['metadata.endpoints', { authorization_endpoint: undefined }],
    ['metadata.types', { scopes_supported: 'openid' }],
    ['metadata.unknown', { favourite_colour: 'blue' }],
  ])('is found wrong at %s for %j', (check, change) => {
    const metadata = Object.fromEntries(
      Object.entries({ ...sound, ...change }).filter(([, value]) => value !== undefined),
    )
    expect(notWell(checkMetadata(metadata, issuer)).map((one) => one.check)).toContain(check)
  })

  test('is looked for where each standard puts it', () => {
    expect(wellKnownUrls('https://as.example/bank/eu')).toEqual({
      oauth: 'https://as.example/.well-known/oauth-authorization-server/bank/eu',
      openid: 'https://as.example/bank/eu/.well-known/openid-configuration',
    })
    expect(publicKey.kid).toBe('k1')
  })
})
