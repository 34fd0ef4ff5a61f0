/** Signed messages in the chain: request objects of the client, responses of the server. */
import { one } from '../../authorization/parameters.ts'
import { parametersOf } from '../../authorization/request-claims.ts'
import { isRecord } from '../../encoding.ts'
import { isFor } from '../../tokens/jwt.ts'
import type { JwtParts } from '../../tokens/jwt.ts'
import type { Json } from '../canonical.ts'
import type { Entry } from '../chain.ts'
import type { EvidenceFile } from '../file.ts'
import { itemOf } from './chain.ts'
import { clockDifference } from './finding.ts'
import type { Faults, ItemState } from './finding.ts'
import { algorithmOf, isSignedBy, takeApart, typeOf } from './jws.ts'
import type { Key, Keys } from './keys.ts'
import { countOf, textOf } from './shape.ts'

/** What is known of one message: whether its signer is proven, and sentences about it. */
export type MessageFinding = { readonly byClient: boolean; readonly notes: readonly string[] }

type Message = {
  readonly file: EvidenceFile
  readonly entry: Entry
  readonly state: ItemState | undefined
}

const asserted = (note: string): MessageFinding => ({ byClient: false, notes: [note] })

/** A pushed request: proven only where the client signed it and the signature is still there. */
export async function checkRequest(message: Message, fault: Faults): Promise<MessageFinding> {
  const { file, entry, state } = message
  const { body } = entry
  const item = itemOf(file, entry.n, 'request')
  const where = `entries[${entry.n}].body`
  const place = `apart["${entry.n}/request"].item`
  if (body['signed'] !== true) {
    if (typeof item === 'string')
      fault(place, 'A request that was not signed looks like a signed one.')
    return asserted('The client did not sign this request: only the server says that it was made.')
  }
  if (state !== 'disclosed') {
    return asserted('The signed request is not in the file: nothing is proven by it any more.')
  }
  const jws = takeApart(item)
  if (jws === undefined) return unproven(place, 'This is not a signed request.', fault)
  const alg = algorithmOf(jws)
  const types = ['', 'jwt', 'oauth-authz-req+jwt']
  if (alg === undefined || alg !== body['alg'] || !types.includes(typeOf(jws) ?? '-')) {
    return unproven(place, 'This is signed as something other than a request.', fault)
  }
  const { jwk } = body
  if (!(await isSignedBy(String(item), jwk, alg))) {
    return unproven(place, 'The signature of the client does not hold.', fault)
  }
  const problem = claimsProblem(jws, { body, issuer: file.issuer })
  if (problem !== undefined) return unproven(place, problem, fault)
  if ((countOf(body, 'received_at') ?? 0) > entry.at + clockDifference) {
    fault(`${where}.received_at`, 'The request was received after the entry was made.')
  }
  const kid = isRecord(jwk) ? textOf(jwk as Readonly<Record<string, Json>>, 'kid') : undefined
  const named = kid === undefined ? '' : ` ${kid}`
  return { byClient: true, notes: [`Signed with the key${named} that the entry holds (${alg}).`] }
}

function unproven(where: string, what: string, fault: Faults): MessageFinding {
  fault(where, what)
  return asserted('What should prove this request does not.')
}

/** RFC 9101 4, FAPI2 MS 5.3.1: from this client, for this issuer, and of the time it came. */
function claimsProblem(
  { claims }: JwtParts,
  about: { readonly body: Entry['body']; readonly issuer: string },
): string | undefined {
  const { body, issuer } = about
  const { iss, aud, exp, nbf, client_id: clientId } = claims
  if (clientId !== body['client_id']) return 'It was signed for another client_id.'
  if (iss !== undefined && iss !== body['client_id']) return 'It was issued by another client.'
  if (!isFor(aud, issuer)) return 'It was signed for another server.'
  const at = countOf(body, 'received_at')
  if (at === undefined) return 'The entry does not say when the request was received.'
  if (typeof exp === 'number' && exp * 1000 + clockDifference < at) return 'It had expired.'
  if (typeof nbf === 'number' && nbf * 1000 - clockDifference > at) return 'It was not valid yet.'
  return undefined
}

/** The authorization response: signed by the issuer (JARM), or not at all. */
export async function checkResponse(
  message: Message & { readonly keys: Keys; readonly clientId: string | undefined },
  fault: Faults,
): Promise<MessageFinding> {
  const { file, entry, state, keys, clientId } = message
  const item = itemOf(file, entry.n, 'response')
  const place = `apart["${entry.n}/response"].item`
  if (entry.body['signed'] !== true) {
    if (typeof item === 'string')
      fault(place, 'A response that was not signed looks like a signed one.')
    return asserted('The response was not signed.')
  }
  if (state === 'withheld') {
    const until = file.withheld[`${entry.n}/response`] ?? ''
    return asserted(`Withheld until ${until}: its code could still be used.`)
  }
  if (state !== 'disclosed') return asserted('The signed response is not in the file.')
  const jws = takeApart(item)
  const alg = jws === undefined ? undefined : algorithmOf(jws)
  if (jws === undefined || alg === undefined || !['', 'jwt'].includes(typeOf(jws) ?? '-')) {
    fault(place, 'This is not a signed response.')
    return asserted('What should be the response is not.')
  }
  const { iss, aud, exp } = jws.claims
  if (iss !== file.issuer) fault(place, 'The response is of another issuer.')
  if (clientId !== undefined && !isFor(aud, clientId))
    fault(place, 'The response is for another client.')
  if (typeof exp !== 'number' || exp * 1000 + clockDifference < entry.at) {
    fault(place, 'The response had expired before it was made.')
  }
  const kid = String(jws.header['kid'])
  const inSet = keys.signing(kid)
  // Signing keys leave the issuer's set in time: the entry holds the one of its response.
  const kept = entry.body['jwk']
  const held = isRecord(kept) && kept['kid'] === kid ? (kept as Key['jwk']) : undefined
  const where = `entries[${entry.n}].body.jwk`
  const key = inSet ?? (held && keys.signing(kid, { jwk: held, where }))
  if (key === undefined) {
    return asserted(
      `NOT CHECKED: the issuer's key ${kid} that signed the response is not in the file.`,
    )
  }
  for (const jwk of new Set([key.jwk, held])) {
    if (jwk !== undefined && !(await isSignedBy(String(item), jwk, alg)))
      fault(place, 'The signature of the issuer does not hold.')
  }
  return asserted(
    inSet === undefined
      ? `Signed with the key ${kid} that the entry holds (${alg}); the issuer has dropped it since.`
      : `Signed with the key ${kid} of the issuer (${alg}).`,
  )
}

/** The `state` of a message; undefined in it: it has none. */
export type Stated = { readonly state: string | undefined }

/** The `state` that a request or response carries, signed or not; undefined when it is not disclosed. */
export function stateOf(item: Json | undefined): Stated | undefined {
  if (typeof item !== 'string') return isRecord(item) ? statedIn(item) : undefined
  const jws = takeApart(item)
  return jws === undefined ? undefined : statedIn(jws.claims)
}

/** Read as the server reads a request object: whatever is no text counts as its text. */
function statedIn(said: Readonly<Record<string, unknown>>): Stated {
  const read = parametersOf({ state: said['state'] ?? '' })
  return { state: read.ok ? one(read.bag, 'state') : undefined }
}
