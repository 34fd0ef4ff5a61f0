import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkPublicJwks } from '../../../src/clients/jwks.ts'
import { clientJwks, verificationKeys } from '../../../src/clients/keys.ts'
import { publicKeysOf } from '../../../src/clients/public-keys.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import type { ClientRecord, JsonWebKeySet } from '../../../src/types.ts'
import { makeClient, valueOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { later, makeServedCall } from '../support/served-call.ts'
import type { ServedCall } from '../support/served-call.ts'

const now = 1_800_000_000_000
const second = 1_000
const minute = 60 * second

let first: JsonWebKeySet
let second_: JsonWebKeySet
let mixed: JsonWebKeySet

beforeAll(async () => {
  const [one, two, rsa] = [await makeKey(), await makeKey(), await makeKey('PS256')]
  first = { keys: [{ ...one.publicJwk, kid: 'one' } as JsonWebKey] }
  second_ = { keys: [{ ...two.publicJwk, kid: 'two' } as JsonWebKey] }
  const keys = [{ ...one.publicJwk, kid: 'same' }, { ...rsa.publicJwk, kid: 'same' }, { ...two.publicJwk, kid: 'enc', use: 'enc' }] // prettier-ignore
  mixed = valueOf(checkPublicJwks({ keys }))
})

let clients = 0

/** A client of its own that keeps its keys at an address; what that answers is `host.answer`. */
function remoteClient(metadata: Partial<ClientMetadata> = {}) {
  clients += 1
  const uri = `https://keys.example/${clients}`
  const client: ClientRecord = {
    ...makeClient({ jwks_uri: uri, ...metadata }),
    clientId: `app-${clients}`,
  }
  const host: { answer: () => Response | Promise<Response> } = {
    answer: () => Response.json(first),
  }
  const served = makeServedCall({ now, fetch: () => host.answer() })
  return { client, host, served, uri }
}

const kids = (jwks: JsonWebKeySet | undefined) =>
  jwks?.keys.map((key) => (key as { readonly kid?: string }).kid)

const kidsAt = async (served: ServedCall, client: ClientRecord, after: number, renew = false) =>
  kids(await clientJwks(later(served, after), client, { renew }))

/** Timers that end only when they are told to, in steps of what is waited for. */
function stopTimers() {
  const waiting: { readonly run: () => void; readonly at: number }[] = []
  let now_ = 0
  const set = (run: () => void, wait = 0) => waiting.push({ run, at: now_ + wait })
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(set as unknown as typeof setTimeout)
  return {
    advance: async (milliseconds: number) => {
      const end = now_ + milliseconds
      while (now_ < end) {
        await new Promise((resolve) => setImmediate(resolve))
        now_ += 50
        for (const { run } of waiting.filter(({ at }) => at === now_)) run()
      }
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the keys of a client', () => {
  it('SP-CR-07 are the registered ones, and nobody is asked', async () => {
    const { call, fetched } = makeServedCall({ now })
    expect(await clientJwks(call, makeClient({ jwks: first }))).toEqual(first)
    expect(await clientJwks(call, makeClient())).toBeUndefined()
    expect(fetched).toEqual([])
  })

  it('SP-CR-07 at an address are asked for once in five minutes', async () => {
    const { client, host, served, uri } = remoteClient()
    expect(await kidsAt(served, client, 0)).toEqual(['one'])
    expect(served.waiting).toHaveLength(1)
    host.answer = () => Response.json(second_)
    expect(await kidsAt(served, client, 5 * minute - 1)).toEqual(['one'])
    expect(served.fetched).toEqual([uri])
    expect(await kidsAt(served, client, 5 * minute)).toEqual(['two'])
    expect(served.fetched).toEqual([uri, uri])
  })

  it('are asked for again when a key is missing, at most once a minute', async () => {
    const { client, host, served } = remoteClient()
    expect(await kidsAt(served, client, 0)).toEqual(['one'])
    host.answer = () => Response.json(second_)
    expect(await kidsAt(served, client, minute - 1, true)).toEqual(['one'])
    expect(await kidsAt(served, client, minute, true)).toEqual(['two'])
    expect(served.fetched).toHaveLength(2)
  })

  it('are used for ten minutes while their host is down, which is asked once a minute', async () => {
    const { client, host, served } = remoteClient()
    await kidsAt(served, client, 0)
    host.answer = () => new Response('', { status: 503 })
    expect(await kidsAt(served, client, 5 * minute)).toEqual(['one'])
    expect(await kidsAt(served, client, 6 * minute - 1)).toEqual(['one'])
    expect(served.fetched).toHaveLength(2)
    expect(await kidsAt(served, client, 10 * minute - 1)).toEqual(['one'])
    expect(await kidsAt(served, client, 10 * minute)).toBeUndefined()
    expect(served.logged.at(-1)).toEqual({ event: 'client.jwks_failed', reason: 'status 503' })
  })

  it('are not there when the host never answered, and it is left alone for a minute', async () => {
    const { client, host, served } = remoteClient()
    host.answer = () => Promise.reject(new Error('refused'))
    expect(await kidsAt(served, client, 0)).toBeUndefined()
    host.answer = () => Response.json(first)
    expect(await kidsAt(served, client, minute - 1)).toBeUndefined()
    expect(served.fetched).toHaveLength(1)
    expect(await kidsAt(served, client, minute)).toEqual(['one'])
  })

  it('SP-CR-04 are refused whole when one of them is not sound, and the log says why', async () => {
    const { client, host, served } = remoteClient()
    host.answer = () => Response.json({ keys: [...first.keys, { kty: 'oct', k: 'AA' }] })
    expect(await kidsAt(served, client, 0)).toBeUndefined()
    expect(served.logged).toEqual([
      { event: 'client.jwks_refused', reason: expect.stringMatching(/private members/) },
    ])
  })

  it('are another’s at another address, and of another client at the same', async () => {
    const { client, host, served, uri } = remoteClient()
    await kidsAt(served, client, 0)
    host.answer = () => Response.json(second_)
    const moved = { ...client, metadata: { ...client.metadata, jwks_uri: `${uri}/new` } }
    expect(await kidsAt(served, moved, 0)).toEqual(['two'])
    expect(await kidsAt(served, { ...client, clientId: 'another' }, 0)).toEqual(['two'])
    expect(await kidsAt(served, client, 0)).toEqual(['one'])
  })

  it('are fetched once for all who ask at the same time', async () => {
    const clock = stopTimers()
    const { client, host, served } = remoteClient()
    const { promise, resolve } = Promise.withResolvers<Response>()
    host.answer = () => promise
    const asking = kidsAt(served, client, 0)
    const beside = kidsAt(served, client, 0)
    await clock.advance(100)
    resolve(Response.json(first))
    expect(await asking).toEqual(['one'])
    await clock.advance(50)
    expect(await beside).toEqual(['one'])
    expect(served.fetched).toHaveLength(1)
  })

  it('are asked for anew when who asked was cut off, after 3.5 seconds', async () => {
    const clock = stopTimers()
    const { client, host, served } = remoteClient()
    host.answer = () => new Promise<Response>(() => undefined)
    void kidsAt(served, client, 0)
    let answered = false
    const beside = kidsAt(served, client, 3_499).finally(() => {
      answered = true
    })
    await clock.advance(3_450)
    expect([answered, served.fetched.length]).toEqual([false, 1])
    await clock.advance(50)
    expect(await beside).toBeUndefined()
    host.answer = () => Response.json(second_)
    expect(await kidsAt(served, client, 3_500)).toEqual(['two'])
    expect(served.fetched).toHaveLength(2)
  })
})

describe('keys that may verify', () => {
  const found = async (kid: unknown, alg: 'ES256' | 'PS256' | 'EdDSA', jwks = mixed) => {
    const { call } = makeServedCall({ now })
    const keys = await verificationKeys(call, makeClient({ jwks }), { kid, alg })
    return keys.map(({ key, jwk, source }) => [key.algorithm.name, jwk.kid, source])
  }

  it('SP-CR-10 are chosen by kid, type and use', async () => {
    expect(await found('same', 'ES256')).toEqual([['ECDSA', 'same', 'registered']])
    expect(await found('same', 'PS256')).toEqual([['RSA-PSS', 'same', 'registered']])
    expect(await found('same', 'EdDSA')).toEqual([])
    expect(await found('enc', 'ES256')).toEqual([])
    expect(await found('other', 'ES256')).toEqual([])
    expect(await found(undefined, 'ES256')).toEqual([['ECDSA', 'same', 'registered']])
    expect(await found(1, 'ES256')).toEqual([])
  })

  it('are none without a key set, and none of a key that cannot be used', async () => {
    const { call } = makeServedCall({ now })
    expect(await verificationKeys(call, makeClient(), { kid: 'one', alg: 'ES256' })).toEqual([])
    const broken = { keys: [{ ...first.keys[0], y: first.keys[0]?.x } as JsonWebKey] }
    expect(await found('one', 'ES256', broken)).toEqual([])
  })

  it('are imported once for as long as the key set is known', async () => {
    const { call } = makeServedCall({ now })
    const ask = () => verificationKeys(call, makeClient({ jwks: first }), { kid: 'one', alg: 'ES256' }) // prettier-ignore
    const [[before], [after]] = [await ask(), await ask()]
    expect(before?.key).toBeDefined()
    expect(after?.key).toBe(before?.key)
  })

  it('are looked for once more at the address, which says when it answered', async () => {
    const { client, host, served, uri } = remoteClient()
    await kidsAt(served, client, 0)
    host.answer = () => Response.json(second_)
    const ask = (after: number) =>
      verificationKeys(later(served, after), client, { kid: 'two', alg: 'ES256' })
    expect(await ask(minute - 1)).toEqual([])
    const [key] = await ask(minute)
    const known = await clientJwks(later(served, 3 * minute), client)
    expect([kids(known), served.fetched.length]).toEqual([['two'], 2])
    expect(key?.source).toEqual({ jwks_uri: uri, fetchedAt: now + minute })
    expect(served.fetched).toHaveLength(2)
    await ask(3 * minute)
    expect(served.fetched).toHaveLength(2)
  })
})

describe('the public keys of a client, for those who check what it signs elsewhere', () => {
  const standing = { status: 'enabled', version: 1, generation: 'g1', epoch: 0 }
  /** A client whose object and copy say this of it. */
  const ask = async (
    given: {
      readonly copy?: object
      readonly standing?: object
      readonly metadata?: Partial<ClientMetadata>
      readonly kid?: string
    } = {},
  ) => {
    clients += 1
    const id = `keyed-${clients}`
    const stored = {
      format: 1, issuer: 'bank', clientId: id, version: 1, generation: 'g1', enabled: true, epoch: 0,
      metadata: { ...makeClient().metadata, jwks: first, ...given.metadata },
    } // prettier-ignore
    const served = makeServedCall({
      now,
      fetch: () => Response.json(second_),
      objects: (name) => {
        if (name === 'directory') return { hasClient: () => true }
        return name === `client ${id}`
          ? { load: () => stored, check: () => given.standing ?? standing }
          : undefined
      },
    })
    return { keys: await publicKeysOf(served.call, id, given.kid), served }
  }

  it('are its registered ones while it is enabled', async () => {
    const { keys, served } = await ask()
    expect(keys).toEqual(first)
    expect(served.fetched).toEqual([])
    expect((await ask({ standing: { ...standing, status: 'disabled' } })).keys.keys).toEqual([])
    expect((await ask({ standing: { status: 'unknown' } })).keys.keys).toEqual([])
  })

  it('are none of an id that nobody registered, and no object is named by it', async () => {
    const served = makeServedCall({
      now,
      objects: (name) => (name === 'directory' ? { hasClient: () => false } : undefined),
    })
    expect(await publicKeysOf(served.call, 'nobody', undefined)).toEqual({ keys: [] })
    expect(served.asked).toEqual(['directory hasClient "nobody"'])
  })

  it('are looked for once more at its address when a key is missing, and not where none is', async () => {
    const { client, host, served } = remoteClient()
    const objects = (name: string) =>
      name === 'directory'
        ? { hasClient: () => true }
        : {
            load: () => ({ ...client, format: 1, issuer: 'bank', epoch: 0 }),
            check: () => standing,
          }
    const other = makeServedCall({ now, objects, fetch: () => host.answer() })
    const at = async (after: number, kid?: string) =>
      kids(await publicKeysOf(later(other, after), client.clientId, kid))
    expect(await at(0, 'one')).toEqual(['one'])
    host.answer = () => Response.json(second_)
    expect(await at(minute, 'one')).toEqual(['one'])
    expect(await at(minute)).toEqual(['one'])
    expect(other.fetched).toHaveLength(1)
    expect(await at(minute, 'two')).toEqual(['two'])
    expect(served.fetched).toEqual([])
    host.answer = () => new Response('', { status: 500 })
    expect(await at(20 * minute, 'two')).toEqual([])
    expect((await ask({ kid: 'other' })).keys).toEqual(first)
    expect((await ask({ kid: 'other', metadata: { jwks: undefined } })).keys).toEqual({ keys: [] })
  })
})
