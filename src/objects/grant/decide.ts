import type { Draft } from '../../evidence/chain.ts'
import { makeTokenId } from '../../handles.ts'
import type { Issuer } from '../../types.ts'
import { entitle } from './entitle.ts'
import { tokenDraft } from './record.ts'
import type { Authorized, RefusedGrant, Stored, TokenOrder } from './stored.ts'

export type Deciding = {
  readonly order: TokenOrder
  readonly series: number
  readonly by: 'code' | 'refresh' | 'reissue'
  /** What leaves beside it; the id_token only where its scope has one. */
  readonly refreshToken: boolean
  readonly idToken: boolean
}

/** What a token of this grant may say, with the entry that records it; or why there is none. */
export function decideToken(
  { issuer, grantId, grant }: { issuer: Issuer; grantId: string; grant: Stored },
  about: Deciding,
):
  | { readonly answer: Omit<Authorized, 'nonce' | 'managed'>; readonly draft: Draft }
  | { readonly refused: RefusedGrant } {
  const { order, series } = about
  const { consent, epoch } = grant
  if (consent === undefined) throw new Error('a live grant without consent')
  const entitled = entitle(issuer, consent, order)
  if (!entitled.ok) {
    const { code, description } = entitled.refusal
    // `entitle` refuses with these codes alone.
    const known = code as RefusedGrant['code']
    return { refused: { status: 'refused', code: known, why: description, description } }
  }
  const latest = Math.floor(grant.expiresAt / 1000)
  // The clock of the one who asks may be ahead of this object's.
  if (latest <= order.issuedAt) {
    const why = 'the grant ends before a token could begin'
    return { refused: { status: 'refused', code: 'invalid_grant', why } }
  }
  const token = {
    ...entitled.value,
    id: makeTokenId({ home: 'grant', objectId: grantId, epoch, series }, order.random),
    expires: Math.min(order.issuedAt + order.lifetime, latest),
  }
  return {
    answer: { consent, series, token },
    draft: tokenDraft({ ...about, terms: token, consent }),
  }
}
