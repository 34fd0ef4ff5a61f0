import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFixtures } from '../support/fixtures.ts'
import type { Fixtures } from '../support/fixtures.ts'
import { form, send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { makeDpopKey, nonceOf, proof, testClient } from '../support/test-client.ts'
import type { DpopKey, TestClient, Tokens } from '../support/test-client.ts'
import {
  childrenOf,
  freePorts,
  isAlive,
  isFree,
  removeFolder,
  startServer,
  temporaryFolder,
} from './support/running.ts'
import type { RunningServer } from './support/running.ts'

/*
 * The processes are killed in the middle of a load, then started again on the same state. What was
 * acknowledged must still be there, and what was used must stay used.
 */

/** A request that was answered 200: sent again it must fail, whatever happened in between. */
type Spent = {
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

type Ledger = {
  readonly spent: Spent[]
  readonly codes: { readonly code: string; readonly verifier: string }[]
  readonly pushed: string[]
  readonly refreshTokens: string[]
  readonly revoked: string[]
}

type Killed = 'workerd' | 'parent' | 'both'

let folder: string
let fixtures: Fixtures
let configFile: string
let running: RunningServer | undefined

beforeAll(async () => {
  folder = temporaryFolder()
  const made = await makeFixtures()
  fixtures = made.fixtures
  configFile = join(folder, 'config.json')
  writeFileSync(configFile, JSON.stringify(made.config))
})

afterAll(async () => {
  await running?.stop()
  removeFolder(folder)
})

async function start(port: number, state: string): Promise<RunningServer> {
  const args = ['--port', String(port), '--state', state, '--config', configFile, '--no-demo']
  running = await startServer(args)
  return running
}

const workerdOf = (server: RunningServer) =>
  childrenOf(server.pid).find(({ command }) => command.includes('workerd serve'))?.pid ?? 0

/** One request kept whole, so that it can be sent again byte for byte. */
async function spend(
  client: TestClient,
  key: DpopKey,
  url: string,
): Promise<{ answer: Answer; sent: Spent }> {
  const nonce = await nonceOf(url, { issuer: new URL(url).origin, mtls: '', ca: '' })
  const sent: Spent = {
    url,
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['dpop', await proof(key, url, { nonce })],
    ],
    body: form({
      grant_type: 'client_credentials',
      scope: 'accounts',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await client.assertion(),
    }),
  }
  return {
    answer: await send(url, { method: 'POST', headers: sent.headers, body: sent.body }),
    sent,
  }
}

/** Works until it is told to stop or the server is gone; only what was acknowledged is written down. */
async function work(client: TestClient, ledger: Ledger, done: () => boolean): Promise<void> {
  const key = await makeDpopKey()
  while (!done()) {
    try {
      const { answer, sent } = await spend(client, key, client.url('/token'))
      if (answer.status === 200) ledger.spent.push(sent)
      const pushed = await client.par({ key })
      if (pushed.answer.status === 201) ledger.pushed.push(pushed.requestUri)
    } catch {
      // Cut off: the outcome is unknown, and nothing was acknowledged.
    }
  }
}

describe.each<Killed>(['workerd', 'parent', 'both'])(
  'SIGKILL of %s in the middle of a load',
  (killed) => {
    it('loses nothing acknowledged and lets nothing be used twice', async () => {
      const port = await freePorts()
      const state = join(folder, killed)
      const first = await start(port, state)
      const ca = readFileSync(join(state, 'tls', 'ca.pem'), 'utf8')
      const server = { issuer: first.issuer, mtls: `https://localhost:${port + 1}`, ca }
      const client = testClient(fixtures.clients.web, server)
      const key = await makeDpopKey()
      const ledger: Ledger = { spent: [], codes: [], pushed: [], refreshTokens: [], revoked: [] }
      for (let flow = 0; flow < 3; flow += 1) {
        const given = await client.code({ key })
        const tokens: Tokens = await client.redeem(given, { key })
        expect(tokens.answer.status).toBe(200)
        ledger.codes.push(given)
        if (flow > 0) ledger.refreshTokens.push(tokens.refreshToken)
        else {
          const answer = await client.post('/revoke', { token: tokens.refreshToken })
          expect(answer.status).toBe(200)
          ledger.revoked.push(tokens.refreshToken)
        }
      }
      const unopened = await client.par({ key })
      const untouched = await client.code({ key })

      let over = false
      const workers = Array.from({ length: 6 }, () => work(client, ledger, () => over))
      while (ledger.spent.length < 30) await new Promise((resolve) => setTimeout(resolve, 20))
      const workerd = workerdOf(first)
      expect(workerd).toBeGreaterThan(0)
      if (killed !== 'parent') process.kill(workerd, 'SIGKILL')
      if (killed !== 'workerd') process.kill(first.pid, 'SIGKILL')
      const seen = ledger.spent.length
      if (killed === 'workerd') {
        // Miniflare starts it again; the load goes on.
        while (ledger.spent.length < seen + 5)
          await new Promise((resolve) => setTimeout(resolve, 20))
      }
      over = true
      await Promise.all(workers)
      if (killed !== 'workerd') {
        const second = await start(port, state)
        expect(second.issuer).toBe(first.issuer)
        expect(isAlive(workerd)).toBe(false)
        expect(isAlive(first.pid)).toBe(false)
      }

      for (const sent of ledger.spent) {
        const answer = await send(sent.url, {
          method: 'POST',
          headers: sent.headers,
          body: sent.body,
        })
        expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client'])
      }
      for (const refreshToken of ledger.refreshTokens) {
        expect((await client.refresh(refreshToken, { key })).answer.status).toBe(200)
      }
      for (const refreshToken of ledger.revoked) {
        const { answer } = await client.refresh(refreshToken, { key })
        expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant'])
      }
      expect((await client.redeem(untouched, { key })).answer.status).toBe(200)
      for (const given of [...ledger.codes, untouched]) {
        const { answer } = await client.redeem(given, { key })
        expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant'])
      }
      const callback = await client.approve(unopened.requestUri)
      const late = { code: callback.searchParams.get('code') ?? '', verifier: unopened.verifier }
      expect((await client.redeem(late, { key })).answer.status).toBe(200)
      const again = await send(client.authorizeUrl(unopened.requestUri))
      expect(again.text).toContain('invalid_request_uri')
      for (const requestUri of ledger.pushed.slice(-20)) {
        expect((await send(client.authorizeUrl(requestUri))).status).toBe(303)
      }

      expect(await running?.stop()).toBe(0)
      running = undefined
      for (let offset = 0; offset < 4; offset += 1) expect(await isFree(port + offset)).toBe(true)
    }, 90_000)
  },
)
