import type { Call } from '../call.ts'
import { isRecord, parseJson, sameText, tuple, utf8 } from '../encoding.ts'
import { accept } from '../errors.ts'
import type { Result } from '../errors.ts'
import { seal, unseal } from '../secrets.ts'
import type { LocationHint } from '../proof/location.ts'
import type { Authentication, Proof } from '../types.ts'
import type { Need } from './authentication.ts'
import { cookieHash, readCookie } from './cookies.ts'
import type { CookieName } from './cookies.ts'
import type { Challenge } from './passkey-options.ts'
import type { Person } from './session.ts'
import type { Step } from './steps.ts'
import { tell } from './told.ts'

/** What a sign-in is for: a pushed request (its `request_uri` handle), or a page of the account. */
export type Purpose =
  | { readonly kind: 'authorize'; readonly request: string }
  | { readonly kind: 'account'; readonly path: `/account${string}` }

/**
 * An interaction is the pair (purpose, browser cookie). Its progress travels as a sealed token in forms
 * and redirects; it counts only together with the cookies it was sealed for.
 */
type Common = {
  readonly browser: string
  /** Milliseconds. */
  readonly until: number
}
export type SignIn = Common & {
  readonly stage: 'sign-in'
  readonly purpose: Purpose
  readonly need: Need
  /** What the page asks for. */
  readonly ask: Exclude<Step, 'done' | 'unreachable'>
  /** Known once a proof was given, or from the session that is stepped up. */
  readonly person?: Person
  readonly proofs: readonly Proof[]
  /** Public name of the session that proofs were taken over from: they count while it lives. */
  readonly continues?: string
  /** The account of this session cannot reach what is required. */
  readonly unreachable?: true
  /** A one-time or recovery code may take the place of the passkey that is asked for. */
  readonly recovery?: true
  /** `select_account`: the session's person may go on as they are. */
  readonly offer?: string
  /** What the bound login wants to be told again with the next step. */
  readonly service?: string
  /** What a passkey is asked on this very page; a page that is shown again asks anew. */
  readonly challenge?: Challenge
}
export type Approval = Common & {
  readonly stage: 'approval'
  /** The `request_uri` handle. */
  readonly request: string
  /** Hash of the session cookie. */
  readonly session: string
  /** Public name of the session. Absent in seals of before. */
  readonly sessionId?: string
  readonly person: Person
  readonly authentication: Authentication
  /** Chosen before the person answers, so that a double click means the same grant. */
  readonly grantId: string
}
/** The person is at another login. Travels there and back as `state`; counts once. */
export type Elsewhere = Common & {
  readonly stage: 'elsewhere'
  readonly purpose: Purpose
  readonly need: Need
  /** `until` of the sign-in that goes on afterwards. */
  readonly finishUntil: number
  readonly id: string
  /** PKCE (RFC 7636). */
  readonly verifier: string
  readonly nonce: string
  /** The guard that takes `id` once. */
  readonly hint: LocationHint
  readonly guard: number
}
export type Interaction = SignIn | Approval | Elsewhere

const label = (call: Call, stage: Interaction['stage']) =>
  tuple(call.issuer.id, 'interaction', stage)

export async function sealInteraction(call: Call, interaction: Interaction): Promise<string> {
  const plain = utf8(JSON.stringify(interaction))
  return seal(call.secrets.interaction, plain, label(call, interaction.stage))
}

/**
 * Opens the token of one stage in the browser it was sealed for. Errors: `invalid_request`, in the same
 * words whether the token is forged, expired or another browser's.
 */
export async function openInteraction<S extends Interaction['stage']>(
  call: Call,
  stage: S,
  sealed: string | undefined,
): Promise<Result<Extract<Interaction, { readonly stage: S }>>> {
  const opened = await openOwn(call, stage, sealed)
  if (!opened.ok) return opened
  const interaction: Interaction = opened.value
  if (interaction.until <= call.now) return tell('page-outdated', 'expired')
  if (interaction.stage === 'approval' && !(await holds(call, 'session', interaction.session))) {
    return tell('page-outdated', 'another session')
  }
  return opened
}

/**
 * The request (its handle) that a page of this browser was about, though the page be expired or
 * overtaken by another sign-in. It entitles to nothing but a way on.
 */
export async function requestOfPage(
  call: Call,
  stage: Interaction['stage'],
  sealed: string | undefined,
): Promise<string | undefined> {
  const opened = await openOwn(call, stage, sealed)
  if (!opened.ok) return undefined
  const interaction = opened.value
  if (interaction.stage === 'approval') return interaction.request
  return interaction.purpose.kind === 'authorize' ? interaction.purpose.request : undefined
}

/** Opens a token that was sealed for this browser, whenever that was and whoever is signed in. */
async function openOwn<S extends Interaction['stage']>(
  call: Call,
  stage: S,
  sealed: string | undefined,
): Promise<Result<Extract<Interaction, { readonly stage: S }>>> {
  if (sealed === undefined || sealed.length > 4_096) return tell('page-outdated', 'no interaction')
  const plain = await unseal(call.secrets.interaction, sealed, label(call, stage))
  const value = plain === undefined ? undefined : parseJson(new TextDecoder().decode(plain))
  if (!isRecord(value)) return tell('page-outdated', 'the seal does not open')
  // Sealed by this server for this stage, so the shape is known.
  const interaction = value as unknown as Extract<Interaction, { readonly stage: S }>
  const own = await holds(call, 'browser', interaction.browser)
  return own ? accept(interaction) : tell('page-outdated', 'another browser')
}

async function holds(call: Call, name: CookieName, hash: string): Promise<boolean> {
  const cookie = readCookie(call, name)
  return cookie !== undefined && sameText(await cookieHash(cookie), hash)
}

/**
 * Whether a form was posted from this server's own pages. `Origin: null` says nothing: it is what
 * `Referrer-Policy: no-referrer` causes. Errors: `invalid_request`.
 */
export function checkSameOrigin(call: Call): Result<true> {
  const site = call.request.headers.get('sec-fetch-site')
  const origin = call.request.headers.get('origin')
  const foreignSite = site !== null && site !== 'same-origin'
  const foreignOrigin =
    origin !== null && origin !== 'null' && origin !== new URL(call.issuer.url).origin
  if (foreignSite || foreignOrigin) {
    return tell('posted-elsewhere')
  }
  return accept(true)
}
