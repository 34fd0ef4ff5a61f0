import { expect, it } from 'vitest'
import { responseMode } from '../../../src/authorization/rules/response-mode.ts'
import { refusalOf } from '../support/issuer.ts'

it.each(['fragment', 'form_post', 'jwt', 'query.jwt', 'Query', 'query '])(
  'ATK-A1-08 refuses response_mode %j, which the metadata does not offer',
  (value) => {
    expect(refusalOf(responseMode, { response_mode: value })).toBe('invalid_request')
  },
)

it('accepts response_mode query, and its absence', () => {
  expect(refusalOf(responseMode, { response_mode: 'query' })).toBeUndefined()
  expect(refusalOf(responseMode, {})).toBeUndefined()
})
