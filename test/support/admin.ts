import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createAdminClient } from '../../cli/admin-client.ts'
import type { AdminAnswer, AdminClient, OperatorKey } from '../../cli/admin-client.ts'
import type { Server } from './test-client.ts'

/** The operator's client of a running server. Its clock must not be moved meanwhile. */
export async function openAdmin(on: Server = inject('server')): Promise<AdminClient> {
  const text = readFileSync(join(on.state, 'operator.json'), 'utf8')
  const { issuer, ca } = on
  return createAdminClient({ issuer, ca, operator: JSON.parse(text) as OperatorKey })
}

/** What most tests do with it: registers a client, or registers it anew. */
export async function putClient(
  admin: AdminClient,
  id: string,
  metadata: Readonly<Record<string, unknown>>,
): Promise<AdminAnswer> {
  return admin.request('PUT', `/clients/${id}`, {
    client_id: id,
    client_name: `Test client ${id}`,
    grant_types: ['client_credentials'],
    scope: 'accounts',
    ...metadata,
  })
}
