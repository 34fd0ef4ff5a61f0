import { concat, isRecord, fromBase64Url, parseJson, sha256, toBase64Url } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Refusal, Result } from '../errors.ts'
import type { StoredPasskey } from '../objects/account/factors.ts'
import { readAuthenticatorData } from './webauthn/authenticator-data.ts'
import type { AuthenticatorData } from './webauthn/authenticator-data.ts'
import { readCbor } from './webauthn/cbor.ts'
import type { CborValue } from './webauthn/cbor.ts'
import { checkClientData } from './webauthn/client-data.ts'
import { readCoseKey } from './webauthn/cose-key.ts'
import type { PasskeyVerifier } from './webauthn/cose-key.ts'

/**
 * The server side of WebAuthn level 3: what `navigator.credentials` answered, verified. Attestation is
 * not asked for; user verification always is. Evaluated when the first passkey comes, not before.
 */

/** What an answer must have been made for. */
export type Expected = {
  readonly rpId: string
  readonly origin: string
  /** base64url. */
  readonly challenge: string
}

/** An answer to `navigator.credentials.get`, in bytes. */
export type Assertion = {
  /** base64url credential id. */
  readonly id: string
  readonly clientData: Uint8Array<ArrayBuffer>
  readonly authenticatorData: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
  /** Absent when the passkey was named in the options (WebAuthn 7.2 step 6). */
  readonly userHandle?: Uint8Array<ArrayBuffer>
}

/** What an assertion tells that is to be kept. */
export type AssertionVerdict = Pick<StoredPasskey, 'counter' | 'backedUp'>

/** A new passkey without what its owner says of it. */
export type NewPasskey = Omit<StoredPasskey, 'name' | 'addedAt' | 'lastUsedAt'>

type Refused = { readonly ok: false; readonly refusal: Refusal }

/** The same words whatever was wrong. */
const no = (detail: string): Refused =>
  refuse('access_denied', 'This passkey was not accepted', detail)

/** Longest text of an answer. */
const longest = 16_384
const mostTransports = 8

/** Reads what the script put into the form field `assertion`. */
export function readAssertion(text: string | undefined): Assertion | undefined {
  const answer = readAnswer(text)
  if (answer === undefined) return undefined
  const { id, clientData, response } = answer
  const authenticatorData = bytesOf(response['authenticatorData'])
  const signature = bytesOf(response['signature'])
  const given = response['userHandle'] ?? undefined
  const userHandle = bytesOf(given)
  if (!authenticatorData || !signature || (given !== undefined && !userHandle)) return undefined
  const named = userHandle === undefined ? {} : { userHandle }
  return { id, clientData, authenticatorData, signature, ...named }
}

/** Verifies an assertion with the passkey the account has (WebAuthn 7.2). */
export async function verifyAssertion(
  assertion: Assertion,
  passkey: StoredPasskey,
  expected: Expected,
): Promise<Result<AssertionVerdict>> {
  const { clientData, authenticatorData, signature } = assertion
  const { challenge, origin } = expected
  const asked = checkClientData(clientData, { type: 'webauthn.get', challenge, origin })
  if (!asked.ok) return asked
  const data = await checkAuthenticator(authenticatorData, expected)
  if (!data.ok) return data
  const { counter, backupEligible, backedUp } = data.value
  // Whether it may be copied never changes (7.2 step 20).
  if (backupEligible !== passkey.backupEligible) return no('another backup eligibility')
  const key = await readCoseKey(fromBase64Url(passkey.publicKey) ?? new Uint8Array())
  const signed = concat(authenticatorData, await sha256(clientData))
  if (key === undefined || !(await key(signature, signed))) return no('another signature')
  return accept({ counter, backedUp })
}

/** Verifies the answer to `navigator.credentials.create` in the form field `attestation` (WebAuthn 7.1). */
export async function verifyAttestation(
  text: string | undefined,
  expected: Expected,
): Promise<Result<NewPasskey>> {
  const answer = readAnswer(text)
  if (answer === undefined) return no('not an attestation')
  const { id, clientData, response } = answer
  const { challenge, origin } = expected
  const asked = checkClientData(clientData, { type: 'webauthn.create', challenge, origin })
  if (!asked.ok) return asked
  const attestation = readAttestation(bytesOf(response['attestationObject']))
  if (attestation === undefined) return no('not an attestation object')
  const data = await checkAuthenticator(attestation.authData, expected)
  if (!data.ok) return data
  const { credential, counter, backupEligible, backedUp } = data.value
  if (credential === undefined) return no('no credential')
  if (toBase64Url(credential.id) !== id) return no('another credential id')
  const key = await readCoseKey(credential.publicKey)
  if (key === undefined) return no('an unknown kind of key')
  const signed = concat(attestation.authData, await sha256(clientData))
  if (!(await isUnattested(attestation, key, signed))) return no('an unwanted attestation')
  return accept({
    id,
    publicKey: toBase64Url(credential.publicKey),
    counter,
    transports: transportsOf(response['transports']),
    backupEligible,
    backedUp,
  })
}

type Answer = {
  readonly id: string
  readonly clientData: Uint8Array<ArrayBuffer>
  readonly response: Readonly<Record<string, unknown>>
}

function readAnswer(text: string | undefined): Answer | undefined {
  const answer = text === undefined || text.length > longest ? undefined : parseJson(text)
  if (!isRecord(answer) || answer['type'] !== 'public-key') return undefined
  const { id, response } = answer
  if (typeof id !== 'string' || !bytesOf(id)?.length || !isRecord(response)) return undefined
  const clientData = bytesOf(response['clientDataJSON'])
  return clientData && { id, clientData, response }
}

const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> | undefined =>
  typeof value === 'string' ? fromBase64Url(value) : undefined

/** Hints for the browser only: known words, in no order of ours. */
function transportsOf(value: unknown): readonly string[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : []
  const words = given.filter(
    (word): word is string => typeof word === 'string' && /^[a-z-]{1,16}$/.test(word),
  )
  return [...new Set(words)].slice(0, mostTransports)
}

/** Relying party, presence, verification, and flags that cannot be (WebAuthn 7.1 steps 13 to 18). */
async function checkAuthenticator(
  bytes: Uint8Array,
  { rpId }: Expected,
): Promise<Result<AuthenticatorData>> {
  const data = readAuthenticatorData(bytes)
  if (data === undefined) return no('not authenticator data')
  if (toBase64Url(data.rpIdHash) !== toBase64Url(await sha256(rpId))) return no('another site')
  if (!data.userPresent) return no('nobody was there')
  if (!data.userVerified) return no('the person was not verified')
  if (data.backedUp && !data.backupEligible) return no('backed up without being eligible')
  return accept(data)
}

type Attestation = {
  readonly format: CborValue | undefined
  readonly statement: ReadonlyMap<number | string, CborValue>
  readonly authData: Uint8Array<ArrayBuffer>
}

function readAttestation(bytes: Uint8Array | undefined): Attestation | undefined {
  const read = bytes && readCbor(bytes)
  if (read?.end !== bytes?.length || !(read?.value instanceof Map)) return undefined
  const object = read.value as ReadonlyMap<number | string, CborValue>
  const [authData, statement] = [object.get('authData'), object.get('attStmt')]
  if (!(authData instanceof Uint8Array) || !(statement instanceof Map)) return undefined
  return { format: object.get('fmt'), statement, authData }
}

/**
 * Nothing is attested (WebAuthn 8.7), or the passkey signed itself, which browsers may leave as it is
 * when nothing is asked for (5.1.3, 8.2.1).
 */
async function isUnattested(
  { format, statement }: Attestation,
  key: PasskeyVerifier,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (format === 'none') return statement.size === 0
  const signature = statement.get('sig')
  if (format !== 'packed' || statement.has('x5c') || !(signature instanceof Uint8Array))
    return false
  return key(signature, signed)
}
