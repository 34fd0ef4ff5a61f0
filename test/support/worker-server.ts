import { inject } from 'vitest'
import type { Server } from './wire-server.ts'

/**
 * The running server of this worker. Workers run side by side, each moves the clock of its own server
 * and breaks nothing but that; the files of one worker come one after the other.
 */
export function sharedServer(): Server {
  const servers = inject('servers')
  const own = (Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % servers.length
  const server = servers[own]
  if (server === undefined) throw new Error('no server runs for these tests')
  return server
}
