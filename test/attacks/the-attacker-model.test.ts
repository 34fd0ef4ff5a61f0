import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { attacks, extras } from '../../trials/attack/catalogue.ts'
import { spareServer, worldOf } from '../../trials/attack/local-world.ts'
import { openWorldOutside } from '../../trials/attack/outside-world.ts'
import { ownForms } from '../../trials/attack/pages.ts'
import { mount } from '../../trials/attack/run.ts'
import { scenarios } from '../../trials/attack/scenarios/index.ts'
import type { World } from '../../trials/attack/world.ts'
import { sharedServer } from '../support/worker-server.ts'

/** The shared server as somebody else’s: a file with clients, people and addresses is all that is known. */
async function openOutside(): Promise<World> {
  const { server, fixtures } = { server: sharedServer(), fixtures: inject('fixtures') }
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-attack-'))
  const { web, second, mtlsPki } = fixtures.clients
  const named = ({ clientId, redirectUri }: typeof web) => ({ client_id: clientId, redirect_uri: redirectUri, scope: 'openid accounts' }) // prettier-ignore
  const { cert, key } = mtlsPki.credential ?? { cert: '', key: '' }
  const files = { 'ca.pem': server.ca, 'cert.pem': cert, 'key.pem': key }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const config = {
    clients: [web, second].map((one) => ({ ...named(one), jwk: one.jwk })),
    certificate_client: { ...named(mtlsPki), certificate: { cert: 'cert.pem', key: 'key.pem' } },
    people: [fixtures.users.alice, fixtures.users.carol].map(({ username, password }) => ({ username, password })),
    sign_in: { forms: ownForms },
    resource: `${server.api}/accounts`,
    ca: 'ca.pem',
  } // prettier-ignore
  const file = join(folder, 'attack.json')
  writeFileSync(file, JSON.stringify(config))
  try {
    return await openWorldOutside(server.issuer, file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the attacker model', () => {
  const spare = spareServer()
  let world: World
  beforeAll(async () => {
    world = await worldOf(sharedServer(), inject('fixtures'), {
      disposable: spare.open,
      thorough: false,
    })
  })
  afterAll(() => spare.close())

  it.each(scenarios.map((scenario) => [scenario.id, scenario.title, scenario] as const))(
    '%s fails: %s',
    async (_id, _title, scenario) => {
      const result = await mount(scenario, world)
      const bad = result.steps.filter(({ finding }) => !finding.good)
      expect([result.outcome, result.omitted, bad], result.reason).toEqual(['held', [], []])
      // Each part has shown its twin, its attempts and what they left behind.
      for (const { what } of scenario.parts) {
        const kinds = result.steps.filter(({ part }) => part === what).map(({ kind }) => kind)
        expect([...new Set(kinds)].sort(), what).toEqual(['attack', 'check', 'twin'])
      }
    },
    // One starts a second server, which takes its time on a busy machine.
    120_000,
  )

  it('is mounted from outside as well, by what a configuration file tells', async () => {
    const outside = await openOutside()
    const ids = ['ATK-A1-01', 'ATK-A1-04', 'ATK-A1-13', 'ATK-A1-25']
    for (const scenario of scenarios.filter(({ id }) => ids.includes(id))) {
      const { id, outcome, reason } = await mount(scenario, outside)
      expect([id, outcome], reason).toEqual([id, 'held'])
    }
    const [moved] = scenarios.filter(({ id }) => id === 'ATK-A1-32')
    expect(moved && (await mount(moved, outside)).outcome).toBe('not applicable')
  }, 60_000)

  it('has no id twice, and none of the model that it does not know', () => {
    const ids = scenarios.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const known = ids.filter((id) => attacks.has(/^ATK-\w+-\d\d/.exec(id)?.[0] ?? ''))
    const beyond = ids.filter((id) => !known.includes(id) && !id.startsWith('ATK-X-'))
    expect(beyond.sort()).toEqual([...extras].sort())
  })

  it('has a scenario for every attack of the model', () => {
    const covered = new Set(scenarios.map(({ id }) => /^ATK-\w+-\d\d/.exec(id)?.[0]))
    expect(attacks.size).toBe(64)
    expect([...attacks.keys()].filter((id) => !covered.has(id))).toEqual([])
  })

  it('names every part of a scenario differently', () => {
    for (const { id, parts } of scenarios) {
      expect(new Set(parts.map(({ what }) => what)).size, id).toBe(parts.length)
    }
  })
})
