import { constants, createPrivateKey, sign as signBytes } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import { createSignature } from 'http-message-sig'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentDigest } from '../../../src/http-signatures/digest.ts'
import { isSigned, signRequest, verifyRequest } from '../../../src/http-signatures/fapi.ts'
import { chooseVerifier, importSigner } from '../../../src/http-signatures/keys.ts'
import type { SignatureAlgorithm } from '../../../src/http-signatures/keys.ts'
import { describeRequest } from '../../../src/http-signatures/message.ts'
import { craft, demanded, makeMessageKey, together } from '../../support/signatures.ts'
import type { Crafting, MessageKey, Plain } from '../../support/signatures.ts'
import { holdsAsync } from '../support/property.ts'

const algorithms = ['ecdsa-p256-sha256', 'rsa-pss-sha512', 'ed25519'] as const
const keys: Readonly<Record<SignatureAlgorithm, MessageKey>> = {
  'ecdsa-p256-sha256': makeMessageKey('ec-1'),
  'rsa-pss-sha512': makeMessageKey('rsa-1', 'rsa-pss-sha512'),
  ed25519: makeMessageKey('ed-1', 'ed25519'),
}
const own = keys['ecdsa-p256-sha256']
const published = Object.values(keys).map(({ publicJwk }) => publicJwk)

const now = 1_740_000_000_000
const created = now / 1000
const utf8 = (text: string) => new TextEncoder().encode(text)

const payment: Plain = {
  method: 'POST',
  url: 'https://rs.example/payments?urgent=1',
  headers: { authorization: 'DPoP token', dpop: 'proof', 'content-type': 'application/json' },
  body: '{"amount":"10.00"}',
}

type Headersish = Readonly<Record<string, string>>

function verify(request: Plain, headers: Headersish, at = now) {
  const { method, url, body = '' } = request
  return verifyRequest(
    { method, targetUri: url, headers: new Headers(headers), content: utf8(body) },
    { keys: (keyId) => chooseVerifier(published, keyId), now: at },
  )
}

/** Whether a request signed in this way is taken. */
async function taken(request: Plain, crafting: Partial<Crafting> = {}, at = now): Promise<boolean> {
  return (await verify(request, await craft(request, { key: own.jwk, created, ...crafting }), at))
    .ok
}

describe('a signed request', () => {
  it.each(algorithms)('HS-RQ-02 HS-RQ-10 is taken with a %s key', async (algorithm) => {
    const { jwk } = keys[algorithm]
    expect(await taken(payment, { key: jwk })).toBe(true)
    expect(await taken(payment, { key: jwk, parameters: { alg: algorithm } })).toBe(true)
  })

  it('HS-RQ-01 is refused with the key of another, a key id nobody has, and a key under another’s id', async () => {
    const stranger = makeMessageKey('stranger')
    expect(await taken(payment, { key: stranger.jwk })).toBe(false)
    expect(await taken(payment, { key: { ...stranger.jwk, kid: 'ec-1' } })).toBe(false)
    expect(await taken(payment, { key: own.jwk })).toBe(true)
  })

  it('HS-RQ-01 may leave out keyid where the signer has one key only', async () => {
    const headers = await craft(payment, {
      key: own.jwk,
      created,
      parameters: { keyid: undefined },
    })
    const with_ = (jwks: typeof published) =>
      verifyRequest(
        { method: 'POST', targetUri: payment.url, headers: new Headers(headers), content: utf8(payment.body ?? '') },
        { keys: (keyId) => chooseVerifier(jwks, keyId), now },
      ) // prettier-ignore
    expect((await with_([own.publicJwk])).ok).toBe(true)
    expect((await with_(published)).ok).toBe(false)
  })

  it('HS-RQ-03 is refused without signature, without input and with rubbish in either', async () => {
    const headers = await craft(payment, { key: own.jwk, created })
    const { signature = '', 'signature-input': input = '', ...rest } = headers
    expect((await verify(payment, headers)).ok).toBe(true)
    const broken: readonly Headersish[] = [
      rest,
      { ...rest, signature },
      { ...rest, 'signature-input': input },
      { ...headers, signature: 'sig1=:AAAA' },
      { ...headers, signature: 'sig1="text"' },
      { ...headers, signature: signature.replace('sig1', 'sig2') },
      { ...headers, signature: `${signature};x=1` },
      { ...headers, 'signature-input': `${input},` },
      { ...headers, 'signature-input': input.replace('sig1=', 'sig1') },
      { ...headers, 'signature-input': input.replace('"@method"', 'method') },
      { ...headers, 'signature-input': input.replace('"@method"', '"@method" "@method"') },
      { ...headers, 'signature-input': `${input}, ${input}` },
      { ...headers, 'signature-input': `${input};created=${created}` },
      { ...headers, 'signature-input': `${input}, sig2=(${'"a" '.repeat(3_000)})` },
    ]
    for (const one of broken)
      expect((await verify(payment, one)).ok, JSON.stringify(one)).toBe(false)
  })

  it('HS-RQ-04 is refused without tag and with another one', async () => {
    expect(await taken(payment, { parameters: { tag: undefined } })).toBe(false)
    expect(await taken(payment, { parameters: { tag: 'fapi-2-response' } })).toBe(false)
    expect(await taken(payment, { parameters: { tag: 'fapi-2-request' } })).toBe(true)
  })

  it.each(['@method', '@target-uri', 'authorization'])(
    'HS-RQ-05 is refused when %s is not covered',
    async (left) => {
      const components = demanded(payment).filter((name) => name !== left)
      expect(await taken(payment, { components })).toBe(false)
      expect(await taken(payment, { components: [...components, left] })).toBe(true)
    },
  )

  it('HS-RQ-06 is refused without created', async () => {
    expect(await taken(payment, { parameters: { created: undefined } })).toBe(false)
  })

  it.each([
    { ago: 0, ok: true },
    { ago: 60, ok: true },
    { ago: 61, ok: false },
    { ago: 300, ok: false },
    { ago: -10, ok: true },
    { ago: -11, ok: false },
  ])('HS-RQ-06 created $ago s ago is taken: $ok', async ({ ago, ok }) => {
    expect(await taken(payment, { created: created - ago })).toBe(ok)
  })

  it('HS-RQ-06 is refused after its own expires', async () => {
    expect(await taken(payment, { parameters: { expires: created - 20 } })).toBe(false)
    expect(await taken(payment, { parameters: { expires: created + 20 } })).toBe(true)
  })

  it('HS-RQ-07 is refused when a DPoP header is there and not covered', async () => {
    const components = demanded(payment).filter((name) => name !== 'dpop')
    expect(await taken(payment, { components })).toBe(false)
    const { dpop: _dpop, ...headers } = payment.headers
    expect(await taken({ ...payment, headers }, { components })).toBe(true)
  })

  it('HS-RQ-08 is refused when its content has no digest, none that is covered, or another’s', async () => {
    const components = demanded(payment).filter((name) => name !== 'content-digest')
    expect(await taken(payment, { components })).toBe(false)
    expect(await taken(payment, { components, digest: null })).toBe(false)
    const other = await contentDigest(utf8('{"amount":"99.00"}'))
    expect(await taken(payment, { digest: other })).toBe(false)
    const headers = await craft(payment, { key: own.jwk, created })
    expect((await verify({ ...payment, body: '{"amount":"99.00"}' }, headers)).ok).toBe(false)
    expect((await verify(payment, headers)).ok).toBe(true)
  })

  it('HS-RQ-08 takes SHA-512, and only strong digests that all are right', async () => {
    const content = utf8(payment.body ?? '')
    const [sha256, sha512] = [await contentDigest(content), await contentDigest(content, 'sha-512')]
    const other = await contentDigest(utf8('other'), 'sha-512')
    expect(await taken(payment, { digest: sha512 })).toBe(true)
    expect(await taken(payment, { digest: `${sha256}, ${sha512}` })).toBe(true)
    expect(await taken(payment, { digest: `${sha256}, md5=:AAAA:` })).toBe(true)
    expect(await taken(payment, { digest: `${sha256}, ${other}` })).toBe(false)
    expect(await taken(payment, { digest: 'md5=:AAAA:' })).toBe(false)
    expect(await taken(payment, { digest: 'sha-256="text"' })).toBe(false)
    expect(await taken(payment, { digest: sha256.slice(0, -2) })).toBe(false)
  })

  it('HS-RQ-08 needs no digest for an empty content, but a wrong one is wrong', async () => {
    const { body: _body, ...empty } = payment
    expect(await taken(empty)).toBe(true)
    const components = [...demanded(empty), 'content-digest']
    expect(await taken(empty, { components, digest: await contentDigest(utf8('')) })).toBe(true)
    expect(await taken(empty, { components, digest: await contentDigest(utf8('x')) })).toBe(false)
  })

  it('HS-RQ-09 is taken beside signatures for other purposes, whatever they cover', async () => {
    const mine = await craft(payment, { key: own.jwk, created, label: 'mine' })
    const gateway = await craft(payment, {
      key: makeMessageKey('gateway').jwk,
      created: created - 900,
      label: 'gateway',
      components: ['@method'],
      parameters: { tag: 'web-bot-auth' },
    })
    for (const headers of [together(gateway, mine), together(mine, gateway)]) {
      expect(await verify(payment, headers)).toMatchObject({ ok: true, value: { label: 'mine' } })
    }
    expect((await verify(payment, gateway)).ok).toBe(false)
  })

  it('HS-RQ-09 is refused when two signatures say that they are for this purpose', async () => {
    const first = await craft(payment, { key: own.jwk, created, label: 'first' })
    const second = await craft(payment, { key: own.jwk, created, label: 'second' })
    expect((await verify(payment, together(first, second))).ok).toBe(false)
    expect((await verify(payment, first)).ok).toBe(true)
  })

  it('HS-RQ-10 is refused when alg is not that of the key, or unknown', async () => {
    for (const alg of [
      'ed25519',
      'rsa-pss-sha512',
      'rsa-v1_5-sha256',
      'hmac-sha256',
      'ES256',
      'none',
    ]) {
      expect(await claiming(alg), alg).toBe(false)
    }
    expect(await claiming('ecdsa-p256-sha256')).toBe(true)
  })

  it('HS-RQ-10 with RSA is SHA-512 with a salt of 64 bytes, not PS256', async () => {
    const { jwk } = keys['rsa-pss-sha512']
    const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
    const by = (hash: string, saltLength: number) =>
      signedBy('rsa-1', (data) =>
        signBytes(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
      )
    expect(await by('sha512', 64)).toBe(true)
    expect(await by('sha256', 32)).toBe(false)
    expect(await by('sha512', 32)).toBe(false)
    const ps256 = { ...keys['rsa-pss-sha512'].publicJwk, alg: 'PS256' }
    expect(await chooseVerifier([ps256], 'rsa-1')).toBeUndefined()
    expect(await chooseVerifier([{ ...ps256, alg: 'PS512' }], 'rsa-1')).toBeDefined()
  })

  it('HS-RQ-10 is refused with a key for encryption, a short RSA key and a symmetric one', async () => {
    const { publicJwk } = own
    expect(await chooseVerifier([{ ...publicJwk, use: 'enc' }], 'ec-1')).toBeUndefined()
    expect(await chooseVerifier([{ ...publicJwk, key_ops: ['sign'] }], 'ec-1')).toBeUndefined()
    expect(await chooseVerifier([{ ...publicJwk, use: 'sig' }], 'ec-1')).toBeDefined()
    const { n = '', e = '' } = keys['rsa-pss-sha512'].publicJwk
    const short = { kty: 'RSA', kid: 'rsa-1', n: n.slice(0, 172), e }
    expect(await chooseVerifier([short], 'rsa-1')).toBeUndefined()
    expect(await chooseVerifier([{ kty: 'oct', kid: 'k', k: 'c2VjcmV0' }], 'k')).toBeUndefined()
  })

  /** A signature by the own key that claims any `alg`. */
  async function claiming(alg: string): Promise<boolean> {
    const signer = await importSigner(own.jwk)
    return signedBy('ec-1', (data) => signer.sign(data), alg)
  }

  async function signedBy(
    keyid: string,
    sign: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>,
    alg?: string,
  ): Promise<boolean> {
    const headers = new Headers({
      ...payment.headers,
      'content-digest': await contentDigest(utf8(payment.body ?? '')),
    })
    const message = { method: payment.method, targetUri: payment.url, headers }
    const fields = await createSignature(describeRequest(message), {
      label: 'sig1',
      components: demanded(payment),
      parameters: { created, keyid, tag: 'fapi-2-request', ...(alg === undefined ? {} : { alg }) },
      signer: { algorithm: alg ?? 'any', sign },
    })
    headers.set('signature', fields.signature)
    headers.set('signature-input', fields.signatureInput)
    return (await verify(payment, Object.fromEntries(headers))).ok
  }
})

describe('what remembers a signature', () => {
  it('is the same for the other form that an ECDSA signature has, and not for another request', async () => {
    const headers = await craft(payment, { key: own.jwk, created })
    const first = await verify(payment, headers)
    const twin = await verify(payment, {
      ...headers,
      signature: otherForm(headers['signature'] ?? ''),
    })
    const again = await verify(payment, await craft(payment, { key: own.jwk, created }))
    if (!first.ok || !twin.ok || !again.ok) throw new Error('not verified')
    expect(twin.value.once).toBe(first.value.once)
    expect(again.value.once).not.toBe(first.value.once)
  })
})

/** (r, -s) for (r, s). */
function otherForm(field: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const bytes = Buffer.from(field.slice('sig1=:'.length, -1), 'base64')
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.concat([
    bytes.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
  ])
  return `sig1=:${other.toString('base64')}:`
}

describe('one bit', () => {
  it('HS-RQ-02 HS-RQ-03 changed anywhere in what is covered is refused', async () => {
    const headers = await craft(payment, { key: own.jwk, created })
    expect((await verify(payment, headers)).ok).toBe(true)
    const names = ['authorization', 'dpop', 'content-digest', 'signature', 'signature-input']
    const place = fc.oneof(
      fc.constantFrom(...names).map((name) => ({ where: 'header' as const, name })),
      fc.constantFrom('method', 'url', 'body').map((where) => ({ where, name: '' })),
    )
    const property = fc.asyncProperty(place, fc.nat(10_000), fc.nat(6), async (at, index, bit) => {
      const text = at.where === 'header' ? headers[at.name] : payment[at.where as 'method']
      const flipped = flip(text ?? '', index, bit)
      // Spaces around a value and control characters are no part of it on the wire.
      if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(flipped)) return
      const changed =
        at.where === 'header'
          ? verify(payment, { ...headers, [at.name]: flipped })
          : verify({ ...payment, [at.where]: flipped }, headers)
      expect((await changed).ok, `${at.where} ${at.name}: ${flipped}`).toBe(false)
    })
    await holdsAsync(property, 300)
  })
})

function flip(text: string, index: number, bit: number): string {
  const bytes = Buffer.from(text, 'latin1')
  const at = index % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  return bytes.toString('latin1')
}

describe('any text', () => {
  it('in the signature fields is refused without a fault', async () => {
    const piece = fc.constantFrom(
      'sig1', '=', '(', ')', '"@method"', '"@target-uri"', ';', 'tag', '"fapi-2-request"', ':AAAA:', ',', ' ', '?1', '@1', '%"a"', 'é', '\\', '"', '99999999999999999', 'created', 'key', 'req',
    ) // prettier-ignore
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
    const property = fc.asyncProperty(text, text, async (input, signature) => {
      const sent = new Headers(payment.headers)
      sent.set('signature-input', `sig1=();tag="fapi-2-request"${input}`)
      sent.set('signature', signature)
      expect(typeof isSigned(sent)).toBe('boolean')
      expect((await verify(payment, Object.fromEntries(sent))).ok).toBe(false)
    })
    await holdsAsync(property, 200)
  })
})

describe('a client’s own signing', () => {
  it.each(algorithms)('HS-RQ-05 HS-RQ-07 HS-RQ-08 covers what must be covered, with %s', async (algorithm) => {
    const { jwk } = keys[algorithm]
    const { method, url: targetUri, headers, body = '' } = payment
    const content = utf8(body)
    const signing = { signer: await importSigner(jwk), keyId: String(jwk.kid), now, nonce: 'n-1' }
    const signed = await signRequest({ method, targetUri, headers: new Headers(headers), content }, signing)
    expect(signed.get('signature-input')).toBe(
      `sig1=("@method" "@target-uri" "authorization" "dpop" "content-digest");created=${created};nonce="n-1";keyid="${String(jwk.kid)}";tag="fapi-2-request"`,
    )
    expect((await verify(payment, Object.fromEntries(signed))).ok).toBe(true)
  }) // prettier-ignore
})
