import { describe, expect, it } from 'vitest'
import { validateAuthorizationRequest } from '../../../src/authorization/rules.ts'
import { authorizationDetails } from '../../../src/authorization/rules/authorization-details.ts'
import { scope } from '../../../src/authorization/rules/scope.ts'
import { detailSettings, payment } from '../authorization-details/support/shipped.ts'
import { codeOf, pushed, valueOf } from '../support/issuer.ts'

const client = { authorization_details_types: ['payment_initiation', 'patient_record'] }
const issuer = { authorization_details_types: detailSettings }
const input = (
  values: Readonly<Record<string, string | readonly string[]>> = {},
  changes: object = {},
) => ({
  ...pushed({ authorization_details: '…', ...values }, { client, issuer }),
  details: [payment],
  ...changes,
})
const health = { type: 'patient_record', datatypes: ['allergies'], purpose: 'treatment' }

describe('authorization_details', () => {
  it('RAR-01 become part of the request', () => {
    expect(valueOf(authorizationDetails(input()))).toEqual({ details: [payment] })
    expect(valueOf(authorizationDetails(pushed({})))).toEqual({})
  })

  it('RAR-17 are of types the client registered; without any it may use none', () => {
    const of = (types?: readonly string[]) => {
      const registered = types === undefined ? {} : { authorization_details_types: types }
      const given = pushed({}, { client: registered, issuer })
      return codeOf(authorizationDetails({ ...given, details: [payment] }))
    }
    expect(of(['payment_initiation'])).toBeUndefined()
    expect(of(['account_information'])).toBe('invalid_authorization_details')
    expect(of([])).toBe('invalid_authorization_details')
    expect(of()).toBe('invalid_authorization_details')
  })

  it('RAR-12 are for a resource server that a token of this request can be for', () => {
    const other = ['https://other.bank.example']
    expect(codeOf(authorizationDetails(input({ resource: other })))).toBe('invalid_target')
    const records = (resource?: readonly string[]) =>
      codeOf(authorizationDetails(input(resource ? { resource } : {}, { details: [health] })))
    expect(records()).toBe('invalid_target')
    expect(records(other)).toBeUndefined()
    // One of several resource servers that take the type is enough.
    const both = ['https://other.bank.example', 'https://api.bank.example']
    const types = { patient_record: { use: 'patient_record', resource_servers: both } }
    const given = pushed({ authorization_details: '…', resource: other }, { client, issuer: { authorization_details_types: types } }) // prettier-ignore
    expect(codeOf(authorizationDetails({ ...given, details: [health] }))).toBeUndefined()
  })

  it('are never ignored: an empty parameter is refused', () => {
    const { details: _details, ...unread } = input()
    expect(codeOf(authorizationDetails(unread))).toBe('invalid_authorization_details')
  })

  it('RAR-05 stand beside scope or alone; without them scope is required', () => {
    const { details: _details, ...without } = input()
    expect(valueOf(scope(input()))).toEqual({ scope: [] })
    expect(valueOf(scope(input({ scope: 'accounts' })))).toEqual({ scope: ['accounts'] })
    expect(codeOf(scope(without))).toBe('invalid_scope')
    expect(codeOf(scope(input({ scope: 'strange' })))).toBe('invalid_scope')
    const whole = input({
      response_type: 'code',
      redirect_uri: 'https://app.example/cb',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    expect(valueOf(validateAuthorizationRequest(whole))).toMatchObject({
      scope: [],
      details: [payment],
    })
  })
})
