import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Call } from '../../src/call.ts'
import { configuredIssuer } from '../../src/config.ts'
import { Storage } from '../../src/observe/storage.ts'
import { throttleFor } from '../../src/people/throttling.ts'
import { env, setClock, stubsOf } from './support/objects.ts'

/** Failed sign-ins that are free of delay, and the one that starts it. */
const free = { name: 5 + 1, address: 20 + 1 }

/** Begins a sign-in that never succeeds; answers whether its password would be judged. */
async function attempt(username: string, address: string): Promise<boolean> {
  const request = new Request('https://as.example/login', {
    headers: { 'cf-connecting-ip': address },
  })
  const issuer = configuredIssuer(env, 'bank')
  const call = { issuer, request, storage: new Storage(), stubs: stubsOf('bank') }
  const throttling = await throttleFor(call as unknown as Call, 'name', username)
  return (await throttling.begin()).allowed
}

async function exhaust(address: string): Promise<void> {
  for (let guess = 0; guess < free.address; guess += 1) {
    expect(await attempt(`somebody ${guess} from ${address}`, address)).toBe(true)
  }
  expect(await attempt('one more', address)).toBe(false)
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('an address that has to wait', () => {
  it('ATK-A1-32 makes nobody wait elsewhere by the names it goes on trying', async () => {
    await exhaust('192.0.2.1')
    for (let guess = 0; guess < 3 * free.name; guess += 1) {
      expect(await attempt('carol', '192.0.2.1')).toBe(false)
    }
    for (let guess = 0; guess < free.name; guess += 1) {
      expect(await attempt('carol', '198.51.100.1')).toBe(true)
    }
    // What is judged counts, wherever it comes from.
    expect(await attempt('carol', '198.51.100.1')).toBe(false)
    expect(await attempt('carol', '203.0.113.1')).toBe(false)
    expect(await attempt('alice', '203.0.113.1')).toBe(true)
  })
})
