import { expect, it } from 'vitest'
import { unsupported } from '../../../src/authorization/rules/unsupported.ts'
import { refusalOf } from '../support/issuer.ts'

it.each([
  ['SP-PAR-01 refuses a pushed request_uri', 'request_uri', 'invalid_request'],
] as const)('%s', (_name, parameter, code) => {
  expect(refusalOf(unsupported, { [parameter]: 'x' })).toBe(code)
  expect(refusalOf(unsupported, { [`${parameter}_`]: 'x', response_type: 'code' })).toBeUndefined()
}) // prettier-ignore
