import { form, send } from './http.ts'
import type { Answer, Credential } from './http.ts'
import { sharedServer } from './worker-server.ts'

export { spoofedHeaders, thumbprintOf } from './spoofed-headers.ts'

export type Presented = {
  readonly path?: string
  readonly side?: 'main' | 'mtls'
  readonly fields: Readonly<Record<string, string>>
  /** Absent: no certificate. */
  readonly credential?: Credential | undefined
  readonly headers?: readonly (readonly [string, string])[]
}

/** Posts a form with exactly this certificate, or none, and no other authentication. */
export async function present(given: Presented): Promise<Answer> {
  const server = sharedServer()
  const { path = '/token', side = 'mtls', fields, credential, headers = [] } = given
  return send(`${side === 'mtls' ? server.mtls : server.issuer}${path}`, {
    method: 'POST',
    headers: [['content-type', 'application/x-www-form-urlencoded'], ...headers],
    body: form(fields),
    ca: server.ca,
    ...(credential === undefined ? {} : { credential }),
  })
}

/** Asks for a token in the client's own name, with a certificate alone. */
export const askWith = (clientId: string, credential: Credential | undefined): Promise<Answer> =>
  present({ fields: { grant_type: 'client_credentials', client_id: clientId }, credential })
