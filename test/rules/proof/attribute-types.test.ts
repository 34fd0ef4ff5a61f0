import { describe, expect, it } from 'vitest'
import { attributeType, ignoresCase } from '../../../src/proof/attribute-types.ts'

/** RFC 4519 2, RFC 4524 2, RFC 5280 A, X.520, ETSI EN 319 412-1, CA/Browser Forum EV 9.2. */
const registered: Readonly<Record<string, readonly string[]>> = {
  '2.5.4.3': ['CN', 'commonName'],
  '2.5.4.4': ['SN', 'surname'],
  '2.5.4.5': ['serialNumber'],
  '2.5.4.6': ['C', 'countryName'],
  '2.5.4.7': ['L', 'localityName'],
  '2.5.4.8': ['ST', 'stateOrProvinceName'],
  '2.5.4.9': ['STREET', 'streetAddress'],
  '2.5.4.10': ['O', 'organizationName'],
  '2.5.4.11': ['OU', 'organizationalUnitName'],
  '2.5.4.12': ['title'],
  '2.5.4.13': ['description'],
  '2.5.4.15': ['businessCategory'],
  '2.5.4.17': ['postalCode'],
  '2.5.4.41': ['name'],
  '2.5.4.42': ['GN', 'givenName'],
  '2.5.4.43': ['initials'],
  '2.5.4.44': ['generationQualifier'],
  '2.5.4.46': ['dnQualifier'],
  '2.5.4.65': ['pseudonym'],
  '2.5.4.97': ['organizationIdentifier'],
  '0.9.2342.19200300.100.1.1': ['UID', 'userId'],
  '0.9.2342.19200300.100.1.25': ['DC', 'domainComponent'],
  '1.2.840.113549.1.9.1': ['emailAddress'],
  '1.3.6.1.4.1.311.60.2.1.1': ['jurisdictionL', 'jurisdictionLocalityName'],
  '1.3.6.1.4.1.311.60.2.1.2': ['jurisdictionST', 'jurisdictionStateOrProvinceName'],
  '1.3.6.1.4.1.311.60.2.1.3': ['jurisdictionC', 'jurisdictionCountryName'],
}

describe('the type of an attribute', () => {
  it.each(Object.entries(registered))('MTLS-04 %s is known by its names, in any case', (oid, names) => {
    for (const name of names) {
      for (const written of [name, name.toLowerCase(), name.toUpperCase()])
        expect([written, attributeType(written)]).toEqual([written, oid])
    }
    expect(ignoresCase(oid)).toBe(true)
  }) // prettier-ignore

  it('MTLS-04 is unknown by any other name, and compares to the letter then', () => {
    for (const name of ['', 'x', 'toString', '__proto__', 'cn ', '2.5.4.3'])
      expect(attributeType(name)).toBeUndefined()
    for (const oid of ['', '2.5.4.45', '1.2.3']) expect(ignoresCase(oid)).toBe(false)
  })
})
