import type { Call } from '../call.ts'
import { addressOf, seeOther } from '../authorization/respond.ts'
import type { AuthorizationResponse } from '../authorization/respond.ts'
import type { LiveRequest } from './pushed.ts'

/** Sends a response on its way with the browser: a redirect, or a page that posts it (OAuth 2.0 Form Post Response Mode 2). */
export async function sendResponse(
  call: Call,
  live: LiveRequest,
  response: AuthorizationResponse,
  cookies: readonly string[] = [],
): Promise<Response> {
  if (response.by !== 'form') return seeOther(addressOf(response), cookies)
  const { postPage } = await import('./post-response.tsx')
  return postPage(call, live, response, cookies)
}
