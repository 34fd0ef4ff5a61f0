import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf, stop } from './problem.ts'

/** What `npm start` was asked for, checked and completed. */
export type Options = {
  readonly port: number
  readonly mtlsPort: number
  readonly apiPort: number
  readonly apiMtlsPort: number
  readonly clientPort: number
  readonly tls: boolean
  /** Undefined: the configuration file's issuer, else this machine. */
  readonly issuer: string | undefined
  /** Undefined: a folder of its own, removed at the end (`:memory:`). */
  readonly state: string | undefined
  readonly config: string | undefined
  readonly demo: boolean
  readonly clientCa: string | undefined
  readonly verbose: boolean
  /** The audit stream goes through a queue to `audit.jsonl` in the state folder, too. */
  readonly audit: boolean
  /** Origins that the server may fetch client keys from although they are local. For tests. */
  readonly outboundAllowed: readonly string[]
  /** A Worker that is bound as the login of `authentication.delegate`. */
  readonly loginWorker: string | undefined
  /** PEM files: certificate and key for `certificate_binding`, and whom that connection trusts. */
  readonly clientCertificate: string | undefined
  readonly upstreamCa: string | undefined
  /** Heads of evidence are laid into a local bucket and queue. */
  readonly anchor: boolean
  /** How the example bank API learns of revocation: it asks, or it trusts short lives. */
  readonly apiRevocation: 'introspection' | 'expiry'
}

const flags = {
  port: { type: 'string' },
  'mtls-port': { type: 'string' },
  'api-port': { type: 'string' },
  'api-mtls-port': { type: 'string' },
  'client-port': { type: 'string' },
  tls: { type: 'boolean' },
  issuer: { type: 'string' },
  state: { type: 'string' },
  config: { type: 'string' },
  'no-demo': { type: 'boolean' },
  'client-ca': { type: 'string' },
  verbose: { type: 'boolean' },
  audit: { type: 'boolean' },
  'outbound-allow': { type: 'string' },
  'api-revocation': { type: 'string' },
  'login-worker': { type: 'string' },
  'client-certificate': { type: 'string' },
  'upstream-ca': { type: 'string' },
  anchor: { type: 'boolean' },
} as const

type Flag = keyof typeof flags
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the command line; an environment variable of the same name (`--mtls-port` is `MTLS_PORT`) is
 * used where the command line is silent.
 *
 * @example readOptions(['--port', '9000', '--tls'], process.env)
 */
export function readOptions(args: readonly string[], environment: Environment): Options {
  const given = parse(args)
  const text = (flag: Flag): string | undefined => {
    const value = given[flag] ?? environment[variable(flag)]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const on = (flag: Flag): boolean =>
    given[flag] === true || isOn(flag, environment[variable(flag)])
  const port = readPort('port', text('port'), 8787)
  const options: Options = {
    port,
    mtlsPort: readPort('mtls-port', text('mtls-port'), port + 1),
    apiPort: readPort('api-port', text('api-port'), port + 2),
    apiMtlsPort: readPort('api-mtls-port', text('api-mtls-port'), port + 3),
    clientPort: readPort('client-port', text('client-port'), port + 4),
    tls: on('tls'),
    issuer: readIssuer(text('issuer')),
    state: readState(text('state')),
    config: text('config'),
    demo: !on('no-demo'),
    clientCa: text('client-ca'),
    verbose: on('verbose'),
    audit: on('audit'),
    outboundAllowed: (text('outbound-allow') ?? '').split(',').filter((origin) => origin !== ''),
    loginWorker: text('login-worker'),
    clientCertificate: text('client-certificate'),
    upstreamCa: text('upstream-ca'),
    anchor: on('anchor'),
    apiRevocation: readRevocation(text('api-revocation')),
  }
  checkPortsDiffer(options)
  return options
}

function parse(args: readonly string[]): Readonly<Partial<Record<Flag, string | boolean>>> {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: false }).values
  } catch (error) {
    // The library's first sentence says what is wrong; the rest is advice about quoting.
    return stop(
      `${messageOf(error)
        .split(/\. |\n/)[0]
        ?.replace(/\.$/, '')}.`,
    )
  }
}

const variable = (flag: Flag): string => flag.replaceAll('-', '_').toUpperCase()

function isOn(flag: Flag, value: string | undefined): boolean {
  if (value === undefined || ['', '0', 'false', 'no'].includes(value)) return false
  if (['1', 'true', 'yes'].includes(value)) return true
  return stop(`${variable(flag)} must be 1 or 0, not '${value}'.`)
}

function readPort(flag: Flag, value: string | undefined, otherwise: number): number {
  const port = value === undefined ? otherwise : Number(value)
  const sound = Number.isInteger(port) && port >= 1 && port <= 65_535
  return sound
    ? port
    : stop(`--${flag} must be a whole number from 1 to 65535, not '${value ?? port}'.`)
}

function readIssuer(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) return value
  return stop(`--issuer must be an http or https URL, not '${value}'.`)
}

function readRevocation(value: string | undefined): Options['apiRevocation'] {
  if (value === undefined || value === 'introspection') return 'introspection'
  return value === 'expiry' ? value : stop('--api-revocation must be introspection or expiry.')
}

const readState = (value: string | undefined): string | undefined =>
  value === ':memory:' ? undefined : resolve(value ?? '.fapi-edge')

function checkPortsDiffer(options: Options): void {
  const seen = new Map<number, string>()
  const ports = {
    port: options.port,
    'mtls-port': options.mtlsPort,
    'api-port': options.apiPort,
    'api-mtls-port': options.apiMtlsPort,
    'client-port': options.clientPort,
  }
  for (const [flag, port] of Object.entries(ports)) {
    const other = seen.get(port)
    if (other !== undefined) stop(`--${other} and --${flag} are both ${port}.`)
    seen.set(port, flag)
  }
}
