import { Secret, TOTP } from 'otpauth'

/** What an authenticator app with this base32 secret shows. `now` in milliseconds. */
export const oneTimeCode = (secret: string, now = Date.now()): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now })
