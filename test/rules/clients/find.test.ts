import { describe, expect, it } from 'vitest'
import { findClient, findClientAsOf, forgetClient, loadClient } from '../../../src/clients/find.ts'
import { copyKeys } from '../../../src/objects/names.ts'
import { makeClient, makeIssuer } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { later, makeServedCall } from '../support/served-call.ts'

const now = 1_800_000_000_000
const { metadata } = makeClient()
let clients = 0

/** Ids this isolate has not met; how many the directory may be asked about in one second is another matter. */
function newId(): { readonly id: string; readonly at: number } {
  clients += 1
  return { id: `found-${clients}`, at: now + clients * 10_000_000 }
}

const stored = (clientId: string, changes: object = {}) => ({
  format: 1, issuer: 'bank', clientId, version: 1, generation: 'g1', enabled: true, epoch: 0, metadata, ...changes,
}) // prettier-ignore

/** A server where these ids are registered; a copy is there only when it is given. */
function serverWith(ids: readonly string[], at: number, copies: Record<string, unknown> = {}) {
  const records = new Map(ids.map((id) => [id, stored(id)]))
  const served = makeServedCall({
    now: at,
    copies,
    objects: (name) =>
      name === 'directory'
        ? { hasClient: (id: string) => ids.includes(id) }
        : { load: () => records.get(name.replace(/^client /, '')) },
  })
  return { served, records }
}

describe('a client', () => {
  it('is found in its copy, and remembered for a minute', async () => {
    const { id, at } = newId()
    const key = copyKeys.client('bank', id)
    const { served } = serverWith([], at, { [key]: stored(id) })
    const found = await findClient(served.call, id)
    expect(found).toEqual({ clientId: id, version: 1, generation: 'g1', enabled: true, metadata, operator: false }) // prettier-ignore
    expect(await findClient(later(served, 59_999), id)).toBe(found)
    expect(served.read).toEqual([key])
    await findClient(later(served, 60_000), id)
    expect(served.read).toEqual([key, key])
    expect(served.asked).toEqual([])
  }) // prettier-ignore

  it('is not believed from the copy of another one, or in another layout', async () => {
    for (const wrong of [{ clientId: 'other' }, { format: 2 }]) {
      const { id, at } = newId()
      const copies = { [copyKeys.client('bank', id)]: stored(id, wrong) }
      const { served } = serverWith([], at, copies)
      expect(await findClient(served.call, id)).toBeUndefined()
    }
  })

  it('is found through the directory where no copy has come yet', async () => {
    const { id, at } = newId()
    const { served } = serverWith([id], at)
    expect((await findClient(served.call, id))?.clientId).toBe(id)
    expect(served.asked).toEqual([`directory hasClient "${id}"`, `client ${id} load`])
  })

  it('RFC 9700 is nobody for five seconds where the directory does not know it', async () => {
    const { id, at } = newId()
    const { served } = serverWith([], at)
    expect(await findClient(served.call, id)).toBeUndefined()
    expect(await findClient(later(served, 4_999), id)).toBeUndefined()
    expect(served.asked).toHaveLength(1)
    expect(await findClient(later(served, 5_000), id)).toBeUndefined()
    expect(served.asked).toHaveLength(2)
  })

  it('is nobody when its object is gone while the directory still lists it', async () => {
    const { id, at } = newId()
    const { served, records } = serverWith([id], at)
    records.delete(id)
    expect(await findClient(served.call, id)).toBeUndefined()
    expect(await findClient(served.call, id)).toBeUndefined()
    expect(served.asked).toHaveLength(2)
  })

  it('ATK-A1-31 is asked for in the directory at most 20 times a second, and what was not asked is not known', async () => {
    const { at } = newId()
    const ids = Array.from({ length: 21 }, () => newId().id)
    const { served } = serverWith(ids, at)
    for (const id of ids.slice(0, 20)) expect(await findClient(served.call, id)).toBeDefined()
    const last = ids[20] ?? ''
    expect(await findClient(served.call, last)).toBeUndefined()
    expect(await findClient(later(served, 999), last)).toBeUndefined()
    expect((await findClient(later(served, 1_000), last))?.clientId).toBe(last)
  })

  it('RFC 9700 asks nobody about an id that no client can have', async () => {
    const { served } = serverWith([], now)
    for (const id of ['', 'a b', 'x'.repeat(300), '../app', 'a\u0000'])
      expect(await findClient(served.call, id)).toBeUndefined()
    expect([served.read, served.asked]).toEqual([[], []])
  })

  it('is forgotten by the isolate that changed it', async () => {
    const { id, at } = newId()
    const { served } = serverWith([id], at)
    await findClient(served.call, id)
    forgetClient('bank', id)
    await findClient(served.call, id)
    expect(served.asked).toHaveLength(4)
    const nobody = serverWith([], at).served
    for (const _time of [1, 2]) {
      expect(await findClient(nobody.call, 'not-yet')).toBeUndefined()
      forgetClient('bank', 'not-yet')
    }
    expect(nobody.asked).toHaveLength(2)
  })

  it('is known at once when it is made after somebody asked for it', async () => {
    const { id, at } = newId()
    const nobody = serverWith([], at).served
    expect(await findClient(nobody.call, id)).toBeUndefined()
    const { served } = serverWith([id], at)
    expect((await loadClient(served.call, id))?.clientId).toBe(id)
    expect((await findClient(served.call, id))?.clientId).toBe(id)
  })
})

describe('a client as its object said it is', () => {
  it('SP-CR-11 is read again when the isolate knows another version or generation', async () => {
    const { id, at } = newId()
    const { served, records } = serverWith([id], at)
    await findClient(served.call, id)
    const asOf = (version: number, generation: string) =>
      findClientAsOf(served.call, id, { version, generation })
    served.asked.length = 0
    expect((await asOf(1, 'g1'))?.version).toBe(1)
    expect(served.asked).toEqual([])
    records.set(id, stored(id, { version: 2 }))
    expect((await asOf(2, 'g1'))?.version).toBe(2)
    records.set(id, stored(id, { version: 2, generation: 'g2' }))
    expect((await asOf(2, 'g2'))?.generation).toBe('g2')
    records.delete(id)
    expect(await asOf(3, 'g2')).toBeUndefined()
    const nobody = serverWith([], newId().at).served
    expect(await findClientAsOf(nobody.call, 'nobody', { version: 1, generation: 'g1' })).toBeUndefined() // prettier-ignore
  })
})

describe('an operator', () => {
  it('is a client by configuration: for the admin API alone, bound to its key', async () => {
    const jwk = { ...(await makeKey()).publicJwk, kid: 'op' }
    const issuer = makeIssuer({ operators: [{ id: 'operator.ops', jwks: { keys: [jwk] } }] })
    const objects = () => ({ hasClient: () => false })
    const { call, asked, read } = makeServedCall({ issuer, now, objects })
    const found = await findClient(call, 'operator.ops')
    expect(found).toMatchObject({
      clientId: 'operator.ops',
      operator: true,
      enabled: true,
      generation: 'operator',
      metadata: {
        application_type: 'native',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        scope: 'admin',
        token_endpoint_auth_method: 'private_key_jwt',
        dpop_bound_access_tokens: true,
        tls_client_certificate_bound_access_tokens: false,
        use_mtls_endpoint_aliases: false,
        jwks: { keys: [jwk] },
      },
    })
    expect(await findClient(call, 'operator.ops')).toBe(found)
    expect([asked, read]).toEqual([[], []])
    for (const id of ['operator', 'operator.other'])
      expect(await findClient(call, id)).toBeUndefined()
  })
})
