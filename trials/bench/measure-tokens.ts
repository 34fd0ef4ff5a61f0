import { startContender } from './contenders.ts'
import type { Contender, ContenderName, Workshop } from './contenders.ts'
import { openSender } from './load.ts'
import { currentNonce, tokenRequest, tokensOf } from './requests.ts'
import { alternate, measure } from './rounds.ts'
import type { Round, Rounds } from './rounds.ts'

export type TokenFigures = Readonly<Record<ContenderName, Rounds>>

const names: readonly ContenderName[] = [
  'fapi-edge, memory', 'floor, memory', 'floor with two calls, memory', 'oidc-provider', 'fapi-edge', 'floor',
] // prettier-ignore

/** client_credentials with private_key_jwt and DPoP, ES256, side by side. */
export async function measureTokens(
  workshop: Workshop,
  size: { readonly rounds: number; readonly requests: number; readonly inFlight: number },
): Promise<TokenFigures> {
  const contenders = new Map<ContenderName, Contender>()
  try {
    for (const name of names) contenders.set(name, await startContender(workshop, name))
    const run = async (name: ContenderName, requests = size.requests): Promise<Round> => {
      const contender = contenders.get(name)
      if (contender === undefined) throw new Error(`${name} does not run`)
      return tokenRound(contender, { requests, inFlight: size.inFlight })
    }
    // Warm: code compiled, keys imported, tables made.
    for (const name of names) await run(name, Math.min(2_000, size.requests * 2))
    return await alternate(names, size.rounds, run)
  } finally {
    for (const contender of contenders.values()) await contender.stop()
  }
}

/** One round of token requests, all signed before the first is sent. */
export async function tokenRound(
  { party, pid }: Pick<Contender, 'party' | 'pid'>,
  size: { readonly requests: number; readonly inFlight: number },
): Promise<Round> {
  // Connections of its own: a server closes those that rested while others had their turn.
  const sender = openSender(size.inFlight)
  const nonce = await currentNonce(party, sender)
  const work = Array.from({ length: size.requests }, () => {
    const request = tokenRequest(party, nonce)
    return async () => checkJwt(tokensOf(await sender.send(request)).access_token)
  })
  return measure(pid, work, size.inFlight).finally(() => sender.close())
}

const typed = '"typ":"at+jwt"'

/** The token is a JWT access token (RFC 9068 2.1), whoever made it. */
function checkJwt(token: string): void {
  const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
  if (!header.includes(typed)) throw new Error(`not a JWT access token: ${header.slice(0, 100)}`)
}
