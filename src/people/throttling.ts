import type { Call } from '../call.ts'
import { sha256, toBase64Url, tuple } from '../encoding.ts'
import type { Attempt } from '../objects/throttle.ts'
import type { ThrottleKind } from '../objects/throttle-delay.ts'

/** Buckets per issuer. A fixed number, made when the issuer is first started. */
export const throttleBuckets = 16

export type Throttling = {
  /** Counts an attempt for the name and the address, or says how long to wait. */
  readonly begin: () => Promise<Attempt>
  /** The attempt succeeded. */
  readonly succeed: () => Promise<void>
}

/**
 * Throttles attempts by address alone, where nothing can be guessed at but work can be made. `departure`:
 * the work is another server's.
 */
export async function throttleAddress(
  call: Call,
  kind: 'address' | 'departure' = 'address',
): Promise<Throttling> {
  const { bucket, key } = await bucketOf(call, kind, addressOf(call))
  return {
    begin: () =>
      call.storage.object('Throttle.begin', () => call.stubs.throttle(bucket).begin(key, kind)),
    succeed: async () => {
      await call.storage.object('Throttle.forgive', () => call.stubs.throttle(bucket).forgive(key))
    },
  }
}

/**
 * Throttles attempts by what is guessed at (an account's password by its name, whether it exists or not;
 * its one-time code by its id) and by address (/24 or /48).
 */
export async function throttleFor(
  call: Call,
  kind: 'name' | 'code',
  value: string,
): Promise<Throttling> {
  const counters = [
    { kind, ...(await bucketOf(call, kind, value)) },
    { kind: 'address', ...(await bucketOf(call, 'address', addressOf(call))) },
  ] as const
  return {
    begin: async () => {
      const [name, from] = counters
      const beginAt = ({ kind: counted, bucket, key }: (typeof counters)[number]) =>
        call.storage.object('Throttle.begin', () => call.stubs.throttle(bucket).begin(key, counted))
      // The address first: one that has to wait must not count against the names it tries.
      const byAddress = await beginAt(from)
      return byAddress.allowed ? beginAt(name) : byAddress
    },
    succeed: async () => {
      const [name, from] = counters
      await Promise.all([
        call.storage.object('Throttle.clear', () =>
          call.stubs.throttle(name.bucket).clear(name.key),
        ),
        call.storage.object('Throttle.forgive', () =>
          call.stubs.throttle(from.bucket).forgive(from.key),
        ),
      ])
    },
  }
}

const addressOf = (call: Call): string =>
  network(call.request.headers.get('cf-connecting-ip') ?? '')

async function bucketOf(
  call: Call,
  kind: ThrottleKind,
  value: string,
): Promise<{ readonly bucket: number; readonly key: string }> {
  const hash = await sha256(tuple(call.issuer.id, kind, value))
  return { bucket: (hash[0] ?? 0) % throttleBuckets, key: toBase64Url(hash) }
}

/** /24 of an IPv4 address (also one inside IPv6), /48 of an IPv6 address, zeros written out. */
export function network(address: string): string {
  const v4 = /^(?:::ffff:)?([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+$/i.exec(address)?.[1]
  if (v4 !== undefined) return v4
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter(Boolean))
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  const groups = [...head, ...zeros, ...tail].slice(0, 3)
  return groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')
}
