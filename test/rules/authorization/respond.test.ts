import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressOf,
  errorParameters,
  makeResponse,
  respondWith,
  seeOther,
} from '../../../src/authorization/respond.ts'
import type { Destination, ResponseParameters } from '../../../src/authorization/respond.ts'
import { makeCall } from '../support/call.ts'
import { decodeJwt } from '../../../src/tokens/jwt.ts'
import { codeOf, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { holdsAsync } from '../support/property.ts'
import { callWithRings, newIssuerId, ringKey, ringOf } from '../support/rings.ts'

const issuer = makeIssuer({ issuer: 'https://as.bank.example/tenant/a' })
const call = makeCall({ issuer })
const denied = errorParameters('access_denied', 'The person said no')

const respond = async (request: Destination, parameters: ResponseParameters): Promise<string> =>
  addressOf(await respondWith(call, { client: makeClient(), request }, parameters))
const codeResponse = (to: Destination, code: string) => respond(to, { code })

const query = (location: string) => Object.fromEntries(new URL(location).searchParams)

describe('an authorization response', () => {
  it('SP-AS-26 carries code, state and iss, byte for byte the issuer', async () => {
    const to = { redirectUri: 'https://app.example/cb', state: 'a b&c=d+e%20"\'' }
    expect(query(await codeResponse(to, 'the-code'))).toEqual({
      code: 'the-code',
      state: to.state,
      iss: 'https://as.bank.example/tenant/a',
    })
  })

  it('SP-AS-26 carries iss in an error too, and no code', async () => {
    const to = { redirectUri: 'https://app.example/cb', state: 's' }
    expect(query(await respond(to, denied))).toEqual({
      error: 'access_denied',
      error_description: 'The person said no',
      state: 's',
      iss: issuer.url,
    })
  })

  it('SP-AS-26 travels in the query unless another mode was pushed', async () => {
    const request = { redirectUri: 'https://app.example/cb' }
    const response = valueOf(await makeResponse(call, { client: makeClient(), request }, denied))
    expect([response.by, response.to]).toEqual(['query', request.redirectUri])
    expect(response).not.toHaveProperty('jws')
  })

  it('carries no state when none was pushed', async () => {
    const to = { redirectUri: 'https://app.example/cb' }
    expect(query(await codeResponse(to, 'c'))).toEqual({ code: 'c', iss: issuer.url })
    expect(query(await respond(to, denied))).not.toHaveProperty('state')
  })

  it.each([
    ['https://app.example/cb', '?'],
    ['https://app.example', '?'],
    ['https://app.example/cb?dummy1=lorem&dummy2=ipsum', '&'],
    ['https://app.example/cb?a=%7e%2F+x&b', '&'],
    ['https://app.example/cb?', '&'],
    ['http://127.0.0.1:5012/cb', '?'],
  ])('RFC 6749 3.1.2 keeps %s byte for byte', async (redirectUri, joint) => {
    expect(await codeResponse({ redirectUri }, 'c')).toBe(
      `${redirectUri}${joint}code=c&iss=https%3A%2F%2Fas.bank.example%2Ftenant%2Fa`,
    )
    expect(await respond({ redirectUri }, denied)).toMatch(
      new RegExp(`^${redirectUri.replace(/[?+.]/g, '\\$&')}[${joint}]error=access_denied&`),
    )
  })

  it('ATK-A1-23 puts no character outside RFC 6749 5.2 into error_description', async () => {
    const to = { redirectUri: 'https://app.example/cb' }
    const description = 'a"b\\c\r\nSet-Cookie: x\tä\u2028'
    const location = await respond(to, errorParameters('invalid_request', description))
    expect(query(location)['error_description']).toBe('abcSet-Cookie: x')
  })

  it('SP-AS-38 gives every printable state back, and can add or change no other parameter', async () => {
    const state = fc
      .string({ minLength: 1, maxLength: 200 })
      .filter((s) => /^[\x20-\x7e]+$/.test(s))
    await holdsAsync(
      fc.asyncProperty(state, async (value) => {
        const to = { redirectUri: 'https://app.example/cb?iss=own', state: value }
        const parameters = new URL(await codeResponse(to, 'c')).searchParams
        expect([...parameters]).toEqual([
          ['iss', 'own'],
          ['code', 'c'],
          ['state', value],
          ['iss', issuer.url],
        ])
      }),
    )
  })
})

describe('a signed authorization response', () => {
  const signer = makeIssuer({ id: newIssuerId() })
  const made = async (responseMode: 'query.jwt' | 'fragment.jwt' | 'form_post.jwt', client = makeClient()) => {
    const rings = { signing: ringOf(signer, [await ringKey(signer)]) }
    const served = callWithRings(signer, rings).call
    const request = { redirectUri: 'https://app.example/cb?a=b', responseMode, state: 's' }
    return makeResponse(served, { client, request }, { code: 'c' })
  } // prettier-ignore

  it.each([['query.jwt', 'query'], ['fragment.jwt', 'fragment'], ['form_post.jwt', 'form']] as const)(
    'MS-JARM-04 MS-JARM-05 by %s is one parameter, which says all the others',
    async (mode, by) => {
      const response = valueOf(await made(mode))
      const { jws, parameters, jwk, ...where } = response
      expect(where).toEqual({ to: 'https://app.example/cb?a=b', by })
      expect(parameters).toEqual({ response: jws })
      expect(decodeJwt(jws ?? '')?.claims).toMatchObject({ code: 'c', state: 's', iss: signer.url })
      expect(decodeJwt(jws ?? '')?.header['kid']).toBe(jwk?.['kid'])
      const joint = by === 'fragment' ? '#' : '&'
      expect(addressOf(response)).toBe(`https://app.example/cb?a=b${joint}response=${jws}`)
    },
  ) // prettier-ignore

  it('MS-JARM-07 is refused where it cannot be encrypted as registered', async () => {
    const how = { authorization_encrypted_response_alg: 'ECDH-ES', authorization_encrypted_response_enc: 'A256GCM' } as const // prettier-ignore
    expect(codeOf(await made('query.jwt', makeClient(how)))).toBe('invalid_request')
  })
})

describe('seeOther', () => {
  it('SP-AS-29 SP-AS-30 is a 303 that nobody stores, without body', async () => {
    const response = seeOther('https://app.example/cb?code=c', ['a=1', 'b=2'])
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('https://app.example/cb?code=c')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await response.text()).toBe('')
    expect(seeOther('https://app.example/cb').headers.getSetCookie()).toEqual([])
  })
})
