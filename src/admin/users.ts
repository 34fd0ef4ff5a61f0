import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { generatedSubPrefix } from '../clients/ids.ts'
import { randomText } from '../encoding.ts'
import { fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import { makeHandle } from '../handles.ts'
import type { PersonClaims } from '../objects/account.ts'
import type { SetupKind } from '../objects/account/setup.ts'
import { delegatedNamePrefix } from '../objects/account/delegated.ts'
import type { NamedAccount } from '../objects/directory.ts'
import { checkClaims } from '../people/claims.ts'
import { sealCodeSecret, totpSecretForm } from '../people/totp-secret.ts'
import {
  hashPassword,
  leastPasswordCharacters,
  mostPasswordCharacters,
} from '../people/password.ts'
import { normalName } from '../people/sign-in.ts'
import { ifAbsent, listAfter, pageSize, readJson } from './operation.ts'
import type { Operation } from './operation.ts'

const unknown = () => fail('not_found', 'There is no such person')

/** A registered person and the object of their account. */
export async function findPerson(call: Call, username: string) {
  const { storage, stubs } = call
  const name = normalName(username)
  const named =
    name === ''
      ? undefined
      : await storage.object('Directory.findAccount', () => stubs.directory().findAccount(name))
  const account = named && stubs.account(named.accountId)
  return named === undefined || account === undefined ? undefined : { named, account }
}

async function overview(call: Call, named: NamedAccount) {
  const account = call.stubs.account(named.accountId)
  const seen =
    account &&
    (await call.storage.object('Account.overview', () => account.overview(call.issuer.id)))
  return seen
}

async function list(call: Call): Promise<Response> {
  const { storage, stubs } = call
  const people = await storage.object('Directory.listAccounts', () =>
    stubs.directory().listAccounts(listAfter(call), pageSize),
  )
  const users = await Promise.all(people.map((named) => overview(call, named)))
  const last = people.length === pageSize ? people.at(-1)?.username : undefined
  return json({
    users: users.filter((user) => user !== undefined),
    ...(last === undefined ? {} : { next: last }),
  })
}

async function get(call: Call, username: string): Promise<Response> {
  const person = await findPerson(call, username)
  const user = person && (await overview(call, person.named))
  return user === undefined ? unknown() : json(user)
}

async function put(call: Call, id: string): Promise<Response> {
  const { storage, stubs, issuer } = call
  const username = normalName(id)
  const body = readUser(await readJson(call))
  if (username === '' || username.length > 128 || hasControl(username)) {
    return fail('invalid_request', 'username must be 1 to 128 printable characters')
  }
  if (username.startsWith(delegatedNamePrefix)) {
    return fail('invalid_request', 'People of another login are made by their sign-in')
  }
  const known = await findPerson(call, username)
  if (known !== undefined && ifAbsent(call))
    return fail('precondition_failed', 'The person exists already')
  if (known !== undefined && body.sub !== undefined && body.sub !== known.named.sub) {
    return fail('conflict', 'The sub of a person never changes')
  }
  const wanted = {
    username,
    sub: body.sub ?? known?.named.sub ?? `${generatedSubPrefix}${randomText(16)}`,
    accountId: known?.named.accountId ?? stubs.newAccountId(),
  }
  // The account first: a name in the directory always leads somewhere.
  const password = body.password === undefined ? undefined : await hashPassword(body.password)
  const named =
    known?.named ??
    (await storage.object('Directory.addAccount', () => stubs.directory().addAccount(wanted)))
  if (named === 'sub-taken') return fail('conflict', 'Somebody has this sub')
  const account = stubs.account(named.accountId) ?? unknown()
  const secret = body.totpSecret
  const codeSealed =
    secret === undefined ? undefined : await sealCodeSecret(call, named.accountId, secret)
  const change = {
    issuer: issuer.id,
    username,
    sub: named.sub,
    ...(password === undefined ? {} : { password }),
    ...(codeSealed === undefined ? {} : { codeSealed }),
    ...(body.claims === undefined ? {} : { claims: body.claims }),
  }
  const status = await storage.object('Account.put', () => account.put(change))
  if (status === 'unknown') return unknown()
  return json(await overview(call, named), status === 'created' ? 201 : 200)
}

type User = {
  readonly password?: string
  readonly sub?: string
  /** Base32, as authenticator apps take it. */
  readonly totpSecret?: string
  readonly claims?: PersonClaims
}

function readUser(body: Readonly<Record<string, unknown>>): User {
  const { password, sub, claims, totp_secret: totp } = body
  const length = typeof password === 'string' ? password.length : 0
  const sound = length >= leastPasswordCharacters && length <= mostPasswordCharacters
  if (password !== undefined && !sound) {
    fail(
      'invalid_request',
      `password must have ${leastPasswordCharacters} to ${mostPasswordCharacters} characters`,
    )
  }
  if (sub !== undefined && (typeof sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sub))) {
    fail('invalid_request', 'sub must be 1 to 255 printable ASCII characters')
  }
  const totpSecret = typeof totp === 'string' ? totp.replace(/[\s=-]/g, '').toUpperCase() : ''
  if (totp !== undefined && !totpSecretForm.test(totpSecret)) {
    fail('invalid_request', 'totp_secret must be base32 of at least 80 bits')
  }
  const checked = claims === undefined ? undefined : checkClaims(claims)
  if (typeof checked === 'string') fail('invalid_request', checked)
  return {
    ...(typeof password === 'string' ? { password } : {}),
    ...(typeof sub === 'string' ? { sub } : {}),
    ...(totp === undefined ? {} : { totpSecret }),
    ...(checked === undefined ? {} : { claims: checked }),
  }
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const hasControl = (text: string): boolean => /[\x00-\x1f\x7f]/.test(text)

async function setEnabled(call: Call, username: string, enabled: boolean): Promise<Response> {
  const person = await findPerson(call, username)
  if (person === undefined) return unknown()
  await call.storage.object('Account.setEnabled', () =>
    person.account.setEnabled(call.issuer.id, enabled),
  )
  return json(await overview(call, person.named))
}

/** How long a link may be used: seconds. */
const linkFor = 86_400

/** Makes the one-time link by which a person sets up how they sign in; only its hash is stored. */
async function makeLink(call: Call, username: string, kind: SetupKind): Promise<Response> {
  const { storage, issuer } = call
  if (issuer.authentication.login !== undefined) {
    return fail('invalid_request', 'The people of this issuer sign in elsewhere')
  }
  const { named, account } = (await findPerson(call, username)) ?? unknown()
  const { text, handle } = await makeHandle('setup-link', named.accountId)
  const order = { kind, secretHash: handle.secretHash, lifetime: linkFor * 1000 }
  const expiresAt = await storage.object('Account.makeSetupLink', () =>
    account.makeSetupLink(issuer.id, order),
  )
  if (expiresAt === undefined) return unknown()
  call.log(kind === 'reset' ? 'account.reset' : 'setup.link_made', { account: named.accountId })
  return json({
    url: `${endpointUrl(issuer, 'main', '/setup')}?link=${text}`,
    expires_at: new Date(expiresAt).toISOString(),
  })
}

export const userOperations: readonly Operation[] = [
  { method: 'GET', path: ['users'], run: list },
  { method: 'GET', path: ['users', ':id'], run: get },
  { method: 'PUT', path: ['users', ':id'], run: put },
  { method: 'POST', path: ['users', ':id', 'setup-link'], run: (call, id) => makeLink(call, id, 'invite') },
  { method: 'POST', path: ['users', ':id', 'reset'], run: (call, id) => makeLink(call, id, 'reset') },
  { method: 'POST', path: ['users', ':id', 'disable'], run: (call, id) => setEnabled(call, id, false) },
  { method: 'POST', path: ['users', ':id', 'enable'], run: (call, id) => setEnabled(call, id, true) },
] // prettier-ignore
