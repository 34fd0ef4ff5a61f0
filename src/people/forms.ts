import type { Call } from '../call.ts'
import { isRecord, parseJson, sameText, tuple, utf8 } from '../encoding.ts'
import type { Result } from '../errors.ts'
import { accept } from '../errors.ts'
import { seal, unseal } from '../secrets.ts'
import { tell } from './told.ts'

/** Which form a token is for: one is never taken for another. */
export type FormKind =
  'account' | 'code' | 'passkey' | 'password' | 'recovery' | 'recovery-shown' | 'setup' | 'sign-out'

type Sealed = {
  /** Hash of the cookie the form belongs to. */
  readonly bound: string
  /** Milliseconds. */
  readonly until: number
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Seals a form's token: it counts only with the cookie it was made for, for this form, until its time
 * is over (A1-17). `data` is what the form carries unseen.
 *
 * @example const token = await sealForm(call, 'account', { bound: visitor.key, lifetime: 3_600_000 })
 */
export async function sealForm(
  call: Call,
  kind: FormKind,
  given: {
    readonly bound: string
    /** Milliseconds. */
    readonly lifetime: number
    readonly data?: Readonly<Record<string, unknown>>
  },
): Promise<string> {
  const { bound, lifetime, data = {} } = given
  const sealed: Sealed = { bound, until: call.now + lifetime, data }
  return seal(call.secrets.interaction, utf8(JSON.stringify(sealed)), label(call, kind))
}

/** Opens a form's token. Errors: `page-outdated`, in the same words whatever is wrong with it. */
export async function openForm(
  call: Call,
  kind: FormKind,
  given: { readonly token: string | undefined; readonly bound: string },
): Promise<Result<Readonly<Record<string, unknown>>>> {
  const { token, bound } = given
  const gone = (detail: string) => tell('page-outdated', detail)
  if (token === undefined || token.length > 4_096) return gone('no form token')
  const plain = await unseal(call.secrets.interaction, token, label(call, kind))
  const value = plain === undefined ? undefined : parseJson(new TextDecoder().decode(plain))
  if (!isRecord(value)) return gone('the form token does not open')
  // Sealed by this server for this form, so the shape is known.
  const sealed = value as unknown as Sealed
  if (sealed.until <= call.now) return gone('the form has expired')
  return sameText(sealed.bound, bound) ? accept(sealed.data) : gone('the form of another cookie')
}

const label = (call: Call, kind: FormKind): string => tuple(call.issuer.id, 'form', kind)
