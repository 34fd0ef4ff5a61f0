import type { Call } from '../call.ts'
import { digest, randomBytes, sameText, tuple } from '../encoding.ts'
import type { Credential } from '../objects/account.ts'
import type { Spend } from '../objects/account/factors.ts'
import { unseal } from '../secrets.ts'
import type { Proof } from '../types.ts'
import { base32, codeAt, fromBase32, keyUri, stepAt } from './totp.ts'
import { sealCodeSecret, sealedFor } from './totp-secret.ts'

/** Steps a clock may be wrong, in each direction (RFC 6238 5.2). */
const drift = 1

/** What a right code uses up, and the proof it is; undefined for a wrong one. */
export type CodeVerdict = { readonly proof: Proof; readonly spend: Spend } | undefined

/** Judges a one-time code or a recovery code. Whether it was used before, the account decides. */
export async function judgeCode(
  call: Call,
  accountId: string,
  given: { readonly credential: Credential; readonly text: string },
): Promise<CodeVerdict> {
  const text = given.text.replace(/[\s-]/g, '').toUpperCase()
  if (/^[0-9]{6}$/.test(text)) return judgeOneTimeCode(call, accountId, given.credential, text)
  if (!recoveryForm.test(text) || given.credential.recoveryCodes === 0) return undefined
  const hash = await recoveryHash(call, accountId, text)
  return { proof: { method: 'recovery', at: call.now }, spend: { kind: 'recovery', hash } }
}

async function judgeOneTimeCode(
  call: Call,
  accountId: string,
  { code }: Credential,
  text: string,
): Promise<CodeVerdict> {
  if (code === undefined) return undefined
  const { factors } = call.secrets
  const plain = await unseal(factors, code.sealed, sealedFor(call, accountId))
  if (plain === undefined) {
    call.log('factor.unreadable', { account: accountId })
    return undefined
  }
  const secret = new TextDecoder().decode(plain)
  const step = stepOf(secret, text, call.now)
  if (step === undefined) return undefined
  const current = code.sealed.startsWith(`${factors.current}.`)
  const resealed = current ? {} : { resealed: await sealCodeSecret(call, accountId, secret) }
  const { sealed } = code
  return {
    proof: { method: 'code', at: call.now },
    spend: { kind: 'code', sealed, step, ...resealed },
  }
}

/** The time step a code belongs to, if it is right. `now` in milliseconds. */
export function stepOf(secret: string, code: string, now: number): number | undefined {
  const key = fromBase32(secret)
  const current = stepAt(now)
  const near = [current, current - drift, current + drift]
  return near.find((step) => step >= 0 && sameText(codeAt(key, step), code))
}

/** A new secret: base32 of 160 bits, as long as the hash (RFC 4226 4). */
export const newCodeSecret = (): string => base32(randomBytes(20))

/** What authenticator apps read from the picture: whose key it is, and the key. */
export const enrolmentUri = keyUri

/** Recovery codes made at a time. */
const recoveryCodes = 10

export const newRecoveryCodes = (): readonly string[] =>
  Array.from({ length: recoveryCodes }, () => base32(randomBytes(10)))

/** 80 bits in base32: sixteen letters. */
const recoveryForm = /^[A-Z2-7]{16}$/

/** Bound to issuer and account, so that equal codes of two people have different hashes. */
export const recoveryHash = (call: Call, accountId: string, code: string): Promise<string> =>
  digest(tuple(call.issuer.id, 'recovery-code', accountId, code))
