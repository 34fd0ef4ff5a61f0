import type { Call } from '../call.ts'
import { tuple, utf8 } from '../encoding.ts'
import { seal } from '../secrets.ts'

/** A secret as it is configured or shown: base32 of at least 80 bits (RFC 4226 4 asks for 128). */
export const totpSecretForm = /^[A-Z2-7]{16,128}$/

/** What a sealed secret is bound to. */
export const sealedFor = (call: Call, accountId: string): string =>
  tuple(call.issuer.id, 'totp-secret', accountId)

/** Seals a secret (base32) for one account of this issuer. */
export const sealCodeSecret = (call: Call, accountId: string, secret: string): Promise<string> =>
  seal(call.secrets.factors, utf8(secret), sealedFor(call, accountId))
