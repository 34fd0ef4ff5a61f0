/** The Worker: the HTTP entry, the entrypoint for resource servers, and the Durable Object classes. */
import { createServer } from './app.ts'
import { introspectionEntrypoint } from './introspection.ts'

export { Account } from './objects/account.ts'
export { Client } from './objects/client.ts'
export { Directory } from './objects/directory.ts'
export { Grant } from './objects/grant.ts'
export { KeyRing } from './objects/key-ring.ts'
export { PushedRequest } from './objects/pushed-request.ts'
export { ReplayGuard } from './objects/replay-guard.ts'
export { Throttle } from './objects/throttle.ts'

export const Introspection = introspectionEntrypoint()

export default createServer()
