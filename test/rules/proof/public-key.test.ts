import { expect, it } from 'vitest'
import { readX509 } from '../../../src/proof/x509.ts'
import { publicKeyMembers } from '../../../src/proof/public-key.ts'
import { createSelfSigned } from '../../support/certificates.ts'

const { der, x509 } = await createSelfSigned()
const spki = new Uint8Array(x509.publicKey.rawData)
const sequence = 0x30
const set = 0x31

/** The bytes with the SEQUENCE at this place called a SET. */
function asSet(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  expect(changed[at]).toBe(sequence)
  changed[at] = set
  return changed
}

it('RFC 5280 4.1 reads a key from the sequences it is made of, and from no sets in their place', () => {
  expect(publicKeyMembers(spki)?.['kty']).toBe('EC')
  // The SubjectPublicKeyInfo itself, and the AlgorithmIdentifier inside.
  for (const at of [0, 2]) expect(publicKeyMembers(asSet(spki, at))).toBeUndefined()
})

it('RFC 5280 4.1.1.2 reads no certificate whose key names its algorithm in a set', () => {
  const at = Buffer.from(der).indexOf(spki)
  expect(readX509(der)?.spki).toEqual(spki)
  expect(readX509(asSet(der, at + 2))).toBeUndefined()
})
