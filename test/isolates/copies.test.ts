import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callFor } from '../../src/make-call.ts'
import type { Call } from '../../src/call.ts'
import { copyKeys } from '../../src/objects/names.ts'
import { signingKey, verificationKey } from '../../src/tokens/keys.ts'
import { env, holdingsOf, runAlarm, setClock, start, stubsOf } from '../objects/support/objects.ts'

/** Every test takes another issuer, whose keys this isolate has not seen. */
type IssuerId = 'bank' | 'other' | 'tenant'

const ringObject = (issuer: IssuerId) => stubsOf(issuer).keyRing()
const kidsOf = async (issuer: IssuerId) =>
  (await ringObject(issuer).ring(issuer)).value.ring.keys.map(({ kid }) => kid)
const copyOf = (issuer: IssuerId) => env.COPIES.get(copyKeys.ring(issuer, 'signing'))

const requestTo = (issuer: IssuerId): Call =>
  callFor(env, issuer, { now: () => Date.now() }, () => undefined)

/** Revokes the issuer's only key while KV refuses the copy. */
async function revokeUncopied(issuer: IssuerId): Promise<string> {
  const [kid = ''] = await kidsOf(issuer)
  expect(await copyOf(issuer)).toContain(kid)
  const failure = await runInDurableObject(ringObject(issuer), async (object) => {
    const refused = { put: () => Promise.reject(new Error('KV refused')) }
    Object.assign(object, { env: { ...env, COPIES: refused } })
    const answer = await object.revoke(issuer, kid).catch((error: Error) => error.message)
    Object.assign(object, { env })
    return typeof answer === 'string' ? answer : 'nothing'
  })
  expect(failure).toBe('KV refused')
  // The key is gone where it is decided; only the copy still holds it.
  expect(await kidsOf(issuer)).not.toContain(kid)
  expect(await copyOf(issuer)).toContain(kid)
  return kid
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('a key that was revoked while its copy could not be made', () => {
  it('SP-CR-11 leaves the copy, too, when it is revoked again', async () => {
    const kid = await revokeUncopied('bank')
    expect((await ringObject('bank').revoke('bank', 'strange')).value).toBe(false)
    expect(await copyOf('bank')).toContain(kid)
    expect((await ringObject('bank').revoke('bank', kid)).value).toBe(true)
    expect(await copyOf('bank')).not.toContain(kid)
    const [successor = ''] = await kidsOf('bank')
    expect(await copyOf('bank')).toContain(successor)
  })

  it('SP-CR-11 leaves the copy by the alarm, without anybody asking', async () => {
    const kid = await revokeUncopied('tenant')
    expect((await holdingsOf(ringObject('tenant'))).alarm).toBeLessThanOrEqual(start + 5_000)
    setClock(5)
    expect(await runAlarm(ringObject('tenant'))).toBe(true)
    expect(await copyOf('tenant')).not.toContain(kid)
  })

  it('SP-CR-11 verifies nothing in an isolate that knows the copy alone', async () => {
    const kid = await revokeUncopied('other')
    expect(await verificationKey(requestTo('other'), kid)).toBeUndefined()
    const signing = await signingKey(requestTo('other'))
    expect(signing.kid).not.toBe(kid)
    expect(await verificationKey(requestTo('other'), signing.kid)).toBeDefined()
  })
})
