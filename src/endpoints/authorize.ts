import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import { errorResponse, seeOther } from '../authorization/respond.ts'
import { demand, fail } from '../errors.ts'
import { canReach } from '../people/authentication.ts'
import { cookieHash, newCookie, readCookie } from '../people/cookies.ts'
import { sealInteraction } from '../people/interaction.ts'
import { requestUriPrefix } from './par.ts'
import { openPushed } from './pushed.ts'

/**
 * The authorization endpoint (RFC 6749 3.1, RFC 9126 4): `client_id` and `request_uri`, everything else
 * in the query is ignored. Stores nothing: any browser may open a live request.
 */
export async function authorize(call: Call): Promise<Response> {
  const { request, issuer } = call
  const parameters = demand(
    request.method === 'POST' ? await readForm(request) : readQuery(request),
  )
  const clientId = one(parameters, 'client_id')
  const requestUri = one(parameters, 'request_uri')
  if (clientId === undefined || requestUri === undefined) {
    return fail(
      'invalid_request',
      'Authorization requests must be pushed first: client_id and request_uri are required',
    )
  }
  if (!requestUri.startsWith(requestUriPrefix)) {
    return fail('invalid_request_uri', 'This link is not valid', 'not a request_uri of this server')
  }
  if (request.method === 'POST') {
    // A POST from another site comes without cookies; the GET it becomes brings them.
    const query = new URLSearchParams({ client_id: clientId, request_uri: requestUri })
    return seeOther(`${endpointUrl(issuer, 'main', '/authorize')}?${query.toString()}`)
  }
  const handle = requestUri.slice(requestUriPrefix.length)
  const { pushed } = await openPushed(call, { handle, clientId }, 'opening')
  if (pushed.request.prompt.includes('none')) {
    const error = { code: 'login_required', description: 'The person must sign in' } as const
    return seeOther(errorResponse(issuer, pushed.request, error))
  }
  if (!canReach(issuer, pushed.request)) {
    const description = 'The requested authentication context cannot be reached'
    const error = { code: 'unmet_authentication_requirements', description } as const
    return seeOther(errorResponse(issuer, pushed.request, error))
  }
  const known = readCookie(call, 'browser')
  const made = known === undefined ? newCookie(call, 'browser') : undefined
  const interaction = await sealInteraction(call, {
    stage: 'sign-in',
    request: handle,
    browser: await cookieHash(known ?? made?.value ?? ''),
    until: pushed.finishUntil,
  })
  const login = `${endpointUrl(issuer, 'main', '/login')}?interaction=${interaction}`
  return seeOther(login, made === undefined ? [] : [made.header])
}
