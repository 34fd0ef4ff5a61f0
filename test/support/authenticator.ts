/**
 * An authenticator in software (WebAuthn 6): makes real attestation objects and assertions, and can be
 * told to make wrong ones. Knows nothing of the server's code.
 */

type Bytes = Uint8Array<ArrayBuffer>
type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

/** What is made otherwise than it should be. */
export type Twist = {
  readonly type?: string
  readonly challenge?: string
  readonly origin?: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  readonly rpId?: string
  /** Bits of the flags octet to be set or cleared. */
  readonly set?: number
  readonly clear?: number
  readonly counter?: number
  readonly userHandle?: string | null
  /** Changes what is signed after it was signed. */
  readonly afterSigning?: (authenticatorData: Bytes) => Bytes
  readonly signature?: (signature: Bytes) => Bytes
  readonly format?: string
  readonly statement?: ReadonlyMap<string, unknown>
  /** Signs itself (`packed` without certificates). */
  readonly selfAttested?: 'well' | 'badly'
}

export const flags = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  credential: 0x40,
  extensions: 0x80,
} as const

export type CreationOptions = {
  readonly challenge: string
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string }
}
export type RequestOptions = { readonly challenge: string; readonly rpId: string }

/** As the page's script posts it. */
export type Answer = {
  readonly id: string
  readonly type: string
  readonly response: Readonly<Record<string, unknown>>
}

export type SoftwareAuthenticator = {
  readonly id: string
  readonly create: (options: CreationOptions, twist?: Twist) => Promise<Answer>
  readonly get: (options: RequestOptions, twist?: Twist) => Promise<Answer>
}

const keyKinds = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
} as const

/** One authenticator with one credential, on the pages of `origin`. */
export async function createAuthenticator(
  origin: string,
  given: {
    readonly algorithm?: Algorithm
    /** 0: does not count, as synchronised passkeys do not. */
    readonly counter?: number
    readonly backupEligible?: boolean
    readonly backedUp?: boolean
  } = {},
): Promise<SoftwareAuthenticator> {
  const { algorithm = 'ES256', backupEligible = false, backedUp = false } = given
  const pair = (await crypto.subtle.generateKey(keyKinds[algorithm], true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const rawId = crypto.getRandomValues(new Uint8Array(32))
  const id = toText(rawId)
  let counter = given.counter ?? 1
  let owner: string | undefined

  const baseFlags =
    flags.userPresent |
    flags.userVerified |
    (backupEligible ? flags.backupEligible : 0) |
    (backedUp ? flags.backedUp : 0)

  const authData = async (
    rpId: string,
    twist: Twist,
    extra = 0,
    rest: Bytes = new Uint8Array(),
  ) => {
    const set = ((baseFlags | extra) & ~(twist.clear ?? 0)) | (twist.set ?? 0)
    const head = new DataView(new ArrayBuffer(5))
    head.setUint8(0, set)
    head.setUint32(1, twist.counter ?? counter)
    return join(await hash(toBytes(twist.rpId ?? rpId)), new Uint8Array(head.buffer), rest)
  }

  const clientDataOf = (type: string, challenge: string, twist: Twist): Bytes =>
    toBytes(
      JSON.stringify({
        type: twist.type ?? type,
        challenge: twist.challenge ?? challenge,
        origin: twist.origin ?? origin,
        crossOrigin: twist.crossOrigin ?? false,
        ...(twist.topOrigin === undefined ? {} : { topOrigin: twist.topOrigin }),
      }),
    )

  const sign = async (data: Bytes, clientData: Bytes): Promise<Bytes> => {
    const signed = join(data, await hash(clientData))
    const plain = await crypto.subtle.sign(keyKinds[algorithm], pair.privateKey, signed)
    const bytes = new Uint8Array(plain)
    return algorithm === 'ES256' ? toDer(bytes) : bytes
  }

  return {
    id,
    create: async ({ challenge, rp, user }, twist = {}) => {
      owner = user.id
      const length = Uint8Array.of(rawId.length >> 8, rawId.length & 0xff)
      const key = encode(await coseKey(algorithm, pair.publicKey))
      const made = join(new Uint8Array(16), length, rawId, key)
      const data = await authData(rp.id, twist, flags.credential, made)
      const clientData = clientDataOf('webauthn.create', challenge, twist)
      const statement = new Map<string, unknown>(twist.statement ?? [])
      if (twist.selfAttested !== undefined) {
        const signature = await sign(data, twist.selfAttested === 'well' ? clientData : data)
        statement.set('alg', -7).set('sig', signature)
      }
      const format = twist.selfAttested === undefined ? 'none' : 'packed'
      const object = new Map<string, unknown>([
        ['fmt', twist.format ?? format],
        ['attStmt', statement],
        ['authData', (twist.afterSigning ?? ((same: Bytes) => same))(data)],
      ])
      return {
        id,
        type: 'public-key',
        response: {
          clientDataJSON: toText(clientData),
          attestationObject: toText(encode(object)),
          transports: ['internal', 'hybrid'],
        },
      }
    },
    get: async ({ challenge, rpId }, twist = {}) => {
      if (counter > 0) counter += 1
      const data = await authData(rpId, twist)
      const clientData = clientDataOf('webauthn.get', challenge, twist)
      const signature = await sign(data, clientData)
      const userHandle = twist.userHandle === undefined ? owner : twist.userHandle
      return {
        id,
        type: 'public-key',
        response: {
          clientDataJSON: toText(clientData),
          authenticatorData: toText((twist.afterSigning ?? ((same: Bytes) => same))(data)),
          signature: toText((twist.signature ?? ((same: Bytes) => same))(signature)),
          userHandle: userHandle ?? null,
        },
      }
    },
  }
}

async function coseKey(algorithm: Algorithm, key: CryptoKey): Promise<Map<number, unknown>> {
  const jwk = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
  const part = (text: string | undefined) => fromText(text ?? '')
  switch (algorithm) {
    case 'ES256':
      return new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, part(jwk.x)], [-3, part(jwk.y)]]) // prettier-ignore
    case 'EdDSA':
      return new Map<number, unknown>([[1, 1], [3, -8], [-1, 6], [-2, part(jwk.x)]]) // prettier-ignore
    case 'RS256':
      return new Map<number, unknown>([[1, 3], [3, -257], [-1, part(jwk.n)], [-2, part(jwk.e)]]) // prettier-ignore
    default:
      return algorithm satisfies never
  }
}

/** CBOR in the canonical form of CTAP2. */
export function encode(value: unknown): Bytes {
  if (typeof value === 'number') {
    return value < 0 ? header(1, -1 - value) : header(0, value)
  }
  if (typeof value === 'string') return join(header(3, toBytes(value).length), toBytes(value))
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4)
  if (value instanceof Uint8Array) return join(header(2, value.length), value)
  if (Array.isArray(value)) return join(header(4, value.length), ...value.map(encode))
  if (value instanceof Map) {
    const pairs = [...value].map(([name, inner]) => join(encode(name), encode(inner)))
    return join(header(5, value.size), ...pairs)
  }
  throw new Error(`cannot encode ${typeof value}`)
}

function header(major: number, argument: number): Bytes {
  const top = major << 5
  if (argument < 24) return Uint8Array.of(top | argument)
  if (argument < 0x100) return Uint8Array.of(top | 24, argument)
  return Uint8Array.of(top | 25, argument >> 8, argument & 0xff)
}

/** Two numbers side by side as DER. */
function toDer(plain: Bytes): Bytes {
  const integer = (half: Bytes): Bytes => {
    const from = half.findIndex((octet) => octet !== 0)
    const digits = half.slice(from)
    const padded = (digits[0] ?? 0) >= 0x80 ? join(Uint8Array.of(0), digits) : digits
    return join(Uint8Array.of(0x02, padded.length), padded)
  }
  const both = join(integer(plain.slice(0, 32)), integer(plain.slice(32)))
  return join(Uint8Array.of(0x30, both.length), both)
}

const hash = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

const toBytes = (text: string): Bytes => Uint8Array.from(new TextEncoder().encode(text))

export function join(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

export const toText = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') // prettier-ignore

export const fromText = (text: string): Bytes =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0))
