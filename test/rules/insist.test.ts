import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { insist } from '../../src/insist.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Fails this often, then answers. */
function failing(times: number) {
  let attempts = 0
  const attempt = () => {
    attempts += 1
    return attempts > times ? Promise.resolve('done') : Promise.reject(new Error(`no ${attempts}`))
  }
  return { attempt, attempts: () => attempts }
}

async function outcomeOf(work: Promise<string>): Promise<string> {
  const outcome = work.catch((error: unknown) => (error as Error).message)
  await vi.runAllTimersAsync()
  return outcome
}

describe('insisting', () => {
  it.each([
    [0, 'done', 1],
    [1, 'done', 2],
    [2, 'done', 3],
    [3, 'no 3', 3],
    [9, 'no 3', 3],
  ])('on what fails %d times comes to %s after %d attempts', async (times, outcome, attempts) => {
    const work = failing(times)
    expect(await outcomeOf(insist(work.attempt))).toBe(outcome)
    expect(work.attempts()).toBe(attempts)
  })
})
