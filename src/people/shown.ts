import type { Call } from '../call.ts'
import type { Json } from '../evidence/canonical.ts'
import { isRecord, parseJson, tuple, utf8 } from '../encoding.ts'
import { accept } from '../errors.ts'
import type { Result } from '../errors.ts'
import { seal, unseal } from '../secrets.ts'
import type { Approval } from './interaction.ts'
import { tell } from './told.ts'

/** What a consent page showed; travels in its form, so that exactly this is answered and recorded. */
export type Shown = {
  /** BCP 47. */
  readonly language: string
  /** The words as they stood on the page. */
  readonly text: string
  /** The same as data: what was asked, by whom, for how long. */
  readonly items: Readonly<Record<string, Json>>
  /** What could be chosen, and from what; by the index of the authorization detail. */
  readonly offered?: Json
}

/** A form has to carry it back. */
export const mostCharacters = 48 * 1024

const label = (call: Call, { request, grantId }: Approval): string =>
  tuple(call.issuer.id, 'shown', request, grantId)

/** Names come from strangers; evidence cannot hold half a character (RFC 8785 3.2.2.2). */
const wellFormed = (_name: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value

/** Seals what is shown for one approval: it counts for no other. */
export async function sealShown(call: Call, approval: Approval, shown: Shown): Promise<string> {
  const text = JSON.stringify(shown, wellFormed)
  return seal(call.secrets.interaction, utf8(text), label(call, approval))
}

/** Opens it again. Errors: `page-outdated`. */
export async function openShown(
  call: Call,
  approval: Approval,
  sealed: string | undefined,
): Promise<Result<Shown>> {
  if (sealed === undefined || sealed.length > mostCharacters) {
    return tell('page-outdated', 'nothing says what was shown')
  }
  const plain = await unseal(call.secrets.interaction, sealed, label(call, approval))
  const value = plain === undefined ? undefined : parseJson(new TextDecoder().decode(plain))
  // Sealed by this server for this approval, so the shape is known.
  return isRecord(value)
    ? accept(value as unknown as Shown)
    : tell('page-outdated', 'what was shown does not open')
}
