import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NewPushedRequest, PushedRequestKey } from '../../src/objects/pushed-request.ts'
import {
  countOf,
  evict,
  holdingsOf,
  made,
  nothing,
  parallel,
  runAlarm,
  setClock,
  start,
  stubsOf,
} from './support/objects.ts'

const stubs = stubsOf('bank')
const key: PushedRequestKey = { issuer: 'bank', secretHash: 'hash of the secret' }
const pushed: NewPushedRequest = {
  ...key,
  clientId: 'app',
  generation: 'first',
  hint: 'weur',
  openFor: 300_000,
  finishWithin: 1_800_000,
  request: {
    redirectUri: 'https://app.example/cb',
    state: 'a state',
    scope: ['openid', 'accounts'],
    resources: [],
    codeChallenge: 'challenge',
    prompt: [],
    acrValues: [],
    claims: { idToken: [], userinfo: [] },
    essentialAcr: [],
  },
}
const stub = { clientId: 'app', redirectUri: 'https://app.example/cb', state: 'a state' }

const object = (id: string) => made(stubs.pushedRequest(id))

async function create(): Promise<() => ReturnType<typeof object>> {
  const id = stubs.newPushedRequestId()
  expect((await object(id).create(pushed)).value).toBe(true)
  return () => object(id)
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('PushedRequest', () => {
  it('creates one of 50 requests pushed to the same id', async () => {
    const id = stubs.newPushedRequestId()
    const answers = await parallel(50, (index) =>
      object(id).create({ ...pushed, generation: `${index}` }),
    )
    const values = answers.map(({ value }) => value)
    expect(countOf(values, true)).toBe(1)
    expect(await object(id).open(key, 'opening')).toMatchObject({
      value: { generation: `${values.indexOf(true)}` },
    })
  })

  it('writes two rows to create, one of them its alarm, one to complete, and none to open', async () => {
    const id = stubs.newPushedRequestId()
    expect((await object(id).create(pushed)).rows).toBe(2)
    expect((await object(id).create(pushed)).rows).toBe(0)
    expect((await object(id).open(key, 'opening')).rows).toBe(0)
    expect((await object(id).complete(key, 'grant')).rows).toBe(1)
    expect((await object(id).complete(key, 'grant')).rows).toBe(0)
  })

  it('SP-AS-37 opens any number of times and reads the request as it was pushed', async () => {
    const request = await create()
    const readings = await parallel(50, () => request().open(key, 'opening'))
    for (const { value } of readings) {
      expect(value).toEqual({
        status: 'live',
        clientId: 'app',
        generation: 'first',
        request: pushed.request,
        hint: 'weur',
        finishUntil: start + 1_800_000,
      })
    }
  })

  it('ATK-A1-07 completes once when 50 people complete at the same time', async () => {
    const request = await create()
    const answers = await parallel(50, (index) => request().complete(key, `grant ${index}`))
    const values = answers.map(({ value }) => value)
    expect(countOf(values, 'completed')).toBe(1)
    expect(countOf(values, 'completed-before')).toBe(49)
    const winner = `grant ${values.indexOf('completed')}`
    expect((await request().open(key, 'finishing', winner)).value.status).toBe('live')
    expect((await request().open(key, 'finishing', 'grant 50')).value.status).toBe('completed')
  })

  it('completes again for a double click of the same outcome, for a minute', async () => {
    const request = await create()
    const clicks = await parallel(50, () => request().complete(key, 'grant'))
    expect(clicks.every(({ value }) => value === 'completed')).toBe(true)
    setClock(59)
    expect((await request().complete(key, 'grant')).value).toBe('completed')
    expect((await request().complete(key, 'denied')).value).toBe('completed-before')
    expect((await request().open(key, 'finishing', 'grant')).value.status).toBe('live')
    setClock(60)
    expect((await request().complete(key, 'grant')).value).toBe('completed-before')
    expect((await request().open(key, 'finishing', 'grant')).value.status).toBe('completed')
  })

  it('SP-AS-37 ATK-A1-07 shows a fresh visit after completion only the way back', async () => {
    const request = await create()
    await request().complete(key, 'denied')
    expect((await request().open(key, 'opening')).value).toEqual({ status: 'completed', stub })
  })

  it('still knows its completion after it was evicted', async () => {
    const request = await create()
    await evict(request())
    expect((await request().open(key, 'opening')).value.status).toBe('live')
    await request().complete(key, 'grant')
    await evict(request())
    expect((await request().complete(key, 'another')).value).toBe('completed-before')
    expect((await request().open(key, 'opening')).value.status).toBe('completed')
  })

  it('SP-PAR-09 SP-AS-31 opens up to its last millisecond and not a moment later', async () => {
    const request = await create()
    setClock(299.999)
    expect((await request().open(key, 'opening')).value.status).toBe('live')
    setClock(300)
    expect((await request().open(key, 'opening')).value).toEqual({ status: 'expired', stub })
    expect((await request().open(key, 'finishing')).value.status).toBe('live')
  })

  it('lets a signed-in interaction finish within half an hour and not later', async () => {
    const [early, late] = [await create(), await create()]
    setClock(1799.999)
    expect((await early().complete(key, 'grant')).value).toBe('completed')
    setClock(1800)
    expect((await late().complete(key, 'grant')).value).toBe('expired')
    expect((await late().open(key, 'finishing')).value).toEqual({ status: 'expired', stub })
  })

  it('keeps nothing but a way back for a day after its end, then nothing at all', async () => {
    const request = await create()
    setClock(1860)
    expect(await runAlarm(request())).toBe(true)
    const left = await holdingsOf(request())
    expect(JSON.stringify(left.values)).not.toContain('challenge')
    expect(left.alarm).toBe(start + 1_800_000 + 86_400_000)
    expect((await request().open(key, 'finishing')).value).toEqual({ status: 'expired', stub })
    setClock(1800 + 86_400)
    expect(await runAlarm(request())).toBe(true)
    expect(await holdingsOf(request())).toEqual(nothing)
    expect((await request().open(key, 'opening')).value).toEqual({ status: 'unknown' })
  })

  it('MS-JARM-02 keeps how the response travels with the way back', async () => {
    const id = stubs.newPushedRequestId()
    const request = { ...pushed.request, responseMode: 'form_post.jwt' } as const
    await object(id).create({ ...pushed, request })
    setClock(1800)
    expect((await object(id).open(key, 'opening')).value).toEqual({
      status: 'expired',
      stub: { ...stub, responseMode: 'form_post.jwt' },
    })
  })

  it('keeps the request as it was received for as long as the request itself, in the same rows', async () => {
    const id = stubs.newPushedRequestId()
    const received = {
      clientId: 'app',
      receivedAt: start,
      authentication: { method: 'private_key_jwt', alg: 'ES256', jkt: 'thumbprint' },
      content: { jws: 'the.signed.request', alg: 'ES256', jwk: { kty: 'EC' }, keyFrom: 'jwks' },
    } as const
    expect((await object(id).create({ ...pushed, received })).rows).toBe(2)
    expect((await object(id).open(key, 'opening')).value).toMatchObject({ received })
    setClock(1860)
    expect(await runAlarm(object(id))).toBe(true)
    expect(JSON.stringify((await holdingsOf(object(id))).values)).not.toContain('signed')
  })

  it('keeps a live request when its alarm comes early', async () => {
    const request = await create()
    setClock(1000)
    expect(await runAlarm(request())).toBe(true)
    expect((await request().open(key, 'finishing')).value.status).toBe('live')
    expect((await holdingsOf(request())).alarm).not.toBeNull()
  })

  it.each([
    ['another issuer', { ...key, issuer: 'other' }],
    ['another secret', { ...key, secretHash: 'another hash' }],
  ])('ATK-A1-06 is unknown to %s, and stays open for its own', async (_, stranger) => {
    const request = await create()
    expect((await request().open(stranger, 'opening')).value).toEqual({ status: 'unknown' })
    expect((await request().complete(stranger, 'denied')).value).toBe('unknown')
    expect((await request().complete(key, 'grant')).value).toBe('completed')
  })

  it('ATK-A1-06 answers unknown and writes nothing when it was never pushed', async () => {
    const id = stubs.newPushedRequestId()
    const open = await object(id).open(key, 'opening')
    const complete = await object(id).complete(key, 'denied')
    expect([open, complete]).toEqual([
      { value: { status: 'unknown' }, rows: 0 },
      { value: 'unknown', rows: 0 },
    ])
    await runAlarm(object(id))
    expect(await holdingsOf(object(id))).toEqual(nothing)
  })

  it('ATK-A1-06 refuses ids that this namespace never made', () => {
    expect(stubs.pushedRequest('0'.repeat(64))).toBeUndefined()
    expect(stubs.pushedRequest(stubs.newGrantId())).toBeUndefined()
    expect(stubs.pushedRequest(stubs.newPushedRequestId())).toBeDefined()
  })
})
