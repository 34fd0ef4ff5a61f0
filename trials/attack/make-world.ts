import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientFixture } from '../../test/support/fixtures.ts'
import type { KeyHost } from '../../test/support/key-host.ts'
import { openAdmin } from '../../test/support/wire-admin.ts'
import { browserFor, wireClient } from '../../test/support/wire-client.ts'
import type { Approve } from '../../test/support/wire-client.ts'
import { newClock } from '../../test/support/wire-keys.ts'
import { moveClock } from '../../test/support/wire-server.ts'
import type { Reachable, Server } from '../../test/support/wire-server.ts'
import type { Capability } from './capability.ts'
import { approveBy, makePages } from './pages.ts'
import type { FormNames, SomebodyToSignIn } from './pages.ts'
import type { World } from './world.ts'

/** What is known of an issuer besides its metadata. */
export type Known = {
  readonly server: Reachable
  readonly metadata: Readonly<Record<string, unknown>>
  readonly clients: readonly [ClientFixture, ClientFixture]
  readonly people: readonly SomebodyToSignIn[]
  /** How people sign in; absent: nobody does. */
  readonly signIn?: { readonly forms: FormNames } | { readonly command: readonly string[] }
  readonly resource?: string
  readonly resourceServer?: ClientFixture
  readonly certificateClient?: ClientFixture
  /** The local runtime behind it: its clock and its operator. */
  readonly runtime?: Server
  /** Whether it hands out DPoP nonces. */
  readonly nonces?: boolean
  /** False: the short form. */
  readonly thorough?: boolean
  /** A host of ours that it may call. */
  readonly outbound?: KeyHost
  readonly disposable?: () => Promise<World>
  readonly close?: () => Promise<void>
}

/** Makes the world of the scenarios, and finds out what can be done in it. */
export function makeWorld(known: Known): World {
  const { server, metadata, people, runtime } = known
  const clock = newClock()
  const [person = { username: '', password: '' }, other] = people
  const forms =
    known.signIn !== undefined && 'forms' in known.signIn ? known.signIn.forms : undefined
  const pages = forms === undefined ? undefined : makePages(forms, people, clock)
  const browser = () => browserFor(server)
  const approve = approveOf(known, pages === undefined ? undefined : approveBy(pages, browser))
  const act = (fixture: ClientFixture) =>
    wireClient(fixture, { server, clock, person, ...(approve === undefined ? {} : { approve }) })
  const [first, second] = known.clients
  const can = abilities(known)
  return {
    server,
    metadata,
    clock,
    thorough: known.thorough ?? true,
    person,
    browser,
    act,
    has: (capability) => can.has(capability),
    secrets: people.flatMap(({ password, totp_secret }) => [password, totp_secret ?? '']),
    web: act(first),
    second: act(second),
    certificateClient: () => act(need(known.certificateClient, 'mtls')),
    resourceServer: () => act(need(known.resourceServer, 'introspection')),
    otherPerson: () => need(other, 'people'),
    resource: () => need(known.resource, 'resource'),
    pages: () => need(pages, 'pages'),
    operator: async () => openAdmin(need(runtime, 'operator'), clock),
    log: () => readFileSync(join(need(runtime, 'log').state, 'server.log'), 'utf8'),
    moveClock: async (seconds) => moveClock(seconds, need(runtime, 'clock'), clock),
    outboundHost: () => need(known.outbound, 'outbound'),
    disposable: () => need(known.disposable, 'disposable')(),
    settle: async () => {
      if (clock.offset !== 0 && runtime !== undefined) await moveClock(0, runtime, clock)
    },
    close: async () => known.close?.(),
  }
}

function need<T>(value: T | undefined, capability: Capability): T {
  if (value === undefined)
    throw new Error(`the scenario does not say that it needs '${capability}'`)
  return value
}

function abilities(known: Known): ReadonlySet<Capability> {
  const { server, metadata, clients, people, runtime, signIn } = known
  const list = (member: string): readonly unknown[] => {
    const value = metadata[member]
    return Array.isArray(value) ? value : []
  }
  const named = (member: string) => typeof metadata[member] === 'string'
  const mayUse = (grant: string) =>
    metadata['grant_types_supported'] === undefined || list('grant_types_supported').includes(grant)
  const offers: Readonly<Record<Capability, boolean>> = {
    person: signIn !== undefined && people.length > 0,
    pages: signIn !== undefined && 'forms' in signIn,
    deny: signIn !== undefined && 'forms' in signIn && signIn.forms.deny !== undefined,
    people: people.length > 1,
    refresh: mayUse('refresh_token'),
    credentials: mayUse('client_credentials') && list('grant_types_supported').length > 0,
    dpop: list('dpop_signing_alg_values_supported').length > 0,
    nonces: known.nonces === true,
    mtls: known.certificateClient !== undefined,
    assertions: clients.every(({ jwk }) => jwk !== undefined),
    openid: clients.every(({ scope = 'openid' }) => scope.split(' ').includes('openid')),
    resource: known.resource !== undefined,
    introspection: named('introspection_endpoint') && known.resourceServer !== undefined,
    revocation: named('revocation_endpoint'),
    userinfo: named('userinfo_endpoint'),
    requestObjects: metadata['request_parameter_supported'] === true,
    responseModes: list('response_modes_supported').includes('jwt'),
    details: list('authorization_details_types_supported').length > 0,
    grants: named('grant_management_endpoint'),
    operator: runtime !== undefined,
    clock: runtime !== undefined,
    outbound: known.outbound !== undefined,
    disposable: known.disposable !== undefined,
    headers: runtime !== undefined,
    log: runtime !== undefined,
    https: [server.issuer, server.mtls].some((one) => one?.startsWith('https:') === true),
  }
  return new Set((Object.keys(offers) as Capability[]).filter((one) => offers[one]))
}

function approveOf({ signIn }: Known, byPages: Approve | undefined): Approve | undefined {
  if (signIn === undefined || 'forms' in signIn) return byPages
  const [program = '', ...args] = signIn.command
  return (address) => callbackOf(program, [...args, address])
}

/** Runs the command that signs somebody in; it prints the address it was sent to. */
async function callbackOf(program: string, args: readonly string[]): Promise<URL> {
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const line = printed.trim().split('\n').at(-1) ?? ''
  if (status !== 0 || !URL.canParse(line))
    throw new Error(`the sign-in command ended with ${String(status)} and printed no address`)
  return new URL(line)
}
