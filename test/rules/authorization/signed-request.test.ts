import { expect, it } from 'vitest'
import { signedRequest } from '../../../src/authorization/rules/signed-request.ts'
import { refusalOf } from '../support/issuer.ts'

const strictIssuer = { issuer: { profile: 'fapi2-message-signing' } }
const strictClient = { client: { require_signed_request_object: true } }

it('MS-JAR-01 refuses an unsigned request where the profile demands a signed one', () => {
  expect(refusalOf(signedRequest, {}, strictIssuer)).toBe('invalid_request')
  expect(refusalOf(signedRequest, {}, { ...strictIssuer, signed: true })).toBeUndefined()
})

it('MS-JAR-01 refuses an unsigned request of a client that must sign, and only of that', () => {
  expect(refusalOf(signedRequest, {}, strictClient)).toBe('invalid_request')
  expect(refusalOf(signedRequest, {}, { ...strictClient, signed: true })).toBeUndefined()
  expect(refusalOf(signedRequest, {})).toBeUndefined()
  expect(refusalOf(signedRequest, {}, { signed: true })).toBeUndefined()
})

it('holds no client to less than the profile', () => {
  const both = { ...strictIssuer, client: { require_signed_request_object: false } }
  expect(refusalOf(signedRequest, {}, both)).toBe('invalid_request')
})
