import type { Fixtures } from '../../test/support/fixtures.ts'
import type { Answer } from '../../test/support/http.ts'
import type { RequestOptions } from '../../test/support/wire-client.ts'
import { secondsBy } from '../../test/support/wire-keys.ts'
import { nonceOf } from '../../test/support/wire-server.ts'
import type { Server } from '../../test/support/wire-server.ts'
import type { Actor } from './actors.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Recorder } from './recorder.ts'
import type { TimeLine } from './time-line.ts'

/** Everything that those who act in a run share. */
export type Scene = {
  /** The server as it was started last. */
  readonly server: () => Server
  readonly line: TimeLine
  readonly ledger: Ledger
  readonly recorder: Recorder
  readonly random: Random
  readonly fixtures: Fixtures
  readonly actors: readonly Actor[]
}

/** Seconds an assertion lives: longer than a run's window, so that only being used refuses it again. */
const assertionLife = 400

/** How an actor's next request to an address is proven, by its own clock. */
export async function means(
  scene: Scene,
  actor: Actor,
  url: string,
): Promise<RequestOptions & { readonly key?: NonNullable<Actor['key']> }> {
  const now = secondsBy(scene.line.clock) + actor.skew
  const claims = { iat: now, exp: now + assertionLife }
  const { via } = actor
  if (actor.key === undefined) return { claims, via }
  const nonce = scene.recorder.nonceAt(url) ?? (await nonceOf(url, scene.server()))
  return { key: actor.key, via, claims, proofOptions: { nonce, claims: { iat: now } } }
}

/**
 * Asks once, and once more where only a newer nonce was wanted. Undefined: there was no answer, or 503;
 * the books know.
 */
export async function ask(make: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    const first = await make()
    const answer = first.json['error'] === 'use_dpop_nonce' ? await make() : first
    return answer.status >= 500 ? undefined : answer
  } catch (error) {
    if (isBroken(error)) return undefined
    throw error
  }
}

/** Whether it is the connection that failed, not this program. */
export const isBroken = (error: unknown): boolean => {
  const { code } = error as { readonly code?: unknown }
  if (typeof code === 'string' && (/^(E[A-Z]+|HUNG)$/.test(code) || code.startsWith('UND_')))
    return true
  return error instanceof Error && /socket hang up|aborted|TLS|network/i.test(error.message)
}
