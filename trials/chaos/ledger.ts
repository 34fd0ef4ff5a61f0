/**
 * The books: every thing a client ever handed in or received, and what became of it. It knows nothing of
 * HTTP: whoever keeps it says what was seen.
 */
export const kinds = [
  'pushed request',
  'code',
  'refresh token',
  'access token',
  'grant',
  'proof',
  'assertion',
] as const

export type Kind = (typeof kinds)[number]

/** These are used at most once; the others until they end. */
const once: readonly Kind[] = ['pushed request', 'code', 'proof', 'assertion']

export type Thing = {
  readonly kind: Kind
  readonly id: string
  /** The fault during which it was made. */
  readonly fault: string
  /** Server's time (seconds) at which it ends by itself: not before. */
  readonly expiresAt: number
  /** The grant it is of, and the code it came from. */
  readonly grant?: string
  readonly code?: Thing
  /** Of a code: what its redemption does to the grant that there is already, and whether it names it. */
  readonly updates?: 'merge' | 'replace'
  readonly managed?: boolean
  /** The server said that it exists. */
  readonly acknowledged: boolean
  /** How often it was handed in. */
  handedIn: number
  uses: number
  /** How often it was refused for a reason that is known. */
  refusals: number
  /** It was handed in, or its end was asked for, and no answer came. */
  unanswered: boolean
  /** Nobody knows whether it was used, or ended, by something that was refused or not answered. */
  doubtful: boolean
  /** Why it must not be accepted any more, when it is handed in after that tick. */
  ended?: { readonly why: string; readonly at: number }
  spentUnanswered: boolean
  usedTwice: boolean
  lost: boolean
}

export type ProblemKind = 'used twice' | 'lost' | 'dishonest' | 'evidence'

export type Problem = {
  readonly what: ProblemKind
  readonly fault: string
  readonly detail: string
}

export type NewThing = Pick<Thing, 'kind' | 'id' | 'fault'> &
  Partial<Pick<Thing, 'expiresAt' | 'grant' | 'code' | 'updates' | 'managed' | 'acknowledged'>>

export type Ledger = ReturnType<typeof createLedger>

export const isOnce = ({ kind }: Pick<Thing, 'kind'>): boolean => once.includes(kind)

/** What a report calls a thing: enough to find it, too little to use it. */
export const nameOf = ({ kind, id }: Thing): string => `${kind} …${id.slice(-8)}`

/** Opens the books of one run. */
export function createLedger() {
  const things = new Map<string, Thing>()
  const byGrant = new Map<string, readonly Thing[]>()
  const problems: Problem[] = []
  const report = (what: ProblemKind, fault: string, detail: string): void => {
    problems.push({ what, fault, detail })
  }

  /** Enters a thing; the one that is there already when it is. */
  function add(given: NewThing): Thing {
    const key = `${given.kind} ${given.id}`
    const known = things.get(key)
    if (known !== undefined) return known
    const thing: Thing = {
      expiresAt: Infinity,
      acknowledged: false,
      ...given,
      handedIn: 0,
      uses: 0,
      refusals: 0,
      unanswered: false,
      doubtful: false,
      spentUnanswered: false,
      usedTwice: false,
      lost: false,
    }
    things.set(key, thing)
    if (thing.grant !== undefined) {
      byGrant.set(thing.grant, [...(byGrant.get(thing.grant) ?? []), thing])
    }
    return thing
  }

  const outcomes = new WeakMap<Thing, string>()

  /**
   * It was accepted. `began`: the tick at which it was handed in; what was on its way when the end came may have been
   * first. `outcome`: where the same answer may be given again to the same question.
   */
  function accept(thing: Thing, began: number, outcome?: string): void {
    if (outcome !== undefined && outcomes.get(thing) === outcome) return
    if (outcome !== undefined) outcomes.set(thing, outcome)
    thing.uses += 1
    const again = isOnce(thing) && thing.uses > 1
    const { ended } = thing
    if (again || (ended !== undefined && began > ended.at)) {
      thing.usedTwice = true
      const why = again ? `it was accepted ${thing.uses} times` : `it had ended: ${ended?.why}`
      report('used twice', thing.fault, `${nameOf(thing)}: ${why}`)
    }
    thing.doubtful = false
  }

  /** No answer came to what might have used or ended it. */
  function leaveOpen(thing: Thing): void {
    thing.unanswered = true
    thing.doubtful = true
  }

  /**
   * It was refused for its own sake. `expected`: something is known that explains it. What was refused
   * once because of what happened to it must never be accepted again; what only came at the wrong time may.
   */
  function refuse(
    thing: Thing,
    given: {
      readonly expected: boolean
      readonly final: boolean
      readonly by: string
      readonly at: number
    },
  ): void {
    if (!given.expected) {
      const what = thing.acknowledged ? 'lost' : 'dishonest'
      thing.lost = thing.acknowledged
      report(what, thing.fault, `${nameOf(thing)} was refused without a reason (${given.by})`)
    }
    if (given.expected) thing.refusals += 1
    if (given.final && thing.unanswered && thing.uses === 0 && isOnce(thing)) {
      thing.spentUnanswered = true
    }
    if (given.final && thing.doubtful) end(thing, 'it was refused before', given.at)
    thing.doubtful = true
  }

  /** What is handed in after this tick must be refused. */
  function end(thing: Thing, why: string, at: number): void {
    thing.ended ??= { why, at }
  }

  let ticks = 0

  return {
    /** The order in which requests leave and answers arrive. */
    tick: (): number => (ticks += 1),
    problems: problems as readonly Problem[],
    report,
    add,
    accept,
    leaveOpen,
    refuse,
    end,
    find: (kind: Kind, id: string): Thing | undefined => things.get(`${kind} ${id}`),
    all: (kind?: Kind): readonly Thing[] =>
      [...things.values()].filter((thing) => kind === undefined || thing.kind === kind),
    /** Tokens and codes of a grant, and the grant. */
    ofGrant: (grant: string): readonly Thing[] => byGrant.get(grant) ?? [],
  }
}
