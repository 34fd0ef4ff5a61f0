import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startNaiveServer } from '../../support/naive-server.ts'
import type { NaiveServer } from '../../support/naive-server.ts'
import { makeDpopKey } from '../../support/wire-keys.ts'
import { readConfig } from '../../../trials/attack/config.ts'
import { finding } from '../../../trials/attack/finding.ts'
import { readOptions } from '../../../trials/attack/options.ts'
import { openWorldOutside } from '../../../trials/attack/outside-world.ts'
import { jsonReport, passes } from '../../../trials/attack/report/json.ts'
import { sarifReport } from '../../../trials/attack/report/sarif.ts'
import { resultsTable, summary } from '../../../trials/attack/report/table.ts'
import { mount } from '../../../trials/attack/run.ts'
import type { Result } from '../../../trials/attack/run.ts'
import { part } from '../../../trials/attack/scenario.ts'
import type { Scenario } from '../../../trials/attack/scenario.ts'
import { scenarios } from '../../../trials/attack/scenarios/index.ts'
import type { World } from '../../../trials/attack/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-attack-'))
const person = { username: 'victim', password: 'the password of the victim' }

async function writeConfig(more: object = {}): Promise<string> {
  const client = async (name: string) => {
    const { jwk, alg } = await makeDpopKey()
    return { client_id: name, redirect_uri: `https://${name}.example/cb`, jwk: { ...jwk, alg, kid: name } } // prettier-ignore
  }
  const [one, two] = await Promise.all(['one', 'two'].map(client))
  const file = join(folder, `${Math.random()}.json`)
  const forms = { username: 'username', password: 'password', login: 'login', approve: 'approve' }
  writeFileSync(file, JSON.stringify({ clients: [one, two], people: [person], sign_in: { forms }, ...more })) // prettier-ignore
  return file
}

/** A scenario of one part whose pieces answer as told. */
function scripted(pieces: { twin?: boolean; attack?: boolean; check?: boolean }): Scenario {
  const { twin = true, attack = true, check = true } = pieces
  return {
    id: 'ATK-A1-01',
    title: 'a script',
    clauses: ['RFC 6749 4.1.2'],
    needs: [],
    parts: [
      part({
        what: 'a script',
        arrange: () => Promise.resolve(undefined),
        twin: () => finding(twin, `twin ${person.password}`),
        attack: async (_world, _given, attempt) => {
          await attempt('it', () => finding(attack, 'the attack'))
        },
        unharmed: async (_world, _given, note) => {
          await note('it', () => finding(check, 'the check'))
        },
      }),
    ],
  }
}

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the attack program', () => {
  let naive: NaiveServer
  let stubborn: NaiveServer
  let world: World
  beforeAll(async () => {
    naive = await startNaiveServer()
    stubborn = await startNaiveServer({ refuses: true })
    world = await openWorldOutside(naive.issuer, await writeConfig())
  })
  afterAll(async () => {
    await naive.close()
    await stubborn.close()
  })

  it('calls every applicable scenario broken at a server that checks nothing', async () => {
    const results: Result[] = []
    for (const scenario of scenarios) results.push(await mount(scenario, world))
    const applicable = results.filter(({ outcome }) => outcome !== 'not applicable')
    expect(applicable.length).toBeGreaterThan(3)
    const others = applicable.filter(({ outcome }) => outcome !== 'broken')
    expect(others.map(({ id, outcome }) => [id, outcome])).toEqual([
      // It says the truth of itself, uses nothing up, and a revocation that changes nothing is no twin.
      ['ATK-A1a-05', 'held'],
      ['ATK-A3-05', 'held'],
      ['EX-HANDLE-REVOKE', 'fixture broken'],
    ])
    expect(passes(results)).toBe(false)
  }, 60_000)

  it('calls every applicable fixture broken at a server that refuses everything', async () => {
    const closed = await openWorldOutside(stubborn.issuer, await writeConfig())
    for (const scenario of scenarios) {
      const { id, outcome } = await mount(scenario, closed)
      // Documents alone are still right.
      const known = id === 'ATK-A1a-05' ? ['held'] : ['fixture broken', 'not applicable']
      expect(known, id).toContain(outcome)
    }
  }, 60_000)

  it('says what is missing where a scenario cannot be mounted', async () => {
    const alone = await openWorldOutside(naive.issuer, await writeConfig({ sign_in: undefined }))
    const [scenario] = scenarios
    if (scenario === undefined) throw new Error('no scenarios')
    const { outcome, reason, attempts } = await mount(scenario, alone)
    expect([outcome, reason, attempts]).toEqual([
      'not applicable',
      'needs somebody who can sign in and approve',
      0,
    ])
  })

  it.each([
    [{}, 'held', 1],
    [{ attack: false }, 'broken', 1],
    [{ check: false }, 'broken', 1],
    [{ twin: false }, 'fixture broken', 0],
    [{ twin: false, attack: false }, 'fixture broken', 0],
  ] as const)('judges %o as %s, and mounts nothing without its twin', async (pieces, outcome, attempts) => {
    const result = await mount(scripted(pieces), world)
    expect([result.outcome, result.attempts]).toEqual([outcome, attempts])
    expect(passes([result])).toBe(outcome === 'held')
    expect(JSON.stringify(result)).not.toContain(person.password)
  }) // prettier-ignore

  it('calls a scenario that cannot be played to its end an error, and its message shows no secret', async () => {
    const [given] = scripted({}).parts
    const secret = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ2aWN0aW0ifQ.c2lnbmF0dXJlb2Z0aGV2aWN0aW0'
    const play = () => Promise.reject(new Error(`refused ${secret} of ${person.password}`))
    const result = await mount({ ...scripted({}), parts: [{ ...given, play }] }, world)
    expect([result.outcome, result.reason]).toEqual(['error', 'a script: refused … of …'])
    expect(passes([result])).toBe(false)
  })

  it('reports in a table, in JSON and in SARIF', async () => {
    const results = [
      await mount(scripted({}), world),
      { ...(await mount(scripted({ attack: false }), world)), id: 'ATK-A1-02' },
      { ...(await mount(scripted({ twin: false }), world)), id: 'ATK-A1-03' },
    ]
    expect(resultsTable(results)).toMatch(/ATK-A1-02 +H +a script +1 +1 +broken/)
    expect(summary(results)).toMatch(/^3 scenarios: 1 held, 1 broken, 1 fixture broken\. 2 attempts/)
    const run = { issuer: naive.issuer, started: new Date(0), finished: new Date(1) }
    expect(jsonReport(results, run)).toMatchObject({
      passed: false,
      counts: { held: 1, broken: 1, 'fixture broken': 1 },
      results: [{ outcome: 'held' }, { outcome: 'broken' }, { outcome: 'fixture broken' }],
    })
    const sarif = JSON.parse(JSON.stringify(sarifReport(results, naive.issuer))) as Sarif
    const [{ tool, results: broken, invocations }] = sarif.runs
    expect(sarif.version).toBe('2.1.0')
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(['ATK-A1-01', 'ATK-A1-02', 'ATK-A1-03'])
    expect(broken).toHaveLength(1)
    expect(broken[0]).toMatchObject({ ruleId: 'ATK-A1-02', ruleIndex: 1, level: 'error' })
    expect(broken[0]?.message.text).toContain('the attack')
    expect(invocations[0].executionSuccessful).toBe(false)
  }) // prettier-ignore
})

type Sarif = {
  readonly version: string
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
      readonly results: readonly { readonly message: { readonly text: string } }[]
      readonly invocations: readonly [{ readonly executionSuccessful: boolean }]
    },
  ]
}

describe('the command line of the attack program', () => {
  it.each([
    [['--rubbish'], /Unknown option '--rubbish'/],
    [['rubbish'], /Unexpected argument 'rubbish'/],
    [['--issuer', 'https://as.example'], /--issuer needs --config/],
    [['--config', 'x'], /name it with --issuer/],
    [['--only', ','], /--only needs ids/],
  ])('refuses %j in one sentence', (args, words) => {
    expect(() => readOptions(args)).toThrow(words)
  })

  it('reads what it is given', () => {
    const args = ['--only', 'ATK-A1-04,ATK-A5', '--json', 'a', '--sarif', 'b', '--list']
    expect(readOptions(args)).toEqual({
      only: ['ATK-A1-04', 'ATK-A5'],
      json: 'a',
      sarif: 'b',
      list: true,
      help: false,
    })
  })

  it('refuses a configuration that is not there, not JSON, or not what the schema says', async () => {
    const put = (text: string) => {
      const file = join(folder, `${Math.random()}.json`)
      writeFileSync(file, text)
      return file
    }
    expect(() => readConfig(join(folder, 'nothing'))).toThrow(/cannot be read/)
    expect(() => readConfig(put('{'))).toThrow(/is not JSON/)
    const good = await writeConfig()
    expect(readConfig(good).people).toEqual([person])
    const given = JSON.parse(readFileSync(good, 'utf8')) as { readonly clients: readonly object[] }
    const bad = [{}, { clients: given.clients.slice(1) }, { ...given, more: 1 }, { ...given, resource: 'x' }, { ...given, people: [{}] }, { clients: given.clients.map((one) => ({ ...one, jwk: undefined })) }] // prettier-ignore
    for (const one of bad) {
      expect(() => readConfig(put(JSON.stringify(one))), JSON.stringify(one)).toThrow(/^[^\n]+\.$/)
    }
    const missing = await writeConfig({ ca: 'nowhere.pem' })
    await expect(openWorldOutside('http://127.0.0.1:9', missing)).rejects.toThrow(/nowhere.pem/)
  })

  it('refuses an issuer that is no URL, not reachable, or not the one that its metadata names', async () => {
    const config = await writeConfig()
    const naive = await startNaiveServer()
    await expect(openWorldOutside('as.example', config)).rejects.toThrow(/must be an http/)
    await expect(openWorldOutside(`${naive.issuer}/`, config)).rejects.toThrow(/of another issuer/)
    await naive.close()
    await expect(openWorldOutside(naive.issuer, config)).rejects.toThrow(/cannot be reached/)
  })

  it('ends with 2 and one sentence when it cannot begin, and lists its scenarios', async () => {
    const run = promisify(execFile)
    const program = ['trials/attack/attack.ts']
    const refused = run(process.execPath, [...program, '--only', 'ATK-A9-01'])
    await expect(refused).rejects.toMatchObject({
      code: 2,
      stderr: 'There is no scenario ATK-A9-01; see --list.\n',
    })
    const { stdout } = await run(process.execPath, [...program, '--list'])
    for (const { id } of scenarios) expect(stdout).toContain(id)
  })
})
