import { clientScenes } from './client-scenes.ts'
import { operatorScenes } from './operator-scenes.ts'
import { personScenes } from './person-scenes.ts'
import type { Scene } from './scene.ts'

/** Every route of the server with at least one request that is taken; a test compares it with the map. */
export const scenes: readonly Scene[] = [...clientScenes, ...operatorScenes, ...personScenes]
