import type { Call } from '../call.ts'
import { loadClient } from '../clients/find.ts'
import { OutboundFault, fetchOutbound } from '../clients/outbound.ts'
import { sectorOf } from '../clients/sector.ts'
import type { LogoutNotice } from '../objects/account/notices.ts'
import { issueLogoutToken } from '../tokens/issue.ts'
import { sessionIdAt } from './session-id.ts'

/** How the clients of a sector, or all clients, know the person. */
export type SubjectOf = (sector: string | undefined) => Promise<string>

/**
 * Clients called side by side: fewer than the connections the platform opens at a time, or the time of
 * those that wait for one would run out behind those that never answer.
 */
const atOnce = 4

/**
 * Tells the clients of an ended session that registered for it (OIDC Back-Channel Logout 2.5). Answers
 * whom it did not reach.
 */
export async function tellClients(
  call: Call,
  notice: LogoutNotice,
  subjectOf: SubjectOf,
): Promise<readonly string[]> {
  const { clients } = notice
  const untold: string[] = []
  for (let at = 0; at < clients.length; at += atOnce) {
    const portion = clients.slice(at, at + atOnce)
    const outcomes = await Promise.allSettled(
      portion.map((clientId) => tell(call, clientId, { notice, subjectOf })),
    )
    for (const [index, outcome] of outcomes.entries()) {
      const clientId = portion[index]
      if (outcome.status === 'fulfilled' || clientId === undefined) continue
      const reason = outcome.reason instanceof Error ? outcome.reason.message : 'unknown'
      call.log('logout.failed', { client_id: clientId, reason })
      untold.push(clientId)
    }
  }
  return untold
}

/** Throws when the client could not be told. */
async function tell(
  call: Call,
  clientId: string,
  about: { readonly notice: LogoutNotice; readonly subjectOf: SubjectOf },
): Promise<void> {
  const { notice, subjectOf } = about
  const client = await loadClient(call, clientId)
  const uri = client?.metadata.backchannel_logout_uri
  if (client === undefined || uri === undefined || !client.enabled) return
  // An id that was deleted and made again is another client, to which this session means nothing.
  const generation = notice.generations[clientId]
  if (generation !== undefined && generation !== client.generation) return
  const token = await issueLogoutToken(call, {
    client,
    subject: await subjectOf(sectorOf(client.metadata)),
    session: await sessionIdAt(clientId, notice.session),
  })
  const { issuer, runtime } = call
  const { status } = await fetchOutbound(
    uri,
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    },
    {
      issuer,
      allowed: runtime.outboundAllowed,
      fetch: runtime.fetch,
      what: 'backchannel_logout_uri',
    },
  )
  // 400: it was understood and refused, and would be again (2.8).
  if (status !== 200 && status !== 204 && status !== 400) {
    throw new OutboundFault(`status ${status}`)
  }
  call.log('logout.told', { client_id: clientId, status })
}
