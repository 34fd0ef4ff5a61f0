import { concat, fromBase64Url, randomBytes, toBase64Url, tuple, utf8 } from './encoding.ts'

/**
 * The versioned master secret, and what is derived from it: nonce keys, form sealing keys, code keys
 * and the keys that wrap signing keys. Ciphertexts and nonces carry the id of their secret.
 */
export type MasterSecret = {
  /** Id of the secret that new things are made with. */
  readonly current: string
  readonly keys: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/**
 * Parses `id:base64url,…` (first is current, each at least 32 bytes). Returns a sentence when it is
 * not usable.
 */
export function parseMasterSecret(text: unknown): MasterSecret | string {
  if (typeof text !== 'string' || text.trim() === '') return 'MASTER_SECRET is not set.'
  const keys = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const part of text.trim().split(',')) {
    const match = /^([a-z0-9]{1,8}):([A-Za-z0-9_-]+)$/.exec(part.trim())
    const [, id, value] = match ?? []
    const bytes = value === undefined ? undefined : fromBase64Url(value)
    if (id === undefined || bytes === undefined || bytes.length < 32) {
      return 'MASTER_SECRET must be a list of id:base64url with ids of 1 to 8 a-z 0-9 and at least 32 bytes each.'
    }
    if (keys.has(id)) return `MASTER_SECRET holds the id '${id}' twice.`
    keys.set(id, bytes)
  }
  const [current] = keys.keys()
  return current === undefined ? 'MASTER_SECRET is empty.' : { current, keys }
}

/** Derives one kind of key, per purpose, from any secret of the list. */
export type SecretKeys = {
  readonly current: string
  /** Undefined when no secret of the list has this id. */
  readonly key: (secretId: string) => Promise<CryptoKey | undefined>
}

/**
 * HKDF keys for one purpose (RFC 5869). `label` is a tuple beginning with the issuer id. Derived keys
 * are cached for the life of the isolate.
 */
export function deriveKeys(
  secret: MasterSecret,
  kind: 'hmac' | 'aes',
  label: readonly string[],
): SecretKeys {
  const cache = new Map<string, CryptoKey>()
  const info = utf8(tuple('fapi-edge', kind, ...label))
  return {
    current: secret.current,
    key: async (secretId) => {
      const known = cache.get(secretId)
      if (known !== undefined) return known
      const bytes = secret.keys.get(secretId)
      if (bytes === undefined) return undefined
      const base = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])
      const derived = await crypto.subtle.deriveKey(
        { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info },
        base,
        kind === 'hmac'
          ? { name: 'HMAC', hash: 'SHA-256', length: 256 }
          : { name: 'AES-GCM', length: 256 },
        false,
        kind === 'hmac' ? ['sign', 'verify'] : ['encrypt', 'decrypt'],
      )
      cache.set(secretId, derived)
      return derived
    },
  }
}

/** HMAC of a text under the current secret: 32 bytes that nobody can guess, the same each time. */
export async function macOf(keys: SecretKeys, about: string): Promise<Uint8Array> {
  const key = await keys.key(keys.current)
  if (key === undefined) throw new Error('the current secret is missing')
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(about)))
}

/** Seals bytes: `secretId.iv.ciphertext` in base64url parts. AES-GCM with a random 96-bit IV. */
export async function seal(
  keys: SecretKeys,
  plain: Uint8Array<ArrayBuffer>,
  associated: string,
): Promise<string> {
  const key = await keys.key(keys.current)
  if (key === undefined) throw new Error('the current secret is missing')
  const iv = randomBytes(12)
  const parameters = { name: 'AES-GCM', iv, additionalData: utf8(associated) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, key, plain))
  return `${keys.current}.${toBase64Url(concat(iv, sealed))}`
}

/** Opens what `seal` made. Undefined when it was changed, made for something else, or its secret is gone. */
export async function unseal(
  keys: SecretKeys,
  sealed: string,
  associated: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [secretId = '', body = '', ...rest] = sealed.split('.')
  const bytes = fromBase64Url(body)
  const key = await keys.key(secretId)
  if (rest.length > 0 || bytes === undefined || bytes.length < 28 || key === undefined)
    return undefined
  const parameters = { name: 'AES-GCM', iv: bytes.slice(0, 12), additionalData: utf8(associated) }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, bytes.slice(12)))
  } catch {
    return undefined
  }
}
