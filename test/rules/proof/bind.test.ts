import { describe, expect, it } from 'vitest'
import { bind, confirmationFor, tokenTypeOf } from '../../../src/proof/bind.ts'

const jkt = 'key-a'
const x5t = 'certificate-a'
const other = 'another'

describe('bind', () => {
  it.each([
    // Bound to a key.
    [{ jkt }, { jkt }, true],
    [{ jkt }, { jkt, x5t }, true],
    [{ jkt }, { jkt: other }, false],
    [{ jkt }, { x5t }, false],
    [{ jkt }, { x5t: jkt }, false],
    [{ jkt }, {}, false],
    // Bound to a certificate.
    [{ 'x5t#S256': x5t }, { x5t }, true],
    [{ 'x5t#S256': x5t }, { jkt, x5t }, true],
    [{ 'x5t#S256': x5t }, { x5t: other }, false],
    [{ 'x5t#S256': x5t }, { jkt }, false],
    [{ 'x5t#S256': x5t }, { jkt: x5t }, false],
    [{ 'x5t#S256': x5t }, {}, false],
    // Bound to both: every member counts.
    [{ jkt, 'x5t#S256': x5t }, { jkt, x5t }, true],
    [{ jkt, 'x5t#S256': x5t }, { jkt }, false],
    [{ jkt, 'x5t#S256': x5t }, { x5t }, false],
    [{ jkt, 'x5t#S256': x5t }, { jkt, x5t: other }, false],
    [{ jkt, 'x5t#S256': x5t }, { jkt: other, x5t }, false],
    [{ jkt, 'x5t#S256': x5t }, {}, false],
    // Bound to nothing: nobody's.
    [{}, { jkt, x5t }, false],
    [{}, {}, false],
    // Empty texts prove nothing special.
    [{ jkt: '' }, {}, false],
    [{ jkt }, { jkt: '' }, false],
  ])(
    'SP-AS-04 DPOP-13 MTLS-21 a token with cnf %j presented by %j: %s',
    (cnf, sender, expected) => {
      expect(bind(cnf, sender)).toBe(expected)
    },
  )
})

describe('confirmationFor', () => {
  const none = { dpop: false, certificate: false }
  const dpop = { dpop: true, certificate: false }
  const certificate = { dpop: false, certificate: true }
  const both = { dpop: true, certificate: true }

  it.each([
    [none, {}, undefined],
    [none, { jkt }, { jkt }],
    [none, { x5t }, { 'x5t#S256': x5t }],
    [none, { jkt, x5t }, { jkt }],
    [dpop, {}, undefined],
    [dpop, { jkt }, { jkt }],
    [dpop, { x5t }, undefined],
    [dpop, { jkt, x5t }, { jkt }],
    [certificate, {}, undefined],
    [certificate, { jkt }, undefined],
    [certificate, { x5t }, { 'x5t#S256': x5t }],
    [certificate, { jkt, x5t }, { jkt, 'x5t#S256': x5t }],
    [both, {}, undefined],
    [both, { jkt }, undefined],
    [both, { x5t }, undefined],
    [both, { jkt, x5t }, { jkt, 'x5t#S256': x5t }],
  ])(
    'SP-AS-04 SP-AS-05 DPOP-AS-03 MTLS-27 registered %j, proven %j: %j',
    (required, sender, cnf) => {
      expect(confirmationFor(sender, required)).toEqual(cnf)
      // What is issued can be presented by the one it was issued to.
      if (cnf !== undefined) expect(bind(cnf, sender)).toBe(true)
    },
  )
})

describe('tokenTypeOf', () => {
  it('DPOP-AS-01 MTLS-23 is DPoP whenever a key is bound, else Bearer', () => {
    expect(tokenTypeOf({ jkt })).toBe('DPoP')
    expect(tokenTypeOf({ jkt, 'x5t#S256': x5t })).toBe('DPoP')
    expect(tokenTypeOf({ 'x5t#S256': x5t })).toBe('Bearer')
  })
})
