import { describe, expect, it } from 'vitest'
import { resource } from '../../../src/authorization/rules/resource.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

const api = 'https://api.bank.example'
const other = 'https://other.bank.example'

describe('resource', () => {
  it('RFC 8707 2 accepts one or several configured resource servers, each once', () => {
    const ask = (value: string | string[]) =>
      valueOf(resource(pushed({ resource: value }))).resources
    expect(ask(api)).toEqual([api])
    expect(ask([other, api])).toEqual([other, api])
    expect(ask([api, api])).toEqual([api])
    expect(valueOf(resource(pushed({}))).resources).toEqual([])
  })

  it.each([
    'https://elsewhere.example', `${api}/`, `${api}/accounts`, 'https://API.bank.example', `${api}#f`,
    'https://as.bank.example', 'https://as.bank.example/userinfo', 'https://as.bank.example/admin', 'x',
  ])('RFC 8707 2 refuses %s', (value) => {
    expect(refusalOf(resource, { resource: value })).toBe('invalid_target')
  }) // prettier-ignore

  it('RFC 8707 2 refuses the whole list when one of it is unknown', () => {
    expect(refusalOf(resource, { resource: [api, 'https://elsewhere.example'] })).toBe(
      'invalid_target',
    )
  })
})
