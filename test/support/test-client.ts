import { inject } from 'vitest'
import type { ClientFixture, ClientName, Fixtures } from './fixtures.ts'
import type { Answer } from './http.ts'
import { getResource as getResourceAt, wireClient } from './wire-client.ts'
import type { ResourceOptions, WireClient } from './wire-client.ts'
import { newClock, proof as proofBy, secondsBy } from './wire-keys.ts'
import type { DpopKey, ProofOptions } from './wire-keys.ts'
import {
  control as controlOf,
  moveClock as moveClockOf,
  nonceOf as nonceAt,
} from './wire-server.ts'
import type { Reachable, Server } from './wire-server.ts'
import { sharedServer } from './worker-server.ts'

/** The wire client with the defaults of these tests: the shared server, its fixtures and one clock. */
export type { Pushed, RequestOptions, Tokens } from './wire-client.ts'
export { makeDpopKey, sign } from './wire-keys.ts'
export type { DpopKey, ProofOptions } from './wire-keys.ts'
export type { Server } from './wire-server.ts'

export type TestClient = WireClient

/** How far the server's clock was moved; what clients sign follows it. */
export const clock = newClock()
export const nowSeconds = (): number => secondsBy(clock)

/** Moves the server's clock, and with it what test clients sign. Reset it in `afterEach`. */
export const moveClock = (seconds: number, on: Server = sharedServer()): Promise<void> =>
  moveClockOf(seconds, on, clock)

/** Calls the control endpoint of the local runtime. */
export const control = (
  path: string,
  body: unknown,
  on: Server = sharedServer(),
): Promise<Answer> => controlOf(path, body, on)

/** Makes a DPoP proof; `claims` and `header` override anything. */
export const proof = (key: DpopKey, url: string, options: ProofOptions = {}): Promise<string> =>
  proofBy(key, url, { ...options, clock })

/** A nonce a server (authorization server or API) hands out to these tests. */
export const nonceOf = async (url: string, on: Reachable = sharedServer()): Promise<string> =>
  (await nonceAt(url, on)) ?? ''

/** A client that can misbehave: every part of what it sends can be changed. */
export function testClient(
  name: ClientName | ClientFixture,
  server: Reachable = sharedServer(),
): TestClient {
  const fixture = typeof name === 'string' ? inject('fixtures').clients[name] : name
  // The browser tests have people of their own.
  const fixtures = inject('fixtures') as Fixtures | undefined
  return wireClient(fixture, { server, clock, person: fixtures?.users.alice })
}

/** GETs a protected resource. Without `key` the token is sent as Bearer. */
export const getResource = (
  target: string,
  accessToken: string,
  options: ResourceOptions & { readonly on?: Server } = {},
): Promise<Answer> => {
  const { on = sharedServer(), ...rest } = options
  return getResourceAt(target, accessToken, { ...rest, server: on, clock })
}
