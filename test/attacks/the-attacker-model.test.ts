import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { attacks, extras } from '../../trials/attack/catalogue.ts'
import { spareServer, worldOf } from '../../trials/attack/local-world.ts'
import { mount } from '../../trials/attack/run.ts'
import { scenarios } from '../../trials/attack/scenarios/index.ts'
import type { World } from '../../trials/attack/world.ts'

describe('the attacker model', () => {
  const spare = spareServer()
  let world: World
  beforeAll(async () => {
    world = await worldOf(inject('server'), inject('fixtures'), {
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
    60_000,
  )

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
