import type { Level } from '../../types.ts'
import type { Shelf } from '../shelf.ts'

/** The secret of one-time codes, sealed by the Worker. */
export type StoredCode = {
  readonly sealed: string
  /** The last time step that was used: none is accepted twice or backwards (RFC 6238 5.2). */
  readonly lastStep: number
  /** Milliseconds. */
  readonly addedAt: number
}

export type StoredPasskey = {
  /** base64url credential id. */
  readonly id: string
  /** base64url COSE key. */
  readonly publicKey: string
  readonly counter: number
  readonly transports: readonly string[]
  /** WebAuthn backup flags: may be, and is, copied to other devices. */
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly name: string
  /** Milliseconds. */
  readonly addedAt: number
  readonly lastUsedAt?: number
}

/** What a proof uses up; decided in the turn that starts the session. */
export type Spend =
  | {
      readonly kind: 'code'
      /** The secret it was judged by, as it was sealed: another one may have taken its place. */
      readonly sealed: string
      readonly step: number
      /** The same secret, sealed with the current master secret. */
      readonly resealed?: string
    }
  | { readonly kind: 'recovery'; readonly hash: string }
  | {
      readonly kind: 'passkey'
      readonly id: string
      readonly counter: number
      readonly backedUp: boolean
      /** Hash of the challenge, and until when (ms) it would have been accepted. */
      readonly challenge: string
      readonly until: number
    }

/** What the account can be asked for, with what the Worker verifies by. */
export type Factors = {
  readonly code?: Pick<StoredCode, 'sealed' | 'lastStep'>
  readonly recoveryCodes: number
  readonly passkeys: readonly StoredPasskey[]
}

export const passkeyKey = (id: string): string => `passkey:${id}`

export const passkeysOf = (shelf: Shelf): readonly StoredPasskey[] =>
  shelf.list<StoredPasskey>('passkey:').map(([, passkey]) => passkey)

export function factorsOf(shelf: Shelf): Factors {
  const code = shelf.read<StoredCode>('code')
  return {
    recoveryCodes: recoveryOf(shelf).length,
    passkeys: passkeysOf(shelf),
    ...(code === undefined ? {} : { code: { sealed: code.sealed, lastStep: code.lastStep } }),
  }
}

/** What an account has to sign in with. */
export type Has = { readonly password: boolean; readonly code: boolean; readonly passkeys: number }

/** The best level an account can reach. Recovery codes stand in for a code, they are none of their own. */
export function reachOf({ password, code, passkeys }: Has): Level | 0 {
  if (passkeys > 0) return 3
  if (password) return code ? 2 : 1
  return 0
}

/**
 * Whether a factor may be taken away: what is left still reaches the issuer's minimum, and whoever had
 * two factors keeps two. The one rule for every kind of factor.
 */
export function mayLose(before: Has, after: Has, minimum: Level): boolean {
  const least = Math.max(minimum, Math.min(2, reachOf(before)))
  return reachOf(after) >= least
}

/** Hashes of the recovery codes that are left. */
export const recoveryOf = (shelf: Shelf): readonly string[] =>
  shelf.read<readonly string[]>('recovery') ?? []

/** Uses up what a proof rests on. False: it was used before, or is not this account's. */
export function spend(shelf: Shelf, given: Spend): boolean {
  switch (given.kind) {
    case 'code':
      return spendCode(shelf, given)
    case 'recovery': {
      const left = recoveryOf(shelf)
      if (!left.includes(given.hash)) return false
      shelf.write(
        'recovery',
        left.filter((hash) => hash !== given.hash),
      )
      return true
    }
    case 'passkey':
      return spendPasskey(shelf, given)
    default:
      return given satisfies never
  }
}

function spendCode(shelf: Shelf, given: Extract<Spend, { kind: 'code' }>): boolean {
  const code = shelf.read<StoredCode>('code')
  if (code?.sealed !== given.sealed || given.step <= code.lastStep) return false
  const { resealed = code.sealed } = given
  shelf.write('code', { ...code, sealed: resealed, lastStep: given.step })
  return true
}

/** WebAuthn 7.2: a challenge is answered once; a counter that stands still or falls tells of a copy. */
function spendPasskey(shelf: Shelf, given: Extract<Spend, { kind: 'passkey' }>): boolean {
  const passkey = shelf.read<StoredPasskey>(passkeyKey(given.id))
  if (passkey === undefined) return false
  const counts = passkey.counter > 0 || given.counter > 0
  if (counts && given.counter <= passkey.counter) return false
  if (!useChallenge(shelf, given.challenge, given.until)) return false
  const { counter, backedUp } = given
  shelf.write(passkeyKey(given.id), { ...passkey, counter, backedUp, lastUsedAt: shelf.now() })
  return true
}

/** Uses up a challenge (by its hash) that was accepted until `until` (ms). False: too late, or used before. */
export function useChallenge(shelf: Shelf, challenge: string, until: number): boolean {
  const key = `challenge:${challenge}`
  const now = shelf.now()
  if (now >= until || shelf.read<number>(key) !== undefined) return false
  for (const [known, end] of shelf.list<number>('challenge:')) {
    if (end <= now) shelf.erase(known)
  }
  shelf.write(key, until + challengeGrace)
  return true
}

/** Clocks differ: a used challenge is remembered longer than any of them accepts it. */
const challengeGrace = 60_000
