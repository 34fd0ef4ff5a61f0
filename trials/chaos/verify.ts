import { decodeJwt } from 'jose'
import { secondsBy } from '../../test/support/wire-keys.ts'
import type { Actor } from './actors.ts'
import type { Exchange } from './exchange.ts'
import { credentials, redeem, refresh, revoke, tokensOf, use } from './flows.ts'
import { isOnce } from './ledger.ts'
import type { Thing } from './ledger.ts'
import { inParallel } from './parallel.ts'
import { holderOf } from './receive.ts'
import { ask, means } from './scene.ts'
import type { Scene } from './scene.ts'
import { approve, newVisitor } from './visitor.ts'

/** Requests at a time. */
const beside = 8

/**
 * Uses, tries again and replays what the load left behind. It expects nothing itself: every answer goes
 * through the books, and they know what it may be.
 */
export async function verify(
  scene: Scene,
  exchanges: readonly Exchange[],
  made: readonly Thing[],
): Promise<void> {
  const of = (kind: Thing['kind']) => made.filter((thing) => thing.kind === kind)
  const live = (thing: Thing) => thing.expiresAt > secondsBy(scene.line.clock) + 1
  await retry(scene, exchanges)
  // Codes first: they live shortest.
  const unused = of('code').filter((code) => code.uses === 0 && live(code))
  await inParallel(unused, beside, (code) => redeem(scene, code))
  await endAgain(scene, exchanges)
  await replayAll(scene, exchanges)
  await usePushed(scene, of('pushed request'))
  await inParallel(of('refresh token'), beside, (token) => refresh(scene, token))
  const tokens = of('access token').filter(live)
  const ofPeople = tokens.filter(({ grant }) => grant !== undefined)
  await inParallel(ofPeople, beside, (token) => use(scene, token, 'userinfo'))
  const own = tokens.filter((token) => token.grant === undefined && isForAccounts(scene, token))
  await inParallel(own, beside, (token) => use(scene, token, 'accounts'))
}

/** Hands in every code once more, properly, and then uses what that must have ended. */
export async function useCodesAgain(scene: Scene): Promise<void> {
  const used = scene.ledger.all('code').filter(({ uses }) => uses > 0)
  await inParallel(used, beside, (code) => redeem(scene, code))
  await inParallel(scene.ledger.all('refresh token'), beside, (token) => refresh(scene, token))
}

const isForAccounts = (scene: Scene, token: Thing): boolean =>
  decodeJwt(holderOf(token)?.secret ?? '').aud === scene.server().api

const unanswered = ({ outcome }: Exchange): boolean =>
  outcome.kind === 'cut' || outcome.kind === 'unavailable' || outcome.kind === 'unsent'

const isUsedUp = ({ handed }: Exchange): boolean => Object.values(handed).some(isOnce)

/** The same bytes once more: half of them, because they may spend what a new request could use. */
async function retry(scene: Scene, exchanges: readonly Exchange[]): Promise<void> {
  const open = exchanges.filter(unanswered).filter(() => scene.random.chance(0.5))
  const again = (some: readonly Exchange[]) =>
    inParallel(some, beside, (exchange) => sendAgain(scene, exchange))
  // What ends things comes last: beside uses nobody could say what was first.
  await again(open.filter((exchange) => !ends(exchange)))
  await again(open.filter(ends))
  await again(open.filter(isUsedUp))
}

const ends = ({ endpoint, sent, handed }: Exchange): boolean =>
  endpoint === 'revoke' || sent.request.method === 'DELETE' || handed.code?.updates !== undefined

const sendAgain = (scene: Scene, { actor, sent }: Exchange) =>
  ask(() => scene.recorder.send(actor, sent.url, sent.request))

/** Revocations that nobody confirmed are asked for again, properly. */
async function endAgain(scene: Scene, exchanges: readonly Exchange[]): Promise<void> {
  const open = exchanges.filter(unanswered)
  await inParallel(open, beside, async ({ handed, endpoint, sent, actor }) => {
    const { target, grant } = handed
    if (endpoint === 'revoke' && target !== undefined) return revoke(scene, target)
    if (endpoint !== 'grants' || sent.request.method !== 'DELETE' || grant === undefined) return
    const answer = await credentials(scene, actor, 'grant_management_revoke')
    const manager = answer?.status === 200 ? tokensOf(scene, answer).access : undefined
    if (manager !== undefined) await use(scene, manager, { grant: grant.id, method: 'DELETE' })
  })
}

/** Apart first: in a copy the one part that is refused hides that the other is taken once more. */
export async function replayAll(scene: Scene, exchanges: readonly Exchange[]): Promise<void> {
  await replayApart(scene, exchanges)
  await replay(scene, exchanges)
}

/** Everything that was answered with success, byte for byte. */
async function replay(scene: Scene, exchanges: readonly Exchange[]): Promise<void> {
  const done = exchanges.filter((one) => one.outcome.kind === 'accepted' && isUsedUp(one))
  // Of a client that proves itself by its certificate alone, a copy is a real second use of the code.
  const some = done.filter(
    ({ handed }) => handed.assertion ?? handed.proof ?? scene.random.chance(0.3),
  )
  await inParallel(some, beside, (exchange) => sendAgain(scene, exchange))
}

/** Each used proof with a new assertion, each used assertion with a new proof: neither hides the other. */
async function replayApart(scene: Scene, exchanges: readonly Exchange[]): Promise<void> {
  const done = exchanges.filter(
    ({ outcome, endpoint }) => outcome.kind === 'accepted' && endpoint === 'token',
  )
  await inParallel(done, beside, async (exchange) => {
    const { actor, sent, claims } = exchange
    const proof = sent.request.headers?.find(([name]) => name === 'dpop')?.[1]
    const assertion = claims.form.get('client_assertion')
    if (proof !== undefined) await own(scene, actor, { proof })
    if (assertion !== null) await own(scene, actor, { fields: { client_assertion: assertion } })
  })
}

/** A token request of the client's own, with one old part. */
async function own(
  scene: Scene,
  actor: Actor,
  old: { readonly proof?: string; readonly fields?: { readonly client_assertion: string } },
): Promise<void> {
  const { client } = actor
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }
  await ask(async () => {
    const fresh = await means(scene, actor, client.url('/token'))
    return (await client.token(fields, { ...fresh, ...old })).answer
  })
}

/** Opens every pushed request; some that were never opened are taken to their end. */
async function usePushed(scene: Scene, pushed: readonly Thing[]): Promise<void> {
  const visitor = newVisitor(scene, () => false)
  let completed = 0
  // One after the other: it is one person's browser.
  for (const thing of pushed) {
    if (holderOf(thing)?.verifier === undefined) continue
    const fresh = thing.uses === 0 && !thing.doubtful
    if (!fresh && !scene.random.chance(0.3)) continue
    if (fresh && (completed += 1) > mostCompleted) continue
    const code = await approve(scene, visitor, thing)
    if (code !== undefined && code.uses === 0) await redeem(scene, code)
  }
}

const mostCompleted = 12
