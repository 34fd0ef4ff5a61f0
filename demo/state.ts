import { generateKeyPairSync, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, messageOf, stop } from './problem.ts'
import { endProcess, isRunning, markProcess, readMark } from './processes.ts'

/** Names the layout of the folder. A folder of another version is refused, never converted silently. */
const layout = '1'

/** The folder that holds all that survives a restart. One running server owns it. */
export type State = {
  readonly folder: string
  /** Path of a file in the folder. */
  readonly path: (name: string) => string
  /** Reads a file, or undefined when it is not there. */
  readonly read: (name: string) => string | undefined
  /** Writes a file whole or not at all, readable by its owner only. */
  readonly write: (name: string, text: string) => void
  readonly remove: (name: string) => void
  /** Gives the folder up; a temporary one is removed. */
  readonly release: () => void
  readonly temporary: boolean
}

/** Secrets made at first start. */
export type Secrets = {
  readonly masterSecret: string
  readonly resourceSecret: string
  /** The bank API's private key, a JWK as text: it signs the API's responses. */
  readonly resourceKey: string
  readonly controlToken: string
}

export type PrivateJwk = Readonly<Record<string, unknown>> & { readonly kid: string }

/**
 * Opens and locks the state folder; undefined makes a temporary one. A workerd that outlived a killed
 * parent is ended first: two of them on one state would each believe that they alone decide.
 */
export async function openState(folder: string | undefined): Promise<State> {
  const temporary = folder === undefined
  const state = describe(folder ?? mkdtempSync(join(tmpdir(), 'fapi-edge-')), temporary)
  try {
    mkdirSync(state.folder, { recursive: true, mode: 0o700 })
    checkLayout(state)
    lock(state)
  } catch (error) {
    const system = codeOf(error)
    if (system === undefined) throw error
    return stop(`The state folder ${state.folder} cannot be used: ${messageOf(error)}.`)
  }
  const orphan = readMark(state.read('workerd.json'))
  if (orphan !== undefined) await endProcess(orphan)
  state.remove('workerd.json')
  rmSync(state.path('tmp'), { recursive: true, force: true })
  mkdirSync(state.path('tmp'), { mode: 0o700 })
  return state
}

function describe(folder: string, temporary: boolean): State {
  const path = (name: string) => join(folder, name)
  return {
    folder,
    temporary,
    path,
    read: (name) => {
      try {
        return readFileSync(path(name), 'utf8')
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw error
      }
    },
    write: (name, text) => {
      const draft = path(`.${name.replaceAll('/', '-')}.${process.pid}`)
      writeFileSync(draft, text, { mode: 0o600, flush: true })
      renameSync(draft, path(name))
    },
    remove: (name) => rmSync(path(name), { force: true }),
    release: () => {
      rmSync(path('tmp'), { recursive: true, force: true })
      rmSync(path('lock'), { force: true })
      if (temporary) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function checkLayout(state: State): void {
  const found = state.read('version')?.trim()
  if (found === layout) {
    chmodSync(state.folder, 0o700)
    return
  }
  if (found !== undefined) {
    stop(`The state folder ${state.folder} has layout ${found}, but this version needs ${layout}.`)
  }
  // A folder with other things in it is somebody else's: nothing of it is touched.
  const strange = readdirSync(state.folder).find((name) => name !== 'lock' && !name.startsWith('.'))
  if (strange !== undefined) {
    stop(`The folder ${state.folder} is not empty and not a state folder (it holds '${strange}').`)
  }
  chmodSync(state.folder, 0o700)
  state.write('version', `${layout}\n`)
}

function lock(state: State): void {
  const mark = markProcess(process.pid)
  const draft = state.path(`.lock.${process.pid}`)
  writeFileSync(draft, JSON.stringify(mark), { mode: 0o600 })
  try {
    if (claim(state, draft)) return
    setAsideStaleLock(state)
    if (!claim(state, draft)) refuseLocked(state)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** A link appears whole or not at all, and only if there is none. */
function claim(state: State, draft: string): boolean {
  try {
    linkSync(draft, state.path('lock'))
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function setAsideStaleLock(state: State): void {
  const found = state.read('lock')
  const holder = readMark(found)
  if (holder !== undefined && isRunning(holder)) refuseLocked(state)
  const aside = state.path(`.stale-lock.${process.pid}`)
  try {
    renameSync(state.path('lock'), aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  // Somebody else may have been faster and this may be their new lock: give it back.
  const moved = readFileSync(aside, 'utf8')
  if (moved !== found && !existsSync(state.path('lock'))) {
    renameSync(aside, state.path('lock'))
    refuseLocked(state)
  }
  unlinkSync(aside)
}

function refuseLocked(state: State): never {
  const holder = readMark(state.read('lock'))
  return stop(
    `The state folder ${state.folder} is in use by another server${holder === undefined ? '' : ` (process ${holder.pid})`}; stop it or choose another folder with --state.`,
  )
}

/** Reads the secrets, making those that are missing. They are never replaced. */
export function readSecrets(state: State): Secrets {
  return {
    masterSecret: once(state, 'master-secret', makeSecret),
    resourceSecret: once(state, 'resource-secret', makeSecret),
    resourceKey: JSON.stringify(readKey(state, 'resource-key.json', 'bank-api-1')),
    controlToken: once(state, 'control-token', () => randomBytes(32).toString('base64url')),
  }
}

/** Reads a private ES256 key (a JWK with `kid` and `alg`), making it when it is missing. */
export function readKey(state: State, name: string, kid: string): PrivateJwk {
  const text = once(state, name, () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = privateKey.export({ format: 'jwk' })
    return JSON.stringify({ ...jwk, kid, alg: 'ES256', use: 'sig' })
  })
  return JSON.parse(text) as PrivateJwk
}

/** The public half of a key. */
export function publicJwk(jwk: PrivateJwk): PrivateJwk {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => name !== 'd')) as PrivateJwk
}

const makeSecret = (): string => `k1:${randomBytes(32).toString('base64url')}`

function once(state: State, name: string, make: () => string): string {
  const known = state.read(name)?.trim()
  if (known !== undefined && known !== '') return known
  const made = make()
  state.write(name, `${made}\n`)
  return made
}
