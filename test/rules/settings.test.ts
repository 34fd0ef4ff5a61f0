import { beforeAll, describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config.ts'
import { locationHints } from '../../src/proof/location.ts'
import type { Issuer } from '../../src/types.ts'
import { createCa, createSelfSigned } from '../support/certificates.ts'
import { bank, makeIssuer } from './support/issuer.ts'
import { makeKey } from './support/keys.ts'

type Changes = Readonly<Record<string, unknown>>

/** The sentence the settings are refused with; undefined when they are taken. */
const problemOf = (settings: unknown, development = false): string | undefined => {
  const result = readSettings(settings, { development })
  return result.ok ? undefined : result.problem
}
const problem = (changes: Changes, development = false) =>
  problemOf({ issuers: [{ ...bank, ...changes }] }, development)

/** One clear sentence that names the issuer and says `about`. */
const sentence = (about: string) =>
  expect.stringMatching(new RegExp(`^Issuer 'bank':.*${about.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^\\n]*\\.$`)) // prettier-ignore

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

describe('settings', () => {
  it('of one issuer with nothing but the necessary have sound defaults', () => {
    const settings = {
      issuers: [{ id: 'a', issuer: 'https://as.example', profile: 'fapi2-security' }],
    }
    const result = readSettings(settings, { development: false })
    const [issuer] = result.ok ? result.settings.issuers : []
    expect(issuer).toMatchObject({
      id: 'a',
      url: 'https://as.example',
      mtlsOrigin: undefined,
      name: 'as.example',
      factors: 1,
      signingAlgorithm: 'ES256',
      keyRotationDays: 30,
      resourceServers: [],
      scopes: {},
      operators: [],
      acceptedClientCas: [],
      replayGuards: 4,
      assertionShards: [1],
      defaultLocation: 'weur',
      jurisdiction: undefined,
      lifetimes: { pushedRequest: 300, authorizationCode: 60, accessToken: 300, idToken: 300 },
    })
    expect(issuer?.profile.name).toBe('fapi2-security')
  })

  it('may be JSON text, and are frozen once read', () => {
    const result = readSettings(JSON.stringify({ issuers: [bank] }), { development: false })
    if (!result.ok) throw new Error(result.problem)
    const [issuer] = result.settings.issuers
    for (const value of [result.settings, result.settings.issuers, issuer, issuer?.lifetimes, issuer?.scopes, issuer?.resourceServers, issuer?.deploymentHosts]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  }) // prettier-ignore

  it.each([undefined, null, '', '{', 'x', '[]', [], 1])('are not %j', (value) => {
    expect(problemOf(value)).toBe('SETTINGS is not a JSON object.')
  })

  it.each([{}, { issuers: {} }, { issuers: [] }, { issuers: 'x' }])('need a list: %j', (value) => {
    expect(problemOf(value)).toMatch(/^SETTINGS\.issuers must be a list/)
  })

  it('name the place of an issuer that has no id yet', () => {
    expect(problemOf({ issuers: [bank, 'x'] })).toBe('SETTINGS.issuers[1] is not an object.')
    expect(problemOf({ issuers: [{ ...bank, id: undefined }] })).toBe(
      "issuers[0]: 'id' is missing.",
    )
  })

  it('refuse what they do not know, at every depth', () => {
    expect(problemOf({ issuers: [bank], isuers: [] })).toBe("SETTINGS: unknown setting 'isuers'.")
    expect(problem({ mtls_orgin: 'x' })).toEqual(sentence("unknown setting 'mtls_orgin'"))
    expect(problem({ authentication: { factor: 1 } })).toEqual(sentence("unknown setting 'factor'"))
    expect(problem({ lifetimes: { code: 1 } })).toEqual(sentence("unknown lifetime 'code'"))
    expect(problem({ lifetimes: { constructor: 1 } })).toEqual(sentence('unknown lifetime'))
    expect(problem({ scopes: { a: { description: 'x', text: 'y' } } })).toEqual(sentence("unknown setting 'text'"))
    expect(problem({ resource_servers: [{ identifier: 'https://a.example', defualt: true }] })).toEqual(sentence("unknown setting 'defualt'"))
    expect(problem({ operators: [{ id: 'operator.a', keys: [] }] })).toEqual(sentence("unknown setting 'keys'"))
  }) // prettier-ignore
})

describe('id and profile', () => {
  it.each(['a', '0', 'a-b', 'a'.repeat(32)])('take the id %s', (id) => {
    expect(makeIssuer({ id }).id).toBe(id)
  })

  it.each(['A', 'a_b', 'a b', 'ä', 'a'.repeat(33), 'a:b', 'a\n'])('refuse the id %j', (id) => {
    expect(problem({ id })).toMatch(/the id must be 1 to 32 of a-z, 0-9 and '-'/)
  })

  it.each(['fapi1-advanced', 'FAPI2-security', 'toString', '__proto__'])(
    'refuse the profile %s and name those there are',
    (profile) => {
      expect(problem({ profile })).toEqual(sentence('known are fapi2-security'))
    },
  )

  it('refuse a missing profile', () => {
    expect(problem({ profile: undefined })).toEqual(sentence("'profile' is missing"))
  })
})

describe('the address of an issuer', () => {
  it.each(['https://as.example', 'https://as.example:8443', 'https://as.example/tenant', 'https://as.example/a/b-c'])(
    'SP-AS-01 may be %s',
    (issuer) => {
      expect(makeIssuer({ issuer }).url).toBe(issuer)
    },
  ) // prettier-ignore

  it.each([
    'https://as.example/', 'https://as.example/a/', 'https://AS.example', 'HTTPS://as.example', 'https://as.example:443',
    'https://as.example?x', 'https://as.example/a?b=c', 'https://as.example/#x', 'https://u@as.example', 'https://u:p@as.example/a',
    'https://as.example/a/../b', 'https://as.example/./a', 'https://as.example/a b', 'https://as.example/ä', 'https://as.example//',
  ])('SP-AS-01 is not %s, which is not canonical', (issuer) => {
    expect(problem({ issuer })).toEqual(sentence('must be in canonical form'))
  }) // prettier-ignore

  it.each(['x', '/as', 'as.example', 'https://', ''])('is not %j', (issuer) => {
    expect(problem({ issuer })).toEqual(sentence(issuer === '' ? 'non-empty text' : 'is not a URL'))
  })

  it.each(['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787', 'http://localhost:8787/tenant'])(
    'SP-TLS-01 may be %s in development only',
    (issuer) => {
      expect(problem({ issuer }, true)).toBeUndefined()
      expect(problem({ issuer }, false)).toEqual(sentence('must be https'))
    },
  ) // prettier-ignore

  it.each(['http://as.example', 'http://localhost.example', 'http://127.0.0.2', 'http://0.0.0.0', 'http://192.168.0.1', 'http://[::2]', 'ftp://localhost', 'ws://127.0.0.1'])(
    'SP-TLS-01 is not %s, in development either',
    (issuer) => {
      expect(problem({ issuer }, true)).toEqual(sentence('must be https'))
      expect(problem({ issuer }, false)).toEqual(sentence('must be https'))
    },
  ) // prettier-ignore

  it('does not lie under /.well-known', () => {
    expect(problem({ issuer: 'https://as.example/.well-known/x' })).toEqual(sentence('.well-known'))
    expect(problem({ issuer: 'https://as.example/well-known/x' })).toBeUndefined()
  })
})

describe('mtls_origin', () => {
  it('MTLS-07 may be left out, or be another https origin', () => {
    expect(makeIssuer({ mtls_origin: undefined }).mtlsOrigin).toBeUndefined()
    const mtls_origin = 'https://as.bank.example:8443'
    expect(makeIssuer({ mtls_origin }).mtlsOrigin).toBe(mtls_origin)
  })

  it.each(['http://m.example', 'https://m.example/', 'https://m.example/x', 'https://M.example', 'https://m.example:443', 'https://u@m.example', 'https://m.example?x', 'm.example', 'x'])(
    'MTLS-07 is not %s',
    (mtls_origin) => {
      expect(problem({ mtls_origin })).toEqual(sentence('mtls_origin must be an https origin'))
      expect(problem({ mtls_origin }, true)).toEqual(sentence('mtls_origin must be an https origin'))
    },
  ) // prettier-ignore

  it('is not the origin that browsers use', () => {
    const mtls_origin = 'https://as.bank.example'
    expect(problem({ mtls_origin })).toEqual(sentence("must differ from the issuer's origin"))
    expect(problem({ mtls_origin, issuer: `${mtls_origin}/a` })).toEqual(sentence('must differ'))
  })

  it('is needed where certificate authorities are accepted', () => {
    const accepted_client_cas = [caPem]
    expect(makeIssuer({ accepted_client_cas }).acceptedClientCas).toEqual([caPem])
    const without = problem({ accepted_client_cas, mtls_origin: undefined })
    expect(without).toEqual(sentence('accepted_client_cas needs an mtls_origin'))
  })
})

describe('numbers and choices', () => {
  const bounds: readonly (readonly [string, number, number, (issuer: Issuer) => number])[] = [
    ['key_rotation_days', 1, 365, (issuer) => issuer.keyRotationDays],
    ['replay_guards', 1, 1024, (issuer) => issuer.replayGuards],
  ]
  it.each(bounds)('take %s from %i to %i', (name, least, most, read) => {
    for (const good of [least, most]) expect(read(makeIssuer({ [name]: good }))).toBe(good)
    for (const bad of [least - 1, most + 1, 1.5, '5', null, NaN, Infinity, -1, [1]]) {
      expect(problem({ [name]: bad })).toEqual(sentence(`'${name}' must be a whole number from ${least} to ${most}`))
    }
  }) // prettier-ignore

  const lifetimes: readonly (readonly [string, number, number, keyof Issuer['lifetimes']])[] = [
    ['pushed_request', 5, 599, 'pushedRequest'],
    ['authorization_code', 1, 60, 'authorizationCode'],
    ['access_token', 10, 3600, 'accessToken'],
    ['id_token', 10, 3600, 'idToken'],
    ['grant', 60, 315_360_000, 'grant'],
  ]
  it.each(lifetimes)('SP-AS-11 SP-AS-31 take a lifetime of %s from %i to %i seconds', (name, least, most, member) => {
    for (const good of [least, most]) {
      expect(makeIssuer({ lifetimes: { [name]: good } }).lifetimes[member]).toBe(good)
    }
    for (const bad of [least - 1, most + 1, 1.5, String(least), null]) {
      expect(problem({ lifetimes: { [name]: bad } })).toEqual(sentence(`lifetimes: '${name}' must be a whole number`))
    }
  }) // prettier-ignore

  it('take no other lifetimes', () => {
    expect(problem({ lifetimes: [] })).toEqual(sentence('lifetimes must be an object'))
    expect(problem({ lifetimes: { interaction: 60 } })).toEqual(
      sentence("unknown lifetime 'interaction'"),
    )
  })

  it.each(['ES256', 'PS256', 'Ed25519'])('SP-CR-02 sign with %s', (alg) => {
    expect(makeIssuer({ signing_alg: alg }).signingAlgorithm).toBe(alg)
  })

  it.each(['RS256', 'none', 'HS256', 'EdDSA', 'ES384', 'es256', '', null])(
    'SP-CR-02 SP-CR-03 never sign with %j',
    (alg) => {
      expect(problem({ signing_alg: alg })).toEqual(sentence("'signing_alg' must be one of ES256, PS256, Ed25519")) // prettier-ignore
    },
  )

  it.each([[[1]], [[256]], [[4, 1]], [[1, 256]]])('take the assertion shards %j', (shards) => {
    expect(makeIssuer({ assertion_shards: shards }).assertionShards).toEqual(shards)
  })

  it('take the same number of assertion shards twice for once', () => {
    expect(makeIssuer({ assertion_shards: [4, 4] }).assertionShards).toEqual([4])
  })

  it.each([[[]], [[0]], [[257]], [[1, 2, 3]], [[1.5]], [['1']], [4], ['4'], [{}], [[null]]])(
    'refuse the assertion shards %j',
    (shards) => {
      expect(problem({ assertion_shards: shards })).toEqual(sentence('assertion_shards must be'))
    },
  )

  it.each(locationHints)('know the location %s', (hint) => {
    expect(makeIssuer({ default_location: hint }).defaultLocation).toBe(hint)
  })

  it('know no other location and no other jurisdiction', () => {
    expect(problem({ default_location: 'moon' })).toEqual(sentence("'default_location' must be one of wnam")) // prettier-ignore
    for (const jurisdiction of ['eu', 'fedramp']) {
      expect(makeIssuer({ jurisdiction }).jurisdiction).toBe(jurisdiction)
    }
    expect(problem({ jurisdiction: 'uk' })).toEqual(
      sentence("jurisdiction must be 'eu' or 'fedramp'"),
    )
  })

  it('verify one factor, and refuse to promise two', () => {
    expect(makeIssuer({ authentication: { factors: 1 } }).factors).toBe(1)
    expect(makeIssuer({ authentication: {} }).factors).toBe(1)
    for (const factors of [2, 0, '1']) {
      const about = `authentication.factors is ${JSON.stringify(factors)}`
      expect(problem({ authentication: { factors } })).toEqual(sentence(about))
    }
    expect(problem({ authentication: 1 })).toEqual(sentence('authentication must be an object'))
  })

  it('have a name that is a text', () => {
    expect(makeIssuer({ name: 'Example Bank' }).name).toBe('Example Bank')
    for (const name of ['', 1, {}, null]) {
      expect(problem({ name })).toEqual(sentence("'name' must be a non-empty text"))
    }
  })
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

describe('several issuers', () => {
  const other = { id: 'other', issuer: 'https://as.other.example', profile: 'fapi2-security' }
  const together = (changes: Changes, first: Changes = {}) =>
    problemOf({
      issuers: [
        { ...bank, ...first },
        { ...other, ...changes },
      ],
    })

  it('live side by side when nothing of theirs is the same', () => {
    expect(together({})).toBeUndefined()
    expect(together({ issuer: 'https://as.bank.example/tenant' })).toBeUndefined()
    const paths = { issuer: 'https://as.bank.example/b' }
    expect(together(paths, { issuer: 'https://as.bank.example/a' })).toBeUndefined()
    expect(together({ issuer: 'https://as.bank.example/ab' }, { issuer: 'https://as.bank.example/a' })).toBeUndefined()
  }) // prettier-ignore

  it('do not share an id or an address', () => {
    expect(together({ id: 'bank' })).toBe("Issuers 'bank' and 'bank' share the id 'bank'.")
    expect(together({ issuer: bank.issuer })).toBe(`Issuers 'bank' and 'other' share the address '${bank.issuer}'.`) // prettier-ignore
  })

  it('share an mTLS host only under different paths', () => {
    const mtls_origin = bank.mtls_origin
    expect(together({ mtls_origin })).toMatch(/^Issuers 'bank' and 'other' share the mTLS address/)
    expect(together({ mtls_origin, issuer: 'https://as.other.example/x' })).toBeUndefined()
  })

  it('do not lie inside each other, save those beside an issuer without path', () => {
    const inside = "Issuer 'other' lies inside issuer 'bank'."
    const first = { issuer: 'https://as.bank.example/a' }
    expect(together({ issuer: 'https://as.bank.example/a/b' }, first)).toBe(inside)
  })

  it('do not ask the browsers of another issuer for certificates', () => {
    expect(together({ mtls_origin: bank.issuer })).toBe("Issuer 'other': mtls_origin is the origin of issuer 'bank'.") // prettier-ignore
  })

  it('are tried in the order of their addresses, the longest first', () => {
    const tenant = { ...other, issuer: 'https://as.bank.example/tenant' }
    for (const issuers of [[bank, tenant], [tenant, bank]]) {
      const result = readSettings({ issuers }, { development: false })
      expect(result.ok && result.settings.issuers.map(({ id }) => id)).toEqual(['other', 'bank'])
    }
  }) // prettier-ignore

  it('know all hosts of the deployment', () => {
    const result = readSettings({ issuers: [bank, other] }, { development: false })
    const hosts = ['as.bank.example', 'mtls.bank.example', 'as.other.example']
    for (const issuer of result.ok ? result.settings.issuers : []) {
      expect(issuer.deploymentHosts).toEqual(hosts)
    }
    expect(result.ok).toBe(true)
  })
})
