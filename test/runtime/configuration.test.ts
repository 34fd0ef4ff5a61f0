// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyConfiguration } from '../../demo/configuration.ts'
import { openState } from '../../demo/state.ts'
import type { State } from '../../demo/state.ts'

type Call = readonly [path: string, body: unknown, condition: string | undefined]

let state: State
let calls: Call[]
let answer: { status: number; body: unknown }

beforeEach(async () => {
  state = await openState(undefined)
  calls = []
  answer = { status: 201, body: {} }
})
afterEach(() => state.release())

const apply = (
  clients: readonly { client_id: string; scope?: string }[],
  users: readonly { username: string; password?: string }[] = [],
): Promise<void> =>
  applyConfiguration({
    issuer: 'http://localhost:8787',
    state,
    clients,
    users,
    digestKey: 'key',
    admin: {
      request: async (_method, path, body, headers) => {
        calls.push([
          path.replace(/^.*\/(clients|users)\//, '$1/'),
          body,
          headers?.['if-none-match'],
        ])
        return answer
      },
    },
  })

describe('applying the configuration file', () => {
  it('makes what was never applied, and only if it is absent', async () => {
    await apply([{ client_id: 'a b', scope: 'x' }], [{ username: 'eve', password: 'p' }])
    expect(calls).toEqual([
      ['clients/a%20b', { client_id: 'a b', scope: 'x' }, '*'],
      ['users/eve', { password: 'p' }, '*'],
    ])
  })

  it('leaves an entry alone that exists already', async () => {
    answer = { status: 412, body: { error: 'exists' } }
    await apply([{ client_id: 'a' }])
    await apply([{ client_id: 'a' }])
    expect(calls).toHaveLength(1)
  })

  it('does nothing for an entry that did not change, whatever became of it on the server', async () => {
    await apply([{ client_id: 'a', scope: 'x' }])
    await apply([{ scope: 'x', client_id: 'a' }])
    expect(calls).toHaveLength(1)
  })

  it('changes an entry that changed in the file', async () => {
    await apply([{ client_id: 'a', scope: 'x' }, { client_id: 'b' }])
    await apply([{ client_id: 'a', scope: 'y' }, { client_id: 'b' }])
    expect(calls.slice(2)).toEqual([['clients/a', { client_id: 'a', scope: 'y' }, undefined]])
  })

  it('stops with the words of the server, and goes on from there at the next start', async () => {
    await apply([{ client_id: 'a' }])
    answer = { status: 400, body: { error_description: 'the scope is unknown.' } }
    await expect(apply([{ client_id: 'a' }, { client_id: 'b' }])).rejects.toThrow(
      "The client 'b' of the configuration was refused: the scope is unknown.",
    )
    answer = { status: 201, body: {} }
    await apply([{ client_id: 'a' }, { client_id: 'b' }])
    expect(calls.map(([path]) => path)).toEqual(['clients/a', 'clients/b', 'clients/b'])
  })

  it('keeps no password in what it remembers', async () => {
    await apply([], [{ username: 'eve', password: 'very-secret' }])
    expect(state.read('applied.json')).not.toContain('very-secret')
  })
})
