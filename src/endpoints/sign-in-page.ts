import type { Call } from '../call.ts'
import { ProtocolError } from '../errors.ts'
import { openInteraction, requestOfPage } from '../people/interaction.ts'
import type { SignIn } from '../people/interaction.ts'
import { openPushed } from './pushed.ts'

/**
 * Opens the sign-in that a page belongs to. Throws `ProtocolError`: where the person waited past the
 * end of the request, with the way back to the client.
 */
export async function openSignIn(call: Call, sealed: string | undefined): Promise<SignIn> {
  const opened = await openInteraction(call, 'sign-in', sealed)
  if (opened.ok) return opened.value
  const handle = await requestOfPage(call, 'sign-in', sealed)
  if (handle !== undefined) await openPushed(call, { handle }, 'finishing')
  throw new ProtocolError(opened.refusal)
}
