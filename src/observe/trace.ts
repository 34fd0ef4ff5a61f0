import { randomBytes, toHex } from '../encoding.ts'

/** Where a record belongs: hex, and nothing else. */
export type Trace = { readonly traceId: string; readonly spanId: string }

/**
 * The caller's trace (W3C Trace Context 3.2), or a random one. Of a stranger's header nothing is taken
 * but two ids in hex.
 *
 * @example traceOf('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
 */
export function traceOf(traceparent: string | null): Trace {
  const [, version, traceId, spanId, more] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(traceparent ?? '') ?? []
  const known = version !== 'ff' && (version !== '00' || more === undefined)
  const sound = known && isId(traceId) && isId(spanId)
  if (sound) return { traceId, spanId }
  const random = toHex(randomBytes(24))
  return { traceId: random.slice(0, 32), spanId: random.slice(32) }
}

/** All zeros is no id. */
const isId = (id: string | undefined): id is string => id !== undefined && /[^0]/.test(id)
