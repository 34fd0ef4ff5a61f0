import { makeKey } from '../../../src/objects/make-key.ts'
import { algorithmOf } from '../../../src/objects/ring-name.ts'
import type { RingName } from '../../../src/objects/ring-name.ts'
import { purposeOf } from '../../../src/objects/ring-name.ts'
import type { Ring, RingKey } from '../../../src/objects/ring.ts'
import type { Issuer } from '../../../src/types.ts'
import { makeCall } from './call.ts'
import { makeServedCall } from './served-call.ts'
import type { Objects, ServedCall } from './served-call.ts'

/** A key as a ring holds it: sealed, active from the beginning of time. */
export async function ringKey(
  issuer: Issuer,
  name: RingName = 'signing',
  times: Partial<Pick<RingKey, 'activeFrom' | 'removeAt'>> = {},
): Promise<RingKey> {
  const { secrets } = makeCall({ issuer })
  const keys = purposeOf(name) === 'decryption' ? secrets.decryption : secrets.signing
  const made = await makeKey(algorithmOf(issuer, name), issuer.id, keys)
  return { ...made, publishedAt: 0, activeFrom: 0, ...times }
}

export const ringOf = (issuer: Issuer, keys: readonly RingKey[], name?: RingName): Ring => ({
  format: 1,
  issuer: issuer.id,
  ...(name === undefined ? {} : { name }),
  keys,
})

export type Rings = Partial<Record<RingName, Ring>>

/** A call to an issuer whose rings hold these keys; `rings` may be changed later. */
export function callWithRings(
  issuer: Issuer,
  rings: Rings,
  given: Omit<NonNullable<Parameters<typeof makeServedCall>[0]>, 'issuer'> = {},
): ServedCall {
  const objects: Objects = (name) => {
    const ring = rings[name.replace(/^keyRing /, '') as RingName]
    return ring === undefined
      ? given.objects?.(name)
      : { ring: () => ({ ring, fresh: false }), ...given.objects?.(name) }
  }
  return makeServedCall({ ...given, issuer, objects })
}

let issuers = 0

/** The id of an issuer this isolate has not met: rings are remembered by it. */
export function newIssuerId(): string {
  issuers += 1
  return `bank-${issuers}`
}
