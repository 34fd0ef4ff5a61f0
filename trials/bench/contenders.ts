import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createAdminClient } from '../../cli/admin-client.ts'
import type { AdminClient } from '../../cli/admin-client.ts'
import { bundleWorker, endBundling } from '../../demo/bundle.ts'
import { freePorts } from '../../test/support/local-runtime.ts'
import { makeKey, publicOf } from './keys.ts'
import type { Party } from './requests.ts'
import { serve } from './servers/served.ts'
import type { BenchClient, Served, ServeOptions } from './servers/served.ts'

const root = dirname(dirname(import.meta.dirname))

/** A folder for everything of one run; removed at its end. `fast`: in memory, where the machine has that. */
export type Workshop = {
  readonly folder: string
  readonly fast: string
  readonly production: string
  readonly floor: string
  /** What the deployment's own tool said of the bundle. */
  readonly buildOutput: string
  readonly remove: () => void
}

/** Builds the Workers: ours as a deployment would be, minified; the floor as the demo is. */
export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-bench-'))
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const fast = mkdtempSync(join(memory, 'fapi-edge-bench-'))
  const buildOutput = wrangler(['deploy', '--dry-run', '--outdir', join(folder, 'dist')])
  const floor = join(folder, 'floor.js')
  writeFileSync(floor, await bundleWorker('trials/bench/worker/floor.ts'))
  await endBundling()
  return {
    folder,
    fast,
    production: join(folder, 'dist', 'index.js'),
    floor,
    buildOutput,
    remove: () => {
      for (const one of [folder, fast]) rmSync(one, { recursive: true, force: true })
    },
  }
}

/** Runs the deployment's own tool; returns what it printed. */
export function wrangler(args: readonly string[]): string {
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1', NO_COLOR: '1' }
  return execFileSync(process.execPath, [program, ...args], { cwd: root, env, encoding: 'utf8', stdio: 'pipe' }) // prettier-ignore
}

/** A server under measurement with its client registered. */
export type Contender = Served & {
  readonly name: string
  readonly party: Party
  /** Of ours only. */
  readonly admin?: AdminClient
}

export const scopes = 'openid accounts'

/** `memory`: objects lie in memory as the peer's do, not on disk. */
export type ContenderName =
  | 'fapi-edge'
  | 'fapi-edge, memory'
  | 'floor'
  | 'floor, memory'
  | 'floor with two calls, memory'
  | 'oidc-provider'

/** The same for all servers of a run. */
export const benchClient: BenchClient = {
  clientId: 'bench-client',
  redirectUri: 'https://client.bench.example/cb',
  jwk: makeKey('client-1'),
}
const operatorKey = makeKey('operator-1')
const signingKey = makeKey('signing-1')
export const proofKey = makeKey('dpop-1')

/** Starts a contender and registers the client. */
export async function startContender(
  workshop: Workshop,
  name: ContenderName,
  more: { readonly state?: string; readonly inspectorPort?: number } = {},
): Promise<Contender> {
  const [port = 0] = await freePorts(1)
  const [base, memory] = name.split(', ')
  const calls = base === 'floor with two calls' ? 2 : 1
  const kind = (calls === 2 ? 'floor' : base) as ServeOptions['kind']
  const place = memory === undefined ? workshop.folder : workshop.fast
  const state = more.state ?? mkdtempSync(join(place, 'state-'))
  mkdirSync(state, { recursive: true })
  const bundle = kind === 'floor' ? workshop.floor : workshop.production
  const { inspectorPort } = more
  const options: ServeOptions = {
    ...{ kind, port, state, bundle, client: benchClient, operatorKey, signingKey, calls },
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
  }
  const served = await serve(options)
  const party = { issuer: served.issuer, client: benchClient, dpop: proofKey }
  if (kind !== 'fapi-edge') return { ...served, name, party }
  const operator = { client_id: 'operator.bench', jwk: operatorKey as { kty: string } }
  const admin = await createAdminClient({ issuer: served.issuer, operator })
  await register(admin, benchClient)
  return { ...served, name, party, admin }
}

/** Registers a client through the admin API. */
export async function register(admin: AdminClient, one: BenchClient): Promise<void> {
  const answer = await admin.request('PUT', `/clients/${one.clientId}`, {
    client_id: one.clientId,
    client_name: 'Bench',
    redirect_uris: [one.redirectUri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: scopes,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicOf(one.jwk)] },
    dpop_bound_access_tokens: true,
  })
  if (answer.status >= 300) throw new Error(`the client was refused: ${JSON.stringify(answer)}`)
}
