import { afterAll } from 'vitest'
import { moveClock, nowSeconds } from './test-client.ts'

/** Files of one worker share its server and what these tests believe of its clock: both are put right. */
afterAll(async () => {
  if (nowSeconds() !== Math.floor(Date.now() / 1000)) await moveClock(0)
})
