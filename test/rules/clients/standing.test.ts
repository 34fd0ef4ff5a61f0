import { describe, expect, it } from 'vitest'
import type { AuthenticatedClient } from '../../../src/clients/authenticate.ts'
import { callClient, clientStanding, judgeStanding } from '../../../src/clients/standing.ts'
import { toBase64Url } from '../../../src/encoding.ts'
import type { AssertionUse, ClientStanding } from '../../../src/objects/client.ts'
import type { Issuer } from '../../../src/types.ts'
import { codeOf, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeServedCall } from '../support/served-call.ts'

const enabled = { status: 'enabled', version: 1, generation: 'g1', epoch: 0 } as const
const unknown = { status: 'unknown' } as const
/** The hash of a `jti`; its first four bytes choose the shard: 0x06000102. */
const jti = toBase64Url(Uint8Array.of(6, 0, 1, 2, 9))

const asserted = (operator = false): AuthenticatedClient => ({
  record: { ...makeClient(), operator },
  method: 'private_key_jwt',
  assertion: { jti, validUntil: 5, alg: 'ES256', jwk: { kty: 'EC' } },
})

/** Each object answers a use with this; others are not there. */
async function use(
  answers: Readonly<Record<string, AssertionUse | readonly AssertionUse[]>>,
  given: { readonly issuer?: Issuer; readonly client?: AuthenticatedClient; readonly opens?: boolean } = {},
) {
  const left = new Map(Object.entries(answers).map(([name, some]) => [name, [some].flat()]))
  const served = makeServedCall({
    ...(given.issuer === undefined ? {} : { issuer: given.issuer }),
    objects: (name) => {
      const take = () => left.get(name)?.shift()
      return { use: take, useAsOperator: take, check: () => take()?.standing, openShards: () => given.opens ?? false } // prettier-ignore
    },
  })
  const answer = await callClient(served.call, given.client ?? asserted())
  return { answer, asked: served.asked }
} // prettier-ignore

const fresh: AssertionUse = { standing: enabled, use: 'fresh' }
const used: AssertionUse = { standing: enabled, use: 'used' }

describe('an assertion', () => {
  it('SP-SC-02 is used at the client’s own object', async () => {
    const { answer, asked } = await use({ 'client app': fresh })
    expect(answer).toEqual(fresh)
    expect(asked).toEqual([`client app use "${jti}" 5`])
  })

  it('SP-SC-02 of an operator is used at an object of its own', async () => {
    const { answer, asked } = await use({ 'operator app': used }, { client: asserted(true) })
    expect(answer).toEqual(used)
    expect(asked).toEqual([`operator app useAsOperator "${jti}" 5`])
  })

  it('is none where a certificate proved the client, which is only asked for', async () => {
    const client: AuthenticatedClient = { record: makeClient(), method: 'tls_client_auth' }
    const { answer, asked } = await use({ 'client app': fresh }, { client })
    expect(answer).toEqual({ standing: enabled, use: 'fresh' })
    expect(asked).toEqual(['client app check'])
  })

  it('SP-SC-02 of a busy client is used at the shard its jti names', async () => {
    const issuer = makeIssuer({ assertion_shards: [4] })
    const { answer, asked } = await use({ 'clientShard app 4 2': used }, { issuer })
    expect(answer).toEqual(used)
    expect(asked).toEqual([`clientShard app 4 2 use "${jti}" 5`])
  })

  it('SP-SC-02 spreads by four bytes, so that any number of shards is met evenly', async () => {
    const issuer = makeIssuer({ assertion_shards: [7] })
    const name = `clientShard app 7 ${0x06000102 % 7}`
    expect((await use({ [name]: fresh }, { issuer })).answer).toEqual(fresh)
  })

  it('SP-SC-02 is asked at both names while the number of shards changes, and used where either knew it', async () => {
    const issuer = makeIssuer({ assertion_shards: [4, 1] })
    for (const [now, before, result] of [[fresh, fresh, 'fresh'], [fresh, used, 'used'], [used, fresh, 'used']] as const) {
      const { answer } = await use({ 'clientShard app 4 2': now, 'client app': before }, { issuer })
      expect(answer).toEqual({ standing: enabled, use: result })
    }
  }) // prettier-ignore

  it('opens a shard that does not know its client, and is used there then', async () => {
    const issuer = makeIssuer({ assertion_shards: [4] })
    const closed: AssertionUse = { standing: unknown, use: 'late' }
    const name = 'clientShard app 4 2'
    const { answer, asked } = await use({ [name]: [closed, fresh] }, { issuer, opens: true })
    expect(answer).toEqual(fresh)
    expect(asked).toEqual([`${name} use "${jti}" 5`, 'client app openShards 4 2', `${name} use "${jti}" 5`])
    const nobody = await use({ [name]: [closed, fresh] }, { issuer, opens: false })
    expect(nobody.answer).toEqual(closed)
    expect(nobody.asked).toHaveLength(2)
  }) // prettier-ignore
})

describe('the standing of a client', () => {
  const ask = async (answers: readonly ClientStanding[], shards = 1, opens = false) => {
    const left = [...answers]
    const served = makeServedCall({
      issuer: makeIssuer({ assertion_shards: [shards] }),
      objects: () => ({ check: () => left.shift(), openShards: () => opens }),
    })
    return { standing: await clientStanding(served.call, 'app'), asked: served.asked }
  }

  it('SP-CR-11 is what its own object says, where that is not spread', async () => {
    expect(await ask([enabled])).toEqual({ standing: enabled, asked: ['client app check'] })
    expect(await ask([unknown])).toEqual({ standing: unknown, asked: ['client app check'] })
  })

  it('SP-CR-11 is what any of its shards says', async () => {
    const met = new Set<string>()
    for (let time = 0; time < 60; time += 1) {
      const { standing, asked } = await ask([enabled], 3)
      expect(standing).toEqual(enabled)
      met.add(asked.join())
    }
    expect([...met].sort()).toEqual([0, 1, 2].map((shard) => `clientShard app 3 ${shard} check`))
  })

  it('is asked again of a shard that the client’s object opened', async () => {
    const opened = await ask([unknown, enabled], 2, true)
    expect(opened.standing).toEqual(enabled)
    expect(opened.asked[1]).toMatch(/^client app openShards 2 [01]$/)
    expect(opened.asked).toHaveLength(3)
    expect((await ask([unknown, enabled], 2)).standing).toEqual(unknown)
  })
})

describe('what the object says', () => {
  const judge = (standing: ClientStanding, how: AssertionUse['use']) =>
    judgeStanding({ standing, use: how })

  it('is taken from an enabled client with a fresh assertion', () => {
    expect(valueOf(judge(enabled, 'fresh'))).toEqual(enabled)
  })

  it('SP-SC-02 SP-CR-11 is invalid_client in all other cases, in the same words', () => {
    const disabled = { ...enabled, status: 'disabled' } as const
    const cases = [[unknown, 'fresh'], [disabled, 'fresh'], [enabled, 'used'], [enabled, 'late']] as const // prettier-ignore
    for (const [standing, how] of cases) {
      const result = judge(standing, how)
      expect(codeOf(result)).toBe('invalid_client')
      if (!result.ok) expect(result.refusal.description).toBe('Client authentication failed')
    }
    const replayed = judge(enabled, 'used')
    expect(replayed.ok ? undefined : replayed.refusal.event).toBe('assertion.replayed')
  })
})
