import type { Call } from '../call.ts'
import { turnAway } from '../people/told.ts'

const serviceLogin = () => import('./service-login.tsx')

/** `GET /login` of an issuer whose people sign in elsewhere. */
export async function showLogin(call: Call): Promise<Response> {
  const { login } = call.issuer.authentication
  if (login?.kind === 'upstream') return (await import('./upstream.ts')).leave(call, login)
  if (login !== undefined) return (await serviceLogin()).showServiceLogin(call, login)
  return turnAway('page-outdated', 'people sign in here')
}

/** `POST /login` of such an issuer: what was entered is for the bound login; an upstream gets nothing. */
export async function postLogin(call: Call): Promise<Response> {
  const { login } = call.issuer.authentication
  if (login?.kind === 'service') return (await serviceLogin()).postServiceLogin(call, login)
  return turnAway('sign-in-elsewhere')
}
