import { generateKeyPairSync } from 'node:crypto'
import { createSignature } from 'http-message-sig'
import type { SignatureComponent, SignatureParameters } from 'http-message-sig'
import type { PublicJwk } from '../../src/clients/jwks.ts'
import { contentDigest } from '../../src/http-signatures/digest.ts'
import { importSigner } from '../../src/http-signatures/keys.ts'
import type { SignatureAlgorithm } from '../../src/http-signatures/keys.ts'
import { describeRequest } from '../../src/http-signatures/message.ts'

/** A pair of keys for HTTP messages, both with the same `kid`. */
export type MessageKey = { readonly jwk: PublicJwk; readonly publicJwk: PublicJwk }

export function makeMessageKey(
  kid: string,
  algorithm: SignatureAlgorithm = 'ecdsa-p256-sha256',
): MessageKey {
  const { privateKey, publicKey } = {
    'ecdsa-p256-sha256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    'rsa-pss-sha512': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ed25519: () => generateKeyPairSync('ed25519'),
  }[algorithm]()
  return {
    jwk: { ...privateKey.export({ format: 'jwk' }), kid } as PublicJwk,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid } as PublicJwk,
  }
}

/** What a misbehaving signer may change. */
export type Crafting = {
  readonly key: PublicJwk
  readonly label?: string
  /** Instead of what the profile demands. */
  readonly components?: readonly SignatureComponent[]
  /** Over the usual ones; `undefined` leaves one out. */
  readonly parameters?: SignatureParameters
  readonly created: number
  /** Instead of the right one; `null`: none. */
  readonly digest?: string | null
}

export type Plain = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What the profile demands for such a request. */
export const demanded = ({ headers, body = '' }: Plain): readonly string[] => [
  '@method',
  '@target-uri',
  'authorization',
  ...('dpop' in headers ? ['dpop'] : []),
  ...(body === '' ? [] : ['content-digest']),
]

/** Signs a request as it is told to: the headers to send, with the signature among them. */
export async function craft(
  request: Plain,
  crafting: Crafting,
): Promise<Readonly<Record<string, string>>> {
  const { method, url, body = '' } = request
  const { key, label = 'sig1', created } = crafting
  const digest =
    crafting.digest === undefined && body !== ''
      ? await contentDigest(new TextEncoder().encode(body))
      : (crafting.digest ?? undefined)
  const headers = {
    ...request.headers,
    ...(digest === undefined ? {} : { 'content-digest': digest }),
  }
  const fields = await createSignature(
    describeRequest({ method, targetUri: url, headers: new Headers(headers) }),
    {
      label,
      components: crafting.components ?? demanded(request),
      parameters: {
        created,
        keyid: String(key.kid),
        tag: 'fapi-2-request',
        ...crafting.parameters,
      } as SignatureParameters,
      signer: await importSigner(key),
    },
  )
  return { ...headers, signature: fields.signature, 'signature-input': fields.signatureInput }
}

/** Two sets of signature headers as one message carries them. */
export const together = (
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  ...first,
  ...second,
  signature: `${first['signature'] ?? ''}, ${second['signature'] ?? ''}`,
  'signature-input': `${first['signature-input'] ?? ''}, ${second['signature-input'] ?? ''}`,
})
