import { hold } from '../../test/support/http.ts'
import type { Held, Transport } from '../../test/support/http.ts'

/**
 * Lets `count` requests run from one starting line: each is sent but for its last byte (or, without a
 * body, connected), and none is finished before all are there.
 *
 * @example const all = await race(20, (via) => client.redeem(given, { key, via }))
 */
export async function race<T>(
  count: number,
  start: (via: Transport, index: number) => Promise<T>,
): Promise<readonly T[]> {
  const gate = Promise.withResolvers<void>()
  let waiting = 0
  const via: Transport = async (url, options) => {
    const held: Held = await hold(url, options)
    waiting += 1
    if (waiting >= count) gate.resolve()
    await gate.promise
    return held.finish()
  }
  const runners = Array.from({ length: count }, async (_, index) => {
    try {
      return await start(via, index)
    } finally {
      // Whoever fails before the line must not keep the others there.
      gate.resolve()
    }
  })
  return Promise.all(runners)
}
