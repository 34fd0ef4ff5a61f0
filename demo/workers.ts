import type { MiniflareOptions } from 'miniflare'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleWorker, endBundling } from './bundle.ts'
import type { DelegatedBindings } from './delegated-login.ts'
import type { Json } from './json.ts'
import type { Options } from './options.ts'
import { stop } from './problem.ts'
import type { WorkerName } from './runtime.ts'
import { describeConsumer, queueBindings, wantedQueues } from './queues.ts'
import { choicesBinding } from './settings.ts'
import type { Addresses } from './settings.ts'
import type { Secrets, State } from './state.ts'

export type WorkerConfig = MiniflareOptions['workers'][number]['config']

/** The server's Durable Objects: class and binding. Renaming either loses local state. */
export const serverObjects = {
  PushedRequest: 'PUSHED_REQUEST',
  Grant: 'GRANT',
  ReplayGuard: 'REPLAY_GUARD',
  Client: 'CLIENT',
  Directory: 'DIRECTORY',
  KeyRing: 'KEY_RING',
  Account: 'ACCOUNT',
  Throttle: 'THROTTLE',
} as const

const apiObjects = {
  ResourceReplayGuard: 'RESOURCE_REPLAY_GUARD',
  PaymentBook: 'PAYMENT_BOOK',
} as const

export type WorkerInputs = {
  readonly state: State
  readonly options: Options
  readonly addresses: Addresses
  readonly settings: { readonly issuers: readonly Json[] }
  readonly secrets: Secrets
  /** A Worker for the login, and a connection with a client certificate, where settings name them. */
  readonly bindings: DelegatedBindings
}

/** The Workers by name; a login of one's own is there only where the settings bind one. */
export type DescribedWorkers = Readonly<Record<WorkerName, WorkerConfig>> & {
  readonly login?: WorkerConfig
  readonly anchors?: WorkerConfig
  readonly audit?: WorkerConfig
}

/** Builds both Workers and describes them to Miniflare as `wrangler.toml` would. */
export async function describeWorkers(inputs: WorkerInputs): Promise<DescribedWorkers> {
  const { login, certificate } = inputs.bindings
  const wanted = wantedQueues(inputs.options)
  const [server, api, loginWorker, consumer] = await Promise.all([
    bundleWorker('demo/worker/server.ts'),
    bundleWorker('demo/worker/bank-api.ts'),
    login === undefined ? undefined : bundleWorker(login.entry),
    wanted.length === 0 ? '' : bundleWorker('demo/worker/consumer.ts'),
  ])
  await endBundling()
  const { options, addresses, settings, secrets } = inputs
  const issuerId = String(settings.issuers[0]?.['id'])
  return {
    'fapi-edge': {
      ...describeModule('fapi-edge', server),
      exports: describeClasses(serverObjects),
      env: {
        ...describeBindings('fapi-edge', serverObjects),
        SETTINGS: { type: 'json', value: toJson(settings) },
        MASTER_SECRET: { type: 'text', value: secrets.masterSecret },
        COPIES: { type: 'kv', id: 'copies' },
        DEVELOPMENT: { type: 'text', value: 'loopback' },
        CONTROL_TOKEN: { type: 'text', value: secrets.controlToken },
        [choicesBinding]: { type: 'worker', worker: 'bank-api', exportName: 'Choices' },
        OUTBOUND_ALLOWED: { type: 'text', value: options.outboundAllowed.join(',') },
        ...Object.assign({}, ...wanted.map((queue) => queueBindings[queue])),
        ...(login === undefined
          ? {}
          : { [login.name]: { type: 'worker' as const, worker: 'login' } }),
        ...(certificate === undefined ? {} : { [certificate.name]: certificate.binding }),
      },
    },
    'bank-api': {
      ...describeModule('bank-api', api),
      exports: describeClasses(apiObjects),
      env: {
        ...describeBindings('bank-api', apiObjects),
        SETTINGS: {
          type: 'json',
          value: {
            issuer: addresses.issuer,
            resource: addresses.api,
            origin: addresses.api,
            mtls_origin: addresses.apiMtls,
            revocation: options.apiRevocation,
          },
        },
        RESOURCE_SECRET: { type: 'text', value: secrets.resourceSecret },
        RESOURCE_KEY: { type: 'text', value: secrets.resourceKey },
        CONTROL_TOKEN: { type: 'text', value: secrets.controlToken },
        DEVELOPMENT: { type: 'text', value: 'loopback' },
        INTROSPECTION: {
          type: 'worker',
          worker: 'fapi-edge',
          exportName: 'Introspection',
          props: { issuer: issuerId, resource_server: addresses.api },
        },
      },
    },
    ...(loginWorker === undefined ? {} : { login: describeModule('login', loginWorker) }),
    ...Object.fromEntries(
      wanted.map((queue) => [
        queue,
        { ...describeModule(queue, consumer), ...describeConsumer(queue, inputs.state) },
      ]),
    ),
  }
}

/** A Worker of one module, with the platform's behaviour of the date production uses. */
export function describeModule(name: string, contents: string) {
  return {
    name,
    compatibilityDate: readCompatibilityDate(),
    manifest: {
      mainModule: 'index.js',
      modulesRoot: '/',
      modules: { 'index.js': { type: 'esm' as const, contents } },
    },
  }
}

/** Durable Object classes a Worker exports. */
export const describeClasses = (objects: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.keys(objects).map((name) => [
      name,
      { type: 'durable-object' as const, storage: 'sqlite' as const },
    ]),
  )

/** Bindings of a Worker to its own Durable Object classes. */
export const describeBindings = (worker: string, objects: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(objects).map(([exportName, binding]) => [
      binding,
      { type: 'durable-object' as const, worker, exportName },
    ]),
  )

type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/** Settings came from JSON and our own literals; the round trip makes that true for the type as well. */
const toJson = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue

/** The date production uses, so that the local runtime cannot drift from it. */
function readCompatibilityDate(): string {
  const text = readFileSync(join(import.meta.dirname, '../wrangler.toml'), 'utf8')
  const date = /^compatibility_date\s*=\s*"(\d{4}-\d{2}-\d{2})"/m.exec(text)?.[1]
  return date ?? stop('wrangler.toml names no compatibility_date.')
}
