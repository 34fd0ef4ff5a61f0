import { send } from '../../test/support/http.ts'
import type { Answer } from '../../test/support/http.ts'
import type { RequestOptions, WireClient } from '../../test/support/wire-client.ts'
import { finding } from './finding.ts'
import type { Finding } from './finding.ts'
import type { World } from './world.ts'

export const formType = 'application/x-www-form-urlencoded'

/** The fields of a push with the client's authentication, for bodies that no client would send. */
export async function pushFields(client: WireClient): Promise<Readonly<Record<string, string>>> {
  const { clientId, credential } = client.fixture
  const authentication: Readonly<Record<string, string>> =
    credential === undefined
      ? {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await client.assertion(),
        }
      : { client_id: clientId }
  return { ...authentication, ...client.authorizationFields('v'.repeat(43)) }
}

/** Sends any body to an endpoint of a client. */
export function sendBody(
  world: World,
  path: string,
  given: {
    readonly body: string
    readonly headers?: RequestOptions['headers']
    readonly query?: string
    readonly method?: string
  },
): Promise<Answer> {
  const { body, headers = [['content-type', formType]], query, method = 'POST' } = given
  const { credential } = world.web.fixture
  const { ca } = world.server
  const url = `${world.web.url(path)}${query === undefined ? '' : `?${query}`}`
  return send(url, {
    method,
    headers,
    ...(body === '' ? {} : { body }),
    ...(ca === undefined ? {} : { ca }),
    ...(credential === undefined ? {} : { credential }),
  })
}

const closing = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT'])

/** A finding where the server may also close the connection: it read no further. */
export async function orClosed(act: () => Promise<Finding>): Promise<Finding> {
  try {
    return await act()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (closing.has(code)) return finding(true, 'the connection was closed')
    throw error
  }
}
