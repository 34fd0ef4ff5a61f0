import { beforeAll, describe, expect, it } from 'vitest'
import { createCa, createSelfSigned } from '../../support/certificates.ts'
import { makeIssuer } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { problem, sentence } from '../support/settings.ts'
import type { Changes } from '../support/settings.ts'

let operatorJwk: JsonWebKey
let privateJwk: JsonWebKey
let caPem: string
let leafPem: string

beforeAll(async () => {
  const key = await makeKey()
  operatorJwk = key.publicJwk
  privateJwk = key.privateJwk
  caPem = (await createCa()).pem
  leafPem = (await createSelfSigned()).pem
})

describe('scopes', () => {
  it('RFC 6749 3.3 have a name, a description, perhaps a title and data', () => {
    const scopes = { 'urn:x:accounts': { title: 'Accounts', description: 'See.', data: ['IBAN'] } }
    expect(makeIssuer({ scopes }).scopes).toEqual(scopes)
    const bare = makeIssuer({ scopes: { a: { description: 'See.' } } }).scopes
    expect(bare).toEqual({ a: { title: 'a', description: 'See.' } })
  })

  it.each(['a b', 'a"', 'a\\', 'ä', '', 'a'.repeat(65), 'a\n'])(
    'RFC 6749 3.3 are not named %j, here or at a resource server',
    (name) => {
      expect(problem({ scopes: { [name]: { description: 'x' } } })).toEqual(expect.stringContaining('is not a scope')) // prettier-ignore
      const resource_servers = [{ identifier: 'https://api.example', scopes: [name] }]
      expect(problem({ resource_servers })).toMatch(/is not a scope|non-empty texts/)
    },
  )

  it('are never admin, which belongs to the admin API', () => {
    const belongs = sentence("the scope 'admin' belongs to the admin API")
    expect(problem({ scopes: { admin: { description: 'x' } } })).toEqual(belongs)
    const resource_servers = [{ identifier: 'https://api.example', scopes: ['accounts', 'admin'] }]
    expect(problem({ resource_servers })).toEqual(belongs)
  })

  it.each([
    [[], 'scopes must be an object'], ['x', 'scopes must be an object'], [{ a: 'x' }, "scope 'a' must be an object"],
    [{ a: {} }, "'description' is missing"], [{ a: { description: '' } }, 'non-empty text'],
    [{ a: { description: 'x', data: 'IBAN' } }, "'data' must be a list"], [{ a: { description: 'x', data: [1] } }, 'non-empty texts'],
  ])('are not %j', (scopes, about) => {
    expect(problem({ scopes })).toEqual(sentence(about))
  }) // prettier-ignore
})

describe('resource servers', () => {
  const server = (changes: Changes = {}) => ({ identifier: 'https://api.example', ...changes })

  it('RFC 8707 2 have an identifier, and their other members', () => {
    const full = { name: 'API', scopes: ['a'], default: true, introspection_clients: ['rs'] }
    const urn = { identifier: 'urn:example:api' }
    expect(makeIssuer({ resource_servers: [server(full), urn] }).resourceServers).toEqual([
      { identifier: 'https://api.example', name: 'API', scopes: ['a'], default: true, introspectionClients: ['rs'] },
      { identifier: 'urn:example:api', name: 'urn:example:api', scopes: [], default: false, introspectionClients: [] },
    ])
  }) // prettier-ignore

  it.each(['api', '/api', 'https://api.example#f', 'https://api.example/#'])(
    'RFC 8707 2 are not identified by %s',
    (identifier) => {
      expect(problem({ resource_servers: [{ identifier }] })).toEqual(sentence('absolute URI without fragment')) // prettier-ignore
    },
  )

  it.each(['', '/', '/admin', '/userinfo', '/x'])(
    'do not take an audience of the issuer itself: %j',
    (path) => {
      const identifier = `https://as.bank.example${path}`
      expect(problem({ resource_servers: [{ identifier }] })).toEqual(sentence("lies inside the issuer's own address")) // prettier-ignore
    },
  )

  it('SP-RS-06 have different identifiers and one default at most', () => {
    expect(problem({ resource_servers: [server(), server()] })).toEqual(
      sentence('share an identifier'),
    )
    const two = [server({ default: true }), { identifier: 'urn:b', default: true }]
    expect(problem({ resource_servers: two })).toEqual(sentence('only one resource server'))
    expect(problem({ resource_servers: [server({ default: 'true' })] })).toEqual(
      sentence('must be true or false'),
    )
  })

  it('are a list of objects', () => {
    expect(problem({ resource_servers: {} })).toEqual(sentence("'resource_servers' must be a list"))
    expect(problem({ resource_servers: ['https://api.example'] })).toEqual(
      sentence('not an object'),
    )
    expect(problem({ resource_servers: [{}] })).toEqual(sentence("'identifier' is missing"))
    expect(problem({ resource_servers: [server({ scopes: 'a' })] })).toEqual(
      sentence("'scopes' must be a list"),
    )
    expect(problem({ resource_servers: [server({ introspection_clients: [1] })] })).toEqual(
      sentence('non-empty texts'),
    )
  })
})

describe('operators', () => {
  const operator = (changes: Changes = {}) => ({ id: 'operator.a', jwks: { keys: [operatorJwk] }, ...changes }) // prettier-ignore

  it('are known by id and public key', () => {
    expect(makeIssuer({ operators: [operator()] }).operators).toEqual([operator()])
  })

  it.each(['a', 'operator.', 'operator.A', 'client.a', 'operator.a b'])(
    'SP-SC-06 do not have the id %s, which another kind could have',
    (id) => {
      expect(problem({ operators: [operator({ id })] })).toEqual(
        sentence("must look like 'operator.name'"),
      )
    },
  )

  it('SP-CR-09 do not have a private key here, nor none', () => {
    const withKeys = (keys: unknown) => problem({ operators: [operator({ jwks: { keys } })] })
    expect(withKeys([privateJwk])).toEqual(
      sentence("operator 'operator.a': jwks: a key has private members"),
    )
    expect(withKeys([])).toEqual(sentence('non-empty list of keys'))
    expect(problem({ operators: [{ id: 'operator.a' }] })).toEqual(
      sentence('non-empty list of keys'),
    )
  })

  it('do not share an id', () => {
    expect(problem({ operators: [operator(), operator()] })).toEqual(
      sentence('two operators share an id'),
    )
    expect(problem({ operators: [operator(), operator({ id: 'operator.b' })] })).toBeUndefined()
  })
})

describe('accepted_client_cas', () => {
  it('MTLS-02 are PEM certificates of authorities', () => {
    const broken = caPem.replace(/\n[A-Za-z0-9+/]{10}/, '\n!!!!!!!!!!')
    for (const pem of ['x', leafPem, broken, 'PRIVATE KEY', `${caPem}${leafPem}`]) {
      expect(problem({ accepted_client_cas: [pem] })).toEqual(sentence('is not a PEM certificate'))
    }
    expect(problem({ accepted_client_cas: [`${caPem}${caPem}`] })).toBeUndefined()
    expect(problem({ accepted_client_cas: caPem })).toEqual(sentence('must be a list'))
  })
})
