import type { Call } from '../call.ts'
import { one, readForm } from '../authorization/parameters.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import { callClient, judgeStanding } from '../clients/standing.ts'
import { demand, fail } from '../errors.ts'
import { tokenTypeOf } from '../proof/bind.ts'
import { connectionCertificate } from '../proof/sender.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import { verificationKey } from '../tokens/keys.ts'
import { tokenStatus } from '../tokens/status.ts'
import { currentRecord } from './client-request.ts'
import { settle } from './one-time.ts'
import { json } from './respond.ts'

/**
 * Introspection (RFC 7662) for registered resource servers: tells about tokens made for them and
 * nothing about any other. Revocation shows at once.
 */
export async function introspect(call: Call): Promise<Response> {
  const parameters = demand(await readForm(call.request))
  const certificate = demand(await connectionCertificate(call))
  const client = demand(await authenticateClient(call, parameters, certificate))
  const token = one(parameters, 'token')
  if (token === undefined) return fail('invalid_request', 'token is required')
  const audiences = call.issuer.resourceServers
    .filter((server) => server.introspectionClients.includes(client.record.clientId))
    .map((server) => server.identifier)
  const [use, description] = demand(
    await settle([callClient(call, client), describeToken(call, token, audiences)]),
  )
  const standing = demand(judgeStanding(use))
  await currentRecord(call, { parameters, certificate, client }, standing)
  if (audiences.length === 0) {
    return fail('access_denied', 'Only registered resource servers may introspect tokens')
  }
  const active = description['active'] === true
  call.log('token.introspected', { client_id: client.record.clientId, active })
  return json(description)
}

/** The introspection answer for a resource server that is known by these audiences. */
export async function describeToken(
  call: Call,
  text: string,
  audiences: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const verified = await verifyAccessToken(text, {
    issuer: call.issuer.url,
    keys: (kid) => verificationKey(call, kid),
    now: call.now,
  })
  if (!verified.ok || !audiences.includes(verified.value.audience)) return { active: false }
  const token = verified.value
  if ((await tokenStatus(call, token)) === undefined) return { active: false }
  return { active: true, token_type: tokenTypeOf(token.confirmation), ...token.claims }
}
