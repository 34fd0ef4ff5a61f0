import { createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto'
import { component, createSignature } from 'http-message-sig'
import type { SignatureComponent } from 'http-message-sig'
import { describe, expect, it } from 'vitest'
import type { PublicJwk } from '../../../src/clients/jwks.ts'
import { contentDigest } from '../../../src/http-signatures/digest.ts'
import { importSigner, importVerifier } from '../../../src/http-signatures/keys.ts'
import { describeRequest, describeResponse } from '../../../src/http-signatures/message.ts'
import { verifyMessage } from '../../../src/http-signatures/verify.ts'

/* RFC 9421 Appendix B: the keys of B.1, the messages and signatures of B.2. */

const publicJwk = (pem: string): PublicJwk =>
  createPublicKey(pem).export({ format: 'jwk' }) as PublicJwk

const pem = (kind: string, text: string) =>
  `-----BEGIN ${kind}-----\n${text}\n-----END ${kind}-----`

const keys = {
  'test-key-rsa-pss': publicJwk(
    pem(
      'PUBLIC KEY',
      `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB`,
    ),
  ),
  'test-key-ecc-p256': publicJwk(
    pem(
      'PUBLIC KEY',
      `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==`,
    ),
  ),
  'test-key-ed25519': publicJwk(
    pem('PUBLIC KEY', 'MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs='),
  ),
} as const

const ed25519Private = createPrivateKey(
  pem('PRIVATE KEY', 'MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF'),
)

const requestHeaders = {
  host: 'example.com',
  date: 'Tue, 20 Apr 2021 02:07:55 GMT',
  'content-type': 'application/json',
  'content-digest':
    'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
  'content-length': '18',
}
const responseHeaders = {
  date: 'Tue, 20 Apr 2021 02:07:56 GMT',
  'content-type': 'application/json',
  'content-digest':
    'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:',
  'content-length': '23',
}

type Vector = {
  readonly name: string
  readonly label: string
  readonly on: 'request' | 'response'
  readonly keyId: keyof typeof keys
  readonly components: readonly SignatureComponent[]
  readonly nonce?: string
  readonly base: readonly string[]
  readonly signature: string
}

const created = 1618884473

const vectors: readonly Vector[] = [
  {
    name: 'B.2.1 (minimal, rsa-pss-sha512)',
    label: 'sig-b21',
    on: 'request',
    keyId: 'test-key-rsa-pss',
    components: [],
    nonce: 'b3k2pp5k7z-50gnwp.yemd',
    base: [
      '"@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    ],
    signature:
      'd2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==',
  },
  {
    name: 'B.2.3 (full coverage, rsa-pss-sha512)',
    label: 'sig-b23',
    on: 'request',
    keyId: 'test-key-rsa-pss',
    components: [
      'date', '@method', '@path', '@query', '@authority', 'content-type', 'content-digest', 'content-length',
    ], // prettier-ignore
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      `"content-digest": ${requestHeaders['content-digest']}`,
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    ],
    signature:
      'bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==',
  },
  {
    name: 'B.2.4 (a response, ecdsa-p256-sha256)',
    label: 'sig-b24',
    on: 'response',
    keyId: 'test-key-ecc-p256',
    components: ['@status', 'content-type', 'content-digest', 'content-length'],
    base: [
      '"@status": 200',
      '"content-type": application/json',
      `"content-digest": ${responseHeaders['content-digest']}`,
      '"content-length": 23',
      '"@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    ],
    signature:
      'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
  },
  {
    name: 'B.2.6 (ed25519)',
    label: 'sig-b26',
    on: 'request',
    keyId: 'test-key-ed25519',
    components: ['date', '@method', '@path', '@authority', 'content-type', 'content-length'],
    base: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    ],
    signature:
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
  },
]

const request = (headers: Readonly<Record<string, string>> = {}) => ({
  method: 'POST',
  targetUri: 'https://example.com/foo?param=Value&Pet=dog',
  headers: new Headers({ ...requestHeaders, ...headers }),
})

function messageOf({ on }: Vector, headers: Readonly<Record<string, string>> = {}) {
  if (on === 'request') return describeRequest(request(headers))
  return describeResponse({
    status: 200,
    headers: new Headers({ ...responseHeaders, ...headers }),
    request: request(),
  })
}

const inputOf = ({ label, base }: Vector): string =>
  `${label}=${(base.at(-1) ?? '').replace('"@signature-params": ', '')}`

const verify = (vector: Vector, headers: Readonly<Record<string, string>>) =>
  verifyMessage(messageOf(vector, headers), {
    label: vector.label,
    components: vector.components,
    keys: async (keyId) =>
      keyId === vector.keyId ? importVerifier(keys[vector.keyId]) : undefined,
    now: created * 1000,
  })

describe.each(vectors)('RFC 9421 $name', (vector) => {
  it('HS-RQ-02 has exactly this signature base and Signature-Input', async () => {
    let base = ''
    const { keyId, components, nonce, label } = vector
    const fields = await createSignature(messageOf(vector), {
      label,
      components,
      parameters: { created, keyid: keyId, ...(nonce === undefined ? {} : { nonce }) },
      signer: {
        algorithm: 'none',
        sign: (data) => {
          base = new TextDecoder().decode(data)
          return data
        },
      },
    })
    expect(base).toBe(vector.base.join('\n'))
    expect(fields.signatureInput).toBe(inputOf(vector))
  })

  it('HS-RQ-02 HS-RQ-10 verifies with the key of B.1, and not with a bit changed', async () => {
    const headers = {
      signature: `${vector.label}=:${vector.signature}:`,
      'signature-input': inputOf(vector),
    }
    const verified = await verify(vector, headers)
    expect(verified).toMatchObject({ ok: true, value: { keyId: vector.keyId, created } })
    const bytes = Buffer.from(vector.signature, 'base64')
    bytes[7] = (bytes[7] ?? 0) ^ 1
    const signature = `${vector.label}=:${bytes.toString('base64')}:`
    expect((await verify(vector, { ...headers, signature })).ok).toBe(false)
  })
})

describe('signing with the keys of RFC 9421 B.1', () => {
  it('gives the very signature of B.2.6, since Ed25519 has one for each message', async () => {
    const vector = vectors[3] as Vector
    const bytes = signBytes(null, Buffer.from(vector.base.join('\n')), ed25519Private)
    expect(bytes.toString('base64')).toBe(vector.signature)
    const jwk = ed25519Private.export({ format: 'jwk' }) as PublicJwk
    const fields = await createSignature(messageOf(vector), {
      label: vector.label,
      components: vector.components,
      parameters: { created, keyid: vector.keyId },
      signer: await importSigner(jwk),
    })
    expect(fields.signature).toBe(`${vector.label}=:${vector.signature}:`)
  })

  it('digests the content of B.2 as the RFC does', async () => {
    const content = new TextEncoder().encode('{"hello": "world"}')
    expect(await contentDigest(content, 'sha-512')).toBe(requestHeaders['content-digest'])
    expect(await contentDigest(content)).toBe(
      'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    )
  })

  it('does not take what it cannot derive for covered: @query-param of B.2.2', () => {
    expect(() => component('@query-param', { name: 'Pet' })).toThrow()
  })
})
