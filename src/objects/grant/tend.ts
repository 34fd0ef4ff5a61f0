/** What a grant's alarm does: has heads signed and laid outside, and forgets in time. */
import { settingsOf } from '../../config.ts'
import type { Env } from '../../config.ts'
import type { Chain } from '../../evidence/chain.ts'
import { openAudit } from '../../observe/audit.ts'
import type { Issuer } from '../../types.ts'
import { anchorEvery, anchorHead, signHead, withHead } from './heads.ts'
import {
  duePostponed,
  dueWhenSigned,
  forgottenAt,
  lookAgainAfter,
  nextWake,
  settled,
  tryAgainAfter,
} from './keeping.ts'
import type { Due, Head, Stored } from './stored.ts'

/** The object, as its alarm needs it. */
export type Tended = {
  readonly env: Env
  readonly storage: DurableObjectStorage
  readonly grant: string
  readonly now: () => number
  readonly waitUntil: (work: Promise<unknown>) => void
}

const storedIn = ({ storage }: Tended): Stored | undefined => storage.kv.get<Stored>('grant')

export async function tendGrant(tended: Tended): Promise<void> {
  const { env, storage } = tended
  const stored = storedIn(tended)
  if (stored === undefined) return
  const now = tended.now()
  const result = settingsOf(env)
  const issuer = result.ok
    ? result.settings.issuers.find(({ id }) => id === stored.issuer)
    : undefined
  // Whatever fails below is tried again. Evidence outlives a mistake in the settings.
  await storage.setAlarm(now + (issuer === undefined ? lookAgainAfter : tryAgainAfter))
  if (issuer === undefined) return
  if (now >= forgottenAt(stored, issuer)) return storage.deleteAll()
  const { attest, anchor } = stored.due ?? {}
  if (Math.min(attest?.at ?? Infinity, anchor?.at ?? Infinity) <= now) {
    await attend(tended, issuer)
  }
  // Others had their turns meanwhile.
  const latest = storedIn(tended)
  if (latest === undefined) return
  const kept = settled(latest, now)
  if (kept !== latest) storage.kv.put('grant', kept)
  await storage.setAlarm(nextWake(kept, issuer))
}

/** Has the head signed, and laid outside where that is due. What fails is postponed. */
async function attend(tended: Tended, issuer: Issuer): Promise<void> {
  const { env, storage } = tended
  const stored = storedIn(tended)
  if (stored?.chain === undefined) return
  const { chain, due } = stored
  const now = tended.now()
  const every = anchorEvery(env, issuer)
  const anchored = every !== undefined && (due?.anchor?.at ?? Infinity) <= now
  if (due?.attest === undefined && !anchored) {
    // What it was to be laid into is not bound any more.
    return putDue(storage, stored, undefined)
  }
  const reason = due?.attest === undefined ? 'anchoring' : 'revocation'
  const head = await newHead(tended, issuer, { chain, at: now, reason, anchored })
  const latest = storedIn(tended)
  if (latest === undefined) return
  const left =
    head === undefined
      ? duePostponed(latest.due ?? {}, now)
      : dueWhenSigned(latest, { count: chain.count, anchored, anchorEvery: every, now })
  putDue(storage, latest, left)
  if (head !== undefined) {
    storage.kv.put('heads', withHead(storage.kv.get<readonly Head[]>('heads') ?? [], head))
  }
}

function putDue(storage: DurableObjectStorage, stored: Stored, due: Due | undefined): void {
  const { due: _due, ...rest } = stored
  storage.kv.put('grant', due === undefined ? rest : { ...rest, due })
}

/** Undefined when it could not be signed, or not be laid everywhere: the next one says as much or more. */
async function newHead(
  { env, grant, waitUntil }: Tended,
  issuer: Issuer,
  given: {
    readonly chain: Chain
    readonly at: number
    readonly reason: 'anchoring' | 'revocation'
    readonly anchored: boolean
  },
): Promise<Head | undefined> {
  try {
    const signed = await signHead(env, issuer, { grant, ...given })
    if (!given.anchored) return signed
    return { ...signed, where: await anchorHead(env, issuer, { grant, signed }) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    openAudit({ env, issuer: issuer.id, waitUntil }).log('evidence.head_failed', { grant, reason })
    return undefined
  }
}
