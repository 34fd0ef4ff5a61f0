import type { Call } from './call.ts'
import { adminApi } from './admin/api.ts'
import { introspect } from './endpoints/introspect.ts'
import { jwks, metadata } from './endpoints/metadata.ts'
import { par } from './endpoints/par.ts'
import { revoke } from './endpoints/revoke.ts'
import { token } from './endpoints/token.ts'
import { userinfo } from './endpoints/userinfo.ts'

/** Who an endpoint speaks to: decides how errors look and whether the answer carries a DPoP nonce. */
type Audience = 'client' | 'resource' | 'person' | 'anybody'

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'ALL'
  readonly path: string
  readonly sides: 'main' | 'both'
  readonly audience: Audience
  readonly answer: Endpoint
  /** DPoP proofs are taken here, so every answer hands out the next nonce. */
  readonly nonce?: true
  /** Only where people sign in here, or only where they do so elsewhere. */
  readonly signIn?: 'here' | 'elsewhere'
}

type Endpoint = (call: Call) => Promise<Response | undefined>

/** Code that only people need is not evaluated before the first of them comes. */
const load = {
  authorize: () => import('./endpoints/authorize.ts'),
  code: () => import('./endpoints/code.tsx'),
  passkey: () => import('./endpoints/passkey.tsx'),
  upstream: () => import('./endpoints/upstream.ts'),
  consent: () => import('./endpoints/consent.tsx'),
  accountOverview: () => import('./endpoints/account/overview.tsx'),
  accountPermissions: () => import('./endpoints/account/permissions.ts'),
  accountSessions: () => import('./endpoints/account/sessions.ts'),
  accountPasskeys: () => import('./endpoints/account/passkeys.tsx'),
  accountSignedOut: () => import('./endpoints/account/signed-out.tsx'),
  accountCode: () => import('./endpoints/account/code.tsx'),
  accountRecovery: () => import('./endpoints/account/recovery.tsx'),
  accountPassword: () => import('./endpoints/account/password.tsx'),
  accountSetup: () => import('./endpoints/account/setup.tsx'),
  logout: () => import('./endpoints/logout.tsx'),
  page: () => import('./endpoints/page.tsx'),
  login: () => import('./endpoints/login.tsx'),
  grants: () => import('./endpoints/grants.ts'),
  delegated: () => import('./endpoints/delegated.ts'),
  evidence: () => import('./endpoints/evidence.ts'),
}

/** One exported function of a module that is loaded when it is needed. */
function later<Name extends string>(
  load: () => Promise<{ readonly [name in Name]: Endpoint }>,
  name: Name,
): Endpoint {
  return async (call) => (await load())[name](call)
}

/** Whether people sign in on this server's own pages. */
export const signsInHere = ({ issuer }: Call): boolean => issuer.authentication.login === undefined

const showLogin: Endpoint = async (call) =>
  signsInHere(call)
    ? (await load.login()).showLogin(call)
    : (await load.delegated()).showLogin(call)
const postLogin: Endpoint = async (call) =>
  signsInHere(call)
    ? (await load.login()).postLogin(call)
    : (await load.delegated()).postLogin(call)

/** The map: every route, in the order a client meets them. Paths are relative to the issuer. */
export const routes: readonly Route[] = [
  { method: 'GET',  path: '/.well-known/oauth-authorization-server', sides: 'main', audience: 'anybody', answer: metadata },
  { method: 'GET',  path: '/.well-known/openid-configuration',       sides: 'main', audience: 'anybody', answer: metadata },
  { method: 'GET',  path: '/jwks',       sides: 'main', audience: 'anybody',  answer: jwks },
  { method: 'GET',  path: '/evidence/jwks', sides: 'main', audience: 'anybody', answer: later(load.evidence, 'evidenceKeySet') },
  { method: 'POST', path: '/par',        sides: 'both', audience: 'client',   answer: par, nonce: true },
  { method: 'GET',  path: '/authorize',  sides: 'main', audience: 'person',   answer: later(load.authorize, 'authorize') },
  { method: 'POST', path: '/authorize',  sides: 'main', audience: 'person',   answer: later(load.authorize, 'authorize') },
  { method: 'GET',  path: '/login',      sides: 'main', audience: 'person',   answer: showLogin },
  { method: 'POST', path: '/login',      sides: 'main', audience: 'person',   answer: postLogin },
  { method: 'GET',  path: '/login/code', sides: 'main', audience: 'person',   answer: later(load.code, 'showCode'), signIn: 'here' },
  { method: 'POST', path: '/login/code', sides: 'main', audience: 'person',   answer: later(load.code, 'postCode'), signIn: 'here' },
  { method: 'POST', path: '/login/passkey',  sides: 'main', audience: 'person', answer: later(load.passkey, 'postPasskey'), signIn: 'here' },
  { method: 'GET',  path: '/login/callback', sides: 'main', audience: 'person', answer: later(load.upstream, 'comeBack'), signIn: 'elsewhere' },
  { method: 'GET',  path: '/consent',    sides: 'main', audience: 'person',   answer: later(load.consent, 'showConsent') },
  { method: 'POST', path: '/consent',    sides: 'main', audience: 'person',   answer: later(load.consent, 'postConsent') },
  { method: 'GET',  path: '/account',             sides: 'main', audience: 'person', answer: later(load.accountOverview, 'showAccount') },
  { method: 'POST', path: '/account/permissions', sides: 'main', audience: 'person', answer: later(load.accountPermissions, 'postPermissions') },
  { method: 'POST', path: '/account/sessions',    sides: 'main', audience: 'person', answer: later(load.accountSessions, 'postSessions') },
  { method: 'GET',  path: '/account/passkeys',    sides: 'main', audience: 'person', answer: later(load.accountPasskeys, 'showPasskeys'), signIn: 'here' },
  { method: 'POST', path: '/account/passkeys',    sides: 'main', audience: 'person', answer: later(load.accountPasskeys, 'postPasskeys'), signIn: 'here' },
  { method: 'POST', path: '/account/sign-out',    sides: 'main', audience: 'person', answer: later(load.accountSessions, 'postSignOut') },
  { method: 'GET',  path: '/account/signed-out',  sides: 'main', audience: 'person', answer: later(load.accountSignedOut, 'showSignedOut') },
  { method: 'GET',  path: '/account/code',           sides: 'main', audience: 'person', answer: later(load.accountCode, 'showCodeSetup'), signIn: 'here' },
  { method: 'POST', path: '/account/code',           sides: 'main', audience: 'person', answer: later(load.accountCode, 'postCodeSetup'), signIn: 'here' },
  { method: 'GET',  path: '/account/recovery-codes', sides: 'main', audience: 'person', answer: later(load.accountRecovery, 'showRecovery'), signIn: 'here' },
  { method: 'POST', path: '/account/recovery-codes', sides: 'main', audience: 'person', answer: later(load.accountRecovery, 'postRecovery'), signIn: 'here' },
  { method: 'GET',  path: '/account/password',       sides: 'main', audience: 'person', answer: later(load.accountPassword, 'showPassword'), signIn: 'here' },
  { method: 'POST', path: '/account/password',       sides: 'main', audience: 'person', answer: later(load.accountPassword, 'postPassword'), signIn: 'here' },
  { method: 'GET',  path: '/setup',                  sides: 'main', audience: 'person', answer: later(load.accountSetup, 'showSetup'), signIn: 'here' },
  { method: 'POST', path: '/setup',                  sides: 'main', audience: 'person', answer: later(load.accountSetup, 'postSetup'), signIn: 'here' },
  { method: 'POST', path: '/setup/finish',           sides: 'main', audience: 'person', answer: later(load.accountSetup, 'postSetupFinish'), signIn: 'here' },
  { method: 'GET',  path: '/logout',     sides: 'main', audience: 'person',   answer: later(load.logout, 'showLogout') },
  { method: 'POST', path: '/logout',     sides: 'main', audience: 'person',   answer: later(load.logout, 'postLogout') },
  { method: 'GET',  path: '/assets/:id', sides: 'main', audience: 'person',   answer: later(load.page, 'style') },
  { method: 'POST', path: '/token',      sides: 'both', audience: 'client',   answer: token, nonce: true },
  { method: 'GET',  path: '/userinfo',   sides: 'both', audience: 'resource', answer: userinfo, nonce: true },
  { method: 'POST', path: '/userinfo',   sides: 'both', audience: 'resource', answer: userinfo, nonce: true },
  { method: 'POST', path: '/introspect', sides: 'both', audience: 'client',   answer: introspect },
  { method: 'POST', path: '/revoke',     sides: 'both', audience: 'client',   answer: revoke },
  { method: 'GET',    path: '/grants/:id', sides: 'both', audience: 'resource', answer: later(load.grants, 'queryGrant'), nonce: true },
  { method: 'DELETE', path: '/grants/:id', sides: 'both', audience: 'resource', answer: later(load.grants, 'revokeGrant'), nonce: true },
  { method: 'ALL',  path: '/admin/*',    sides: 'main', audience: 'resource', answer: adminApi, nonce: true },
] // prettier-ignore
