import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Anchor } from '../../src/evidence/anchor.ts'
import { verifyEvidence } from '../../src/evidence/verify.ts'
import {
  anchorsOf,
  bindTo,
  bucket,
  cutOff,
  exportOf,
  partsOf,
  recordedGrant,
  redeemed,
  refreshed,
  revoke,
} from './support/evidence.ts'
import { code, grantOf, newGrantId, presenter, refresh } from './support/grants.ts'
import { holdingsOf, nothing, parallel, runAlarm, setClock, start } from './support/objects.ts'

type OneGrant = Awaited<ReturnType<typeof recordedGrant>>

const day = 86_400

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

const kindsOf = async (grant: OneGrant) =>
  (await partsOf(grant)).flatMap(({ entries }) => entries.map(({ kind }) => kind))

describe('the chain of a grant', () => {
  it('verifies when it is exported: pages, tokens and end', async () => {
    const grant = await redeemed()
    for (let index = 0; index < 40; index += 1) await refreshed(grant)
    await revoke(grant)
    const { sound, faults, entries } = await verifyEvidence(await exportOf(grant))
    expect(faults).toEqual([])
    expect(sound).toBe(true)
    expect(entries).toHaveLength(3 + 1 + 40 + 1)
    expect((await holdingsOf(grant())).values).toHaveProperty('evidence:000002')
  })

  it('verifies after 50 refreshes and revocations at once, and has no token after its end', async () => {
    const grant = await redeemed()
    await parallel<unknown>(50, (index) => (index === 25 ? revoke(grant) : refreshed(grant)))
    const { faults, entries } = await verifyEvidence(await exportOf(grant))
    expect(faults).toEqual([])
    expect(entries.at(-1)?.kind).toBe('revocation')
  })

  it('does not run backwards when the clock is set back', async () => {
    setClock(100)
    const grant = await redeemed()
    setClock(40)
    await refreshed(grant, 40)
    const [, , , first, second] = (await partsOf(grant)).flatMap(({ entries }) => entries)
    expect(second?.at).toBe(first?.at)
    setClock(101)
    expect((await verifyEvidence(await exportOf(grant))).faults).toEqual([])
  })

  it('of a long life is fetched in parts, each of them once', async () => {
    const grant = await redeemed()
    for (let index = 0; index < 1_100; index += 1) await refreshed(grant)
    const parts = await partsOf(grant)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.flatMap(({ entries }) => entries.map(({ n }) => n))).toEqual(
      Array.from({ length: 1_104 }, (_, n) => n),
    )
    expect((await verifyEvidence(await exportOf(grant))).faults).toEqual([])
  }, 60_000)

  it('is told to its own issuer, and touching it makes nothing', async () => {
    const grant = await redeemed()
    expect((await grant().evidence('other')).value).toBeUndefined()
    expect((await grant().eraseEvidence('other', 'operator')).value).toBeUndefined()
    const empty = grantOf(newGrantId())
    expect((await empty.evidence('bank')).value).toBeUndefined()
    expect((await empty.eraseEvidence('bank', 'operator')).value).toBeUndefined()
    expect(await holdingsOf(empty)).toEqual(nothing)
  })
})

describe('a code that could still be redeemed', () => {
  const withheld = async (grant: OneGrant) => (await partsOf(grant))[0]?.withheld

  it('stays in the object, and that is said', async () => {
    const grant = await recordedGrant()
    const file = await exportOf(grant)
    expect(JSON.stringify(file)).not.toContain('the code itself')
    const until = new Date(start + code.lifetime).toISOString()
    expect(file.withheld).toEqual({ '2/response': until })
    const { faults, entries } = await verifyEvidence(file)
    expect(faults).toEqual([])
    expect(entries[2]?.items).toEqual({ response: 'withheld' })
  })

  it('is told once it was redeemed, or has expired', async () => {
    const spent = await redeemed()
    expect(await withheld(spent)).toEqual({})
    expect(JSON.stringify(await exportOf(spent))).toContain('the code itself')
    const late = await recordedGrant()
    setClock(code.lifetime / 1000)
    expect(await withheld(late)).toEqual({})
  })
})

describe('erasing', () => {
  it('takes items and salts from every page, and the chain still verifies', async () => {
    const grant = await redeemed()
    for (let index = 0; index < 20; index += 1) await refreshed(grant)
    expect((await grant().eraseEvidence('bank', 'operator')).value).toBe(3)
    const file = await exportOf(grant)
    expect(file.apart).toEqual({})
    const held = JSON.stringify(
      Object.entries((await holdingsOf(grant())).values).filter(([key]) => key !== 'grant'),
    )
    expect(held).not.toContain('sub-alice')
    expect(held).not.toContain('salt')
    const { faults, entries } = await verifyEvidence(file)
    expect(faults).toEqual([])
    expect(entries[0]?.items).toEqual({ sub: 'erased' })
    expect(file.entries.at(-1)).toMatchObject({
      kind: 'erasure',
      body: { by: 'operator', items: 3 },
    })
  })

  it('of nothing changes nothing', async () => {
    const grant = await redeemed()
    await grant().eraseEvidence('bank', 'operator')
    const before = await kindsOf(grant)
    expect((await grant().eraseEvidence('bank', 'operator')).value).toBe(0)
    expect(await kindsOf(grant)).toEqual(before)
  })

  it('ends nothing: tokens are issued and recorded as before', async () => {
    const grant = await redeemed()
    await grant().eraseEvidence('bank', 'operator')
    expect((await refreshed(grant)).value.status).toBe('refreshed')
    expect((await kindsOf(grant)).slice(-2)).toEqual(['erasure', 'token'])
  })

  it('leaves no trace in what heads were signed before', async () => {
    const grant = await redeemed()
    await revoke(grant)
    await runAlarm(grant())
    await grant().eraseEvidence('bank', 'operator')
    const file = await exportOf(grant)
    expect(file.attestations).toHaveLength(1)
    expect((await verifyEvidence(file)).faults).toEqual([])
  })
})

describe('a revocation', () => {
  it.each([
    ['of the grant', revoke],
    ['of a refresh token', (grant: OneGrant) =>
      grant().revokeRefreshToken({ ...presenter, secretHash: refresh.secretHash })],
    ['of an access token', (grant: OneGrant) =>
      grant().revokeAccessToken('bank', 'a token', start + 300_000)],
    ['because a code was used twice', (grant: OneGrant) =>
      grant().revokeForReuse({ ...presenter, secretHash: code.secretHash })],
  ] as const)('%s is attested soon', async (_what, end) => {
    const grant = await redeemed()
    await end(grant)
    expect((await holdingsOf(grant())).alarm).toBe(start)
    expect(await runAlarm(grant())).toBe(true)
    const file = await exportOf(grant)
    const [signed] = file.attestations
    expect(signed?.n).toBe(file.entries.length - 1)
    expect(decodeJwt(signed?.jws ?? '')).toMatchObject({ reason: 'revocation', iss: 'https://as.example' })
    expect((await verifyEvidence(file)).faults).toEqual([])
  }) // prettier-ignore

  it('is attested once, with all that is known by then', async () => {
    const grant = await redeemed()
    await grant().revokeAccessToken('bank', 'a token', start + 300_000)
    await grant().revokeAccessToken('bank', 'another', start + 300_000)
    await runAlarm(grant())
    setClock(1)
    await runAlarm(grant())
    expect((await exportOf(grant)).attestations.map(({ n }) => n)).toEqual([5])
  })

  it('is attested later when the evidence key is out of reach, and nothing else suffers', async () => {
    const grant = await redeemed()
    await cutOff(grant(), true)
    await revoke(grant)
    await runAlarm(grant())
    expect((await holdingsOf(grant())).alarm).toBe(start + 300_000)
    expect((await refreshed(grant)).value.status).toBe('refused')
    await cutOff(grant(), false)
    setClock(300)
    await runAlarm(grant())
    const file = await exportOf(grant)
    expect(file.attestations).toHaveLength(1)
    expect((await holdingsOf(grant())).alarm).toBe(start + day * 1000)
  })

  it('keeps the newest signed heads, not all of them', async () => {
    const grant = await redeemed()
    for (let index = 0; index < 70; index += 1) {
      await grant().revokeAccessToken('bank', `token ${index}`, start + 300_000)
      await runAlarm(grant())
    }
    const { attestations, entries } = await exportOf(grant)
    expect(attestations).toHaveLength(64)
    expect(attestations.at(-1)?.n).toBe(entries.length - 1)
  })
})

describe('anchoring', () => {
  const bound = async () => {
    const grant = await redeemed()
    await bindTo(grant(), { EVIDENCE_BUCKET: bucket })
    return grant
  }

  it('is off without a binding: a token writes one row and sets no alarm', async () => {
    const grant = await redeemed()
    const { alarm } = await holdingsOf(grant())
    expect((await refreshed(grant)).rows).toBe(1)
    expect((await holdingsOf(grant())).alarm).toBe(alarm)
  })

  it('sets one alarm for the first new entry of an interval, and none for the others', async () => {
    const grant = await bound()
    expect((await refreshed(grant)).rows).toBe(2)
    expect((await holdingsOf(grant())).alarm).toBe(start + 300_000)
    setClock(200)
    expect((await refreshed(grant, 200)).rows).toBe(1)
    expect((await holdingsOf(grant())).alarm).toBe(start + 300_000)
  })

  it('lays the signed head into the bucket, under its number and hash', async () => {
    const grant = await bound()
    await refreshed(grant)
    setClock(300)
    await runAlarm(grant())
    const anchors = await anchorsOf(grant)
    expect(anchors).toHaveLength(1)
    const file = await exportOf(grant)
    expect(file.anchored).toMatchObject([{ n: 4, where: ['bucket'] }])
    const found = await verifyEvidence(file, { anchors })
    expect(found.faults).toEqual([])
    expect(found.anchoredTo).toBe(4)
    const { objects } = await bucket.list({ prefix: `bank/${grant().id.toString()}/` })
    expect(objects[0]?.key).toContain(`/00000004-${anchors[0]?.head}.json`)
  })

  it('goes on while the grant does, and rests when nothing happens', async () => {
    const grant = await bound()
    await refreshed(grant)
    setClock(300)
    await runAlarm(grant())
    expect((await holdingsOf(grant())).alarm).toBe(start + 91 * day * 1000)
    await refreshed(grant, 300)
    setClock(600)
    await runAlarm(grant())
    expect((await anchorsOf(grant)).map(({ n }) => n)).toEqual([4, 5])
  })

  it('rests when the binding is taken away', async () => {
    const grant = await bound()
    await refreshed(grant)
    await bindTo(grant(), {})
    setClock(300)
    await runAlarm(grant())
    expect((await exportOf(grant)).attestations).toEqual([])
    expect((await holdingsOf(grant())).alarm).toBe(start + 91 * day * 1000)
  })

  it('never writes over what lies there', async () => {
    const grant = await bound()
    await refreshed(grant)
    const head = (await partsOf(grant))[0]?.head
    const name = `bank/${grant().id.toString()}/00000004-${head}.json`
    await bucket.put(name, 'what lies there')
    setClock(300)
    await runAlarm(grant())
    expect(await (await bucket.get(name))?.text()).toBe('what lies there')
  })

  it('sends to the queue as well, and tries again when that fails', async () => {
    const sent: Anchor[] = []
    let down = true
    const EVIDENCE_QUEUE = {
      send: (anchor: Anchor) => {
        if (down) return Promise.reject(new Error('down'))
        sent.push(anchor)
        return Promise.resolve()
      },
    } as unknown as Queue<Anchor>
    const grant = await redeemed()
    await bindTo(grant(), { EVIDENCE_QUEUE })
    await refreshed(grant)
    setClock(300)
    await runAlarm(grant())
    expect(sent).toEqual([])
    expect((await exportOf(grant)).anchored).toEqual([])
    expect((await holdingsOf(grant())).alarm).toBe(start + 600_000)
    down = false
    setClock(600)
    await runAlarm(grant())
    expect(sent).toHaveLength(1)
    const file = await exportOf(grant)
    expect(file.anchored).toMatchObject([{ n: 4, where: ['queue'] }])
    expect((await verifyEvidence(file, { anchors: sent })).anchoredTo).toBe(4)
  })

  it('anchors a revocation at its time, which is attested before', async () => {
    const grant = await bound()
    await revoke(grant)
    await runAlarm(grant())
    expect(await anchorsOf(grant)).toEqual([])
    expect((await holdingsOf(grant())).alarm).toBe(start + 300_000)
    setClock(300)
    await runAlarm(grant())
    expect((await anchorsOf(grant)).map(({ n }) => n)).toEqual([4])
  })
})
