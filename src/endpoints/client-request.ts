import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { authenticateAgain } from '../clients/authenticate.ts'
import type { AuthenticatedClient } from '../clients/authenticate.ts'
import { loadClient } from '../clients/find.ts'
import type { EnabledStanding } from '../clients/standing.ts'
import { demand, fail } from '../errors.ts'
import type { ClientCertificate } from '../proof/certificate.ts'
import type { ClientRecord } from '../types.ts'

/** What a client-authenticated endpoint has read and proven before anything is used up. */
export type ProvenRequest = {
  readonly parameters: Parameters
  readonly certificate: ClientCertificate | undefined
  readonly client: AuthenticatedClient
}

/** Public URL of the endpoint this request came to: what `htu` must name. */
export const ownUrl = (call: Call): string => endpointUrl(call.issuer, call.side, call.path)

/**
 * The client's object knows another version than this isolate: reads it and proves the client again,
 * in the same request. Returns the record to go on with. Throws `ProtocolError`.
 */
export async function currentRecord(
  call: Call,
  request: ProvenRequest,
  standing: EnabledStanding,
): Promise<ClientRecord> {
  const { record } = request.client
  const same = standing.version === record.version && standing.generation === record.generation
  if (record.operator || same) return record
  const newer = await loadClient(call, record.clientId)
  if (newer === undefined || !newer.enabled)
    return fail('invalid_client', 'Client authentication failed')
  // A shard that does not know yet: nothing is decided by it, and the next try is right.
  if (newer.generation !== standing.generation) {
    return fail('temporarily_unavailable', 'Please try again with a new request')
  }
  demand(await authenticateAgain(call, newer, request))
  return newer
}
