import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { Admin } from '../support/admin.ts'
import { openAdmin, putClient } from '../support/admin.ts'
import { createSelfSigned, credentialOf, openCa } from '../support/certificates.ts'
import type { TestCa } from '../support/certificates.ts'
import type { Credential } from '../support/http.ts'
import { askWith } from '../support/mtls.ts'

const { clientAuthority } = inject('fixtures')

let admin: Admin
let ca: TestCa
beforeAll(async () => {
  admin = await openAdmin()
  ca = await openCa(clientAuthority)
})

/** Registers the client anew and asks for a token with the certificate. */
async function ask(
  id: string,
  registered: Readonly<Record<string, unknown>>,
  credential: Credential,
): Promise<number> {
  const method = { token_endpoint_auth_method: 'tls_client_auth' }
  const { status, json: body } = await putClient(admin, id, { ...method, ...registered })
  expect([200, 201], JSON.stringify(body)).toContain(status)
  const answer = await askWith(id, credential)
  if (answer.status !== 200) expect(answer.json['error']).toBe('invalid_client')
  return answer.status
}

describe('the subject a client registered', () => {
  const subject = 'CN=client one,O=TPP,C=DE'
  const names: readonly (readonly [string, string, 200 | 401])[] = [
    ['as it is', subject, 200],
    ['with spaces behind the commas', 'CN=client one, O=TPP, C=DE', 200],
    ['in another case', 'cn=CLIENT ONE,o=tpp,c=de', 200],
    ['by object identifiers', '2.5.4.3=client one,2.5.4.10=TPP,2.5.4.6=DE', 200],
    ['with an escaped character', 'CN=client\\20one,O=\\54PP,C=DE', 200],
    ['as octets', 'CN=#0c0a636c69656e74206f6e65,O=TPP,C=DE', 200],
    ['in the reverse order', 'C=DE,O=TPP,CN=client one', 401],
    ['with two parts exchanged', 'CN=client one,C=DE,O=TPP', 401],
    ['without a part', 'CN=client one,O=TPP', 401],
    ['with a part more', 'OU=x,CN=client one,O=TPP,C=DE', 401],
    ['with two parts joined', 'CN=client one+O=TPP,C=DE', 401],
    ['with another value', 'CN=client two,O=TPP,C=DE', 401],
    ['with an asterisk', 'CN=*,O=TPP,C=DE', 401],
    ['of exchanged types', 'O=client one,CN=TPP,C=DE', 401],
  ]
  let credential: Credential
  beforeAll(async () => {
    credential = credentialOf(await ca.issue({ subject }))
  })
  for (const [what, name, status] of names) {
    it(`MTLS-04 ${status === 200 ? 'matches' : 'does not match'} ${what}`, async () => {
      const registered = { tls_client_auth_subject_dn: name }
      expect(await ask('client-dn', registered, credential)).toBe(status)
    })
  }

  it('MTLS-04 matches an organization identifier by name, number and octets', async () => {
    const open = credentialOf(await ca.issue({ subject: '2.5.4.97=PSDBR-1,O=TPP,C=BR' }))
    for (const [type, status] of [
      ['organizationIdentifier=PSDBR-1', 200],
      ['2.5.4.97=PSDBR-1', 200],
      [`2.5.4.97=#0c07${Buffer.from('PSDBR-1').toString('hex')}`, 200],
      [`2.5.4.97=#0c07${Buffer.from('PSDBR-2').toString('hex')}`, 401],
    ] as const) {
      const registered = { tls_client_auth_subject_dn: `${type},O=TPP,C=BR` }
      expect([type, await ask('client-dn', registered, open)]).toEqual([type, status])
    }
  })
})

describe('the alternative name a client registered', () => {
  const names: readonly (readonly [string, string, 200 | 401])[] = [
    ['tls_client_auth_san_dns', 'tpp.example', 200],
    ['tls_client_auth_san_dns', 'TPP.Example', 200],
    ['tls_client_auth_san_dns', 'second.example', 200],
    ['tls_client_auth_san_dns', 'other.example', 401],
    ['tls_client_auth_san_dns', '*.example', 401],
    ['tls_client_auth_san_dns', 'https://tpp.example/id', 401],
    ['tls_client_auth_san_uri', 'https://tpp.example/id', 200],
    ['tls_client_auth_san_uri', 'https://tpp.example/ID', 401],
    ['tls_client_auth_san_uri', 'https://tpp.example/', 401],
    ['tls_client_auth_san_ip', '192.0.2.7', 200],
    ['tls_client_auth_san_ip', '192.0.2.8', 401],
    ['tls_client_auth_san_ip', '2001:db8:0:0::7', 200],
    ['tls_client_auth_san_ip', '2001:db8::8', 401],
    ['tls_client_auth_san_email', 'Sec@tpp.example', 200],
    ['tls_client_auth_san_email', 'Sec@TPP.example', 200],
    ['tls_client_auth_san_email', 'sec@tpp.example', 401],
    ['tls_client_auth_san_email', 'tpp.example', 401],
  ]
  let credential: Credential
  beforeAll(async () => {
    const certificate = await ca.issue({
      subject: 'CN=alternative',
      dns: ['tpp.example', 'second.example'],
      uri: ['https://tpp.example/id'],
      ip: ['192.0.2.7', '2001:db8::7'],
      email: ['Sec@tpp.example'],
    })
    credential = credentialOf(certificate)
  })
  for (const [member, value, status] of names) {
    it(`MTLS-02 MTLS-03 ${member} ${value} is answered ${status}`, async () => {
      expect(await ask('client-san', { [member]: value }, credential)).toBe(status)
    })
  }
})

describe('registration', () => {
  const pki = { token_endpoint_auth_method: 'tls_client_auth' }
  const self = { token_endpoint_auth_method: 'self_signed_tls_client_auth' }
  const refused: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    'tls_client_auth without a subject': pki,
    'tls_client_auth with two subjects': {
      ...pki,
      tls_client_auth_subject_dn: 'CN=a',
      tls_client_auth_san_dns: 'a.example',
    },
    'tls_client_auth with an empty subject': { ...pki, tls_client_auth_subject_dn: '' },
    'tls_client_auth with a subject that is no name': { ...pki, tls_client_auth_subject_dn: 'a' },
    'tls_client_auth with a list of subjects': { ...pki, tls_client_auth_san_dns: ['a.example'] },
    'self_signed_tls_client_auth without keys': self,
    'self_signed_tls_client_auth with a subject': { ...self, tls_client_auth_san_dns: 'a.example' },
    'a certificate flag that is no boolean': {
      ...pki,
      tls_client_auth_san_dns: 'a.example',
      tls_client_certificate_bound_access_tokens: 'true',
    },
    'an alias flag that is no boolean': {
      ...pki,
      tls_client_auth_san_dns: 'a.example',
      use_mtls_endpoint_aliases: 'yes',
    },
  }
  for (const [what, metadata] of Object.entries(refused)) {
    it(`MTLS-03 refuses ${what} and registers nothing`, async () => {
      const { status, json: body } = await putClient(admin, 'client-refused', metadata)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error: 'invalid_client_metadata' })
      expect((await admin.request('GET', '/clients/client-refused')).status).toBe(404)
    })
  }

  it('SP-TLS-10 MTLS-24 keeps the flags a client registered', async () => {
    const flags = {
      use_mtls_endpoint_aliases: true,
      tls_client_certificate_bound_access_tokens: true,
    }
    const metadata = { ...pki, tls_client_auth_san_dns: 'a.example', ...flags }
    expect((await putClient(admin, 'client-flags', metadata)).status).toBe(201)
    const { json: body } = await admin.request('GET', '/clients/client-flags')
    expect(body).toMatchObject(flags)
  })
})

describe('the key set of a client that signs its own certificate', () => {
  const id = 'client-rotating'
  const put = (keys: readonly object[]) =>
    putClient(admin, id, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys },
    })

  it('MTLS-05 rotates: the old certificate ends with the update, the new one begins', async () => {
    const [old, next] = [await createSelfSigned(), await createSelfSigned()]
    await put([old.jwk])
    expect((await askWith(id, credentialOf(old))).status).toBe(200)
    expect((await askWith(id, credentialOf(next))).status).toBe(401)
    await put([old.jwk, next.jwk])
    expect((await askWith(id, credentialOf(old))).status).toBe(200)
    expect((await askWith(id, credentialOf(next))).status).toBe(200)
    await put([next.jwk])
    expect((await askWith(id, credentialOf(old))).status).toBe(401)
    expect((await askWith(id, credentialOf(next))).status).toBe(200)
  })

  for (const kind of ['EC', 'RSA', 'Ed25519'] as const) {
    it(`MTLS-05 knows a certificate of ${kind} by its key, and a renewed one of that key too`, async () => {
      const first = await createSelfSigned({ key: kind })
      const renewed = await createSelfSigned({ keys: first.keys, subject: 'CN=renewed' })
      const { x5c: _certificate, ...bare } = first.jwk
      await put([bare])
      expect((await askWith(id, credentialOf(first))).status).toBe(200)
      expect((await askWith(id, credentialOf(renewed))).status).toBe(200)
      const other = await createSelfSigned({ key: kind })
      expect((await askWith(id, credentialOf(other))).status).toBe(401)
    })
  }

  it('MTLS-05 does not take a key for encryption', async () => {
    const certificate = await createSelfSigned()
    await put([{ ...certificate.jwk, use: 'enc' }])
    expect((await askWith(id, credentialOf(certificate))).status).toBe(401)
    await put([{ ...certificate.jwk, use: 'sig' }])
    expect((await askWith(id, credentialOf(certificate))).status).toBe(200)
  })

  it('MTLS-05 needs no path to an authority: an expired certificate of the key passes', async () => {
    const notAfter = new Date(Date.now() - 60_000)
    const certificate = await createSelfSigned({ notAfter })
    await put([certificate.jwk])
    expect((await askWith(id, credentialOf(certificate))).status).toBe(200)
  })
})
