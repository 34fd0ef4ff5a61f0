import type { Call } from '../call.ts'
import { clientStanding } from '../clients/standing.ts'
import type { GrantSummary, Presenter } from '../objects/grant.ts'
import { partsOf } from '../objects/grant/parts.ts'
import { grantsAudience } from '../tokens/audience.ts'
import { fail } from '../errors.ts'
import { demandAccess } from './protected.ts'
import { json } from './respond.ts'

/** Tells a client what a grant of its own holds (Grant Management 6.3). */
export async function queryGrant(call: Call): Promise<Response> {
  const { stub, presenter } = await openGrant(call, 'grant_management_query')
  const found = await call.storage.object('Grant.managed', () => stub.managed(presenter))
  if (found === 'unknown') return noSuchGrant()
  if (found === 'foreign') return foreign()
  return json(describe(found), 200, { 'cache-control': 'no-cache, no-store' })
}

/** Ends a grant with all its tokens (Grant Management 6.4). */
export async function revokeGrant(call: Call): Promise<Response> {
  const { stub, presenter, grantId } = await openGrant(call, 'grant_management_revoke')
  const outcome = await call.storage.object('Grant.revokeManaged', () =>
    stub.revokeManaged(presenter),
  )
  if (outcome === 'unknown') return noSuchGrant()
  if (outcome === 'foreign') return foreign()
  call.log('grant.revoked', { client_id: presenter.clientId, grant: grantId })
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-cache, no-store' } })
}

const noSuchGrant = () => fail('not_found', 'There is no such grant')
/** Grant ids are public, so that one exists is no secret (Grant Management 6.2: 403). */
const foreign = () => fail('access_denied', 'The grant is not one of this client')

/** The grant of the address, and the client that asks as its object knows it. Throws. */
async function openGrant(call: Call, scope: string) {
  const { stubs, issuer } = call
  const { token } = await demandAccess(call, { scope, audience: grantsAudience(issuer) })
  const grantId = call.path.split('/')[2] ?? ''
  const stub = stubs.grant(grantId)
  if (stub === undefined) return noSuchGrant()
  const standing = await clientStanding(call, token.clientId)
  if (standing.status !== 'enabled') return foreign()
  const { generation } = standing
  const presenter: Presenter = { issuer: issuer.id, clientId: token.clientId, generation }
  return { stub, presenter, grantId }
}

const seconds = (milliseconds: number | undefined) =>
  milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000)

/** Both names of the last update: the text of the draft says one, its example the other. */
function describe({ consent, createdAt, updatedAt, expiresAt }: GrantSummary) {
  const { claims, details } = consent ?? {}
  const named = [...new Set([...(claims?.idToken ?? []), ...(claims?.userinfo ?? [])])]
  const scopes = (consent === undefined ? [] : partsOf(consent))
    .filter(({ scope }) => scope.length > 0)
    .map(({ scope, resources }) => ({
      scope: scope.join(' '),
      ...(resources.length === 0 ? {} : { resource: resources }),
    }))
  const updated = seconds(updatedAt ?? createdAt)
  return {
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(named.length === 0 ? {} : { claims: named }),
    ...(details === undefined ? {} : { authorization_details: details }),
    created_at: seconds(createdAt),
    last_updated: updated,
    last_updated_at: updated,
    expires_at: seconds(expiresAt),
    updated_by: 'client',
  }
}
