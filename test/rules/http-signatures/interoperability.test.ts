import { constants, createPrivateKey, createPublicKey, sign as signBytes, verify as verifyBytes } from 'node:crypto' // prettier-ignore
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createSigner, createVerifier, httpbis } from 'http-message-signatures'
import type { SigningKey, VerifyingKey } from 'http-message-signatures'
import { describe, expect, it } from 'vitest'
import { contentDigest } from '../../../src/http-signatures/digest.ts'
import {
  signRequest,
  signResponse,
  verifyRequest,
  verifyResponse,
} from '../../../src/http-signatures/fapi.ts'
import { chooseVerifier, importSigner } from '../../../src/http-signatures/keys.ts'
import type { SignatureAlgorithm } from '../../../src/http-signatures/keys.ts'
import { makeMessageKey } from '../../support/signatures.ts'
import type { MessageKey } from '../../support/signatures.ts'

/*
 * Another implementation of RFC 9421, which shares no code for signature bases with ours: what one
 * signs, the other accepts, requests and responses alike.
 */

const algorithms = ['ecdsa-p256-sha256', 'rsa-pss-sha512', 'ed25519'] as const
/** The other implementation reads the machine's clock. */
const now = Date.now()
const created = new Date(now)
const utf8 = (text: string) => new TextEncoder().encode(text)

const url = 'https://rs.example/payments?urgent=1'
const body = '{"amount":"10.00"}'
const plain = {
  authorization: 'DPoP token',
  dpop: 'proof',
  'content-type': 'application/json',
  'content-digest': await contentDigest(utf8(body)),
}
const answerBody = '{"id":"p-1"}'
const requestFields = ['@method', '@target-uri', 'authorization', 'dpop', 'content-digest']
const responseFields = [
  '@status', 'content-digest', '@method;req', '@target-uri;req', 'content-digest;req',
  'signature;req;key="sig1"', 'signature-input;req;key="sig1"',
].map((name) => name.replace(/^[^;]+/, '"$&"')) // prettier-ignore

const privateOf = ({ jwk }: MessageKey): KeyObject =>
  createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
const publicOf = ({ publicJwk }: MessageKey): KeyObject =>
  createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' })

/** With RSA it leaves the length of the salt to Node, which is not the 64 bytes of RFC 9421 3.3.1. */
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }

function signerOf(key: MessageKey, algorithm: SignatureAlgorithm): SigningKey {
  const id = String(key.jwk.kid)
  if (algorithm !== 'rsa-pss-sha512') return createSigner(privateOf(key), algorithm, id)
  const rsa = privateOf(key)
  return {
    id,
    alg: algorithm,
    sign: async (data) => signBytes('sha512', data, { key: rsa, ...pss }),
  }
}

function verifierOf(key: MessageKey, algorithm: SignatureAlgorithm): VerifyingKey {
  const rsa = publicOf(key)
  const verify =
    algorithm === 'rsa-pss-sha512'
      ? async (data: Buffer, signature: Buffer) =>
          verifyBytes('sha512', data, { key: rsa, ...pss }, signature)
      : createVerifier(rsa, algorithm)
  return { id: String(key.jwk.kid), algs: [algorithm], verify }
}

const theirRequest = (headers: Readonly<Record<string, string>>) => ({ method: 'POST', url, headers: { ...headers } }) // prettier-ignore
const ourRequest = (headers: Headers) => ({ method: 'POST', targetUri: url, headers })
const textOf = (headers: Readonly<Record<string, string | string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])) // prettier-ignore

describe.each(algorithms)('with another implementation and %s', (algorithm) => {
  const client = makeMessageKey('client-1', algorithm)
  const server = makeMessageKey('rs-1', algorithm)
  const ourKeys = (key: MessageKey) => (keyId: string | undefined) =>
    chooseVerifier([key.publicJwk], keyId)

  const signByThem = async () =>
    textOf(
      (
        await httpbis.signMessage(
          {
            key: signerOf(client, algorithm),
            name: 'sig1',
            fields: requestFields,
            params: ['created', 'keyid', 'alg', 'tag'],
            paramValues: { created, tag: 'fapi-2-request' },
          },
          theirRequest(plain),
        )
      ).headers,
    )

  const signByUs = async () =>
    signRequest(
      { ...ourRequest(new Headers(plain)), content: utf8(body) },
      { signer: await importSigner(client.jwk), keyId: 'client-1', now },
    )

  it('HS-RQ-02 takes the request it signed, and not with another content', async () => {
    const request = ourRequest(new Headers(await signByThem()))
    const given = { keys: ourKeys(client), now }
    const taken = await verifyRequest({ ...request, content: utf8(body) }, given)
    expect(taken).toMatchObject({ ok: true, value: { label: 'sig1', algorithm } })
    expect((await verifyRequest({ ...request, content: utf8('{}') }, given)).ok).toBe(false)
  })

  it('HS-RQ-02 signs a request that it takes, and not with another method', async () => {
    const headers = textOf(Object.fromEntries(await signByUs()))
    const config = {
      keyLookup: async () => verifierOf(client, algorithm),
      requiredFields: requestFields,
      requiredParams: ['created', 'keyid', 'tag'],
      tolerance: 5,
    }
    expect(await httpbis.verifyMessage(config, theirRequest(headers))).toBe(true)
    expect(await httpbis.verifyMessage(config, { ...theirRequest(headers), method: 'PUT' })).toBe(false) // prettier-ignore
  })

  it('HS-RS-01 HS-RS-03 HS-RS-04 takes the response it signed to its request, and to no other', async () => {
    const sent = await signByThem()
    const digest = await contentDigest(utf8(answerBody))
    const signed = await httpbis.signMessage(
      {
        key: signerOf(server, algorithm),
        name: 'answer',
        fields: responseFields,
        params: ['created', 'keyid', 'tag'],
        paramValues: { created, tag: 'fapi-2-response' },
      },
      { status: 201, headers: { 'content-digest': digest } },
      theirRequest(sent),
    )
    const response = { status: 201, headers: new Headers(textOf(signed.headers)), content: utf8(answerBody) } // prettier-ignore
    const given = { keys: ourKeys(server), now }
    const request = ourRequest(new Headers(sent))
    expect((await verifyResponse({ ...response, request }, given)).ok).toBe(true)
    const other = { ...request, targetUri: `${url}2` }
    expect((await verifyResponse({ ...response, request: other }, given)).ok).toBe(false)
  })

  it('HS-RS-01 HS-RS-03 HS-RS-04 signs a response that it takes for its request, and for no other', async () => {
    const sent = await signByUs()
    const headers = await signResponse(
      { status: 201, headers: new Headers(), content: utf8(answerBody), request: ourRequest(sent) },
      { signer: await importSigner(server.jwk), keyId: 'rs-1', now },
    )
    const config = {
      keyLookup: async () => verifierOf(server, algorithm),
      requiredFields: ['@status', 'content-digest'],
      tolerance: 5,
    }
    const response = { status: 201, headers: textOf(Object.fromEntries(headers)) }
    const request = theirRequest(textOf(Object.fromEntries(sent)))
    expect(await httpbis.verifyMessage(config, response, request)).toBe(true)
    const other = { ...request, method: 'PUT' }
    expect(await httpbis.verifyMessage(config, response, other)).toBe(false)
  })
})
