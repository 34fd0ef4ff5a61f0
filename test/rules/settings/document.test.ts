import { describe, expect, it } from 'vitest'
import { endpointSegments, readSettings } from '../../../src/config.ts'
import { describeIssuer } from '../../../src/endpoints/metadata.ts'
import { bank, makeIssuer } from '../support/issuer.ts'
import { problem, problemOf, sentence } from '../support/settings.ts'
import type { Changes } from '../support/settings.ts'

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
      authentication: { minimum: 2 },
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

  it('do not lie on an endpoint of an issuer without path', () => {
    for (const segment of endpointSegments) {
      const issuer = `${bank.issuer}/${segment}/x`
      expect(together({ issuer })).toMatch(
        segment === '.well-known'
          ? /well-known/
          : "Issuer 'other' lies on an endpoint of issuer 'bank'.",
      )
    }
    const served = Object.values(describeIssuer(makeIssuer())).filter(
      (value): value is string => typeof value === 'string' && value.startsWith(`${bank.issuer}/`),
    )
    expect(served.length).toBeGreaterThan(5)
    for (const url of served)
      expect(endpointSegments).toContain(new URL(url).pathname.split('/')[1])
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

  it('are refused in one line, whatever characters stand in what is wrong', () => {
    const said = problemOf({ issuers: [{ ...bank, id: 'a\nb\u001b[2J' }] })
    expect(said).toMatch(/^Issuer 'a\?b\?\[2J': the id must be [^\n]+\.$/)
  })

  it('know all hosts of the deployment', () => {
    const result = readSettings({ issuers: [bank, other] }, { development: false })
    const hosts = ['as.bank.example', 'mtls.bank.example', 'as.other.example']
    for (const issuer of result.ok ? result.settings.issuers : []) {
      expect(issuer.deploymentHosts).toEqual(hosts)
    }
    expect(result.ok).toBe(true)
  })
})
