import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fuzzScene } from '../../trials/fuzz/http/fuzz-server.ts'
import { scenes } from '../../trials/fuzz/http/scenes.ts'
import { openWorld } from '../../trials/fuzz/http/world.ts'
import type { World } from '../../trials/fuzz/http/world.ts'
import { seed } from '../rules/support/property.ts'

/* The short form of the second half of `npm run fuzz`, at a server of its own: it disables and resets. */

let world: World
beforeAll(async () => {
  world = await openWorld()
}, 60_000)
afterAll(() => world.close())

describe('an attacker who sends requests that are almost right', () => {
  it.each(scenes)('ATK-A1-34 gets a sober answer: $name', async (scene) => {
    const { problems } = await fuzzScene(world, scene, { seed, requests: 4 })
    expect(problems).toEqual([])
  })
})
