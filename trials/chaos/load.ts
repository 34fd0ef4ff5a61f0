import { setTimeout as wait } from 'node:timers/promises'
import type { Actor } from './actors.ts'
import { credentials, push, redeem, refresh, revoke, tokensOf, use } from './flows.ts'
import type { Thing } from './ledger.ts'
import type { Wish } from './receive.ts'
import type { Random } from './random.ts'
import type { Scene } from './scene.ts'
import { approve, newVisitor } from './visitor.ts'
import type { Visitor } from './visitor.ts'

/** One of those who act at the same time: a person's browser, and the clients they use. */
type Party = {
  readonly scene: Scene
  readonly random: Random
  readonly visitor: Visitor
  readonly kept: Kept
}

/** What a party holds and goes on using: nobody else touches it. */
type Kept = {
  readonly refresh: Thing[]
  readonly access: Thing[]
  readonly managers: Map<Actor, Thing>
}

const managing = 'grant_management_query grant_management_revoke'

/** Lets so many parties act until they are told to stop; what they do is decided by their seeds. */
export function startLoad(scene: Scene, parties: number): { readonly stop: () => Promise<void> } {
  let over = false
  const all = Array.from({ length: parties }, async (_, index) => {
    const random = scene.random.fork(`party ${index} ${scene.recorder.fault()}`)
    const visitor = newVisitor(scene, () => random.chance(0.5))
    const party: Party = {
      scene,
      random,
      visitor,
      kept: { refresh: [], access: [], managers: new Map() },
    }
    while (!over) {
      const went = await turn(party)
      // Whoever was cut off comes again a little later.
      if (!went) await wait(20 + random.below(150))
    }
  })
  return {
    stop: async () => {
      over = true
      await Promise.all(all)
    },
  }
}

/** One thing a party does. False: it was cut off. */
async function turn(party: Party): Promise<boolean> {
  const { random, scene, kept } = party
  const way = random.next()
  if (way < 0.3) return flow(party, random.pick(scene.actors))
  if (way < 0.5) return ownToken(party, random.pick(scene.actors))
  if (way < 0.75 && kept.refresh.length > 0) return renew(party, random.pick(kept.refresh))
  if (kept.access.length > 0) return useSome(party, random.pick(kept.access))
  return ownToken(party, random.pick(scene.actors))
}

/** From the pushed request to the tokens, with stops on the way: what is left lying is used later. */
async function flow(party: Party, actor: Actor, wish?: Wish): Promise<boolean> {
  const { scene, random, visitor } = party
  const wanted = wish ?? { managed: random.chance(0.5) }
  const pushed = await push(scene, actor, wanted)
  if (pushed === undefined) return false
  if (random.chance(0.12)) return true
  const code = await approve(scene, visitor, pushed)
  if (code === undefined) return false
  if (random.chance(0.12)) return true
  const answer = await redeem(scene, code)
  const again = answer === undefined && random.chance(0.5) ? await redeem(scene, code) : answer
  if (again?.status !== 200) return false
  const tokens = tokensOf(scene, again)
  if (tokens.access === undefined || tokens.refresh === undefined) return false
  party.kept.access.push(tokens.access)
  party.kept.refresh.push(tokens.refresh)
  await useSome(party, tokens.access)
  return wish === undefined ? ending(party, actor, { ...tokens, code }) : true
}

/** Some grants are changed, some ended, most live on. */
async function ending(
  party: Party,
  actor: Actor,
  {
    access,
    refresh: token,
    code,
  }: { access: Thing | undefined; refresh: Thing | undefined; code: Thing },
): Promise<boolean> {
  const { scene, random, kept } = party
  const way = random.next()
  const { grant, managed } = code
  if (way < 0.12 && token !== undefined) {
    drop(kept, grant)
    return (await revoke(scene, token)) !== undefined
  }
  if (way < 0.24 && access !== undefined) {
    kept.access.splice(kept.access.indexOf(access), 1)
    return (await revoke(scene, access)) !== undefined
  }
  if (managed !== true || grant === undefined) return true
  if (way < 0.5) {
    drop(kept, grant)
    return flow(party, actor, { managed: true, grant, updates: random.pick(['merge', 'replace']) })
  }
  const manager = kept.managers.get(actor) ?? (await newManager(party, actor))
  if (manager === undefined) return false
  if (way < 0.75) return (await use(scene, manager, { grant, method: 'GET' })) !== undefined
  if (way > 0.88) return true
  drop(kept, grant)
  return (await use(scene, manager, { grant, method: 'DELETE' })) !== undefined
}

/** What is ended on purpose is not used by mistake; the verification uses it on purpose. */
function drop(kept: Kept, grant: string | undefined): void {
  for (const list of [kept.refresh, kept.access]) {
    list.splice(0, list.length, ...list.filter((thing) => thing.grant !== grant))
  }
}

async function newManager(party: Party, actor: Actor): Promise<Thing | undefined> {
  const answer = await credentials(party.scene, actor, managing)
  const access = answer?.status === 200 ? tokensOf(party.scene, answer).access : undefined
  if (access !== undefined) party.kept.managers.set(actor, access)
  return access
}

async function ownToken({ scene, random }: Party, actor: Actor): Promise<boolean> {
  const answer = await credentials(scene, actor, 'accounts')
  if (answer?.status !== 200) return false
  const { access } = tokensOf(scene, answer)
  if (access === undefined || !random.chance(0.1)) return true
  return (await revoke(scene, access)) !== undefined
}

async function renew({ scene, kept }: Party, token: Thing): Promise<boolean> {
  const answer = await refresh(scene, token)
  if (answer === undefined) return false
  const { access } = answer.status === 200 ? tokensOf(scene, answer) : {}
  if (access !== undefined) kept.access.push(access)
  return true
}

async function useSome({ scene, random }: Party, token: Thing): Promise<boolean> {
  return (await use(scene, token, random.pick(['userinfo', 'accounts']))) !== undefined
}
