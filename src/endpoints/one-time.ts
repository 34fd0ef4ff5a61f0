import { refuse } from '../errors.ts'
import type { Result } from '../errors.ts'

/**
 * Waits for one-time calls that ran side by side. If one failed (overloaded, reset, timed out) nothing
 * may leave: 503. One-time calls are never retried.
 */
export async function settle<T extends readonly unknown[]>(calls: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<Result<T>> {
  const settled = await Promise.allSettled(calls)
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    const why: unknown = failed.reason
    const detail = why instanceof Error ? why.message : 'unknown fault'
    return refuse('temporarily_unavailable', 'Please try again with a new request', detail)
  }
  const values = settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
  return { ok: true, value: values as unknown as T }
}
