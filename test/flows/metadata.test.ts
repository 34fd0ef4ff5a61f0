import { describe, expect, it } from 'vitest'
import { booleanMembers, knownMembers } from '../../cli/doctor/metadata-members.ts'
import { form, send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const allowedAlgorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519']
const methods = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']

const read = (path: string): Promise<Answer> => send(`${server.issuer}${path}`)
const metadata = async () => (await read('/.well-known/openid-configuration')).json

describe('the metadata', () => {
  it.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    'SP-AS-01 1.1 is JSON at %s and names the issuer it was fetched from',
    async (path) => {
      const answer = await read(path)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.json['issuer']).toBe(server.issuer)
      expect(answer.text).toBe((await read('/.well-known/openid-configuration')).text)
    },
  )

  it('SP-AS-01 1.1 has an issuer without query, fragment, user information or trailing slash', async () => {
    const issuer = String((await metadata())['issuer'])
    const { search, hash, username, password, host } = new URL(issuer)
    expect({ search, hash, username, password }).toEqual({
      search: '',
      hash: '',
      username: '',
      password: '',
    })
    expect(host).not.toBe('')
    expect(issuer.endsWith('/')).toBe(false)
  })

  it('1.1 has only members a strict client knows, each of its type', async () => {
    const document = await metadata()
    expect(Object.keys(document).filter((member) => !knownMembers.has(member))).toEqual([])
    for (const [member, value] of Object.entries(document)) {
      if (booleanMembers.has(member)) expect(value, member).toBeTypeOf('boolean')
      else if (member.endsWith('_supported') || member === 'protected_resources') {
        expect(value, member).toSatisfy(
          (list) => Array.isArray(list) && list.every((item) => typeof item === 'string'),
        )
      } else if (member.endsWith('_endpoint') || member.endsWith('jwks_uri')) {
        expect(value, member).toSatisfy((url: string) => url.startsWith(`${server.issuer}/`))
      }
    }
  })

  it('SP-AS-02 SP-AS-06 SP-AS-20 SP-AS-22 SP-AS-24 SP-AS-26 1.1 tells what the profile demands', async () => {
    const document = await metadata()
    expect(document).toMatchObject({
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
      require_pushed_authorization_requests: true,
      authorization_response_iss_parameter_supported: true,
      tls_client_certificate_bound_access_tokens: true,
    })
  })

  it('SP-CR-02 SP-CR-03 1.1 lists allowed algorithms only, in every list of algorithms', async () => {
    const lists = Object.entries(await metadata()).filter(([name]) =>
      name.includes('_signing_alg_'),
    )
    expect(lists.map(([name]) => name).sort()).toEqual([
      'authorization_signing_alg_values_supported',
      'dpop_signing_alg_values_supported',
      'id_token_signing_alg_values_supported',
      'introspection_endpoint_auth_signing_alg_values_supported',
      'introspection_signing_alg_values_supported',
      'request_object_signing_alg_values_supported',
      'revocation_endpoint_auth_signing_alg_values_supported',
      'token_endpoint_auth_signing_alg_values_supported',
      'userinfo_signing_alg_values_supported',
    ])
    for (const [name, list] of lists) {
      expect((list as string[]).length, name).toBeGreaterThan(0)
      expect((list as string[]).filter((alg) => !allowedAlgorithms.includes(alg))).toEqual([])
    }
  })

  it('SP-CR-03 1.1 lists encryption without RSA1_5 and CBC', async () => {
    const document = await metadata()
    for (const what of ['id_token', 'userinfo']) {
      expect(document[`${what}_encryption_alg_values_supported`]).toEqual(['RSA-OAEP-256', 'ECDH-ES']) // prettier-ignore
      expect(document[`${what}_encryption_enc_values_supported`]).toEqual(['A256GCM'])
    }
  })

  it('1.1 lists legal scopes with openid, subject types and no admin scope', async () => {
    const document = await metadata()
    const scopes = document['scopes_supported'] as string[]
    expect(scopes).toContain('openid')
    expect(scopes).not.toContain('admin')
    expect(scopes.filter((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))).toEqual([])
    expect(document['subject_types_supported']).toEqual(['public', 'pairwise'])
  })

  it('1.1 advertises nothing that is not built', async () => {
    const document = await metadata()
    const absent = ['registration_endpoint', 'backchannel_authentication_endpoint']
    expect(absent.filter((member) => member in document)).toEqual([])
    expect(document['request_parameter_supported']).toBe(true)
    expect(document['require_signed_request_object']).toBe(false)
    expect(document['request_uri_parameter_supported']).toBe(false)
    expect(document['response_modes_supported']).toEqual([
      'query',
      'jwt',
      'query.jwt',
      'fragment.jwt',
      'form_post.jwt',
    ])
  })

  it('1.1 names endpoints that answer, each to its own method', async () => {
    const document = await metadata()
    for (const member of ['token', 'pushed_authorization_request', 'introspection', 'revocation']) {
      const answer = await send(String(document[`${member}_endpoint`]), {
        method: 'POST',
        headers: [['content-type', 'application/x-www-form-urlencoded']],
        body: form({ client_id: 'nobody' }),
      })
      expect(`${answer.status} ${String(answer.json['error'])}`, member).toBe('401 invalid_client')
    }
    expect((await send(String(document['userinfo_endpoint']))).status).toBe(401)
    expect((await send(String(document['authorization_endpoint']))).status).toBe(400)
    expect((await send(String(document['jwks_uri']))).status).toBe(200)
  })

  it('1.1 has mTLS aliases of endpoints that exist, that answer, and none for browsers', async () => {
    const document = await metadata()
    const aliases = Object.entries(document['mtls_endpoint_aliases'] as Record<string, string>)
    expect(aliases.map(([name]) => name).sort()).toEqual([
      'grant_management_endpoint',
      'introspection_endpoint',
      'pushed_authorization_request_endpoint',
      'revocation_endpoint',
      'token_endpoint',
      'userinfo_endpoint',
    ])
    for (const [name, url] of aliases) {
      expect(document, name).toHaveProperty(name)
      expect(new URL(url).origin).toBe(server.mtls)
      // Grants are below their endpoint (Grant Management 6.1).
      const grants = name === 'grant_management_endpoint'
      const asked = grants ? [`${url}/a-grant`, 'GET'] : [url, 'POST']
      const answer = await send(asked[0] ?? '', { method: asked[1] ?? '', ca: server.ca })
      expect([400, 401], `${name} ${answer.status}`).toContain(answer.status)
    }
    for (const path of ['/authorize', '/login', '/consent', '/jwks', '/admin/clients']) {
      expect((await send(`${server.mtls}${path}`, { ca: server.ca })).status, path).toBe(404)
    }
  })

  it('SP-AS-01 takes GET only and knows no other address', async () => {
    const path = '/.well-known/openid-configuration'
    const posted = await send(`${server.issuer}${path}`, { method: 'POST' })
    expect(posted.status).toBe(405)
    expect(posted.headers.get('allow')).toBe('GET')
    expect((await read('/.well-known/other')).status).toBe(404)
    expect((await read(`${path}/other`)).status).toBe(404)
  })
})

describe('the JWKS', () => {
  it('SP-CR-04 SP-CR-05 SP-CR-09 1.2 holds public keys only, each with its own kid, alg and use', async () => {
    const answer = await read('/jwks')
    expect(answer.headers.get('content-type')).toBe('application/json')
    const keys = answer.json['keys'] as Readonly<Record<string, unknown>>[]
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256' })
      // Clients encrypt request objects for a key that signs nothing.
      expect(key['use']).toBe(key['alg'] === 'ES256' ? 'sig' : 'enc')
      expect(['ES256', 'ECDH-ES']).toContain(key['alg'])
      expect(String(key['kid']).trim()).not.toBe('')
    }
    expect(new Set(keys.map((key) => key['kid'])).size).toBe(keys.length)
  })

  it('1.2 SP-CR-11 may be cached for a minute: no longer than a revoked key may be remembered', async () => {
    const [, seconds] =
      /max-age=(\d+)/.exec((await read('/jwks')).headers.get('cache-control') ?? '') ?? []
    expect(Number(seconds)).toBe(60)
  })
})
