import { form, send } from '../../../test/support/http.ts'
import type { RequestOptions } from '../../../test/support/wire-client.ts'
import type { Capability } from '../capability.ts'
import { connect, opens, placeFor, present, prove, reachConsent, redeems } from '../common.ts'
import { answered, finding, refusedAs, refusedPage, told } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { requestObject } from '../forge.ts'
import { gather, intact } from '../handles.ts'
import type { Handles, Kind } from '../handles.ts'
import { grantUrl, introspectable, managerToken } from '../material.ts'
import { part } from '../scenario.ts'
import type { Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** One place that takes one kind of handle, and is offered all the others. */
type Place = {
  readonly what: string
  readonly needs?: readonly Capability[]
  readonly takes: readonly Kind[]
  readonly offer: (world: World, text: string, handles: Handles) => Promise<Finding>
  readonly twin: (world: World, handles: Handles) => Promise<Finding>
}

function place({ what, needs = [], takes, offer, twin }: Place): Part {
  return part({
    what,
    needs,
    arrange: gather,
    twin,
    attack: async (world, handles, attempt) => {
      for (const [kind, text] of handles.all) {
        if (takes.includes(kind)) continue
        await attempt(kind, () => offer(world, text, handles))
      }
    },
    unharmed: intact,
  })
}

const noClient = ['401 invalid_client', '400 invalid_client'] as const
const noProof = ['400 invalid_dpop_proof', '400 invalid_request'] as const
const noToken = ['401', '400 invalid_request', '403 insufficient_scope'] as const

const push = async (world: World, fields: RequestOptions['fields'], ...refusals: string[]) =>
  refusedAs((await world.web.par({ fields: fields ?? {} })).answer, ...refusals)

const token: Scenario = {
  id: 'EX-HANDLE-TOKEN',
  title: 'offer every kind of handle at the token endpoint',
  clauses: ['RFC 6749 5.2', 'RFC 9700 2'],
  needs: ['person'],
  parts: [
    place({
      what: 'as code',
      takes: ['code'],
      offer: async (world, code, { code: own }) => {
        const { answer } = await world.web.redeem({ ...own.given, code }, own.proving)
        return refusedAs(answer, '400 invalid_grant')
      },
      twin: (world, { code }) => redeems(world.web, code.given, code.proving),
    }),
    place({
      what: 'as refresh token',
      needs: ['refresh'],
      takes: ['refresh token'],
      offer: async (world, text, { connected }) =>
        refusedAs((await world.web.refresh(text, connected.proving)).answer, '400 invalid_grant'),
      twin: async (world, { of, connected }) =>
        answered((await world.web.refresh(of('refresh token'), connected.proving)).answer, 200),
    }),
  ],
}

const own = { grant_type: 'client_credentials' } as const

const proofs: Scenario = {
  id: 'EX-HANDLE-PROOF',
  title: 'offer every kind of handle as what proves a client or its key',
  clauses: ['RFC 7523 3', 'RFC 9449 4.3', 'RFC 8725 3.11'],
  needs: ['person', 'credentials'],
  parts: [
    place({
      what: 'as client assertion',
      needs: ['assertions'],
      takes: ['client assertion'],
      offer: async (world, client_assertion) => {
        const { answer } = await world.web.token(own, { ...(await prove(world)), fields: { client_assertion } }) // prettier-ignore
        return refusedAs(answer, ...noClient)
      },
      twin: async (world, { of }) => {
        const fields = { client_assertion: of('client assertion') }
        return answered((await world.web.token(own, { ...(await prove(world)), fields })).answer, 200) // prettier-ignore
      },
    }),
    place({
      what: 'as proof',
      needs: ['dpop'],
      takes: ['proof'],
      offer: async (world, text) =>
        refusedAs((await world.web.token(own, { proof: text })).answer, ...noProof),
      twin: async (world, { of }) =>
        answered((await world.web.token(own, { proof: of('proof') })).answer, 200),
    }),
    place({
      what: 'as nonce',
      needs: ['dpop'],
      takes: ['nonce'],
      offer: async (world, nonce, { connected }) => {
        const { answer } = await world.web.token(own, { ...connected.proving, proofOptions: { nonce } }) // prettier-ignore
        return refusedAs(answer, '400 use_dpop_nonce', '400 invalid_dpop_proof')
      },
      twin: async (world, { of, connected }) => {
        const proofOptions = { nonce: of('nonce') }
        return answered((await world.web.token(own, { ...connected.proving, proofOptions })).answer, 200) // prettier-ignore
      },
    }),
  ],
}

const pushing: Scenario = {
  id: 'EX-HANDLE-PAR',
  title: 'offer every kind of handle in a pushed request',
  clauses: ['RFC 9126 2.1', 'OpenID Connect Core 3.1.2.1', 'Grant Management 4'],
  needs: ['person'],
  parts: [
    place({
      what: 'as id_token_hint',
      needs: ['openid'],
      takes: ['id_token'],
      offer: (world, id_token_hint) => push(world, { id_token_hint }, '400 invalid_request'),
      twin: async (world, { of }) =>
        answered((await world.web.par({ fields: { id_token_hint: of('id_token') } })).answer, 201),
    }),
    place({
      what: 'as request object',
      needs: ['requestObjects'],
      takes: [],
      offer: async (world, request) => {
        const answer = await world.web.post('/par', { request })
        return refusedAs(answer, '400 invalid_request_object', '400 invalid_request')
      },
      twin: async (world) => {
        const request = await requestObject(world, world.web)
        return answered(await world.web.post('/par', { request }), 201)
      },
    }),
    place({
      what: 'as grant_id',
      needs: ['grants'],
      takes: ['grant id'],
      offer: (world, grant_id) => {
        const fields = { grant_management_action: 'merge', grant_id }
        return push(world, fields, '400 invalid_grant_id', '400 invalid_request')
      },
      twin: async (world, { of }) => {
        const fields = { grant_management_action: 'merge', grant_id: of('grant id') }
        return answered((await world.web.par({ fields })).answer, 201)
      },
    }),
    place({
      what: 'as request_uri of another push',
      takes: [],
      offer: (world, request_uri) => push(world, { request_uri }, '400 invalid_request'),
      twin: async (world) => answered((await world.web.par()).answer, 201),
    }),
  ],
}

const prefix = 'urn:ietf:params:oauth:request_uri:'

const authorize: Scenario = {
  id: 'EX-HANDLE-AUTHORIZE',
  title: 'offer every kind of handle at the authorization endpoint',
  clauses: ['RFC 9126 4'],
  needs: ['person', 'pages'],
  parts: [
    place({
      what: 'as request_uri',
      takes: ['request_uri'],
      offer: async (world, text) =>
        refusedPage(await world.browser().open(world.web.authorizeUrl(text))),
      twin: async (world, { requestUri }) =>
        opens(world, await world.browser().open(world.web.authorizeUrl(requestUri))),
    }),
    place({
      what: 'as its reference',
      takes: ['its reference'],
      offer: async (world, text) =>
        refusedPage(await world.browser().open(world.web.authorizeUrl(`${prefix}${text}`))),
      twin: async (world, { requestUri }) =>
        opens(world, await world.browser().open(world.web.authorizeUrl(requestUri))),
    }),
  ],
}

const introspection: Scenario = {
  id: 'EX-HANDLE-INTROSPECT',
  title: 'offer every kind of handle for introspection',
  clauses: ['RFC 7662 2.2'],
  needs: ['person', 'introspection', 'credentials'],
  parts: [
    place({
      what: 'as access token',
      takes: ['access token', 'access token of the client itself'],
      offer: async (world, text) => {
        const { status, json } = await world.resourceServer().post('/introspect', { token: text })
        const silent = json['active'] === false && Object.keys(json).length === 1
        return finding(status === 200 && silent, `${status} active: ${String(json['active'])}`)
      },
      twin: async (world) => {
        const fields = { token: await introspectable(world) }
        const { status, json } = await world.resourceServer().post('/introspect', fields)
        return finding(json['active'] === true, `${status} active: ${String(json['active'])}`)
      },
    }),
  ],
}

const revocation: Scenario = {
  id: 'EX-HANDLE-REVOKE',
  title: 'offer every kind of handle for revocation',
  clauses: ['RFC 7009 2.1', 'RFC 7009 2.2'],
  needs: ['person', 'revocation'],
  parts: [
    place({
      what: 'as token',
      takes: ['refresh token', 'access token', 'access token of the client itself'],
      offer: async (world, text) => {
        const answer = await world.web.post('/revoke', { token: text })
        return finding(answer.status === 200 || (answer.status >= 400 && answer.status < 500), told(answer)) // prettier-ignore
      },
      twin: async (world) => {
        const { tokens, proving } = await connect(world)
        const revoked = await world.web.post('/revoke', { token: tokens.accessToken })
        if (revoked.status !== 200) return answered(revoked, 200)
        return refusedAs(await present(world, tokens.accessToken, proving), ...noToken)
      },
    }),
  ],
}

/** Presents a text as an access token with a proof that fits it. */
const access = async (world: World, text: string, handles: Handles, at: string) =>
  refusedAs(await present(world, text, { ...handles.connected.proving, at }), ...noToken)

const accessTokens: readonly Kind[] = ['access token', 'access token of the client itself']

const resources: Scenario = {
  id: 'EX-HANDLE-RESOURCE',
  title: 'offer every kind of handle as access token',
  clauses: ['RFC 9068 4', 'RFC 9449 7.1'],
  needs: ['person'],
  parts: [
    place({
      what: 'at the resource',
      takes: accessTokens,
      offer: (world, text, handles) => access(world, text, handles, placeFor(world)),
      twin: async (world, { of, connected }) =>
        answered(await present(world, of('access token'), connected.proving), 200),
    }),
    place({
      what: 'at userinfo',
      needs: ['userinfo', 'openid'],
      takes: ['access token'],
      offer: (world, text, handles) => access(world, text, handles, world.web.url('/userinfo')),
      twin: async (world, { of, connected }) => {
        const at = world.web.url('/userinfo')
        return answered(await present(world, of('access token'), { ...connected.proving, at }), 200)
      },
    }),
    place({
      what: 'at a grant',
      needs: ['grants', 'credentials'],
      takes: [],
      offer: (world, text, handles) =>
        access(world, text, handles, grantUrl(world.web, handles.of('grant id'))),
      twin: (world, { of }) => queried(world, of('grant id')),
    }),
    place({
      what: 'at the admin API',
      needs: ['operator'],
      takes: [],
      offer: (world, text, handles) =>
        access(world, text, handles, `${world.server.issuer}/admin/clients`),
      twin: async (world) =>
        answered(await (await world.operator()).request('GET', '/clients'), 200),
    }),
  ],
}

/** Asks for a grant as its client. */
async function queried(world: World, grantId: string, ...refusals: string[]): Promise<Finding> {
  const proving = await prove(world)
  const { accessToken } = await managerToken(world.web, proving)
  const at = grantUrl(world.web, encodeURIComponent(grantId))
  const answer = await present(world, accessToken, { ...proving, at })
  return refusals.length === 0 ? answered(answer, 200) : refusedAs(answer, ...refusals)
}

const grants: Scenario = {
  id: 'EX-HANDLE-GRANT',
  title: 'offer every kind of handle as the id of a grant',
  clauses: ['Grant Management 6.2'],
  needs: ['person', 'grants', 'credentials'],
  parts: [
    place({
      what: 'in the address',
      takes: ['grant id'],
      offer: (world, text) => queried(world, text, '404', '403', '400'),
      twin: (world, { of }) => queried(world, of('grant id')),
    }),
  ],
}

/** A browser whose cookies all have this value. */
function browserWith(world: World, { consent }: Handles, value: string) {
  const browser = world.browser()
  for (const cookie of consent?.browser.cookies.list() ?? []) browser.cookies.put({ ...cookie, value }) // prettier-ignore
  return browser
}

/** Sends a consent form with one of its hidden fields replaced. */
async function approveWith(world: World, handles: Handles, text: string): Promise<Finding> {
  const { consent } = handles
  if (consent === undefined) return finding(false, 'no consent page')
  const { action, fields } = world.pages().answerOf(consent.page, 'approve')
  const cookie = consent.browser.cookies.header(new URL(action), { method: 'POST', crossSite: false }) // prettier-ignore
  const { ca } = world.server
  for (const name of Object.keys(fields)) {
    const answer = await send(action, {
      method: 'POST',
      headers: [['content-type', 'application/x-www-form-urlencoded'], ['cookie', cookie]], // prettier-ignore
      body: form({ ...fields, [name]: text }),
      ...(ca === undefined ? {} : { ca }),
    })
    const location = answer.headers.get('location') ?? ''
    const went = /[?&#](code|response)=/.test(location)
    if (went || answer.status >= 500) return finding(false, `${name}: ${told(answer)}`)
  }
  return finding(true, 'no code')
}

const pages: Scenario = {
  id: 'EX-HANDLE-PAGES',
  title: 'offer every kind of handle as session and as step of an interaction',
  clauses: ['RFC 9700 4.7'],
  needs: ['person', 'pages'],
  parts: [
    place({
      what: 'as cookie',
      takes: ['session cookie'],
      offer: async (world, text, handles) => {
        const browser = browserWith(world, handles, text)
        const page = await browser.open(world.web.authorizeUrl(handles.requestUri))
        const asked = world.pages().asksToSignIn(page) || refusedPage(page).good
        return finding(asked, asked ? 'asked to sign in' : `${page.status} somebody is signed in`)
      },
      twin: async (world, { consent, requestUri }) => {
        const page = await consent?.browser.open(world.web.authorizeUrl(requestUri))
        const known = page !== undefined && world.pages().asksToApprove(page)
        return finding(known, known ? 'asked to approve' : 'not known')
      },
    }),
    place({
      what: 'in the address of the consent page',
      takes: ['interaction'],
      offer: async (world, text, { consent }) => {
        const url = new URL(consent?.page.url ?? '')
        for (const name of url.searchParams.keys()) url.searchParams.set(name, text)
        return refusedPage(await (consent?.browser ?? world.browser()).open(url))
      },
      twin: async (world, { consent }) => {
        const page = await consent?.browser.open(consent.page.url)
        const shown = page !== undefined && world.pages().asksToApprove(page)
        return finding(shown, shown ? 'asked to approve' : 'not shown')
      },
    }),
    place({
      what: 'in the fields of the consent form',
      takes: ['interaction'],
      offer: (world, text, handles) => approveWith(world, handles, text),
      twin: async (world) => {
        const { redirectedTo } = await world.pages().approve(await reachConsent(world))
        return finding(redirectedTo?.searchParams.has('code') === true, 'sent to the client')
      },
    }),
  ],
}

/** Every kind of handle at every place: none is taken for another kind. */
export const handleScenarios: readonly Scenario[] = [
  token, proofs, pushing, authorize, introspection, revocation, resources, grants, pages,
] // prettier-ignore
