import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { OperatorKey } from './admin-client.ts'
import { isLoopback } from './admin-client.ts'
import { Failure, misuse } from './failure.ts'

/** Where set-up puts the key for production, and the local runtime its own. */
export const productionKeyFile = 'fapi-edge.operator.json'
export const defaultState = '.fapi-edge'
const localKeyFile = 'operator.json'
const localCaFile = ['tls', 'ca.pem'] as const

export type KeyChoice = {
  readonly issuer?: string | undefined
  readonly key?: string | undefined
  readonly state?: string | undefined
  readonly ca?: string | undefined
}

export type Operator = {
  readonly issuer: string
  readonly operator: OperatorKey
  readonly ca?: string
  /** Something the person should know before going on. */
  readonly warning?: string
}

type KeyFile = { readonly file: string; readonly issuer: string; readonly operator: OperatorKey }

/**
 * Finds the operator's key: `--key`, else the state folder that `--state` names, else the local
 * state folder or the production key file, whichever is there (or is for `--issuer`).
 *
 * The key decides which issuer is spoken to. Another issuer must be asked for with `--key`, so
 * that nobody changes production while believing to be on their own machine.
 */
export async function findOperator(choice: KeyChoice, cwd: string): Promise<Operator> {
  const found = await chooseKeyFile(choice, cwd)
  const issuer = choice.issuer ?? found.issuer
  if (issuer !== found.issuer && choice.key === undefined) {
    throw new Failure(
      `The operator key ${shown(found.file, cwd)} is for ${found.issuer}, not for ${issuer}; name the right key with --key FILE.`,
    )
  }
  const ca = await findCa(choice, { issuer, keyFile: found.file, cwd })
  const open = await readableByOthers(found.file)
  return {
    issuer,
    operator: found.operator,
    ...(ca === undefined ? {} : { ca }),
    ...(open
      ? { warning: `Others on this machine can read ${shown(found.file, cwd)}: chmod 600 it.` }
      : {}),
  }
}

async function chooseKeyFile(choice: KeyChoice, cwd: string): Promise<KeyFile> {
  if (choice.key !== undefined && choice.state !== undefined) {
    throw misuse('Give either --key or --state, not both.')
  }
  const named =
    choice.key !== undefined
      ? path.resolve(cwd, choice.key)
      : choice.state !== undefined
        ? path.resolve(cwd, choice.state, localKeyFile)
        : undefined
  if (named !== undefined) {
    const found = await readKeyFile(named, cwd)
    if (found !== undefined) return found
    throw new Failure(`There is no operator key ${shown(named, cwd)}.`)
  }
  const local = await readKeyFile(path.resolve(cwd, defaultState, localKeyFile), cwd)
  const production = await readKeyFile(path.resolve(cwd, productionKeyFile), cwd)
  const candidates = [local, production].filter((file) => file !== undefined)
  const match = candidates.find((file) => file.issuer === choice.issuer) ?? candidates[0]
  if (match !== undefined) return match
  throw new Failure(
    `No operator key: neither ${path.join(defaultState, localKeyFile)} (made by npm start) nor ${productionKeyFile} (made by npm run setup) is here; name one with --key FILE or --state DIR.`,
  )
}

async function readKeyFile(file: string, cwd: string): Promise<KeyFile | undefined> {
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const unsound = new Failure(
    `${shown(file, cwd)} is not an operator key: { "issuer", "client_id", "jwk" } is expected.`,
  )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unsound
  }
  if (!isKeyFile(value)) throw unsound
  return { file, issuer: value.issuer, operator: { client_id: value.client_id, jwk: value.jwk } }
}

type KeyFileContent = {
  readonly issuer: string
  readonly client_id: string
  readonly jwk: OperatorKey['jwk']
}

function isKeyFile(value: unknown): value is KeyFileContent {
  if (typeof value !== 'object' || value === null) return false
  const { issuer, client_id: id, jwk } = value as Readonly<Record<string, unknown>>
  return (
    typeof issuer === 'string' &&
    typeof id === 'string' &&
    typeof jwk === 'object' &&
    jwk !== null &&
    'd' in jwk
  )
}

async function findCa(
  choice: KeyChoice,
  at: { readonly issuer: string; readonly keyFile: string; readonly cwd: string },
): Promise<string | undefined> {
  if (choice.ca !== undefined) return readCa(choice.ca, at.cwd)
  if (path.basename(at.keyFile) !== localKeyFile) return undefined
  return localCa(at.issuer, path.dirname(at.keyFile))
}

/** The CA that the local runtime made, for https issuers on this machine only. */
export async function localCa(issuer: string, state: string): Promise<string | undefined> {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url === undefined || !isLoopback(url)) return undefined
  return readIfThere(path.join(state, ...localCaFile))
}

/** The PEM file of `--ca`. */
export async function readCa(file: string, cwd: string): Promise<string> {
  const text = await readIfThere(path.resolve(cwd, file))
  if (text?.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new Failure(`${file} is not a PEM file of CA certificates.`)
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Failure(`Cannot read ${file}.`, { cause: error })
  }
}

async function readableByOthers(file: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  return ((await stat(file)).mode & 0o077) !== 0
}

const shown = (file: string, cwd: string): string => {
  const relative = path.relative(cwd, file)
  return relative === '' || relative.startsWith('..') ? file : relative
}
