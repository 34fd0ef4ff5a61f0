import { createHash, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  acceptedCa,
  acceptedIssuer,
  allowsClientAuthentication,
  hasKeyOf,
  matchesSubject,
} from '../../src/proof/certificate-match.ts'
import type { ClientCertificate } from '../../src/proof/certificate.ts'
import { readCertificate } from '../../src/proof/certificate.ts'
import {
  anyUsage,
  clientAuth,
  createCa,
  createKeys,
  createSelfSigned,
  serverAuth,
  tlsClientAuth,
} from '../support/certificates.ts'
import type { CertificateOptions, TestCa, TestCertificate } from '../support/certificates.ts'
import { holds, holdsAsync } from './support/property.ts'

let ca: TestCa
let leaf: TestCertificate

beforeAll(async () => {
  ca = await createCa()
  leaf = await ca.issue({
    subject: 'CN=client, O=Test Bank, 2.5.4.97=PSDGB-FCA-1, C=GB',
    dns: ['tpp.example', '*.wild.example'],
    uri: ['https://tpp.example/Id'],
    ip: ['192.0.2.7', '2001:db8::7'],
    email: ['Ops@TPP.example'],
  })
})

const present = async (der: Uint8Array, changes = {}) =>
  readCertificate({ tlsClientAuth: await tlsClientAuth(der, changes) })

const certificateOf = async (der: Uint8Array, changes = {}): Promise<ClientCertificate> => {
  const reading = await present(der, changes)
  if (reading.kind !== 'certificate') throw new Error(JSON.stringify(reading))
  return reading.certificate
}

const issued = async (options: CertificateOptions) => certificateOf((await ca.issue(options)).der)

describe('readCertificate', () => {
  it('MTLS-20: gives the thumbprint that hashing the DER gives', async () => {
    const { thumbprint } = await certificateOf(leaf.der)
    expect(thumbprint).toBe(createHash('sha256').update(leaf.der).digest('base64url'))
    expect(thumbprint).toHaveLength(43)
  })

  it.each(['EC', 'RSA', 'Ed25519'] as const)(
    'agrees with OpenSSL on %s certificates',
    async (key) => {
      const test = await (await createCa({ key })).issue({ key, dns: ['a.example'] })
      const certificate = await certificateOf(test.der)
      const other = new X509Certificate(test.der)
      expect(other.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(
        Buffer.from(certificate.thumbprint, 'base64url').toString('hex'),
      )
      expect(Buffer.from(certificate.spki)).toEqual(
        other.publicKey.export({ type: 'spki', format: 'der' }),
      )
      const parts = certificate.subject.map(([attribute]) => attribute?.text)
      expect(parts).toEqual(other.subject.split('\n').map((line) => line.split('=')[1]))
      expect(certificate.notBefore).toBe(other.validFromDate.getTime())
      expect(certificate.notAfter).toBe(other.validToDate.getTime())
      expect(certificate.san).toEqual({ dns: ['a.example'], uri: [], ip: [], email: [] })
    },
  )

  it('reads a validity beyond 2049', async () => {
    const notAfter = new Date('2060-01-02T03:04:05Z')
    expect((await issued({ notAfter })).notAfter).toBe(notAfter.getTime())
  })

  it.each([
    ['no cf', undefined],
    ['a cf of null', null],
    ['a text', 'tlsClientAuth'],
    ['an empty cf', {}],
    ['a null in its place', { tlsClientAuth: null }],
    ['a number in its place', { tlsClientAuth: 1 }],
    ['the placeholder', { tlsClientAuth: { certPresented: '0', certVerified: 'NONE' } }],
    ['a boolean that is not the text 1', { tlsClientAuth: { certPresented: true } }],
  ])('finds none in %s', async (_what, cf) => {
    expect(await readCertificate(cf)).toEqual({ kind: 'none' })
  })

  it('finds none when only the prototype has one', async () => {
    const cf: unknown = Object.create({ tlsClientAuth: await tlsClientAuth(leaf.der) })
    expect(await readCertificate(cf)).toEqual({ kind: 'none' })
  })

  it('refuses a certificate the platform found too large, rather than see none', async () => {
    const changes = { certRFC9440: '', certRFC9440TooLarge: true }
    expect(await present(leaf.der, changes)).toMatchObject({ reason: 'certificate too large' })
  })

  it.each([
    ['nothing', ''],
    ['a missing field', undefined],
    ['a number', 7],
    ['an empty byte sequence', '::'],
    ['one colon', ':'],
    ['bare base64', 'MIIB'],
    ['base64url', ':MII-_w==:'],
    ['blanks', ':MIIB MIIB:'],
    ['missing padding', ':MA:'],
    ['stray bits in the padding', ':MB==:'],
    ['a parameter', ':MAA=:;a=1'],
    ['a list', ':MAA=:, :MAA=:'],
    ['too much', `:${'A'.repeat(40_000)}:`],
    ['an empty sequence', ':MAA=:'],
  ])('refuses %s for a byte sequence', async (_what, certRFC9440) => {
    expect(await present(leaf.der, { certRFC9440 })).toMatchObject({ kind: 'unusable' })
  })

  it('refuses a certificate whose hash the platform says is another', async () => {
    const changes = { certFingerprintSHA256: '0'.repeat(64) }
    expect(await present(leaf.der, changes)).toMatchObject({ reason: 'fingerprints differ' })
  })

  it.each([
    ['in capitals', (hex: string) => hex.toUpperCase()],
    ['of another length', (hex: string) => hex + hex],
    ['that is absent', () => undefined],
  ])('accepts a fingerprint %s', async (_what, change) => {
    const hex = createHash('sha256').update(leaf.der).digest('hex')
    const reading = await present(leaf.der, { certFingerprintSHA256: change(hex) })
    expect(reading.kind).toBe('certificate')
  })

  it.each([
    ['SUCCESS', '0', true],
    ['SUCCESS', '1', false],
    ['SUCCESS', undefined, false],
    ['SUCCESS', 0, false],
    ['NONE', '0', false],
    ['FAILED', '0', false],
    ['FAILED:self signed certificate', '0', false],
  ])(
    'MTLS-02: %s with revocation %s counts as verified: %s',
    async (certVerified, certRevoked, verified) => {
      const certificate = await certificateOf(leaf.der, { certVerified, certRevoked })
      expect(certificate.verified).toBe(verified)
    },
  )

  it('MTLS-22: reads a self-signed certificate that nobody verified', async () => {
    const { der } = await createSelfSigned()
    const certificate = await certificateOf(der, { certVerified: 'FAILED:self signed certificate' })
    expect(certificate.verified).toBe(false)
    expect(certificate.thumbprint).toHaveLength(43)
  })
})

describe('readCertificate refuses what is not DER:', () => {
  const replace = (der: Uint8Array, from: string, to: string) => {
    const hex = Buffer.from(der).toString('hex')
    if (hex.split(from).length !== 2) throw new Error('not found once')
    return new Uint8Array(Buffer.from(hex.replace(from, to), 'hex'))
  }
  const wrap = (tag: string, body: Uint8Array, length: string, tail = '') =>
    new Uint8Array(Buffer.from(tag + length + Buffer.from(body).toString('hex') + tail, 'hex'))

  it.each<[string, (der: Uint8Array) => Uint8Array]>([
    ['bytes after the end', (der) => Uint8Array.of(...der, 0)],
    ['a missing byte', (der) => der.slice(0, -1)],
    ['an indefinite length', (der) => wrap('30', der.slice(4), '80', '0000')],
    [
      'a padded length',
      (der) => {
        const size = (der.length - 4).toString(16).padStart(6, '0')
        return wrap('30', der.slice(4), `83${size}`)
      },
    ],
    ['a critical flag of 01', (der) => replace(der, '0603551d0f0101ff', '0603551d0f010101')],
    ['a version below what extensions need', (der) => replace(der, 'a003020102', 'a003020101')],
    ['an unknown version', (der) => replace(der, 'a003020102', 'a003020103')],
    ['the same extension twice', (der) => replace(der, '0603551d0e', '0603551d23')],
    [
      'a space in a host name',
      (der) =>
        replace(
          der,
          Buffer.from('tpp.example').toString('hex') + '820e',
          Buffer.from('tpp example').toString('hex') + '820e',
        ),
    ],
    [
      'a NUL in a host name',
      (der) =>
        replace(der, Buffer.from('*.wild').toString('hex'), Buffer.from('\0.wild').toString('hex')),
    ],
    ['an address of another tag', (der) => replace(der, '8704c0000207', '8904c0000207')],
    [
      'a set that is a sequence',
      (der) => replace(der, '310f300d060355040313', '300f300d060355040313'),
    ],
    [
      'a subject that is not UTF-8',
      (der) =>
        replace(
          der,
          '1306' + Buffer.from('client').toString('hex'),
          '0c06ff' + Buffer.from('lient').toString('hex'),
        ),
    ],
    [
      'deep nesting',
      () => {
        let body = Buffer.from('0500', 'hex')
        while (body.length < 9_000) {
          const size = Buffer.from([0x30, 0x82, body.length >> 8, body.length & 255])
          body = Buffer.concat([
            body.length > 255
              ? size
              : Buffer.from(body.length > 127 ? [0x30, 0x81, body.length] : [0x30, body.length]),
            body,
          ])
        }
        return new Uint8Array(body)
      },
    ],
  ])('%s', async (_what, change) => {
    const changed = change(leaf.der)
    const reading = await present(changed)
    expect(reading).toEqual({ kind: 'unusable', reason: 'certificate not in DER' })
    expect((await present(leaf.der)).kind).toBe('certificate')
  })
})

describe('readCertificate under attack', () => {
  const kinds = new Set(['none', 'certificate', 'unusable'])

  it('answers one of three kinds to arbitrary values', async () => {
    await holdsAsync(
      fc.asyncProperty(fc.anything(), fc.anything(), async (certRFC9440, other) => {
        const fields = {
          certPresented: '1',
          certRFC9440,
          certRFC9440TooLarge: other,
          certVerified: other,
        }
        expect(kinds).toContain((await readCertificate({ tlsClientAuth: fields })).kind)
        expect(kinds).toContain((await readCertificate(other)).kind)
      }),
      200,
    )
  })

  it('answers one of three kinds to arbitrary bytes', async () => {
    await holdsAsync(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect((await present(bytes)).kind).toBe('unusable')
      }),
      200,
    )
  })

  it('never gives a changed certificate the thumbprint of the true one', async () => {
    const { thumbprint } = await certificateOf(leaf.der)
    const edits = fc.array(
      fc.record({
        at: fc.nat(leaf.der.length - 1),
        octet: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x30, 0x31, 0x80, 0x82, 0xa3, 0xff)),
        how: fc.constantFrom('set', 'insert', 'delete', 'cut' as const),
      }),
      { minLength: 1, maxLength: 6 },
    )
    await holdsAsync(
      fc.asyncProperty(edits, async (list) => {
        const octets = [...leaf.der]
        for (const { at, octet, how } of list) {
          if (how === 'set') octets[Math.min(at, octets.length)] = octet
          if (how === 'insert') octets.splice(at, 0, octet)
          if (how === 'delete') octets.splice(at, 1)
          if (how === 'cut') octets.splice(at, octet)
        }
        const changed = Uint8Array.from(octets)
        fc.pre(!Buffer.from(changed).equals(leaf.der))
        const reading = await present(changed)
        expect(kinds).toContain(reading.kind)
        if (reading.kind !== 'certificate') return
        const { certificate } = reading
        expect(certificate.thumbprint).not.toBe(thumbprint)
        matchesSubject(certificate, { tls_client_auth_subject_dn: 'CN=client' })
        hasKeyOf(certificate, { keys: [leaf.jwk] })
      }),
      500,
    )
  })

  it('reads the largest tree it admits to its end', async () => {
    const values = Buffer.alloc(12_000, Buffer.from('0500', 'hex'))
    const tree = Buffer.concat([Buffer.from([0x30, 0x82, 12_000 >> 8, 12_000 & 255]), values])
    expect((await present(new Uint8Array(tree))).kind).toBe('unusable')
  })
})

describe('matchesSubject', () => {
  it.each([
    [
      'MTLS-04: a subject',
      {
        tls_client_auth_subject_dn: 'CN=client,O=Test Bank,organizationIdentifier=PSDGB-FCA-1,C=GB',
      },
    ],
    [
      'MTLS-04: a subject of other case and spacing',
      { tls_client_auth_subject_dn: 'cn=CLIENT, o=test  bank, 2.5.4.97=psdgb-fca-1, c=gb' },
    ],
    [
      'MTLS-04: a subject with a hexadecimal value',
      {
        tls_client_auth_subject_dn:
          'CN=client,O=Test Bank,2.5.4.97=#0c0b50534447422d4643412d31,C=GB',
      },
    ],
    ['a host name', { tls_client_auth_san_dns: 'tpp.example' }],
    ['a host name of other case', { tls_client_auth_san_dns: 'TPP.Example' }],
    ['a URI', { tls_client_auth_san_uri: 'https://tpp.example/Id' }],
    ['an IPv4 address', { tls_client_auth_san_ip: '192.0.2.7' }],
    ['an IPv6 address', { tls_client_auth_san_ip: '2001:db8::7' }],
    ['an IPv6 address written at length', { tls_client_auth_san_ip: '2001:0DB8:0:0:0:0:0:7' }],
    ['a mailbox', { tls_client_auth_san_email: 'Ops@TPP.example' }],
    ['a mailbox on a host of other case', { tls_client_auth_san_email: 'Ops@tpp.EXAMPLE' }],
  ])('matches %s', async (_what, registered) => {
    expect(matchesSubject(await certificateOf(leaf.der), registered)).toBe(true)
  })

  it.each([
    [
      'MTLS-04: a reordered subject',
      {
        tls_client_auth_subject_dn: 'C=GB,organizationIdentifier=PSDGB-FCA-1,O=Test Bank,CN=client',
      },
    ],
    ['MTLS-04: part of the subject', { tls_client_auth_subject_dn: 'CN=client' }],
    ['a subject that is no name', { tls_client_auth_subject_dn: '/CN=client' }],
    ['a host name that a wildcard covers', { tls_client_auth_san_dns: 'a.wild.example' }],
    ['a host name below', { tls_client_auth_san_dns: 'a.tpp.example' }],
    ['a host name with a final dot', { tls_client_auth_san_dns: 'tpp.example.' }],
    ['the common name as host name', { tls_client_auth_san_dns: 'client' }],
    ['a URI of other case', { tls_client_auth_san_uri: 'https://tpp.example/id' }],
    [
      'a URI that a resolver would equate',
      { tls_client_auth_san_uri: 'https://tpp.example:443/Id' },
    ],
    ['another address', { tls_client_auth_san_ip: '192.0.2.8' }],
    ['an IPv4 address written as IPv6', { tls_client_auth_san_ip: '::ffff:192.0.2.7' }],
    ['an IPv4 address with leading zeros', { tls_client_auth_san_ip: '192.0.02.7' }],
    ['an address as one number', { tls_client_auth_san_ip: '3221225991' }],
    ['an address with a zone', { tls_client_auth_san_ip: '2001:db8::7%eth0' }],
    ['a mailbox of other case', { tls_client_auth_san_email: 'ops@tpp.example' }],
    ['a mailbox without host', { tls_client_auth_san_email: 'Ops@' }],
    ['a name of another kind', { tls_client_auth_san_uri: 'tpp.example' }],
    ['an empty value', { tls_client_auth_san_dns: '' }],
    ['MTLS-03: no value', {}],
    [
      'MTLS-03: two values, both right',
      { tls_client_auth_san_dns: 'tpp.example', tls_client_auth_san_ip: '192.0.2.7' },
    ],
  ])('does not match %s', async (_what, registered) => {
    expect(matchesSubject(await certificateOf(leaf.der), registered)).toBe(false)
  })

  it('MTLS-04: a subject of several attributes in one part matches in either order', async () => {
    const together: Record<string, string[]> = { CN: ['a'], '0.9.2342.19200300.100.1.1': ['7'] }
    const subject = [{ O: ['b'] }, together]
    const certificate = await issued({ subject })
    const dn = (tls_client_auth_subject_dn: string) =>
      matchesSubject(certificate, { tls_client_auth_subject_dn })
    expect(dn('CN=a+UID=7,O=b')).toBe(true)
    expect(dn('UID=7+CN=a,O=b')).toBe(true)
    expect(dn('CN=a,UID=7,O=b')).toBe(false)
  })

  it('never matches a certificate without names', async () => {
    const certificate = await issued({ subject: '' })
    expect(certificate.subject).toEqual([])
    expect(matchesSubject(certificate, { tls_client_auth_subject_dn: '' })).toBe(false)
    expect(matchesSubject(certificate, { tls_client_auth_san_dns: 'tpp.example' })).toBe(false)
  })
})

describe('MTLS-02: acceptedIssuer', () => {
  it('accepts a CA of the list, from PEM and from DER', async () => {
    const certificate = await certificateOf(leaf.der)
    for (const form of [ca.pem, `Test CA\r\n${ca.pem}\r\n`, ca.der]) {
      const accepted = acceptedCa(form)
      expect(accepted?.keyId).toMatch(/^[0-9a-f]{40}$/)
      expect(acceptedIssuer(certificate, accepted ? [accepted] : [])).toBe(true)
    }
  })

  it('refuses another name, the same name with another key, and an empty list', async () => {
    const certificate = await certificateOf(leaf.der)
    const otherName = acceptedCa((await createCa({ subject: 'CN=Other', keys: ca.keys })).pem)
    const otherKey = acceptedCa((await createCa()).pem)
    expect(acceptedIssuer(certificate, [otherName!])).toBe(false)
    expect(acceptedIssuer(certificate, [otherKey!])).toBe(false)
    expect(acceptedIssuer(certificate, [])).toBe(false)
    expect(acceptedIssuer(certificate, [otherName!, acceptedCa(ca.pem)!])).toBe(true)
  })

  it('refuses a certificate that does not name the key of its issuer', async () => {
    const certificate = await issued({ authorityKeyId: false })
    expect(acceptedIssuer(certificate, [acceptedCa(ca.pem)!])).toBe(false)
    const { issuer } = acceptedCa(ca.pem)!
    expect(acceptedIssuer(certificate, [{ issuer }])).toBe(true)
  })

  it('does not take for a CA what is none, is two, or is a private key', async () => {
    expect(acceptedCa(leaf.pem)).toBeUndefined()
    expect(acceptedCa(ca.pem + '\n' + ca.pem)).toBeUndefined()
    expect(acceptedCa(ca.keyPem)).toBeUndefined()
    expect(acceptedCa('')).toBeUndefined()
    expect(acceptedCa(new Uint8Array())).toBeUndefined()
  })
})

describe('MTLS-02: allowsClientAuthentication', () => {
  it.each([
    ['accepts', 'no usages', [], true],
    ['accepts', 'client authentication', [clientAuth], true],
    ['accepts', 'client authentication among others', [serverAuth, clientAuth], true],
    ['refuses', 'server authentication only', [serverAuth], false],
    ['refuses', 'any usage only', [anyUsage], false],
  ])('%s %s', async (_verb, _what, extendedKeyUsage, allowed) => {
    expect(allowsClientAuthentication(await issued({ extendedKeyUsage }))).toBe(allowed)
  })
})

describe('MTLS-05: hasKeyOf', () => {
  it.each(['EC', 'RSA', 'Ed25519'] as const)('finds a key of %s by its numbers', async (key) => {
    const { der, jwk } = await createSelfSigned({ key })
    const other = await createSelfSigned({ key })
    const { x5c: _chain, ...bare } = jwk
    const certificate = await certificateOf(der)
    expect(hasKeyOf(certificate, { keys: [other.jwk, bare] })).toBe(true)
    expect(hasKeyOf(certificate, { keys: [other.jwk] })).toBe(false)
  })

  it('finds a key again under a renewed certificate', async () => {
    const keys = await createKeys()
    const [old, renewed] = [await createSelfSigned({ keys }), await createSelfSigned({ keys })]
    expect(hasKeyOf(await certificateOf(renewed.der), { keys: [old.jwk] })).toBe(true)
  })

  it('finds the certificate itself, at the head of a chain only', async () => {
    const [own, other] = [await createSelfSigned(), await createSelfSigned()]
    const certificate = await certificateOf(own.der)
    const chain = (x5c: unknown) => ({ keys: [{ kty: 'EC', x5c }] })
    expect(hasKeyOf(certificate, chain(own.jwk.x5c))).toBe(true)
    expect(hasKeyOf(certificate, chain([...other.jwk.x5c, ...own.jwk.x5c]))).toBe(false)
    expect(hasKeyOf(certificate, chain(own.jwk.x5c[0]))).toBe(false)
  })

  it('does not take a key for encryption', async () => {
    const { der, jwk } = await createSelfSigned()
    const certificate = await certificateOf(der)
    expect(hasKeyOf(certificate, { keys: [{ ...jwk, use: 'enc' }] })).toBe(false)
    expect(hasKeyOf(certificate, { keys: [{ ...jwk, use: 'sig' }] })).toBe(true)
  })

  it.each([
    ['one other coordinate', { y: 'AAAA' }],
    ['another curve', { crv: 'P-384' }],
    ['another type', { kty: 'RSA' }],
    ['a missing coordinate', { x: undefined }],
  ])('does not take a key with %s', async (_what, change) => {
    const { der, jwk } = await createSelfSigned()
    const keys = [{ ...jwk, x5c: undefined, ...change }]
    expect(hasKeyOf(await certificateOf(der), { keys })).toBe(false)
  })

  it('finds nothing in what is not a key set, whatever it is', async () => {
    const certificate = await certificateOf(leaf.der)
    holds(
      fc.property(fc.anything(), (value) => {
        expect(hasKeyOf(certificate, value)).toBe(false)
        expect(hasKeyOf(certificate, { keys: [value] })).toBe(false)
      }),
    )
  })
})
