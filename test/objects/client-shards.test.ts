import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AuthenticatedClient } from '../../src/clients/authenticate.ts'
import { callClient, judgeStanding } from '../../src/clients/standing.ts'
import { configuredIssuer } from '../../src/config.ts'
import { digest, fromBase64Url, toHex } from '../../src/encoding.ts'
import { Storage } from '../../src/observe/storage.ts'
import type { Call } from '../../src/call.ts'
import { clientOf, metadata, newClient, put } from './support/clients.ts'
import {
  countOf,
  env,
  holdingsOf,
  parallel,
  runAlarm,
  setClock,
  start,
  stubsOf,
} from './support/objects.ts'

const stubs = stubsOf('bank')
const validUntil = start + 70_000

const withAssertion = async (jti: string) => ({
  method: 'private_key_jwt',
  assertion: { jti: await digest(jti), validUntil },
})

/** The client call of a request, with this setting of `assertion_shards`. */
async function ask(clientId: string, proven: object, assertionShards: readonly number[]) {
  const storage = new Storage()
  const issuer = { ...configuredIssuer(env, 'bank'), assertionShards }
  const call = { issuer, storage, stubs } as unknown as Call
  const client = {
    record: { clientId, operator: false, metadata },
    ...proven,
  } as unknown as AuthenticatedClient
  const answer = await callClient(call, client)
  return {
    ...answer,
    accepted: judgeStanding(answer).ok,
    calls: storage.calls,
    depth: storage.depth,
  }
}

/** The first four bytes of the hash of a `jti`. */
const hexOf = async (jti: string): Promise<string> =>
  toHex(fromBase64Url(await digest(jti)) ?? new Uint8Array()).slice(0, 8)

async function numbered(count: number, holds: (index: number) => Promise<boolean>) {
  const all = Array.from({ length: count }, (_, index) => index)
  const held = await Promise.all(all.map(holds))
  return all.filter((index) => held[index])
}

const use = async (clientId: string, jti: string, shards: readonly number[]) =>
  ask(clientId, await withAssertion(jti), shards)

/** As a client with a certificate asks: it uses nothing up. */
const present = (clientId: string, shards: readonly number[]) =>
  ask(clientId, { method: 'tls_client_auth' }, shards)

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('assertion shards of a busy client', () => {
  it('ATK-A1-12 accept one of 50 parallel uses of the same assertion', async () => {
    await newClient('race')
    const answers = await parallel(50, () => use('race', 'assertion', [4]))
    expect(
      countOf(
        answers.map(({ accepted }) => accepted),
        true,
      ),
    ).toBe(1)
  })

  it('accept 50 different assertions, spread over every shard, with one call each', async () => {
    await newClient('busy')
    const first = await parallel(50, (index) => use('busy', `assertion ${index}`, [4]))
    expect(first.every(({ accepted }) => accepted)).toBe(true)
    const second = await parallel(50, (index) => use('busy', `another ${index}`, [4]))
    expect(
      second.every(({ accepted, calls, depth }) => accepted && calls === 1 && depth === 1),
    ).toBe(true)
    for (const shard of [0, 1, 2, 3]) {
      expect((await stubs.clientShard('busy', 4, shard).check()).value.status).toBe('enabled')
    }
  })

  it('ATK-A1-12 still know a used assertion after they were evicted', async () => {
    await newClient('evicted')
    expect((await use('evicted', 'assertion', [4])).accepted).toBe(true)
    for (const shard of [0, 1, 2, 3]) {
      const stub = stubs.clientShard('evicted', 4, shard)
      await stub.check()
      await evictDurableObject(stub)
    }
    expect((await use('evicted', 'assertion', [4])).accepted).toBe(false)
    expect((await use('evicted', 'another', [4])).accepted).toBe(true)
  })

  it('ATK-A1-12 accept an assertion once while the number of shards goes up and down', async () => {
    await newClient('growing')
    const steps = [[1], [4, 1], [4], [2, 4], [2], [1, 2], [1]]
    // Used under one setting, an assertion is refused under the next: both names are asked.
    for (const [index, shards] of steps.entries()) {
      expect((await use('growing', `assertion ${index}`, shards)).accepted).toBe(true)
      expect((await use('growing', `assertion ${index}`, shards)).accepted).toBe(false)
      const next = steps[index + 1] ?? shards
      expect((await use('growing', `assertion ${index}`, next)).accepted).toBe(false)
    }
  })

  it('accept at most one of 50 parallel uses while both numbers are asked', async () => {
    await newClient('changing')
    const answers = await parallel(50, () => use('changing', 'assertion', [4, 1]))
    expect(
      countOf(
        answers.map(({ accepted }) => accepted),
        true,
      ),
    ).toBeLessThanOrEqual(1)
    expect((await use('changing', 'assertion', [4, 1])).accepted).toBe(false)
    expect((await use('changing', 'another', [4, 1])).accepted).toBe(true)
  })

  it('SP-PAR-10 refuse at once when the client is disabled, and not after it is enabled', async () => {
    const client = await newClient('disabled')
    await parallel(20, (index) => use('disabled', `warm ${index}`, [4]))
    await client().setEnabled(false)
    const refused = await parallel(20, (index) => use('disabled', `refused ${index}`, [4]))
    expect(refused.every(({ standing }) => standing.status === 'disabled')).toBe(true)
    await client().setEnabled(true)
    const accepted = await parallel(20, (index) => use('disabled', `accepted ${index}`, [4]))
    expect(accepted.every((answer) => answer.accepted)).toBe(true)
  })

  it('tell the newest version and generation', async () => {
    const client = await newClient('told')
    const told = async () => (await use('told', crypto.randomUUID(), [4])).standing
    await parallel(20, told)
    await put('told')
    expect(await parallel(20, told)).toEqual(Array(20).fill((await client().check()).value))
    await client().remove()
    const gone = await parallel(20, told)
    expect(gone.every(({ status }) => status === 'unknown')).toBe(true)
    await put('told')
    expect(await parallel(20, told)).toEqual(Array(20).fill((await client().check()).value))
  })

  it('take no older news, whatever the order they arrive in, not even after a removal', async () => {
    const shard = stubs.clientShard('told out of order', 4, 0)
    const standing = { generation: 'one', enabled: true, epoch: 0, version: 1 }
    await shard.mirror(3, { ...standing, version: 3, enabled: false })
    await shard.mirror(2, { ...standing, version: 2 })
    expect((await shard.check()).value).toMatchObject({ status: 'disabled', version: 3 })
    await shard.mirror(4, { ...standing, version: 4 })
    expect((await shard.check()).value).toMatchObject({ status: 'enabled', version: 4 })
    await shard.mirror(6, undefined)
    await shard.mirror(5, { ...standing, version: 5 })
    expect((await shard.check()).value).toEqual({ status: 'unknown' })
    await shard.mirror(7, { ...standing, generation: 'two' })
    expect((await shard.check()).value).toMatchObject({ generation: 'two', version: 1 })
  })

  it('end with the newest news, whatever order 40 changes are told in', async () => {
    const client = await newClient('overtaken')
    await parallel(20, (index) => use('overtaken', `warm ${index}`, [4]))
    await parallel(40, (index) => client().setEnabled(index % 2 === 1))
    const { value } = await client().check()
    expect(value).toMatchObject({ version: 41 })
    for (const shard of [0, 1, 2, 3]) {
      expect((await stubs.clientShard('overtaken', 4, shard).check()).value).toEqual(value)
    }
    const { values } = await holdingsOf(client())
    expect(values['untold']).toBeUndefined()
  })

  it.each([
    ['alone', 0],
    ['while earlier news is on its way', 1],
  ])('are told again by the alarm what they could not be told, %s', async (_, earlier) => {
    const clientId = `untold-${earlier}`
    const client = await newClient(clientId)
    await parallel(20, (index) => use(clientId, `warm ${index}`, [4]))
    expect(await tellInVain(client(), earlier)).toBe('out of reach')
    const { value } = await client().check()
    expect(value).toMatchObject({ status: 'disabled', version: 2 + earlier })
    expect(await runAlarm(client())).toBe(true)
    for (const shard of [0, 1, 2, 3]) {
      expect((await stubs.clientShard(clientId, 4, shard).check()).value).toEqual(value)
    }
    expect((await holdingsOf(client())).values['untold']).toBeUndefined()
  })

  /** Disables while shards are out of reach, after earlier news that still reaches them. */
  const tellInVain = (stub: ReturnType<typeof clientOf>, earlier: number): Promise<string> =>
    runInDurableObject(stub, async (object) => {
      let release = (): void => undefined
      const gate = new Promise<void>((resolve) => (release = resolve))
      let told = 0
      const mirrorLate = (name: string) => async (news: number, standing: unknown) => {
        await gate
        await env.CLIENT.getByName(name).mirror(news, standing as never)
      }
      const getByName = (name: string) => {
        told += 1
        const broken = () => Promise.reject(new Error('out of reach'))
        return { mirror: told > 4 * earlier ? broken : mirrorLate(name) }
      }
      Object.assign(object, { env: { ...env, CLIENT: { getByName } } })
      const before = earlier === 0 ? undefined : object.setEnabled(true)
      while (told < 4 * earlier) await Promise.resolve()
      const vain = object.setEnabled(false).catch((error: Error) => error.message)
      release()
      await before
      const answer = await vain
      Object.assign(object, { env })
      return typeof answer === 'string' ? answer : 'nothing'
    })

  it('know the standing of a client with a certificate too, with one call each', async () => {
    const client = await newClient('certificate')
    await parallel(50, () => present('certificate', [4]))
    const answers = await parallel(20, () => present('certificate', [4]))
    expect(answers.every(({ accepted, calls }) => accepted && calls === 1)).toBe(true)
    await client().setEnabled(false)
    const refused = await parallel(20, () => present('certificate', [4]))
    expect(new Set(refused.map(({ standing }) => standing.status))).toEqual(new Set(['disabled']))
    await client().remove()
    const gone = await parallel(20, () => present('certificate', [4]))
    expect(new Set(gone.map(({ standing }) => standing.status))).toEqual(new Set(['unknown']))
  })

  it('may be more than a byte could count: some lie beyond it, and accept once like the others', async () => {
    await newClient('wide')
    const shardOf = async (jti: string) => Number.parseInt(await hexOf(jti), 16) % 1024
    const far = await numbered(50, async (index) => (await shardOf(`jti ${index}`)) > 255)
    expect(far.length).toBeGreaterThan(0)
    for (const index of far.slice(0, 5)) {
      expect((await use('wide', `jti ${index}`, [1024])).accepted).toBe(true)
      expect((await use('wide', `jti ${index}`, [1024])).accepted).toBe(false)
      const stub = stubs.clientShard('wide', 1024, await shardOf(`jti ${index}`))
      expect((await stub.check()).value.status).toBe('enabled')
    }
  })

  it('take nothing for a client that does not exist', async () => {
    const answer = await use('nobody', 'assertion', [4])
    expect([answer.accepted, answer.standing.status]).toEqual([false, 'unknown'])
    expect((await clientOf('nobody').load()).value).toBeUndefined()
  })
})
