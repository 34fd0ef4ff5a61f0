import { describe, expect, it } from 'vitest'
import { responseType } from '../../../src/authorization/rules/response-type.ts'
import { pushed, refusalOf } from '../support/issuer.ts'

describe('response_type', () => {
  it('SP-AS-20 accepts code and keeps nothing of it', () => {
    expect(responseType(pushed({ response_type: 'code' }))).toEqual({ ok: true, value: {} })
  })

  it.each([
    'token', 'id_token', 'code id_token', 'id_token code', 'code token', 'none', 'Code', 'CODE',
    'code ', ' code', 'code code', 'code\t', 'code,token', 'c\u043ede',
  ])('SP-AS-20 refuses %j', (value) => {
    expect(refusalOf(responseType, { response_type: value })).toBe('unsupported_response_type')
  }) // prettier-ignore

  it('SP-AS-20 refuses a request without response_type', () => {
    expect(refusalOf(responseType, {})).toBe('invalid_request')
  })

  it('RFC 6749 4.1.2.1 refuses a client that is not registered for codes', () => {
    const client = { grant_types: ['client_credentials'] } as const
    expect(refusalOf(responseType, { response_type: 'code' }, { client })).toBe(
      'unauthorized_client',
    )
  })
})
