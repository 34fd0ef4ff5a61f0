import type { ClientFixture } from '../../test/support/fixtures.ts'
import type { Transport } from '../../test/support/http.ts'
import type { WireClient } from '../../test/support/wire-client.ts'
import type { DpopKey } from '../../test/support/wire-keys.ts'

/** A client with the key it proves possession of, if it uses one. */
export type Actor = {
  readonly name: string
  readonly fixture: ClientFixture
  readonly key?: DpopKey
  readonly client: WireClient
  /** How its requests leave: watched, and now and then twice at once. */
  readonly via: Transport
  /** Its keys are at an address of its own. */
  readonly remote: boolean
  /** By how many seconds its clock is ahead. */
  skew: number
}
