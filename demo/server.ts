import { emptyConfig, readAuthorities, readConfigFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { readServerCertificate } from './certificates.ts'
import type { ServerCertificate } from './certificates.ts'
import { applyConfiguration } from './configuration.ts'
import { openControl } from './control-endpoint.ts'
import { readBindings } from './delegated-login.ts'
import { openFront } from './front.ts'
import type { FrontTls, Upstream } from './front.ts'
import type { Json } from './json.ts'
import type { Options } from './options.ts'
import { codeOf, reasonOf, stop } from './problem.ts'
import { startRuntime } from './runtime.ts'
import type { Runtime, WorkerName } from './runtime.ts'
import { demoPeople, exampleClientId, makeSeeds } from './seeds.ts'
import type { Seeds } from './seeds.ts'
import { openLog } from './server-log.ts'
import { checkFactors, composeSettings, operatorId, readAddresses } from './settings.ts'
import type { Addresses } from './settings.ts'
import { openState, publicJwk, readKey, readSecrets } from './state.ts'
import type { PrivateJwk, Secrets, State } from './state.ts'
import { describeWorkers } from './workers.ts'

export type Running = { readonly close: () => Promise<void> }

/** Undoes what was done so far, last first. */
type Undo = (() => Promise<void> | void)[]

/**
 * Starts everything in the order in which it can fail for the person at the keyboard: files, settings,
 * ports, then processes. What was started is ended again when a later step fails or `ended` comes first.
 */
export async function startAll(
  options: Options,
  ended: Promise<void>,
): Promise<Running | undefined> {
  const undo: Undo = []
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const interrupted = ended.then(() => undefined)
    const lines = await Promise.race([start(options, undo), interrupted])
    if (lines === undefined) {
      await close()
      return undefined
    }
    process.stdout.write(`${lines.join('\n')}\n`)
    return { close }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(options: Options, undo: Undo): Promise<readonly string[]> {
  const config = options.config === undefined ? emptyConfig : readConfigFile(options.config)
  const authorities = options.clientCa === undefined ? [] : readAuthorities(options.clientCa)
  const addresses = readAddresses(options, config)
  const state = await openState(options.state)
  undo.push(state.release)
  const operator = readKey(state, 'operator-key.json', 'operator-1')
  const secrets = readSecrets(state)
  const seeds = options.demo ? makeSeeds(state, addresses) : undefined
  const { settings, factors } = await composeSettings(addresses, config, {
    operatorKey: publicJwk(operator),
    clientAuthorities: authorities,
  })
  checkFactors(factors, config.users)
  const bindings = readBindings(options, config)
  const [issuer] = settings.issuers
  if (issuer === undefined) return stop('There is no issuer.')
  const certificate = await readServerCertificate(state, [addresses.host], Date.now())
  writeOperator(state, addresses, operator)

  const runtime = Promise.withResolvers<Runtime>()
  runtime.promise.catch(() => undefined)
  await openFronts({ options, issuer, certificate, runtime: runtime.promise, undo })
  const log = openLog(state.path('server.log'), options.verbose)
  const workers = await describeWorkers({ state, options, addresses, settings, secrets, bindings })
  const started = await startRuntime({
    state,
    log,
    workers,
    controlToken: secrets.controlToken,
    trustedAuthorities: certificate.authorityPath,
  })
  undo.push(started.close)
  runtime.resolve(started)
  const control = await openControl(started, state, secrets.controlToken)
  undo.push(control.close)
  await configure({ addresses, state, operator, secrets, certificate, config, seeds })
  if (seeds !== undefined) await openClient({ options, addresses, certificate, seeds, undo })
  return [
    ...describe({ options, addresses, state, certificate, factors }),
    `control ${control.url} ${secrets.controlToken}`,
    `ready ${addresses.issuer}`,
  ]
}

/** For the command line: which operator it may speak as, and which authority it has to trust. */
function writeOperator(state: State, addresses: Addresses, jwk: PrivateJwk): void {
  const operator = { issuer: addresses.issuer, client_id: operatorId, jwk }
  state.write('operator.json', `${JSON.stringify(operator, null, 2)}\n`)
}

async function openFronts(inputs: {
  readonly options: Options
  readonly issuer: Json
  readonly certificate: ServerCertificate
  readonly runtime: Promise<Runtime>
  readonly undo: Undo
}): Promise<void> {
  const { options, certificate, undo } = inputs
  const plain: FrontTls | undefined = options.tls ? certificate : undefined
  const accepted = inputs.issuer['accepted_client_cas']
  const clientAuthorities = Array.isArray(accepted) ? accepted.map(String) : []
  const mtls: FrontTls = { ...certificate, clientAuthorities }
  if (options.demo) await probePort('client-port', options.clientPort)
  const fronts = [
    ['port', options.port, 'fapi-edge', plain],
    ['mtls-port', options.mtlsPort, 'fapi-edge', mtls],
    ['api-port', options.apiPort, 'bank-api', plain],
    ['api-mtls-port', options.apiMtlsPort, 'bank-api', mtls],
  ] as const
  for (const [name, port, worker, tls] of fronts) {
    const upstream = deferUpstream(inputs.runtime, worker)
    const front = await openFront({ name, port, upstream, ...(tls === undefined ? {} : { tls }) })
    undo.push(front.close)
  }
}

/** The example client opens its port last; whether it can is better known first. */
async function probePort(name: string, port: number): Promise<void> {
  const nobody: Upstream = { control: () => '{}', address: async () => undefined }
  const front = await openFront({ name, port, upstream: nobody })
  await front.close()
}

/** Ports are taken before workerd runs; requests that come so early wait for it. */
function deferUpstream(runtime: Promise<Runtime>, worker: WorkerName): Upstream {
  let control = (): string => '{}'
  return {
    control: () => control(),
    address: async () => {
      const upstream = (await runtime).upstream(worker)
      control = upstream.control
      return upstream.address()
    },
  }
}

async function configure(inputs: {
  readonly addresses: Addresses
  readonly state: State
  readonly operator: PrivateJwk
  readonly secrets: Secrets
  readonly certificate: ServerCertificate
  readonly config: ConfigFile
  readonly seeds: Seeds | undefined
}): Promise<void> {
  const { addresses, state, config, seeds } = inputs
  // An entry of the configuration file stands in the place of a seed of the same name.
  const seededClients = seeds?.clients ?? []
  const seededUsers = seeds?.users ?? []
  const clients = [
    ...seededClients.filter(
      (seed) => !config.clients.some((one) => one.client_id === seed.client_id),
    ),
    ...config.clients,
  ]
  const users = [
    ...seededUsers.filter((seed) => !config.users.some((one) => one.username === seed.username)),
    ...config.users,
  ]
  if (clients.length + users.length === 0) return
  const { createAdminClient } = await import('../cli/admin-client.ts')
  const admin = await createAdminClient({
    issuer: addresses.issuer,
    operator: { client_id: operatorId, jwk: inputs.operator },
    ca: inputs.certificate.authority,
  }).catch((error: unknown) =>
    stop(`The admin API of ${addresses.issuer} cannot be reached: ${reasonOf(error)}.`),
  )
  await applyConfiguration({
    issuer: addresses.issuer,
    state,
    admin,
    clients,
    users,
    digestKey: inputs.secrets.masterSecret,
  })
}

async function openClient(inputs: {
  readonly options: Options
  readonly addresses: Addresses
  readonly certificate: ServerCertificate
  readonly seeds: Seeds
  readonly undo: Undo
}): Promise<void> {
  const { options, addresses } = inputs
  const { startExampleClient } = await import('./example-client.ts')
  const client = await startExampleClient({
    port: options.clientPort,
    issuer: addresses.issuer,
    api: addresses.api,
    ca: inputs.certificate.authority,
    clientId: exampleClientId,
    jwk: inputs.seeds.clientKey,
  }).catch((error: unknown) =>
    stop(
      codeOf(error) === 'EADDRINUSE'
        ? `Port ${options.clientPort} (--client-port) is already in use.`
        : `The example client could not be started: ${reasonOf(error)}.`,
    ),
  )
  inputs.undo.push(client.close)
}

function describe(inputs: {
  readonly options: Options
  readonly addresses: Addresses
  readonly state: State
  readonly certificate: ServerCertificate
  readonly factors: number
}): readonly string[] {
  const { options, addresses, state, certificate, factors } = inputs
  const lines: (readonly [string, string])[] = [
    ['Authorization server', addresses.issuer],
    ['  with certificates', addresses.mtlsOrigin],
    ['Example bank API', `${addresses.api}/accounts`],
    ['  with certificates', `${addresses.apiMtls}/accounts`],
    ['Local authority', certificate.authorityPath],
    ['State', state.temporary ? 'temporary' : state.folder],
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  const notice = factors === 1 ? ['People may sign in with one factor only.'] : []
  const table = [...lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`), ...notice]
  if (!options.demo) return table
  return [
    ...table,
    '',
    `Click here: ${addresses.client}`,
    ...demoPeople.map(
      (person) =>
        `  user name ${person.username.padEnd(5)}  password ${person.password}\n` +
        `  ${' '.repeat(15)}  one-time codes from ${person.totp_secret}, or: npm run code`,
    ),
    `Their account page: ${addresses.issuer}/account`,
    '',
  ]
}
