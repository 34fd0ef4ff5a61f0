import type { Call } from '../call.ts'
import { fromHex, randomText, toBase64Url } from '../encoding.ts'
import type { StoredPasskey } from '../objects/account/factors.ts'
import type { Issuer } from '../types.ts'
import type { Person } from './session.ts'

/** A question to an authenticator, sealed in a form, answered once. */
export type Challenge = {
  /** 32 random bytes in base64url. */
  readonly value: string
  /** Milliseconds. */
  readonly until: number
}

/** A page may stay open this long (ms) before its passkey button needs a new one. */
export const challengeLifetime = 600_000

/** A new challenge that lives no longer than the page it is for. */
export const newChallenge = (call: Call, until: number): Challenge => ({
  value: randomText(32),
  until: Math.min(until, call.now + challengeLifetime),
})

/** Passkeys belong to the issuer's host and are used on its pages only. */
export function relyingParty(issuer: Issuer): { readonly rpId: string; readonly origin: string } {
  const { hostname, origin } = new URL(issuer.url)
  return { rpId: hostname, origin }
}

/** The id of the account object: nothing personal (WebAuthn 14.6.1). */
export const userHandleOf = (accountId: string): Uint8Array<ArrayBuffer> => fromHex(accountId)

type Named = {
  readonly id: string
  readonly type: 'public-key'
  readonly transports?: readonly string[]
}

const nameOf = ({ id, transports }: StoredPasskey): Named => ({
  id,
  type: 'public-key',
  ...(transports.length === 0 ? {} : { transports }),
})

/**
 * Options of `navigator.credentials.get`, bytes in base64url. Without passkeys any passkey of this site
 * may answer, and says whose it is.
 */
export const requestOptions = (
  issuer: Issuer,
  challenge: Challenge,
  passkeys: readonly StoredPasskey[] = [],
) => ({
  challenge: challenge.value,
  rpId: relyingParty(issuer).rpId,
  timeout: 300_000,
  userVerification: 'required',
  allowCredentials: passkeys.map(nameOf),
})

/** Options of `navigator.credentials.create`, bytes in base64url: a passkey that names its owner. */
export const creationOptions = (
  issuer: Issuer,
  challenge: Challenge,
  { person, passkeys }: { readonly person: Person; readonly passkeys: readonly StoredPasskey[] },
) => ({
  challenge: challenge.value,
  rp: { id: relyingParty(issuer).rpId, name: issuer.name },
  user: {
    id: toBase64Url(userHandleOf(person.accountId)),
    name: person.username,
    displayName: person.username,
  },
  pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
  timeout: 300_000,
  excludeCredentials: passkeys.map(nameOf),
  authenticatorSelection: {
    residentKey: 'required',
    requireResidentKey: true,
    userVerification: 'required',
  },
  attestation: 'none',
})
