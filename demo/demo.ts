import type { webcrypto } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ResponseBodyError } from 'openid-client'
import { createFetch } from '../cli/fetch-with-ca.ts'
import type { FlowSettings } from './story/client.ts'
import { playFlow } from './story/flow.ts'
import { playSignedFlow } from './story/signed-flow.ts'
import { startDemoServer } from './story/server.ts'
import type { DemoServer } from './story/server.ts'
import { BrokenPromise, createStoryteller } from './story/steps.ts'
import { demoPeople, exampleClientId } from './seeds.ts'

/*
 * `npm run demo`: one flow without a browser, each step told. Without arguments it starts a server of
 * its own and ends it; `-- --issuer URL [--api URL] [--redirect-uri URI] [--state DIR]` uses one that
 * runs on this machine. `-- --signed` plays one of the message signing profile. The status is other than zero when a step does not come out as promised.
 */

const write = (text: string) => process.stdout.write(text)
const interruption = new AbortController()
let server: DemoServer | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruption.abort()
    if (server !== undefined) void finish(130)
  })
}

try {
  const options = readOptions()
  server = options.issuer === undefined ? await startOwn(options) : running(options.issuer, options)
  await play(server, personOf(options), options)
  write('\nEvery step came out as promised.\n')
  await finish(0)
} catch (error) {
  // With a server, whoever interrupted is ending it already.
  if (interruption.signal.aborted && server === undefined) await finish(130)
  if (!interruption.signal.aborted) {
    write(`\n${error instanceof BrokenPromise ? error.message : describe(error)}\n`)
    await finish(1)
  }
}

async function play(
  { issuer, api, redirectUri, state }: DemoServer,
  person: FlowSettings['person'],
  { signed }: Pick<Options, 'signed'>,
): Promise<void> {
  const key = await readClientKey(state)
  const authority = join(state, 'tls/ca.pem')
  const trust = existsSync(authority) ? { ca: await readFile(authority, 'utf8') } : {}
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const settings = {
    issuer,
    api,
    redirectUri,
    person,
    clientId: exampleClientId,
    clientKey: await crypto.subtle.importKey('jwk', key, algorithm, false, ['sign']),
    clientKeyId: key.kid,
    clientJwk: { ...key },
    fetch: createFetch(trust),
  }
  const storyteller = createStoryteller(write)
  if (signed) await playSignedFlow(storyteller, { ...settings, state })
  else await playFlow(storyteller, settings)
}

async function finish(status: number): Promise<void> {
  await server?.close()
  process.exit(status)
}

type Options = ReturnType<typeof readOptions>

/** A person of the demo brings the second factor along. */
function personOf({ username, password, ...options }: Options): FlowSettings['person'] {
  const demo = demoPeople.find((person) => person.username === username)
  const totpSecret = options['totp-secret'] ?? demo?.totp_secret
  return { username, password, ...(totpSecret === undefined ? {} : { totpSecret }) }
}

function readOptions() {
  const [alice] = demoPeople
  return parseArgs({
    options: {
      issuer: { type: 'string' },
      api: { type: 'string' },
      'redirect-uri': { type: 'string' },
      state: { type: 'string', default: '.fapi-edge' },
      username: { type: 'string', default: alice.username },
      password: { type: 'string', default: alice.password },
      'totp-secret': { type: 'string' },
      tls: { type: 'boolean', default: false },
      signed: { type: 'boolean', default: false },
    },
  }).values
}

async function startOwn({ tls, signed }: Options): Promise<DemoServer> {
  write('Starting a server of our own …\n')
  const profile = signed ? { profile: 'fapi2-message-signing' } : {}
  return startDemoServer({ tls, ...profile, signal: interruption.signal })
}

/** Addresses as `npm start` lays them out, where nothing else is said. */
function running(issuer: string, options: Options): DemoServer {
  const { protocol, hostname, port } = new URL(issuer)
  return {
    issuer,
    api: options.api ?? `${protocol}//${hostname}:${Number(port) + 2}`,
    redirectUri: options['redirect-uri'] ?? `http://127.0.0.1:${Number(port) + 4}/callback`,
    state: resolve(options.state),
    close: () => Promise.resolve(),
  }
}

type ClientKey = webcrypto.JsonWebKey & { readonly kid: string }

/** The example client's key, which the local runtime made at its first start. */
async function readClientKey(state: string): Promise<ClientKey> {
  const path = join(state, 'example-client.json')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`No ${path}: name the state folder of the running server with --state.`, {
      cause: error,
    })
  })
  return JSON.parse(text) as ClientKey
}

/** An error with what the server said and the reasons it hides. */
function describe(error: unknown): string {
  const reasons: string[] = []
  for (let current = error; current instanceof Error; current = current.cause) {
    const said = current instanceof ResponseBodyError ? current : undefined
    const answer = said && ` (${said.error}: ${said.error_description ?? 'no description'})`
    reasons.push(`${current.message}${answer ?? ''}`)
  }
  return reasons.length === 0 ? String(error) : reasons.join('\n  because: ')
}
