import type { Call } from '../call.ts'
import type { AuthorizationResponse } from '../authorization/respond.ts'
import { PostResponsePage } from '../pages/post-response.tsx'
import { frame, page } from './page.tsx'
import type { LiveRequest } from './pushed.ts'

/** The page that posts a response to the client: by its script, or by its button. */
export async function postPage(
  call: Call,
  { pushed, client }: LiveRequest,
  { to, parameters }: AuthorizationResponse,
  cookies: readonly string[],
): Promise<Response> {
  const shown = await frame(call, pushed.request.uiLocales)
  const body = (
    <PostResponsePage
      {...shown}
      back={{ href: to, clientName: client.metadata.client_name, post: parameters }}
    />
  )
  const response = page(body, { frame: shown, status: 200, endsAt: to, posts: true })
  for (const cookie of cookies) response.headers.append('set-cookie', cookie)
  return response
}
