import { digest, randomText } from '../../../src/encoding.ts'
import { createJar } from '../../support/cookies.ts'
import type { Jar } from '../../support/cookies.ts'
import { readForms } from '../../support/html.ts'
import { form, makeKey, post, read, send, signInOperator } from './issuers.ts'
import type { Admin, Init, IssuerAddress, Json, Party, Posting } from './issuers.ts'

export const redirectUri = 'https://app.example/cb'

/** The person and the client of the file that runs: files share one world, and each makes its own. */
export const person = { username: '', password: 'a long password' }
const ofThisFile = { app: '' }
/** The one client that the settings name. */
const resourceServer = 'api'

/**
 * A client of a new id, and the resource server that the settings name; the same keys at every issuer that
 * registers them. The person is a new one as well.
 */
export async function makeParties(): Promise<{ readonly app: Party; readonly api: Party }> {
  const [app, api] = [await makeKey(), await makeKey()]
  ofThisFile.app = `app-${randomText(6)}`
  person.username = `alice-${randomText(6)}`.toLowerCase()
  return {
    app: { clientId: ofThisFile.app, key: app },
    api: { clientId: resourceServer, key: api },
  }
}

export const metadataFor = ({ clientId, key }: Party) => ({
  client_id: clientId,
  client_name: `The ${clientId}`,
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: 'openid accounts',
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [key.publicJwk] },
})

/** Registers clients and the person at an issuer, through its admin API. */
export async function settle(issuer: IssuerAddress, parties: readonly Party[]): Promise<Admin> {
  const admin = await signInOperator(issuer)
  const { username, password } = person
  const put = async (path: string, body: Json): Promise<void> => {
    const answer = await admin.run('PUT', path, body)
    // The resource server may be there from another file: it has its new key now.
    const replaced = answer.status === 200 && path === `/clients/${resourceServer}`
    if (answer.status !== 201 && !replaced)
      throw new Error(`not registered: ${await answer.text()}`)
  }
  await put(`/users/${username}`, { password, sub: `sub-${username}` })
  for (const party of parties) await put(`/clients/${party.clientId}`, metadataFor(party))
  return admin
}

export type Pushed = { readonly requestUri: string; readonly verifier: string }

export async function push(
  issuer: IssuerAddress,
  as: Party,
  posting: Posting = {},
): Promise<Pushed & { readonly response: Response }> {
  const verifier = randomText(32)
  const fields = {
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid accounts',
    state: 'a state',
    code_challenge: await digest(verifier),
    code_challenge_method: 'S256',
  }
  const response = await post(issuer, '/par', { as, fields, ...posting })
  const { json } = await read(response.clone())
  return { requestUri: String(json['request_uri']), verifier, response }
}

/** A browser: keeps cookies, follows redirects within the origin. */
export type Visitor = {
  readonly jar: Jar
  readonly go: (url: string, init?: Init) => Promise<Visit>
}
export type Visit = { readonly response: Response; readonly url: string; readonly text: string }

export function createVisitor(): Visitor {
  const jar = createJar()
  async function go(url: string, init: Init = {}): Promise<Visit> {
    const { method = 'GET' } = init
    const target = new URL(url)
    const cookie = jar.header(target, { method, crossSite: false })
    const headers = { ...init.headers, ...(cookie === '' ? {} : { cookie }) }
    const response = await send(url, { ...init, headers })
    jar.take(target, response.headers)
    const location = response.headers.get('location')
    const next = location === null ? undefined : new URL(location, url)
    if (next?.origin === target.origin) return go(next.href)
    return { response, url, text: await response.text() }
  }
  return { jar, go }
}

export const authorizeUrl = (
  issuer: IssuerAddress,
  requestUri: string,
  clientId = ofThisFile.app,
): string => {
  const query = new URLSearchParams({ client_id: clientId, request_uri: requestUri })
  return `${issuer.url}/authorize?${query.toString()}`
}

/** Presses a button of the page, with what the form holds. */
export function press(
  visitor: Visitor,
  page: Visit,
  press: { readonly button: string; readonly fields?: Readonly<Record<string, string>> },
): Promise<Visit> {
  for (const { fields, buttons, action } of readForms(page.text, page.url)) {
    const button = buttons.find(({ id }) => id === press.button)
    if (button === undefined) continue
    const pressed = button.name === undefined ? {} : { [button.name]: button.value }
    const values = { ...Object.fromEntries(fields), ...pressed, ...press.fields }
    return visitor.go(action, { method: 'POST', ...form(values) })
  }
  throw new Error(`no button '${press.button}' on ${page.url}: ${page.response.status}`)
}

/** The interaction a page's forms carry. */
export const interactionOf = (page: Visit): string =>
  new URL(page.url).searchParams.get('interaction') ?? ''

/** Signs in and approves; answers the code. */
export async function approve(issuer: IssuerAddress, { requestUri }: Pushed): Promise<string> {
  const visitor = createVisitor()
  const login = await visitor.go(authorizeUrl(issuer, requestUri))
  const consent = await press(visitor, login, { button: 'login', fields: person })
  const { response } = await press(visitor, consent, { button: 'approve' })
  return new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? ''
}

export const redemptionOf = (code: string, verifier: string) => ({
  grant_type: 'authorization_code',
  code,
  code_verifier: verifier,
  redirect_uri: redirectUri,
})

export type Tokens = { readonly access: string; readonly refresh: string }

/** A whole flow: push, approve, redeem. */
export async function obtain(issuer: IssuerAddress, as: Party): Promise<Tokens> {
  const pushed = await push(issuer, as)
  const fields = redemptionOf(await approve(issuer, pushed), pushed.verifier)
  const { json } = await read(await post(issuer, '/token', { as, key: as.key, fields }))
  return { access: String(json['access_token']), refresh: String(json['refresh_token']) }
}
