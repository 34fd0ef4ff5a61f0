import type { Child } from 'hono/jsx'
import { say } from '../say.ts'

export const passkeys = {
  signIn: 'Sign in with a passkey',
  or: 'Or without a password:',
  confirm: 'Use your passkey',
  /** Cancelled, timed out or failed: browsers do not say which. */
  failed: 'Your passkey was not used. Try again when you are ready.',
  /** On a device that holds one for this account. */
  known: 'There is a passkey for your account on this device already.',
  unsupported: 'This browser cannot use passkeys. Use another browser or device.',
  noScript: 'Passkeys need JavaScript. Switch it on for this page, then reload it.',
  wrong: 'Your passkey was not accepted. Try again, or sign in another way.',
  late: 'This page was open for a while. Please use your passkey once more.',
  page: {
    title: 'Passkeys',
    lead: 'A passkey signs you in with your fingerprint, your face or the PIN of your device. It cannot be given away to a false page.',
    yours: 'Your passkeys',
    empty: 'You have none yet.',
    unnamed: 'Passkey',
    added: (day: Child) => say`Added on ${day}.`,
    used: (day: Child) => say`Last used on ${day}.`,
    unused: 'Not used yet.',
    backedUp: 'Kept on several devices',
    bound: 'On one device only',
    rename: 'Rename',
    save: 'Save name',
    remove: 'Remove',
    add: 'Add a passkey',
    nameLabel: 'A name for it',
    nameHint: 'So that you can tell it from others, for example the name of your phone.',
    submit: 'Add a passkey on this device',
    count: (count: number) => (count === 1 ? 'You have one.' : `You have ${count}.`),
    manage: 'Manage',
  },
}
