import type { Call } from '../call.ts'
import { one, readForm } from '../authorization/parameters.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import { encryptionOf } from '../clients/encryption.ts'
import { callClient, judgeStanding } from '../clients/standing.ts'
import { demand, fail } from '../errors.ts'
import { tokenTypeOf } from '../proof/bind.ts'
import { connectionCertificate } from '../proof/sender.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import { introspectionType, signIntrospection } from '../tokens/answers.ts'
import { verificationKey } from '../tokens/keys.ts'
import { tokenStatus } from '../tokens/status.ts'
import { currentRecord } from './client-request.ts'
import { settle } from './one-time.ts'
import { json, jwtResponse } from './respond.ts'

/**
 * Introspection (RFC 7662) for registered resource servers: tells about tokens made for them and
 * nothing about any other. Revocation shows at once. Signed where the resource server asks for it, and
 * where it registered for encryption (RFC 9701).
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
  const record = await currentRecord(call, { parameters, certificate, client }, standing)
  if (audiences.length === 0) {
    return fail('access_denied', 'Only registered resource servers may introspect tokens')
  }
  const active = description['active'] === true
  call.log('token.introspected', { client_id: record.clientId, active })
  const encrypted = encryptionOf(record.metadata, 'introspection') !== undefined
  if (!encrypted && !asksForJwt(call.request.headers.get('accept'))) return json(description)
  const { sealed } = demand(await signIntrospection(call, record, description))
  return jwtResponse(sealed, introspectionType)
}

/** Whether `Accept` names the signed form, and does not like plain JSON better (RFC 9110 12.5.1). */
export function asksForJwt(accept: string | null): boolean {
  const ranges = (accept ?? '').split(',').map((range) => range.trim().toLowerCase())
  const weightOf = (type: string): number => {
    const range = ranges.find((one) => one.split(';')[0]?.trim() === type)
    const weight = range === undefined ? 0 : Number(/;\s*q=([0-9.]+)/.exec(range)?.[1] ?? 1)
    return Number.isNaN(weight) ? 0 : weight
  }
  const signed = weightOf(`application/${introspectionType}`)
  return signed > 0 && signed >= weightOf('application/json')
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
