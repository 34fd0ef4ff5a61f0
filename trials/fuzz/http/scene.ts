import type { Draft } from './draft.ts'
import type { World } from './world.ts'

/** A request that is taken, again and again, and the route it is for. */
export type Scene = {
  readonly name: string
  /** As in `routes.ts`: method and path; `api` for the resource server. */
  readonly route: string
  /** What the request is answered with when nothing is changed in it. */
  readonly expect: number | readonly number[]
  /** Everything that must be there first; gives a new request each time. */
  readonly open: (world: World) => Promise<() => Promise<Draft>>
}
