import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient, Tokens } from '../support/test-client.ts'
import {
  ana,
  ben,
  cross,
  signInAtBank,
  startTwoServers,
} from '../support/two-servers.ts'
import type { TwoServers } from '../support/two-servers.ts'

let servers: TwoServers
let admin: Admin
let client: TestClient

beforeAll(async () => {
  servers = await startTwoServers()
  admin = await openAdmin(servers.bank)
  const { fixture } = await registerClient(admin)
  client = testClient(fixture, servers.bank)
})

afterEach(async () => servers.moveClocks(0))
afterAll(async () => servers?.stop())

type Push = Readonly<Record<string, string>>

async function push(fields: Push = {}): Promise<{ address: string; verifier: string }> {
  const { answer, requestUri, verifier } = await client.par({ fields })
  expect(answer.status, answer.text).toBe(201)
  return { address: client.authorizeUrl(requestUri), verifier }
}

/** Signs in at the upstream, agrees at the bank, and redeems the code. */
async function tokensOf(person: typeof ana | typeof ben, fields: Push = {}): Promise<Tokens> {
  const { address, verifier } = await push(fields)
  const consent = await signInAtBank(address, person)
  const done = await consent.submit('approve')
  const code = done.redirectedTo?.searchParams.get('code') ?? ''
  return client.redeem({ code, verifier }, { key: await makeDpopKey() })
}

const idTokenOf = ({ answer }: Tokens) => decodeJwt(String(answer.json['id_token']))

/** The upstream's sign-in page, opened by this browser. */
async function sentThere(fields: Push = {}) {
  const browser = createBrowser()
  const { address } = await push(fields)
  const away = await browser.open(address)
  return { browser, away, login: await cross(browser, away) }
}

describe('a sign-in at an upstream OpenID Provider', () => {
  it('ends with tokens of this issuer that tell how the person signed in there', async () => {
    const before = Math.floor(Date.now() / 1000) - 1
    const tokens = await tokensOf(ana)
    expect(tokens.answer.status, tokens.answer.text).toBe(200)
    const { iss, sub, acr, amr, auth_time: at } = idTokenOf(tokens)
    expect(iss).toBe(servers.bank.issuer)
    expect(sub).toMatch(/^user-/)
    expect(acr).toBe('urn:fapi-edge:acr:two-factors')
    expect(amr).toEqual(['pwd', 'otp', 'mfa'])
    expect(at).toBeGreaterThanOrEqual(before)
  })
})
