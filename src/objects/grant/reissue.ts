/** A token in the place of one that was withheld, because the client's registration changed. */
import { readTokenId } from '../../handles.ts'
import type { Deciding } from './decide.ts'
import type { TakenBack } from './ledger.ts'
import { isTokenAlive } from './standing.ts'
import type { Stored, TokenOrder } from './stored.ts'

const seriesOfToken = ({ jti }: TakenBack): number => readTokenId(jti)?.series ?? 0

/** Whether what the first token rests on has not ended: it would be alive, its refresh token would be. */
export function mayReissue(stored: Stored, taken: TakenBack, now: number): boolean {
  const id = readTokenId(taken.jti)
  if (id === undefined || !isTokenAlive(stored, { ...id, id: taken.jti }, now)) return false
  const refreshes = taken.by === 'refresh' || taken.refreshToken
  return !refreshes || stored.refreshTokens.some(({ series }) => series === id.series)
}

/** From which code the second one is, and what leaves beside it. */
export const reissued = (
  taken: TakenBack,
  { registered }: TokenOrder,
): Pick<Deciding, 'series' | 'refreshToken' | 'idToken'> => ({
  series: seriesOfToken(taken),
  refreshToken: taken.refreshToken && registered.refreshToken !== false,
  idToken: taken.by === 'code',
})
