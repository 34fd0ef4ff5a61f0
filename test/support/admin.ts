import type { ClientFixture } from './fixtures.ts'
import { clock } from './test-client.ts'
import type { Server } from './test-client.ts'
import { openAdmin as openAdminAt, operatorFixture as operatorOf } from './wire-admin.ts'
import type { Admin } from './wire-admin.ts'
import { sharedServer } from './worker-server.ts'

/** The operator's tools with the defaults of these tests: the shared server and their clock. */
export { newClient, putClient, registerClient, registerPerson } from './wire-admin.ts'
export type { Admin, Person } from './wire-admin.ts'

/** The operator of the running server, as a client of the token endpoint. */
export const operatorFixture = (on: Server = sharedServer()): ClientFixture => operatorOf(on)

/** A new token for each admin, so that it fits the clock as it was moved. */
export const openAdmin = (on: Server = sharedServer()): Promise<Admin> => openAdminAt(on, clock)
