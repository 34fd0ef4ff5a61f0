import { readCbor } from './cbor.ts'

/** What an authenticator says of itself and of what it did (WebAuthn 6.1). */
export type AuthenticatorData = {
  readonly rpIdHash: Uint8Array<ArrayBuffer>
  readonly userPresent: boolean
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly counter: number
  /** The new credential, at enrolment only (6.5.1). */
  readonly credential?: {
    readonly id: Uint8Array<ArrayBuffer>
    /** COSE_Key. */
    readonly publicKey: Uint8Array<ArrayBuffer>
  }
}

const flag = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  credential: 0x40,
  extensions: 0x80,
} as const

const fixedLength = 37
const aaguidLength = 16
/** WebAuthn 7.1: longer credential ids are refused. */
const longestId = 1_023

/** Reads authenticator data to its last byte; undefined when it is anything else. */
export function readAuthenticatorData(bytes: Uint8Array): AuthenticatorData | undefined {
  if (bytes.length < fixedLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const flags = view.getUint8(32)
  const has = (wanted: number) => (flags & wanted) !== 0
  const credential = has(flag.credential) ? readCredential(bytes) : undefined
  if (has(flag.credential) && credential === undefined) return undefined
  const before = credential?.end ?? fixedLength
  // Nothing was asked for that extensions could answer: they are only skipped.
  const end = has(flag.extensions) ? readCbor(bytes, before)?.end : before
  if (end !== bytes.length) return undefined
  return {
    rpIdHash: bytes.slice(0, 32),
    userPresent: has(flag.userPresent),
    userVerified: has(flag.userVerified),
    backupEligible: has(flag.backupEligible),
    backedUp: has(flag.backedUp),
    counter: view.getUint32(33),
    ...(credential === undefined
      ? {}
      : { credential: { id: credential.id, publicKey: credential.publicKey } }),
  }
}

function readCredential(bytes: Uint8Array) {
  const lengthAt = fixedLength + aaguidLength
  const idAt = lengthAt + 2
  if (bytes.length < idAt) return undefined
  const length = ((bytes[lengthAt] ?? 0) << 8) | (bytes[lengthAt + 1] ?? 0)
  const keyAt = idAt + length
  if (length === 0 || length > longestId) return undefined
  const key = readCbor(bytes, keyAt)
  if (key === undefined) return undefined
  return { id: bytes.slice(idAt, keyAt), publicKey: bytes.slice(keyAt, key.end), end: key.end }
}
