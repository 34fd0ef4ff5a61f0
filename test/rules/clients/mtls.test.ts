import { beforeAll, describe, expect, it } from 'vitest'
import { authenticateAgain } from '../../../src/clients/authenticate.ts'
import { checkPublicJwks } from '../../../src/clients/jwks.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import { readCertificate } from '../../../src/proof/certificate.ts'
import type { ClientCertificate } from '../../../src/proof/certificate.ts'
import {
  createCa,
  createSelfSigned,
  serverAuth,
  tlsClientAuth,
} from '../../support/certificates.ts'
import type { CertificateOptions, TestCa } from '../../support/certificates.ts'
import { bag, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeServedCall } from '../support/served-call.ts'

const notBefore = new Date('2027-01-01T00:00:00Z')
const notAfter = new Date('2027-02-01T00:00:00Z')
const now = Date.parse('2027-01-15T08:00:00Z')

let ca: TestCa
let otherCa: TestCa

beforeAll(async () => {
  ca = await createCa()
  otherCa = await createCa({ subject: 'CN=Other CA' })
})

const read = async (der: Uint8Array, changes: object = {}): Promise<ClientCertificate> => {
  const reading = await readCertificate({ tlsClientAuth: await tlsClientAuth(der, { ...changes }) })
  if (reading.kind !== 'certificate') throw new Error(reading.kind)
  return reading.certificate
}
const issue = async (options: CertificateOptions = {}, by = ca) =>
  read((await by.issue({ subject: 'CN=app,O=TPP,C=DE', notBefore, notAfter, ...options })).der)

const pki = { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=app,O=TPP,C=DE' } as const // prettier-ignore

/** The log's reason; whoever calls learns `invalid_client` in the same words each time. */
async function why(
  certificate: ClientCertificate,
  given: {
    readonly client?: Partial<ClientMetadata>
    readonly now?: number
    readonly fetch?: () => Response
  } = {},
) {
  const { call } = makeServedCall({
    issuer: makeIssuer({ accepted_client_cas: [ca.pem] }),
    side: 'mtls',
    now: given.now ?? now,
    ...(given.fetch === undefined ? {} : { fetch: given.fetch }),
  })
  const parameters = bag({ client_id: 'app' })
  const client = makeClient({ ...pki, ...given.client })
  const result = await authenticateAgain(call, client, { parameters, certificate })
  if (result.ok) {
    expect(result.value).toEqual({ record: client, method: client.metadata.token_endpoint_auth_method }) // prettier-ignore
    return undefined
  }
  const { code, description, detail } = result.refusal
  expect([code, description]).toEqual(['invalid_client', 'Client authentication failed'])
  return detail ?? 'refused'
}

describe('a certificate of an accepted authority', () => {
  it('MTLS-02 proves the client whose subject it has', async () => {
    expect(await why(await issue())).toBeUndefined()
    expect(await why(await issue({ subject: 'CN=other,O=TPP,C=DE' }))).toBe(
      'the subject is not the registered one',
    )
  })

  it('MTLS-02 MTLS-06 is refused when its chain was not verified', async () => {
    const { der } = await issue()
    expect(await why(await read(der, { certVerified: 'FAILED:unable to verify' }))).toBe(
      'the certificate chain was not verified',
    )
  })

  it('MTLS-02 counts from its first second to before its last', async () => {
    const certificate = await issue()
    const at = (date: Date, more = 0) => why(certificate, { now: date.getTime() + more })
    expect(await at(notBefore)).toBeUndefined()
    expect(await at(notBefore, -1)).toBe('the certificate is out of date')
    expect(await at(notAfter, -1)).toBeUndefined()
    expect(await at(notAfter)).toBe('the certificate is out of date')
  })

  it('MTLS-02 is refused from another authority', async () => {
    expect(await why(await issue({}, otherCa))).toBe('the certificate authority is not accepted')
  })

  it('MTLS-02 is refused when it is not for client authentication', async () => {
    expect(await why(await issue({ extendedKeyUsage: [serverAuth] }))).toBe(
      'the certificate is not for client authentication',
    )
  })
})

describe('a self-signed certificate', () => {
  const own = { token_endpoint_auth_method: 'self_signed_tls_client_auth' } as const

  it('MTLS-05 proves the client in whose key set it is, without chain', async () => {
    const [mine, other] = [await createSelfSigned(), await createSelfSigned()]
    const unverified = { certVerified: 'FAILED:self signed certificate' }
    const jwks = valueOf(checkPublicJwks({ keys: [mine.jwk] }))
    expect(
      await why(await read(mine.der, unverified), { client: { ...own, jwks } }),
    ).toBeUndefined()
    expect(await why(await read(other.der, unverified), { client: { ...own, jwks } })).toBe(
      'the certificate is not in the client JWKS',
    )
    expect(await why(await read(mine.der), { client: own })).toBe(
      'the certificate is not in the client JWKS',
    )
  })

  it('MTLS-05 is looked for at the address again when it is new there', async () => {
    const [old, fresh] = [await createSelfSigned(), await createSelfSigned()]
    const client = { ...own, jwks_uri: 'https://keys.example/rotated' }
    const served = (key: object) => () => Response.json({ keys: [key] })
    expect(await why(await read(old.der), { client, fetch: served(old.jwk) })).toBeUndefined()
    const silent = () => new Response('', { status: 500 })
    expect(await why(await read(old.der), { client, now: now + 59_999, fetch: silent })).toBeUndefined() // prettier-ignore
    const [later, muchLater] = [now + 59_999, now + 60_000]
    const certificate = await read(fresh.der)
    expect(await why(certificate, { client, now: later, fetch: served(fresh.jwk) })).toBe(
      'the certificate is not in the client JWKS',
    )
    expect(await why(certificate, { client, now: muchLater, fetch: served(fresh.jwk) })).toBeUndefined() // prettier-ignore
  })
})
