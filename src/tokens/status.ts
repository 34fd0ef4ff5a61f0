import type { Call } from '../call.ts'
import type { ClientVersion } from '../clients/find.ts'
import { clientStanding } from '../clients/standing.ts'
import type { Consent } from '../objects/grant.ts'
import type { AccessToken } from './access-token.ts'

/** A live token; when a person gave it, the consent behind it and what its client's object said. */
export type LiveToken = {
  readonly person?: { readonly consent: Consent; readonly client: ClientVersion }
}

/**
 * Asks the token's home whether it is alive, and its client's object whether the client still is: a
 * disabled client's tokens end at once. Undefined: the token has ended.
 */
export async function tokenStatus(call: Call, token: AccessToken): Promise<LiveToken | undefined> {
  const { storage, stubs, issuer } = call
  const { home, id } = token
  const { epoch, series, objectId } = home
  if (home.home !== 'grant') {
    const operator = home.home === 'operator'
    if (operator && !issuer.operators.some((one) => one.id === token.clientId)) return undefined
    const stub = operator ? stubs.operator(token.clientId) : stubs.client(token.clientId)
    if (stub.id.toString() !== objectId) return undefined
    const alive = await storage.object('Client.tokenAlive', () =>
      stub.tokenAlive({ id, epoch, operator }),
    )
    return alive ? {} : undefined
  }
  const stub = stubs.grant(objectId)
  if (stub === undefined) return undefined
  const [consent, standing] = await Promise.all([
    storage.object('Grant.token', () => stub.token({ issuer: issuer.id, id, epoch, series })),
    clientStanding(call, token.clientId),
  ])
  if (consent === undefined || standing.status !== 'enabled') return undefined
  return consent.clientId === token.clientId && consent.generation === standing.generation
    ? { person: { consent, client: standing } }
    : undefined
}
