import type { MiddlewareHandler } from 'hono'
import type { ResourceVariables } from '../../../src/resource/middleware.ts'
import { now } from '../control.ts'
import type { BankEnv } from './settings.ts'

export type Bank = { Bindings: BankEnv; Variables: ResourceVariables }

/** What holds data of a person is kept by nobody on the way. */
export const unstored = { 'cache-control': 'no-store' } as const

/** What every answer of this API carries, and what it cost in storage. */
export const answerHeaders: MiddlewareHandler<Bank> = async (c, next) => {
  await next()
  c.res.headers.set('date', new Date(now()).toUTCString())
  c.res.headers.set('x-content-type-options', 'nosniff')
  if (new URL(c.req.url).protocol === 'https:') {
    c.res.headers.set('strict-transport-security', 'max-age=63072000')
  }
  const interaction = c.req.header('x-fapi-interaction-id')
  if (interaction !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(interaction)) {
    c.res.headers.set('x-fapi-interaction-id', interaction)
  }
  const storage = c.get('storage')
  if (storage !== undefined) {
    const { calls, depth, rows } = storage
    c.res.headers.append('server-timing', `do;desc="calls=${calls} depth=${depth} rows=${rows}"`)
  }
}
