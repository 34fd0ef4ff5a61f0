// @vitest-environment node
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  childrenOf,
  freePorts,
  removeFolder,
  startAndFail,
  takePort,
  temporaryFolder,
} from './support/running.ts'

const folder = temporaryFolder()
afterAll(() => removeFolder(folder))

const file = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** One sentence: one line, a capital or an option first, a full stop last, no trace of the code. */
const sentence = /^[^\n]+\.\n$/

describe('a start that cannot succeed ends with one sentence and a status other than zero', () => {
  const memory = ['--state', ':memory:']
  it.each<readonly [string, readonly string[], RegExp]>([
    ['an unknown option', ['--colour', 'red'], /--colour/],
    ['a stray argument', ['please'], /please/],
    ['a port that is no number', ['--port', 'http'], /--port .*'http'/],
    ['a port beyond the last one', ['--port', '70000'], /--port .*'70000'/],
    ['two options with one port', ['--port', '9000', '--api-port', '9000'], /--port and --api-port/],
    ['an issuer that is no URL', ['--issuer', 'bank'], /--issuer .*'bank'/],
    ['a missing configuration file', ['--config', '/absent.json', ...memory], /does not exist/],
    ['a configuration that is not JSON', ['--config', file('a.json', '{'), ...memory], /not JSON/],
    ['a configuration that is a list', ['--config', file('b.json', []), ...memory], /JSON object/],
    ['an unknown member', ['--config', file('c.json', { client: [] }), ...memory], /'client'/],
    ['a client without id', ['--config', file('d.json', { clients: [{}] }), ...memory], /client_id/],
    ['a user twice', ['--config', file('e.json', { users: [{ username: 'a' }, { username: 'a' }] }), ...memory], /'a' twice/],
    ['an unknown profile', ['--config', file('f.json', { issuer: { profile: 'none' } }), ...memory], /none/],
    ['a user without a second factor', ['--config', file('i.json', { users: [{ username: 'dora', password: 'a long password' }] }), ...memory], /'dora' has no second factor/],
    ['an unknown setting', ['--config', file('g.json', { issuer: { colour: 1 } }), ...memory], /colour/],
    ['a file of authorities without one', ['--client-ca', file('h.pem', 'hello'), ...memory], /--client-ca/],
    ['a folder that is not a state folder', ['--state', folder], /not a state folder/],
    ['demo people at a public issuer', ['--issuer', 'https://as.example', ...memory], /--no-demo/],
  ])('for %s', async (_what, args, words) => {
    const { status, errors, output } = await startAndFail(args)
    expect(status).toBe(1)
    expect(errors).toMatch(sentence)
    expect(errors).toMatch(words)
    expect(output).toBe('')
  }) // prettier-ignore

  it.each(['port', 'mtls-port', 'api-port', 'api-mtls-port', 'client-port'])(
    'for a --%s that is in use',
    async (option) => {
      const taken = await takePort()
      const port = await freePorts()
      const { status, errors } = await startAndFail([
        '--port', String(port), `--${option}`, String(taken.port), '--state', ':memory:',
      ]) // prettier-ignore
      taken.release()
      expect(status).toBe(1)
      expect(errors).toBe(`Port ${taken.port} (--${option}) is already in use.\n`)
    },
  )

  it('for options given as environment variables as well', async () => {
    const { status, errors } = await startAndFail([], { MTLS_PORT: 'x', STATE: ':memory:' })
    expect({ status, errors }).toMatchObject({ status: 1, errors: expect.stringMatching(/'x'/) })
  })

  it('for state of another layout, which it leaves as it is', async () => {
    const other = join(folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'version'), '0\n')
    const { status, errors } = await startAndFail(['--state', other])
    expect(status).toBe(1)
    expect(errors).toMatch(/layout 0/)
    expect(readdirSync(other)).toEqual(['version'])
  })

  it('for a client of the configuration that the server refuses, and leaves nothing running', async () => {
    const port = await freePorts()
    const state = join(folder, 'refusing')
    const config = file('i.json', { clients: [{ client_id: 'x', client_name: 'X' }] })
    const args = ['--port', String(port), '--state', state, '--no-demo', '--config', config]
    const { status, errors, output } = await startAndFail(args)
    expect(status).toBe(1)
    expect(errors).toMatch(/^The client 'x' of the configuration was refused: .+\.\n$/)
    expect(output).not.toContain('ready')
    expect(childrenOf(1).filter(({ command }) => command.includes(state))).toEqual([])
    expect(readdirSync(state)).not.toContain('lock')
  }, 60_000)
})

it('keeps the state folder and what is secret in it to its owner', async () => {
  const state = join(folder, 'secret')
  // The port is taken last of all that is checked, so the folder is made by then.
  const taken = await takePort()
  await startAndFail(['--state', state, '--port', String(taken.port)])
  taken.release()
  expect(statSync(state).mode & 0o777).toBe(0o700)
  for (const name of ['master-secret', 'resource-secret', 'control-token', 'operator.json']) {
    expect(statSync(join(state, name)).mode & 0o777, name).toBe(0o600)
  }
  expect(statSync(join(state, 'tls/ca.key.pem')).mode & 0o777).toBe(0o600)
})
