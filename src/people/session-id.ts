import { digest, tuple } from '../encoding.ts'

/**
 * The `sid` of a session at one client (OIDC Back-Channel Logout 2.1): another for each, so that clients
 * cannot put together what pairwise subjects keep apart.
 */
export const sessionIdAt = (clientId: string, session: string): Promise<string> =>
  digest(tuple('sid', clientId, session))
