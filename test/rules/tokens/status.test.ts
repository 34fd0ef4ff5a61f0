import { describe, expect, it } from 'vitest'
import type { AccessToken } from '../../../src/tokens/access-token.ts'
import { tokenStatus } from '../../../src/tokens/status.ts'
import { makeIssuer } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { makeServedCall } from '../support/served-call.ts'

const objectId = 'ab'.repeat(32)

const token = (home: 'grant' | 'client' | 'operator', id = objectId): AccessToken => ({
  id: 'token-1',
  home: { home, objectId: id, epoch: 3, series: 5 },
  clientId: 'operator.ops',
  subject: 'alice',
  audience: 'https://api.bank.example',
  scope: [],
  confirmation: { jkt: 'key-1' },
  issuedAt: 0,
  expiresAt: 1,
  claims: {},
})

const jwk = { ...(await makeKey()).publicJwk, kid: 'op' }
const issuer = makeIssuer({ operators: [{ id: 'operator.ops', jwks: { keys: [jwk] } }] })

describe('a token of a grant', () => {
  const standing = { status: 'enabled', version: 1, generation: 'g1', epoch: 0 }
  const consent = { clientId: 'operator.ops', generation: 'g1' }
  const status = async (given: { readonly consent?: object | undefined; readonly standing?: object } = {}) => {
    const served = makeServedCall({
      issuer,
      objects: (name) => {
        if (name === `grant ${objectId}`) return { token: () => ('consent' in given ? given.consent : consent) }
        return name === 'client operator.ops' ? { check: () => given.standing ?? standing } : undefined
      },
    })
    return { live: await tokenStatus(served.call, token('grant')), asked: served.asked, depth: served.call.storage.depth }
  } // prettier-ignore

  it('SP-RS-03 is alive while its grant and its client are, asked side by side', async () => {
    const { live, asked, depth } = await status()
    expect(live).toEqual({ person: { consent, client: standing } })
    const about = { issuer: 'bank', id: 'token-1', epoch: 3, series: 5 }
    expect(asked).toEqual([`grant ${objectId} token ${JSON.stringify(about)}`, 'client operator.ops check']) // prettier-ignore
    expect(depth).toBe(1)
  })

  it('SP-RS-03 SP-CR-11 has ended with the grant, the client, or the registration it was given to', async () => {
    expect((await status({ consent: undefined })).live).toBeUndefined()
    for (const change of [{ status: 'disabled' }, { status: 'unknown' }, { generation: 'g2' }]) {
      expect((await status({ standing: { ...standing, ...change } })).live).toBeUndefined()
    }
    expect((await status({ consent: { ...consent, clientId: 'other' } })).live).toBeUndefined()
    expect((await status({ consent: { ...consent, generation: 'g0' } })).live).toBeUndefined()
  })

  it('SP-RS-03 is none where no object can have its id', async () => {
    const served = makeServedCall({ issuer })
    const call = { ...served.call, stubs: { ...served.call.stubs, grant: () => undefined } }
    expect(await tokenStatus(call, token('grant'))).toBeUndefined()
  })
})

describe('a token of the client itself', () => {
  const status = async (home: 'client' | 'operator', alive: boolean, given: { readonly id?: string; readonly issuer?: typeof issuer } = {}) => {
    const served = makeServedCall({
      issuer: given.issuer ?? issuer,
      objects: (name) => (name === `${home} operator.ops` ? { tokenAlive: () => alive } : undefined),
    })
    const id = given.id ?? `id of ${home} operator.ops`
    return { live: await tokenStatus(served.call, token(home, id)), asked: served.asked }
  } // prettier-ignore

  it.each(['client', 'operator'] as const)('SP-RS-03 is as alive as its %s says', async (home) => {
    const { live, asked } = await status(home, true)
    expect(live).toEqual({})
    const about = { id: 'token-1', epoch: 3, operator: home === 'operator' }
    expect(asked).toEqual([`${home} operator.ops tokenAlive ${JSON.stringify(about)}`])
    expect((await status(home, false)).live).toBeUndefined()
  })

  it('SP-RS-03 is none of an object that is not the client’s, and that object is not asked', async () => {
    const { live, asked } = await status('client', true, { id: objectId })
    expect([live, asked]).toEqual([undefined, []])
  })

  it('SP-CR-11 has ended when the operator is no longer configured', async () => {
    const { live, asked } = await status('operator', true, { issuer: makeIssuer() })
    expect([live, asked]).toEqual([undefined, []])
    expect((await status('client', true, { issuer: makeIssuer() })).live).toEqual({})
    const other = makeIssuer({ operators: [{ id: 'operator.other', jwks: { keys: [jwk] } }] })
    expect((await status('operator', true, { issuer: other })).live).toBeUndefined()
  })
})
