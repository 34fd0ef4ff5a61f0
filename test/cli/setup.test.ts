import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { runSetup } from '../../cli/setup.ts'
import { record, records } from '../../cli/commands/command.ts'
import { temporaryFolder, testTerminal, type TestTerminal } from './support.ts'

const template = `
name = "fapi-edge"
main = "src/index.ts"
compatibility_date = "2026-10-20"
workers_dev = true

[[routes]]
pattern = "to.be.replaced.example"

[vars]
LEVEL = "info"

[[kv_namespaces]]
binding = "COPIES"

[secrets]
required = ["MASTER_SECRET"]
`

const asked = ['--yes', '--issuer', 'https://auth.bank.example']
const now = () => new Date('2026-11-20T10:00:00Z')

/** A project folder with a `wrangler.toml`, and nothing else. */
async function project(): Promise<string> {
  const folder = await temporaryFolder()
  await writeFile(path.join(folder, 'wrangler.toml'), template)
  return folder
}

async function setup(
  cwd: string,
  argv: readonly string[],
  answers?: readonly string[],
): Promise<{ readonly status: number; readonly terminal: TestTerminal }> {
  const terminal = testTerminal(answers === undefined ? { cwd } : { cwd, answers })
  return { status: await runSetup(argv, { terminal, now }), terminal }
}

const read = (folder: string, file: string) => readFile(path.join(folder, file), 'utf8')

/** The first issuer of the settings, as wrangler would hand them to the Worker. */
function deployedIssuer(folder: string): Readonly<Record<string, unknown>> {
  const config = unstable_readConfig({ config: path.join(folder, 'wrangler.production.jsonc') })
  return records(record(config.vars['SETTINGS'])['issuers'])[0] ?? {}
}

describe('npm run setup', () => {
  test('makes a secret, an operator key and a configuration wrangler can read', async () => {
    const folder = await project()
    expect((await setup(folder, asked)).status).toBe(0)

    const config = unstable_readConfig({ config: path.join(folder, 'wrangler.production.jsonc') })
    expect(config.routes).toEqual([
      { pattern: 'auth.bank.example', custom_domain: true },
      { pattern: 'auth-mtls.bank.example', custom_domain: true },
    ])
    expect(config.workers_dev).toBe(false)
    expect(config.vars['LEVEL']).toBe('info')
    expect(config.kv_namespaces).toEqual([{ binding: 'COPIES' }])

    const key = record(JSON.parse(await read(folder, 'fapi-edge.operator.json')))
    const { d, ...publicJwk } = record(key['jwk'])
    expect(d).toBeTypeOf('string')
    expect(key).toMatchObject({ issuer: 'https://auth.bank.example', client_id: 'operator.admin' })
    expect(deployedIssuer(folder)).toEqual({
      id: 'main',
      issuer: 'https://auth.bank.example',
      mtls_origin: 'https://auth-mtls.bank.example',
      profile: 'fapi2-security',
      operators: [{ id: 'operator.admin', jwks: { keys: [publicJwk] } }],
    })
  })

  test("replaces hosts and settings of the project's own wrangler.toml, and nothing else", async () => {
    const folder = await temporaryFolder()
    const own = path.resolve(import.meta.dirname, '../../wrangler.toml')
    await copyFile(own, path.join(folder, 'wrangler.toml'))
    expect((await setup(folder, [...asked, '--mtls-host', 'none'])).status).toBe(0)
    const made = unstable_readConfig({ config: path.join(folder, 'wrangler.production.jsonc') })
    const { routes, vars, ...rest } = made
    expect(routes).toEqual([{ pattern: 'auth.bank.example', custom_domain: true }])
    expect(record(vars['SETTINGS'])).toHaveProperty('issuers')
    const { routes: _, vars: __, ...template } = unstable_readConfig({ config: own })
    for (const same of ['durable_objects', 'exports', 'kv_namespaces', 'compatibility_date']) {
      expect(record(rest)[same]).toEqual(record(template)[same])
    }
  })

  test('keeps private what is private: mode 0600, nothing on the screen, nothing in the settings', async () => {
    const folder = await project()
    const { terminal } = await setup(folder, asked)
    const secret = (await read(folder, 'fapi-edge.secret')).trim()
    const key = record(record(JSON.parse(await read(folder, 'fapi-edge.operator.json')))['jwk'])
    expect(secret).toMatch(/^s1:[A-Za-z0-9_-]{43}$/)
    for (const file of ['fapi-edge.secret', 'fapi-edge.operator.json']) {
      expect((await stat(path.join(folder, file))).mode & 0o777).toBe(0o600)
    }
    const shown = [...terminal.outLines, ...terminal.errLines].join('\n')
    const configuration = await read(folder, 'wrangler.production.jsonc')
    for (const hidden of [secret.slice(3), String(key['d'])]) {
      expect(shown).not.toContain(hidden)
      expect(configuration).not.toContain(hidden)
    }
  })

  test('prints the next steps in the order they must be done', async () => {
    const { terminal } = await setup(await project(), asked)
    const steps = [
      'wrangler login',
      'secret put MASTER_SECRET',
      'wrangler deploy',
      'run doctor',
      'run fapi',
    ]
    const places = steps.map((step) => terminal.outLines.join('\n').indexOf(step))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(Math.min(...places)).toBeGreaterThan(0)
  })

  test('asks a person what the options leave open and takes defaults for empty lines', async () => {
    const folder = await project()
    const { status, terminal } = await setup(folder, [], ['https://as.bank.example', 'none', ''])
    expect(status).toBe(0)
    expect(terminal.questions).toHaveLength(3)
    expect(terminal.questions[1]).toContain('[as-mtls.bank.example]')
    expect(deployedIssuer(folder)).not.toHaveProperty('mtls_origin')
  })

  test.each([
    [['--yes'], 2],
    [['--colour'], 2],
    [['--yes', '--issuer', 'http://auth.bank.example'], 1],
    [['--yes', '--issuer', 'https://auth.bank.example/'], 1],
    [[...asked, '--mtls-host', 'https://x.example'], 1],
    [[...asked, '--mtls-host', 'auth.bank.example'], 1],
    [[...asked, '--operator', 'Ann Example'], 1],
    [[...asked, '--id', 'Not An Id'], 1],
    [['--update'], 1],
    [['--rotate-secret'], 1],
  ])('writes nothing and says one sentence for %j', async (argv, expected) => {
    const folder = await project()
    const { status, terminal } = await setup(folder, argv)
    expect(status).toBe(expected)
    expect(terminal.errLines).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['wrangler.toml'])
  })

  test('does not overwrite keys, and with --force keeps the old ones under another name', async () => {
    const folder = await project()
    await setup(folder, asked)
    const before = await read(folder, 'fapi-edge.secret')
    const again = await setup(folder, asked)
    expect(again.status).toBe(1)
    expect(again.terminal.errLines.join()).toContain('fapi-edge.secret and fapi-edge.operator.json')
    expect(await read(folder, 'fapi-edge.secret')).toBe(before)

    expect((await setup(folder, [...asked, '--force'])).status).toBe(0)
    expect(await read(folder, 'fapi-edge.secret')).not.toBe(before)
    const old = 'fapi-edge.secret.old-20261120T100000Z'
    expect(await read(folder, old)).toBe(before)
    expect((await stat(path.join(folder, old))).mode & 0o777).toBe(0o600)
  })
})

describe('npm run setup -- --update', () => {
  test('changes what is asked, and keeps keys and what an operator wrote', async () => {
    const folder = await project()
    await setup(folder, asked)
    const keys = await read(folder, 'fapi-edge.operator.json')
    const file = path.join(folder, 'wrangler.production.jsonc')
    const edited = (await readFile(file, 'utf8')).replace(
      '"id": "main",',
      '"id": "main", "name": "Bank",',
    )
    await writeFile(file, edited)
    await writeFile(path.join(folder, 'wrangler.toml'), template.replace('COPIES', 'OTHER'))

    expect((await setup(folder, ['--update', '--mtls-host', 'none'])).status).toBe(0)
    expect(deployedIssuer(folder)).toMatchObject({
      name: 'Bank',
      issuer: 'https://auth.bank.example',
    })
    expect(deployedIssuer(folder)).not.toHaveProperty('mtls_origin')
    const config = unstable_readConfig({ config: file })
    expect(config.routes).toHaveLength(1)
    expect(config.kv_namespaces).toEqual([{ binding: 'OTHER' }])
    expect(await read(folder, 'fapi-edge.operator.json')).toBe(keys)
  })

  test('keeps what the first deploy wrote into the configuration', async () => {
    const folder = await project()
    await setup(folder, asked)
    const file = path.join(folder, 'wrangler.production.jsonc')
    const deployed = (await readFile(file, 'utf8')).replace(
      '"binding": "COPIES"',
      '"binding": "COPIES", "id": "made-by-wrangler"',
    )
    await writeFile(file, deployed)
    expect((await setup(folder, ['--update'])).status).toBe(0)
    const { kv_namespaces: namespaces } = unstable_readConfig({ config: file })
    expect(namespaces).toEqual([{ binding: 'COPIES', id: 'made-by-wrangler' }])
  })

  test('adds an operator, and refuses to overwrite the key of the first', async () => {
    const folder = await project()
    await setup(folder, asked)
    expect((await setup(folder, ['--update', '--operator', 'ann'])).status).toBe(1)
    expect((await setup(folder, ['--update', '--operator', 'ann', '--force'])).status).toBe(0)
    const ids = records(deployedIssuer(folder)['operators']).map((one) => one['id'])
    expect(ids).toEqual(['operator.admin', 'operator.ann'])
  })

  test('refuses settings the Worker would refuse, and changes nothing', async () => {
    const folder = await project()
    await setup(folder, asked)
    const file = path.join(folder, 'wrangler.production.jsonc')
    const edited = (await readFile(file, 'utf8')).replace('fapi2-security', 'fapi3')
    await writeFile(file, edited)
    const { status, terminal } = await setup(folder, ['--update'])
    expect(status).toBe(1)
    expect(terminal.errLines.join()).toContain("unknown profile 'fapi3'")
    expect(await readFile(file, 'utf8')).toBe(edited)
  })
})

describe('npm run setup -- --rotate-secret', () => {
  test('puts a new secret in front of the list and explains what follows', async () => {
    const folder = await project()
    await setup(folder, asked)
    const first = (await read(folder, 'fapi-edge.secret')).trim()
    const { status, terminal } = await setup(folder, ['--rotate-secret'])
    expect(status).toBe(0)
    const list = (await read(folder, 'fapi-edge.secret')).trim().split(',')
    expect(list[0]).toMatch(/^s2:[A-Za-z0-9_-]{43}$/)
    expect(list.slice(1)).toEqual([first])
    expect(terminal.outLines.join('\n')).toContain('keys rewrap')
    expect(terminal.outLines.join('\n')).not.toContain(list[0]?.slice(3))
    expect((await stat(path.join(folder, 'fapi-edge.secret'))).mode & 0o777).toBe(0o600)
  })

  test('takes a list from another file, and refuses one that is none', async () => {
    const folder = await project()
    const sound = `abc:${Buffer.alloc(32, 1).toString('base64url')}`
    await writeFile(path.join(folder, 'list'), sound, { mode: 0o600 })
    expect((await setup(folder, ['--rotate-secret', '--secret-file', 'list'])).status).toBe(0)
    expect((await read(folder, 'list')).trim()).toMatch(new RegExp(`^s1:.{43},${sound}$`))
    await writeFile(path.join(folder, 'list'), 'nonsense')
    expect((await setup(folder, ['--rotate-secret', '--secret-file', 'list'])).status).toBe(1)
    expect(await read(folder, 'list')).toBe('nonsense')
  })
})
