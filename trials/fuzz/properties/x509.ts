import 'reflect-metadata'
import assert from 'node:assert/strict'
import * as peculiar from '@peculiar/x509'
import fc from 'fast-check'
import { readCertificate } from '../../../src/proof/certificate.ts'
import { matchesSubject } from '../../../src/proof/certificate-match.ts'
import { publicKeyMembers } from '../../../src/proof/public-key.ts'
import { readX509 } from '../../../src/proof/x509.ts'
import type { CertificateContents } from '../../../src/proof/x509.ts'
import { certificateSamples } from '../support/certificates.ts'
import { anyJson, mangled, mangledRecord, mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const samples = await certificateSamples()
const sound = fc.constantFrom(...samples.map(({ der }) => der))
const cfOf = (der: Uint8Array) => ({
  certPresented: '1',
  certVerified: 'SUCCESS',
  certRevoked: '0',
  certRFC9440: `:${Buffer.from(der).toString('base64')}:`,
})
const cf = fc.oneof(
  mangled(sound).map(cfOf),
  ...samples.slice(0, 2).map(({ der }) => mangledRecord(cfOf(der))),
  fc.tuple(sound, fc.constantFrom('', ':', '=', ' ')).map(([der, stray]) => ({
    ...cfOf(der),
    certRFC9440: `${cfOf(der).certRFC9440}${stray}`,
  })),
  anyJson(),
)

/** The names of one kind by the other library; only what both can say. */
function namesOf(certificate: peculiar.X509Certificate, type: 'dns' | 'url' | 'email' | 'ip') {
  const extension = certificate.getExtension(peculiar.SubjectAlternativeNameExtension)
  return (extension?.names.items ?? []).filter((name) => name.type === type).map(({ value }) => value)
} // prettier-ignore

function agrees(der: Uint8Array, contents: CertificateContents): void {
  const other = read(der)
  if (other === undefined) return
  assert.equal(asTaken(contents.notBefore), other.notBefore.getTime())
  assert.equal(asTaken(contents.notAfter), other.notAfter.getTime())
  // What is no key here either: the other library writes a key anew, with bits that do not count.
  if (publicKeyMembers(contents.spki) !== undefined)
    assert.equal(Buffer.compare(contents.spki, Buffer.from(other.publicKey.rawData)), 0)
  assert.deepEqual(contents.san.dns, namesOf(other, 'dns'))
  assert.deepEqual(contents.san.uri, namesOf(other, 'url'))
  assert.deepEqual(contents.san.email, namesOf(other, 'email'))
  assert.equal(contents.san.ip.length, namesOf(other, 'ip').length)
}

/** The other library makes its times with `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999. */
function asTaken(time: number): number {
  const date = new Date(time)
  const year = date.getUTCFullYear()
  if (year < 0 || year > 99) return time
  const day = [date.getUTCMonth(), date.getUTCDate()] as const
  return Date.UTC(year, ...day, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds())
}

/** The other library also reads extensions and insides of keys that nobody here asks for. */
function read(der: Uint8Array): peculiar.X509Certificate | undefined {
  try {
    const other = new peculiar.X509Certificate(Uint8Array.from(der))
    // Both are read only when they are asked for.
    return other.publicKey.rawData.byteLength > 0 && other.extensions.length >= 0
      ? other
      : undefined
  } catch {
    return undefined
  }
}

export const x509: Parser = {
  name: 'X.509 and SAN',
  source: 'src/proof/x509.ts',
  properties: [
    always(
      'a changed certificate is refused or read without a fault, and never what the caller is registered for by accident',
      fc.property(mangled(sound), (input) => {
        const contents = readX509(input)
        if (contents === undefined) return
        const names = Object.values(contents.san).flat()
        assert.ok(names.every((name) => /^[\x21-\x7e]+$/.test(name)))
        assert.ok(Number.isFinite(contents.notBefore) && Number.isFinite(contents.notAfter))
        publicKeyMembers(contents.spki)
      }),
      0.8,
    ),
    always(
      'what is read is what another library reads: names, times, key',
      fc.property(fc.oneof({ weight: 9, arbitrary: mangled(sound) }, sound), (input) => {
        const contents = readX509(input)
        if (contents !== undefined) agrees(input, contents)
      }),
      0.05,
    ),
    alwaysAsync(
      'whatever stands in request.cf gives a certificate, its absence or a reason',
      fc.asyncProperty(cf, mangledText(fc.constantFrom('tpp.example', 'CN=tpp')), async (tls, registered) => {
        const reading = await readCertificate({ tlsClientAuth: tls })
        assert.ok(['none', 'certificate', 'unusable'].includes(reading.kind))
        if (reading.kind !== 'certificate') return
        const { certificate } = reading
        assert.equal(matchesSubject(certificate, {}), false)
        const both = { tls_client_auth_san_dns: registered, tls_client_auth_san_email: registered }
        assert.equal(matchesSubject(certificate, both), false)
        const named = matchesSubject(certificate, { tls_client_auth_san_dns: registered })
        const lower = registered.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
        assert.equal(named, registered !== '' && certificate.san.dns.some((one) => one.toLowerCase() === lower))
      }),
      0.2,
    ), // prettier-ignore
  ],
}
