import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { SignedOutPage } from '../../pages/account/signed-out.tsx'
import { frame, page } from '../page.tsx'

/** Where signing out leads: asks for nothing, so that nobody is signed in again by reloading. */
export async function showSignedOut(call: Call): Promise<Response> {
  const shown = await frame(call)
  const body = <SignedOutPage {...shown} again={endpointUrl(call.issuer, 'main', '/account')} />
  return page(body, { frame: shown, status: 200 })
}
