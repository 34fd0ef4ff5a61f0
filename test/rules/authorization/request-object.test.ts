import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openRequest } from '../../../src/authorization/request-object.ts'
import type { OpenedRequest } from '../../../src/authorization/request-object.ts'
import { parametersOf } from '../../../src/authorization/request-claims.ts'
import { checkPublicJwks } from '../../../src/clients/jwks.ts'
import type { Result } from '../../../src/errors.ts'
import { makeCall } from '../support/call.ts'
import { bag, codeOf, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { base64url, makeKey, sign } from '../support/keys.ts'
import { anyText, holdsAsync } from '../support/property.ts'

const issuer = makeIssuer()
const now = 1_800_000_000
const call = makeCall({ issuer, now: now * 1000 })
const [own, foreign] = [await makeKey(), await makeKey()]
const jwks = valueOf(checkPublicJwks({ keys: [{ ...own.publicJwk, kid: 'one' }] }))
const client = makeClient({ jwks })

const sound = {
  iss: 'app', client_id: 'app', aud: issuer.url, nbf: now, exp: now + 300, response_type: 'code', state: 's',
} // prettier-ignore

const open = (request: string, beside: Record<string, string> = {}) =>
  openRequest(call, client, bag({ request, ...beside }))

const openSigned = async (claims: unknown, header: unknown = { alg: 'ES256' }, key = own) =>
  open(await sign(key, header, claims))

const read = (result: Result<OpenedRequest>) => Object.fromEntries(valueOf(result).parameters)

describe('a request object', () => {
  it('MS-JAR-07 gives the bag a form would give, without what is about the JWT', async () => {
    const claims = { ...sound, jti: 'j', iat: now, max_age: 60, claims: { userinfo: { email: null } }, resource: ['a', 'b'], x: '' } // prettier-ignore
    expect(read(await openSigned(claims))).toEqual({
      client_id: ['app'],
      response_type: ['code'],
      state: ['s'],
      max_age: ['60'],
      claims: ['{"userinfo":{"email":null}}'],
      resource: ['a', 'b'],
    })
  })

  it('MS-JAR-10 tells what was signed, by which key, and where the key was found', async () => {
    const jws = await sign(own, { alg: 'ES256', kid: 'one' }, sound)
    const { signed } = valueOf(await open(jws))
    const jwk = { ...own.publicJwk, kid: 'one' }
    expect(signed).toEqual({ jws, jwk, kid: 'one', alg: 'ES256', source: 'registered' })
    expect(signed?.jwk).not.toHaveProperty('d')
  })

  it('leaves a form without one as it is, and says that it is not signed', async () => {
    const form = bag({ response_type: 'code', state: 's' })
    expect(valueOf(await openRequest(call, client, form))).toEqual({ parameters: form })
  })

  it('MS-JAR-06 is never verified by what its header says', async () => {
    const jwk = foreign.publicJwk
    const headers = [{ alg: 'ES256', jwk }, { alg: 'ES256', x5c: ['AAAA'] }, { alg: 'ES256', crit: ['b64'], b64: true }, { alg: 'HS256' }, { alg: 'none' }, { alg: ['ES256'] }, {}] // prettier-ignore
    for (const header of headers) {
      const key = 'jwk' in header ? foreign : own
      const refused = codeOf(await openSigned(sound, header, key))
      expect(refused === undefined).toBe('x5c' in header)
      if (!('x5c' in header)) expect(refused).toBe('invalid_request_object')
    }
  })

  it('MS-JAR-07 holds no control character and no half of a character', async () => {
    for (const text of ['a\0b', 'a\u007fb', '\ud800', 'x\udfff']) {
      expect(codeOf(await openSigned({ ...sound, state: text }))).toBe('invalid_request_object')
      expect(codeOf(await openSigned({ ...sound, [`n${text}`]: 's' }))).toBe('invalid_request_object') // prettier-ignore
    }
    expect(read(await openSigned({ ...sound, state: '😀' }))['state']).toEqual(['😀'])
  })

  it('has members named like those of every object, and they are only names', async () => {
    const payload = JSON.stringify(sound).replace('{', '{"__proto__":{"request":"x"},"constructor":"c",') // prettier-ignore
    const bagOf = read(await openSigned(payload))
    expect(bagOf['constructor']).toEqual(['c'])
    expect(Object.getPrototypeOf(bagOf)).toBe(Object.prototype)
  })
})

/** Any JSON, sometimes under the names that mean something. */
const anyClaims = fc
  .tuple(
    fc.dictionary(
      fc.oneof(
        fc.constantFrom(...Object.keys(sound), 'request', 'request_uri', 'sub', 'resource', 'claims', 'authorization_details', 'iat', '__proto__'),
        anyText(20),
      ),
      fc.oneof(fc.jsonValue(), anyText(40), fc.double(), fc.constantFrom(now, now + 60, issuer.url, 'app')),
      { maxKeys: 12 },
    ),
    fc.boolean(),
  )
  .map(([claims, whole]) => (whole ? { ...sound, ...claims } : claims)) // prettier-ignore

describe('the parser of request objects, given anything', () => {
  const codes = ['invalid_request_object', 'payload_too_large', undefined]

  it('refuses every text that is no request object', async () => {
    const parts = fc.array(fc.oneof(anyText(80), fc.base64String().map((text) => text.replace(/[+/=]/g, '')), anyText(80).map(base64url)), { maxLength: 6 }) // prettier-ignore
    await holdsAsync(
      fc.asyncProperty(fc.oneof(anyText(300), parts.map((some) => some.join('.'))), async (text) => {
        if (text === '') return
        expect(codes.slice(0, 2)).toContain(codeOf(await open(text)))
      }),
    ) // prettier-ignore
  })

  it('answers every signed JSON with a bag of texts or a refusal, and does not throw', async () => {
    await holdsAsync(
      fc.asyncProperty(anyClaims, async (claims) => {
        const opened = await openSigned(claims)
        expect(codes).toContain(codeOf(opened))
        if (!opened.ok) return
        for (const [name, values] of opened.value.parameters) {
          expect(['request', 'request_uri', 'sub', 'aud', 'exp']).not.toContain(name)
          expect(values.length).toBeGreaterThan(0)
          for (const value of values) expect(value).toMatch(/^[^\0]+$/s)
        }
      }),
      400,
    )
  })

  it('is as strict about every header', async () => {
    const header = fc.dictionary(
      fc.constantFrom('alg', 'typ', 'kid', 'crit', 'b64', 'jwk', 'cty', 'zip'),
      fc.oneof(fc.jsonValue(), fc.constantFrom('ES256', 'none', 'JWT', 'one', 'at+jwt')),
    )
    await holdsAsync(
      fc.asyncProperty(header, async (some) => {
        const opened = await openSigned(sound, some)
        expect(codes).toContain(codeOf(opened))
        if (opened.ok) expect(some['alg']).toBe('ES256')
      }),
    )
  })

  it('looks at a bounded number of values, however they are nested', () => {
    let looks = 0
    const counted = (value: object): object =>
      new Proxy(value, {
        ownKeys: (target) => {
          looks += 1
          return Reflect.ownKeys(target)
        },
      })
    let deep: object = {}
    for (let depth = 0; depth < 10_000; depth += 1) deep = counted({ deep })
    expect(parametersOf({ deep }).ok).toBe(false)
    expect(looks).toBeLessThan(64)
    looks = 0
    const wide = Array.from({ length: 10_000 }, () => counted({}))
    expect(parametersOf({ wide }).ok).toBe(false)
    expect(looks).toBe(0)
  })
})
