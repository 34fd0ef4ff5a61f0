export const passkeys = {
  signIn: 'Sign in with a passkey',
  confirm: 'Use your passkey',
  /** Cancelled, timed out or failed: browsers do not say which. */
  failed: 'Your passkey was not used. Try again when you are ready.',
  /** On a device that holds one for this account. */
  known: 'There is a passkey for your account on this device already.',
  unsupported: 'This browser cannot use passkeys. Use another browser or device.',
  noScript: 'Passkeys need JavaScript. Switch it on for this page, then reload it.',
  wrong: 'Your passkey was not accepted. Try again, or sign in another way.',
  late: 'This page was open for a while. Please use your passkey once more.',
}
