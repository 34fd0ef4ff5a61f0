import { env } from 'cloudflare:workers'
import { createServer } from '../../src/app.ts'
import type { Env } from '../../src/config.ts'
import { introspectionEntrypoint } from '../../src/introspection.ts'
import { Account as BaseAccount } from '../../src/objects/account.ts'
import { Client as BaseClient } from '../../src/objects/client.ts'
import { Directory as BaseDirectory } from '../../src/objects/directory.ts'
import { Grant as BaseGrant } from '../../src/objects/grant.ts'
import { KeyRing as BaseKeyRing } from '../../src/objects/key-ring.ts'
import { PushedRequest as BasePushedRequest } from '../../src/objects/pushed-request.ts'
import { ReplayGuard as BaseReplayGuard } from '../../src/objects/replay-guard.ts'
import { Throttle as BaseThrottle } from '../../src/objects/throttle.ts'
import type { Storage } from '../../src/observe/storage.ts'
import { controllable, now, storageHooks, underControl } from './control.ts'

/*
 * The production Worker with a clock that can be moved, storage that can fail, and the price of each
 * request in `Server-Timing`. Production bundles `src/index.ts` and contains nothing of this.
 */

type DevelopmentEnv = Env & { readonly CONTROL_TOKEN: string; readonly OUTBOUND_ALLOWED?: string }

/** Of this deployment, whoever asks: a request, an object or an entrypoint. */
const outboundAllowed = (origin: string): boolean => {
  const { OUTBOUND_ALLOWED: allowed } = env as unknown as DevelopmentEnv
  return allowed?.split(',').includes(origin) ?? false
}

/** Accounts tell clients of ended sessions, by the same clock and within the same allowance. */
class LocalAccount extends BaseAccount {
  protected override runtime() {
    return { ...super.runtime(), outboundAllowed }
  }
}

export const Account = controllable('Account', LocalAccount)
export const Client = controllable('Client', BaseClient)
export const Directory = controllable('Directory', BaseDirectory)
export const Grant = controllable('Grant', BaseGrant)
export const KeyRing = controllable('KeyRing', BaseKeyRing)
export const PushedRequest = controllable('PushedRequest', BasePushedRequest)
export const ReplayGuard = controllable('ReplayGuard', BaseReplayGuard)
export const Throttle = controllable('Throttle', BaseThrottle)

export const Introspection = introspectionEntrypoint({
  now,
  storage: storageHooks,
  outboundAllowed,
})

const classes = {
  Account: 'ACCOUNT',
  Client: 'CLIENT',
  Directory: 'DIRECTORY',
  Grant: 'GRANT',
  KeyRing: 'KEY_RING',
  PushedRequest: 'PUSHED_REQUEST',
  ReplayGuard: 'REPLAY_GUARD',
  Throttle: 'THROTTLE',
} as const

const server = createServer({
  now,
  storage: storageHooks,
  outboundAllowed,
  finish: addServerTiming,
})

export default underControl<DevelopmentEnv>(server, classes)

function addServerTiming(response: Response, storage: Storage): Response {
  const { calls, depth, rows } = storage
  const counted = new Response(response.body, response)
  counted.headers.append('server-timing', `do;desc="calls=${calls} depth=${depth} rows=${rows}"`)
  return counted
}
