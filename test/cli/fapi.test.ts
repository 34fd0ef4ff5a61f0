import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AdminAnswer, AdminClientOptions } from '../../cli/admin-client.ts'
import { commands, runFapi } from '../../cli/fapi.ts'
import { operatorKey, temporaryFolder, testTerminal } from './support.ts'

const { jwk } = await operatorKey()

type Call = {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly headers: unknown
}

/** A folder with an operator key, and an API that answers from a table. */
async function world(answers: Readonly<Record<string, AdminAnswer>> = {}) {
  const cwd = await temporaryFolder()
  await keyFile(path.join(cwd, '.fapi-edge'), 'operator.json', 'http://localhost:8787')
  const calls: Call[] = []
  const opened: AdminClientOptions[] = []
  const connect = async (options: AdminClientOptions) => {
    opened.push(options)
    return {
      request: async (method: string, where: string, body?: unknown, headers?: unknown) => {
        calls.push({ method, path: where, body, headers })
        return answers[`${method} ${where}`] ?? { status: 200, body: {} }
      },
    }
  }
  return { cwd, calls, opened, connect }
}

async function keyFile(folder: string, name: string, issuer: string, mode = 0o600) {
  await mkdir(folder, { recursive: true })
  const content = JSON.stringify({ issuer, client_id: 'operator.ann', jwk })
  await writeFile(path.join(folder, name), content, { mode })
}

describe('one-time links', () => {
  const link = 'https://as.example/setup?link=abc'
  const body = { url: link, expires_at: '2027-01-02T03:04:05.000Z' }

  test('invite prints the link and until when it works', async () => {
    const { cwd, calls, connect } = await world({
      'POST /users/alice%20b/setup-link': { status: 200, body },
    })
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['users', 'invite', 'alice b'], { terminal, connect })).toBe(0)
    expect(calls.map(({ method, path: where }) => `${method} ${where}`)).toEqual([
      'POST /users/alice%20b/setup-link',
    ])
    const lines = terminal.outLines.join('\n').split('\n')
    expect(lines).toContain(link)
    expect(lines.at(-1)).toBe('It works once, until 2027-01-02T03:04:05.000Z.')
  })

  test('reset asks before it takes anything away, and does nothing unless told to', async () => {
    const answers = { 'POST /users/alice/reset': { status: 200, body } }
    const refused = await world(answers)
    const no = testTerminal({ cwd: refused.cwd, answers: ['no'] })
    expect(
      await runFapi(['users', 'reset', 'alice'], { terminal: no, connect: refused.connect }),
    ).toBe(1)
    expect(refused.calls).toEqual([])
    expect(no.questions.join()).toContain('alice')
    const agreed = await world(answers)
    const yes = testTerminal({ cwd: agreed.cwd })
    const line = ['users', 'reset', 'alice', '--yes', '--json']
    expect(await runFapi(line, { terminal: yes, connect: agreed.connect })).toBe(0)
    expect(JSON.parse(yes.outLines.join(''))).toEqual(body)
  })

  test('the list of people shows what each can sign in with', async () => {
    const user = (username: string, factors: unknown) => ({
      username,
      sub: 's',
      enabled: true,
      factors,
    })
    const { cwd, connect } = await world({
      'GET /users': {
        status: 200,
        body: {
          users: [
            user('ana', { password: true, totp: true, passkeys: 2, recovery_codes: 9 }),
            user('bob', { password: false, totp: false, passkeys: 1, recovery_codes: 0 }),
            user('eve', { password: false, totp: false, passkeys: 0, recovery_codes: 0 }),
          ],
        },
      },
    })
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['users', 'list'], { terminal, connect })).toBe(0)
    expect(terminal.outLines.join('\n').split('\n')).toEqual([
      'USER  SUB  STATE    FACTORS',
      'ana   s    enabled  password, totp, 2 passkeys',
      'bob   s    enabled  1 passkey',
      'eve   s    enabled  -',
    ])
  })
})

describe('the command line', () => {
  test('prints a list as aligned columns, all pages of it', async () => {
    const { cwd, connect } = await world({
      'GET /clients': {
        status: 200,
        body: {
          clients: [
            {
              client_id: 'a',
              client_name: 'App',
              enabled: true,
              operator_verified: true,
              version: 1,
            },
          ],
          next: 'a b',
        },
      },
      'GET /clients?after=a%20b': {
        status: 200,
        body: { clients: [{ client_id: 'second', enabled: false, version: 12 }] },
      },
    })
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['clients', 'list'], { terminal, connect })).toBe(0)
    expect(terminal.outLines.join('\n').split('\n')).toEqual([
      'CLIENT  NAME  STATE     VERIFIED  VERSION',
      'a       App   enabled   yes       1',
      'second  -     disabled  no        12',
    ])
  })

  test('prints exactly the JSON with --json', async () => {
    const body = { keys: [{ kid: 'k', alg: 'ES256', use: 'sig', state: 'active' }] }
    const { cwd, connect } = await world({ 'GET /keys': { status: 200, body } })
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['keys', 'list', '--json'], { terminal, connect })).toBe(0)
    expect(terminal.outLines).toHaveLength(1)
    expect(JSON.parse(terminal.outLines[0] ?? '')).toEqual(body)
    expect(terminal.errLines).toEqual([])
  })

  test('ends with status 1 and one sentence when the server refuses', async () => {
    const body = { error: 'not_found', error_description: 'no such client.' }
    const { cwd, connect } = await world({ 'GET /clients/x': { status: 404, body } })
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['clients', 'get', 'x', '--json'], { terminal, connect })).toBe(1)
    expect(terminal.errLines).toEqual(['The server refused: no such client (404).'])
    expect(JSON.parse(terminal.outLines.join())).toEqual(body)
  })

  test.each([
    [[]],
    [['clients']],
    [['clients', 'paint']],
    [['clients', 'get']],
    [['clients', 'get', 'a', 'b']],
    [['clients', 'list', '--colour']],
    [['clients', 'list', '--issuer']],
    [['grants', 'list']],
    [['users', 'put', 'ann', '--password', 'secret']],
    [['users', 'put', 'ann', '--password=secret']],
    [['users', 'put', 'ann', '--password-stdin', '--claims', '-']],
    [['keys', 'list', '--key', 'a', '--state', 'b']],
  ])('ends with status 2 and calls nothing for %j', async (argv) => {
    const { cwd, connect, calls } = await world()
    const terminal = testTerminal({ cwd })
    expect(await runFapi(argv, { terminal, connect })).toBe(2)
    expect(terminal.errLines).toHaveLength(1)
    expect(terminal.errLines.join()).not.toContain('secret')
    expect(calls).toEqual([])
  })

  test('explains every command with an example', async () => {
    for (const command of commands) {
      const terminal = testTerminal()
      expect(await runFapi([...command.name.split(' '), '--help'], { terminal })).toBe(0)
      expect(terminal.outLines.join('\n')).toContain(`Examples:\n  npm run fapi -- ${command.name}`)
    }
    const terminal = testTerminal()
    expect(await runFapi(['--help'], { terminal })).toBe(0)
    for (const command of commands) expect(terminal.outLines.join()).toContain(command.name)
  })

  test('removes control characters of stored names before they reach the terminal', async () => {
    const clients = [{ client_id: 'a', client_name: 'x\u001b[2Jy\u202e', enabled: true }]
    const { cwd, connect } = await world({ 'GET /clients': { status: 200, body: { clients } } })
    const terminal = testTerminal({ cwd })
    await runFapi(['clients', 'list'], { terminal, connect })
    expect(terminal.outLines.join()).toContain('x?[2Jy?')
  })
})

describe('clients put', () => {
  test('puts the metadata of a file or of standard input under its client_id', async () => {
    const metadata = { client_id: 'my/app', client_name: 'App' }
    const put = { 'PUT /clients/my%2Fapp': { status: 201, body: metadata } }
    const { cwd, connect, calls } = await world(put)
    await writeFile(path.join(cwd, 'app.json'), JSON.stringify(metadata))
    const terminal = testTerminal({ cwd, input: JSON.stringify(metadata) })
    expect(await runFapi(['clients', 'put', 'app.json'], { terminal, connect })).toBe(0)
    expect(await runFapi(['clients', 'put', '-'], { terminal, connect })).toBe(0)
    expect(calls.map((call) => call.body)).toEqual([metadata, metadata])
    expect(terminal.outLines[0]).toBe('Client my/app was created.')
  })

  test('says so when --new meets a client that exists', async () => {
    const body = { error: 'precondition_failed', error_description: 'The client exists already' }
    const { cwd, connect, calls } = await world({ 'PUT /clients/a': { status: 412, body } })
    const terminal = testTerminal({ cwd, input: '{"client_id":"a"}' })
    expect(await runFapi(['clients', 'put', '-', '--new'], { terminal, connect })).toBe(1)
    expect(terminal.errLines).toEqual(['The server refused: The client exists already (412).'])
    expect(calls[0]?.headers).toEqual({ 'if-none-match': '*' })
  })

  test.each(['', 'nonsense', '[]', '{}', '{"client_id":""}', '{"client_id":".."}'])(
    'refuses %j without calling the server',
    async (input) => {
      const { cwd, connect, calls } = await world()
      const terminal = testTerminal({ cwd, input })
      expect(await runFapi(['clients', 'put', '-'], { terminal, connect })).toBe(1)
      expect(calls).toEqual([])
    },
  )
})

describe('users put', () => {
  test('reads the password from standard input without its line end', async () => {
    const { cwd, connect, calls } = await world({ 'PUT /users/ann': { status: 201, body: {} } })
    const terminal = testTerminal({ cwd, input: ' two words \n' })
    const argv = ['users', 'put', 'ann', '--password-stdin', '--sub', 's1']
    expect(await runFapi(argv, { terminal, connect })).toBe(0)
    expect(calls[0]?.body).toEqual({ password: ' two words ', sub: 's1' })
    expect(terminal.outLines).toEqual(['User ann was created.'])
  })

  test('asks a person twice, and stops when the two differ', async () => {
    const { cwd, connect, calls } = await world()
    const same = testTerminal({ cwd, answers: ['secret', 'secret'] })
    expect(await runFapi(['users', 'put', 'ann'], { terminal: same, connect })).toBe(0)
    expect(calls[0]?.body).toEqual({ password: 'secret' })
    const different = testTerminal({ cwd, answers: ['secret', 'secrte'] })
    expect(await runFapi(['users', 'put', 'ann'], { terminal: different, connect })).toBe(1)
    expect(calls).toHaveLength(1)
  })

  test('leaves the password alone when nothing is typed or nobody is there', async () => {
    const { cwd, connect, calls } = await world()
    await writeFile(path.join(cwd, 'claims.json'), '{"name":"Ann"}')
    const argv = ['users', 'put', 'ann', '--claims', 'claims.json']
    for (const terminal of [testTerminal({ cwd, answers: [''] }), testTerminal({ cwd })]) {
      expect(await runFapi(argv, { terminal, connect })).toBe(0)
    }
    expect(calls.map((call) => call.body)).toEqual([
      { claims: { name: 'Ann' } },
      { claims: { name: 'Ann' } },
    ])
  })
})

describe('what cannot be undone', () => {
  const destructive = [
    [['clients', 'delete', 'x'], 'DELETE /clients/x'],
    [['grants', 'revoke', 'x'], 'POST /grants/x/revoke'],
    [['keys', 'revoke', 'x'], 'POST /keys/x/revoke'],
  ] as const

  test.each(destructive)(
    '%j happens after a yes, with --yes or without a person',
    async (argv, call) => {
      const { cwd, connect, calls } = await world()
      const runs = [
        [testTerminal({ cwd, answers: ['y'] }), argv],
        [testTerminal({ cwd, answers: [] }), [...argv, '--yes']],
        [testTerminal({ cwd }), argv],
      ] as const
      for (const [terminal, words] of runs)
        expect(await runFapi(words, { terminal, connect })).toBe(0)
      expect(calls.map((one) => `${one.method} ${one.path}`)).toEqual([call, call, call])
      expect(runs.map(([terminal]) => terminal.questions.length)).toEqual([1, 0, 0])
    },
  )

  test.each(destructive)('%j does not happen after anything else', async (argv) => {
    const { cwd, connect, calls } = await world()
    const terminal = testTerminal({ cwd, answers: ['yikes'] })
    expect(await runFapi(argv, { terminal, connect })).toBe(1)
    expect(terminal.errLines).toEqual(['Nothing was changed.'])
    expect(calls).toEqual([])
  })
})

describe('keys rotate', () => {
  test.each([
    [[], '/keys/rotate'],
    [['--purpose', 'evidence'], '/keys/rotate?purpose=evidence'],
    [['--kid', 'a b'], '/keys/rotate?kid=a%20b'],
  ])('%j asks for %s', async (options, path) => {
    const { cwd, connect, calls } = await world()
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['keys', 'rotate', ...options], { terminal, connect })).toBe(0)
    expect(calls.map((one) => `${one.method} ${one.path}`)).toEqual([`POST ${path}`])
  })

  test('takes a purpose or a key, not both', async () => {
    const { cwd, connect, calls } = await world()
    const terminal = testTerminal({ cwd })
    const both = ['keys', 'rotate', '--purpose', 'evidence', '--kid', 'x']
    expect(await runFapi(both, { terminal, connect })).toBe(1)
    expect(calls).toEqual([])
  })
})

describe('keys rewrap', () => {
  test.each([
    [{ rewrapped: 2, lost: 0 }, 0],
    [{ rewrapped: 1, lost: 1 }, 1],
  ])('for %j ends with status %i', async (body, status) => {
    const { cwd, connect } = await world({ 'POST /keys/rewrap': { status: 200, body } })
    const terminal = testTerminal({ cwd })
    expect(await runFapi(['keys', 'rewrap', '--json'], { terminal, connect })).toBe(status)
    expect(JSON.parse(terminal.outLines.join())).toEqual(body)
  })
})

describe("the operator's key", () => {
  const list = ['keys', 'list']

  test('comes from the local state folder, or from the one that is named', async () => {
    const { cwd, connect, opened } = await world()
    await keyFile(path.join(cwd, 'other'), 'operator.json', 'http://localhost:9000')
    const terminal = testTerminal({ cwd })
    await runFapi(list, { terminal, connect })
    await runFapi([...list, '--state', 'other'], { terminal, connect })
    expect(opened.map((one) => one.issuer)).toEqual([
      'http://localhost:8787',
      'http://localhost:9000',
    ])
    expect(opened[0]?.operator).toEqual({ client_id: 'operator.ann', jwk })
  })

  test('comes from the production file when --issuer asks for its issuer', async () => {
    const { cwd, connect, opened } = await world()
    await keyFile(cwd, 'fapi-edge.operator.json', 'https://as.example')
    const terminal = testTerminal({ cwd })
    expect(await runFapi([...list, '--issuer', 'https://as.example'], { terminal, connect })).toBe(
      0,
    )
    expect(opened[0]?.issuer).toBe('https://as.example')
  })

  test('is refused for another issuer, unless it is named with --key', async () => {
    const { cwd, connect, opened } = await world()
    const terminal = testTerminal({ cwd })
    const elsewhere = [...list, '--issuer', 'https://as.example']
    expect(await runFapi(elsewhere, { terminal, connect })).toBe(1)
    expect(terminal.errLines[0]).toContain(
      'is for http://localhost:8787, not for https://as.example',
    )
    expect(opened).toEqual([])
    const named = [...elsewhere, '--key', '.fapi-edge/operator.json']
    expect(await runFapi(named, { terminal, connect })).toBe(0)
    expect(opened[0]?.issuer).toBe('https://as.example')
  })

  test('brings the local CA along, for a local https issuer only', async () => {
    const { cwd, connect, opened } = await world()
    const pem = '-----BEGIN CERTIFICATE-----\nlocal'
    for (const [state, issuer] of [
      ['here', 'https://localhost:8787'],
      ['there', 'https://as.example'],
    ] as const) {
      await keyFile(path.join(cwd, state), 'operator.json', issuer)
      await mkdir(path.join(cwd, state, 'tls'))
      await writeFile(path.join(cwd, state, 'tls', 'ca.pem'), pem)
      await runFapi([...list, '--state', state], { terminal: testTerminal({ cwd }), connect })
    }
    expect(opened.map((one) => one.ca)).toEqual([pem, undefined])
  })

  test('that others can read earns a warning, one of mode 0600 none', async () => {
    const { cwd, connect } = await world()
    await keyFile(cwd, 'open.json', 'https://as.example', 0o644)
    await keyFile(cwd, 'closed.json', 'https://as.example', 0o600)
    const terminal = testTerminal({ cwd })
    await runFapi([...list, '--key', 'closed.json'], { terminal, connect })
    expect(terminal.errLines).toEqual([])
    await runFapi([...list, '--key', 'open.json'], { terminal, connect })
    expect(terminal.errLines[0]).toContain('chmod 600')
  })

  test.each(['{', '{}', '{"issuer":"https://a","client_id":"b","jwk":{"kty":"EC"}}'])(
    'that is not one (%s) is refused with a sentence',
    async (content) => {
      const { cwd, connect } = await world()
      await writeFile(path.join(cwd, 'bad.json'), content, { mode: 0o600 })
      const terminal = testTerminal({ cwd })
      expect(await runFapi([...list, '--key', 'bad.json'], { terminal, connect })).toBe(1)
      expect(terminal.errLines).toEqual([
        'bad.json is not an operator key: { "issuer", "client_id", "jwk" } is expected.',
      ])
    },
  )

  test('that is missing is asked for with the ways to name one', async () => {
    const terminal = testTerminal({ cwd: await temporaryFolder() })
    expect(await runFapi(list, { terminal })).toBe(1)
    expect(terminal.errLines[0]).toMatch(/npm start.*npm run setup.*--key FILE or --state DIR/)
  })
})
