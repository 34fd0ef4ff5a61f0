import type { webcrypto } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { playFlow } from './story/flow.ts'
import { startDemoServer } from './story/server.ts'
import type { DemoServer } from './story/server.ts'
import { BrokenPromise, createStoryteller } from './story/steps.ts'
import { demoPeople, exampleClientId } from './seeds.ts'
import { trustingFetch } from './trusting-fetch.ts'

/*
 * `npm run demo`: one flow without a browser, each step told. Without arguments it starts a server of
 * its own and ends it; `-- --issuer URL [--api URL] [--redirect-uri URI] [--state DIR]` uses one that
 * runs on this machine. The status is other than zero when a step does not come out as promised.
 */

const { values } = parseArgs({
  options: {
    issuer: { type: 'string' },
    api: { type: 'string' },
    'redirect-uri': { type: 'string' },
    state: { type: 'string', default: '.fapi-edge' },
    username: { type: 'string', default: demoPeople[0].username },
    password: { type: 'string', default: demoPeople[0].password },
    tls: { type: 'boolean', default: false },
  },
})

const write = (text: string) => process.stdout.write(text)
let server: DemoServer | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true
    void finish(130)
  })
}

try {
  server = values.issuer === undefined ? await startOwn() : running(values.issuer)
  const key = JSON.parse(
    await readFile(join(server.state, 'example-client.json'), 'utf8'),
  ) as ClientKey
  const authority = join(server.state, 'tls/ca.pem')
  const trust = existsSync(authority) ? { ca: await readFile(authority, 'utf8') } : {}
  await playFlow(createStoryteller(write), {
    issuer: server.issuer,
    api: server.api,
    redirectUri: server.redirectUri,
    clientId: exampleClientId,
    clientKey: await importKey(key),
    clientKeyId: key.kid,
    person: { username: values.username, password: values.password },
    fetch: trustingFetch(trust),
  })
  write('\nEvery step came out as promised.\n')
  await finish(0)
} catch (error) {
  if (!interrupted) {
    write(`\n${error instanceof BrokenPromise ? error.message : describe(error)}\n`)
    await finish(1)
  }
}

async function finish(status: number): Promise<void> {
  await server?.close()
  process.exit(status)
}

async function startOwn(): Promise<DemoServer> {
  write('Starting a server of our own …\n')
  return startDemoServer({ tls: values.tls })
}

/** Addresses as `npm start` lays them out, where nothing else is said. */
function running(issuer: string): DemoServer {
  const { protocol, hostname, port } = new URL(issuer)
  return {
    issuer,
    api: values.api ?? `${protocol}//${hostname}:${Number(port) + 2}`,
    redirectUri: values['redirect-uri'] ?? `http://127.0.0.1:${Number(port) + 4}/callback`,
    state: resolve(values.state),
    close: () => Promise.resolve(),
  }
}

type ClientKey = webcrypto.JsonWebKey & { readonly kid: string }

function importKey(jwk: ClientKey): Promise<webcrypto.CryptoKey> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
}

/** An error with the reasons it hides. */
function describe(error: unknown): string {
  const reasons: string[] = []
  for (let current = error; current instanceof Error; current = current.cause) {
    reasons.push(
      'error' in current ? `${current.message} (${String(current.error)})` : current.message,
    )
  }
  return reasons.length === 0 ? String(error) : reasons.join('\n  because: ')
}
