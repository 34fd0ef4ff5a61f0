import type { Shelf } from '../shelf.ts'
import { note } from './activity.ts'
import type { By, ChangeAnswer } from './changes.ts'
import { mayLose, passkeyKey, passkeysOf, useChallenge } from './factors.ts'
import type { Has, StoredPasskey } from './factors.ts'

/** What can be done with the passkeys of an account. */
export type PasskeyChange =
  | {
      readonly kind: 'add-passkey'
      readonly passkey: Omit<StoredPasskey, 'addedAt' | 'lastUsedAt'>
      /** Hash of the challenge it answered, and until when (ms) that was accepted. */
      readonly challenge: string
      readonly until: number
    }
  | { readonly kind: 'rename-passkey'; readonly id: string; readonly name: string }
  | { readonly kind: 'remove-passkey'; readonly id: string }

/** Passkeys of one account. */
export const mostPasskeys = 20

/** Changes passkeys, for whoever was found to be allowed to change factors in this turn. */
export function changePasskeys(
  shelf: Shelf,
  { has, by }: { readonly has: Has; readonly by: By },
  change: PasskeyChange,
): ChangeAnswer {
  if (change.kind === 'add-passkey') return addPasskey(shelf, by, change)
  // A link adds; what was there is changed by its owner or by the operator.
  if (by.kind === 'setup') return { status: 'signed-out' }
  const passkey = shelf.read<StoredPasskey>(passkeyKey(change.id))
  if (passkey === undefined) return { status: 'unknown' }
  if (change.kind === 'rename-passkey') {
    shelf.write(passkeyKey(change.id), { ...passkey, name: change.name })
    note(shelf, { ...by.whence, kind: 'factor-renamed', method: 'passkey' })
    return { status: 'done', ended: [] }
  }
  if (!mayLose(has, { ...has, passkeys: has.passkeys - 1 }, by.minimum))
    return { status: 'last-factor' }
  shelf.erase(passkeyKey(change.id))
  note(shelf, { ...by.whence, kind: 'factor-removed', method: 'passkey' })
  return { status: 'done', ended: [] }
}

function addPasskey(
  shelf: Shelf,
  by: By,
  { passkey, challenge, until }: Extract<PasskeyChange, { readonly kind: 'add-passkey' }>,
): ChangeAnswer {
  const known = passkeysOf(shelf)
  if (known.some(({ id }) => id === passkey.id)) return { status: 'known' }
  if (known.length >= mostPasskeys) return { status: 'full' }
  if (!useChallenge(shelf, challenge, until)) return { status: 'spent' }
  const stored: StoredPasskey = { ...passkey, addedAt: shelf.now() }
  shelf.write(passkeyKey(passkey.id), stored)
  note(shelf, { ...by.whence, kind: 'factor-added', method: 'passkey' })
  return { status: 'done', ended: [] }
}
