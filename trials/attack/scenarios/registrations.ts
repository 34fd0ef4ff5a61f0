import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { newClient, registerClient } from '../../../test/support/wire-admin.ts'
import type { Admin } from '../../../test/support/wire-admin.ts'
import { makeDpopKey } from '../../../test/support/wire-keys.ts'
import { arrive, inBatches, prove, pushSurvives, pushes, some } from '../common.ts'
import { answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { requestObject } from '../forge.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

type Change = Readonly<Record<string, unknown>>

/** Registrations that a profile of FAPI 2.0 does not allow, each as a change of a sound one. */
const unfit: Readonly<Record<string, Change>> = {
  'no authentication': { token_endpoint_auth_method: 'none' },
  'a secret': { token_endpoint_auth_method: 'client_secret_basic' },
  'a secret in the body': { token_endpoint_auth_method: 'client_secret_post' },
  'a JWT by a secret': { token_endpoint_auth_method: 'client_secret_jwt' },
  'a certificate without a subject': { token_endpoint_auth_method: 'tls_client_auth' },
  'two subjects': { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=a', tls_client_auth_san_dns: 'a.example' },
  'assertions by RS256': { token_endpoint_auth_signing_alg: 'RS256' },
  'unsigned assertions': { token_endpoint_auth_signing_alg: 'none' },
  'unsigned requests': { request_object_signing_alg: 'none' },
  'unsigned id_tokens': { id_token_signed_response_alg: 'none' },
  'id_tokens by HS256': { id_token_signed_response_alg: 'HS256' },
  'unsigned responses': { authorization_signed_response_alg: 'none' },
  'userinfo by RS256': { userinfo_signed_response_alg: 'RS256' },
  'the implicit grant': { grant_types: ['implicit'] },
  'the password grant': { grant_types: ['authorization_code', 'password'] },
  'no grant': { grant_types: [] },
  'refresh without code': { grant_types: ['refresh_token'] },
  'the response type token': { response_types: ['token'] },
  'the response type id_token': { response_types: ['code', 'id_token'] },
  'a plain redirect_uri': { redirect_uris: ['http://app.example/cb'] },
  'a redirect_uri with a fragment': { redirect_uris: ['https://app.example/cb#x'] },
  'a redirect_uri with a wildcard': { redirect_uris: ['https://*.app.example/cb'] },
  'a redirect_uri of scripts': { redirect_uris: ['javascript:alert(1)'] },
  'a redirect_uri of a private scheme': { redirect_uris: ['app:/cb'] },
  'no redirect_uri': { redirect_uris: [] },
  'an unsafe one beside a sound one': { redirect_uris: ['https://app.example/cb', 'https://app.example/cb#x'] },
  'an unsafe post_logout_redirect_uri': { post_logout_redirect_uris: ['javascript:alert(1)'] },
  'the scope of operators': { scope: 'openid admin' },
  'an unknown scope': { scope: 'openid everything' },
  'an unknown type of details': { authorization_details_types: ['everything'] },
  'no key': { jwks: { keys: [] } },
  'a private key': { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d: 'AA' }] } },
  'a symmetric key': { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
  'keys twice': { jwks_uri: 'https://keys.example/jwks' },
  'keys inside': { jwks: undefined, jwks_uri: 'https://127.0.0.1/jwks' },
  'logout inside': { backchannel_logout_uri: 'https://169.254.169.254/' },
  'a sector inside': { subject_type: 'pairwise', sector_identifier_uri: 'https://localhost/' },
  'a page without TLS': { policy_uri: 'http://app.example/' },
  'a page of scripts': { tos_uri: 'javascript:alert(1)' },
  'no name': { client_name: ' ' },
  'the id of another': { client_id: 'client-web' },
} // prettier-ignore

const refusals = ['400 invalid_client_metadata', '400 invalid_redirect_uri'] as const

const put = (admin: Admin, id: string, metadata: Change) =>
  admin.request('PUT', `/clients/${id}`, metadata)

const policy: Scenario = {
  id: 'EX-POLICY-UPDATE',
  title: 'bring in by an update what a registration refuses',
  clauses: ['RFC 7591 2', 'RFC 7592 2.2', 'FAPI2 SP 5.3.2.1'],
  needs: ['operator'],
  parts: [
    part({
      what: 'a registration and its update',
      arrange: async (world) => {
        const admin = await world.operator()
        return { admin, made: await registerClient(admin) }
      },
      twin: async (_, { admin, made }) => {
        const renamed = { ...made.metadata, client_name: 'another name' }
        return answered(await put(admin, made.fixture.clientId, renamed), 200)
      },
      attack: async (_, { admin, made }, attempt) => {
        await inBatches(Object.entries(unfit), async ([what, change]) => {
          const fresh = await newClient()
          await attempt(
            `${what}: registered`,
            async () =>
            refusedAs(await put(admin, fresh.fixture.clientId, { ...fresh.metadata, ...change }), ...refusals), // prettier-ignore
          )
          return attempt(
            `${what}: by an update`,
            async () =>
            refusedAs(await put(admin, made.fixture.clientId, { ...made.metadata, ...change }), ...refusals), // prettier-ignore
          )
        })
      },
      unharmed: async (world, { admin, made }, check) => {
        await check('the client is as it was, in its first version', async () => {
          const { json, status } = await admin.request('GET', `/clients/${made.fixture.clientId}`)
          const same = json['client_name'] === made.metadata['client_name'] && json['version'] === 1
          return finding(status === 200 && same, `version ${String(json['version'])}`)
        })
        await check('it still pushes', () => pushes(world.act(made.fixture)))
      },
    }),
    part({
      what: 'a code of the registration before',
      needs: ['person', 'dpop'],
      arrange: async (world) => {
        const admin = await world.operator()
        const made = await registerClient(admin)
        const client = world.act(made.fixture)
        return { admin, made, client, given: await client.code() }
      },
      twin: async (world, { client, given }) =>
        answered((await client.redeem(given, await prove(world))).answer, 200),
      attack: async (world, { admin, made, client, given }, attempt) => {
        await put(admin, made.fixture.clientId, { ...made.metadata, grant_types: ['client_credentials'], redirect_uris: [] }) // prettier-ignore
        await attempt(
          'redeemed after the grant type was taken away',
          async () =>
          refusedAs((await client.redeem(given, await prove(world))).answer, '400 unauthorized_client', '400 invalid_grant'), // prettier-ignore
        )
        await attempt('pushed after the grant type was taken away', async () =>
          refusedAs((await client.par()).answer, '400 unauthorized_client', '400 invalid_request'),
        )
        await put(admin, made.fixture.clientId, { ...made.metadata, scope: 'openid' })
        await attempt('a scope that was taken away', async () => {
          const { answer } = await client.redeem(given, await prove(world))
          const left = String(answer.json['scope'] ?? '')
          return finding(!left.split(' ').includes('accounts'), `${answer.status} ${left}`)
        })
      },
      unharmed: async (_, { admin, made, client }, check) => {
        await check('registered as before it pushes', async () => {
          await put(admin, made.fixture.clientId, made.metadata)
          return pushes(client)
        })
      },
    }),
  ],
}

/** Listens on loopback and counts connections: nobody but us may come. */
async function openCanary() {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Nothing waits for it where a twin fails.
  server.unref()
  const { port } = server.address() as AddressInfo
  return {
    port,
    connections: () => connections,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** Names and spellings of this machine. */
const spellings = ['127.0.0.1', 'localhost', 'localhost.', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '[::ffff:127.0.0.1]', '0.0.0.0', 'user@127.0.0.1'] // prettier-ignore

/** Members of a registration that hold an address. */
const addressed = (url: string): Readonly<Record<string, Change>> => ({
  jwks_uri: { jwks: undefined, jwks_uri: url },
  'keys of encrypted answers': { jwks: undefined, jwks_uri: url, id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A256GCM' },
  backchannel_logout_uri: { backchannel_logout_uri: url },
  sector_identifier_uri: { subject_type: 'pairwise', sector_identifier_uri: url },
}) // prettier-ignore

/** Members that nobody calls, whatever they hold. */
const unread = (url: string): Change => ({
  logo_uri: url, client_uri: url, policy_uri: url, tos_uri: url, initiate_login_uri: url,
  software_statement: url, request_uris: [url], jwks_url: url,
}) // prettier-ignore

const ssrf: Scenario = {
  id: 'EX-SSRF',
  title: 'make the server connect to this machine by any address that it is told',
  clauses: ['RFC 9700 4.11', 'RFC 9101 10.5', 'RFC 8725 3.10'],
  needs: ['operator', 'assertions', 'requestObjects', 'dpop', 'pages', 'person'],
  parts: [
    part({
      what: 'a canary on loopback',
      arrange: openCanary,
      twin: async (_, canary) => {
        await fetch(`http://127.0.0.1:${canary.port}/`).catch(() => undefined)
        return finding(canary.connections() === 1, `${canary.connections()} connections`)
      },
      attack: async (world, canary, attempt) => {
        const admin = await world.operator()
        for (const host of some(world, spellings, 5)) {
          for (const scheme of ['https', 'http']) {
            const url = `${scheme}://${host}:${canary.port}/x`
            for (const [what, change] of Object.entries(addressed(url))) {
              await attempt(`${what} at ${scheme}://${host}`, async () => {
                const { fixture, metadata } = await newClient()
                return refusedAs(await put(admin, fixture.clientId, { ...metadata, ...change }), ...refusals) // prettier-ignore
              })
            }
          }
        }
        const url = `https://127.0.0.1:${canary.port}/x`
        await attempt('pages and logos', () => registersUnread(world, admin, url))
        for (const [what, act] of Object.entries(named(world, url))) await attempt(what, act)
        await attempt('nobody came', () =>
          finding(canary.connections() === 0, `${canary.connections()} connections`),
        )
      },
      unharmed: async (world, canary, check) => {
        await check('the canary was listening', async () => {
          await fetch(`http://127.0.0.1:${canary.port}/`).catch(() => undefined)
          const heard = canary.connections()
          await canary.close()
          return finding(heard > 0, `${heard} connections`)
        })
        await pushSurvives(world, undefined, check)
      },
    }),
  ],
}

/** A client whose pages and logo are at the canary is registered, or not; its consent is shown. */
async function registersUnread(world: World, admin: Admin, url: string): Promise<Finding> {
  const { fixture, metadata } = await newClient(unread(url))
  const { status } = await put(admin, fixture.clientId, metadata)
  if (status !== 201) return finding(status === 400, `registered with ${status}`)
  const { page } = await arrive(world, world.act(fixture))
  return finding(page.status === 200, `shown with ${page.status}`)
}

/** Requests that name an address where servers have been known to look. */
function named(world: World, url: string): Readonly<Record<string, () => Promise<Finding>>> {
  const noClient = ['401 invalid_client', '400 invalid_client'] as const
  const { web } = world
  const header = { kid: 'unknown', jku: url, x5u: url }
  return {
    'request_uri at PAR': async () =>
      refusedAs((await web.par({ fields: { request_uri: url } })).answer, '400 invalid_request', '400 invalid_request_uri'), // prettier-ignore
    'request_uri of an authorization request': async () => {
      const page = await world.browser().open(web.authorizeUrl(url))
      return finding(page.status >= 400 && page.status < 500, String(page.status))
    },
    'jku and x5u of an assertion': async () =>
      refusedAs((await web.par({ assertionHeader: header })).answer, ...noClient),
    'jku and x5u of a request object': async () => {
      const request = await requestObject(world, web, { header })
      return refusedAs(await web.post('/par', { request }), '400 invalid_request_object')
    },
    'jku, x5u and iss of a proof': async () => {
      const key = await makeDpopKey()
      const proofOptions = { header: { jku: url, x5u: url, jwk: undefined }, claims: { iss: url } }
      return refusedAs((await web.par({ key, proofOptions })).answer, '400 invalid_dpop_proof')
    },
    'iss of an assertion': async () =>
      refusedAs((await web.par({ claims: { iss: url, sub: url } })).answer, ...noClient),
    'resource of a request': async () =>
      refusedAs((await web.par({ fields: { resource: url } })).answer, '400 invalid_target', '400 invalid_request'), // prettier-ignore
    'redirect_uri of a request': async () =>
      refusedAs((await web.par({ fields: { redirect_uri: url } })).answer, '400 invalid_request', '400 invalid_redirect_uri'), // prettier-ignore
  }
}

/** What is registered: by an update as by a registration, and no address is called. */
export const registrations: readonly Scenario[] = [policy, ssrf]
