import { X509Certificate } from 'node:crypto'
import { form, send } from '../../../test/support/http.ts'
import { spoofedHeaders } from '../../../test/support/spoofed-headers.ts'
import { makeDpopKey, secondsBy } from '../../../test/support/wire-keys.ts'
import { present, pushSurvives, pushes } from '../common.ts'
import { allOf, answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { proofFor } from '../forge.ts'
import { shakeHands } from '../handshake.ts'
import type { HandshakeOffer } from '../handshake.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const

/** What RFC 9325 and FAPI 2.0 SP 5.2.2 leave out. */
const weak: Readonly<Record<string, HandshakeOffer>> = {
  'TLS 1.0': { minVersion: 'TLSv1', maxVersion: 'TLSv1' },
  'TLS 1.1': { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' },
  'CBC': { ...old, ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384' },
  'RSA key exchange': { ...old, ciphers: 'AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA256' },
  'DHE key exchange': { ...old, ciphers: 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384' },
  'anonymous key exchange': { ...old, ciphers: 'aNULL' },
  'no encryption': { ...old, ciphers: 'eNULL' },
} // prettier-ignore

const origins = ({ server }: World): readonly string[] => [
  ...new Set(
    [server.issuer, server.mtls]
      .flatMap((one) => (one === undefined ? [] : new URL(one).origin))
      .filter((one) => one.startsWith('https:')),
  ),
]

const downgrade: Scenario = {
  id: 'ATK-A2-01',
  title: 'strip or downgrade TLS',
  clauses: ['FAPI2 SP 5.2', 'RFC 9325 3', 'RFC 6797'],
  needs: ['https'],
  parts: [
    part({
      what: 'old versions and weak suites',
      arrange: (world) => Promise.resolve(origins(world)),
      twin: async (_, all) => {
        const offers = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const
        const hands = await Promise.all(all.map((origin) => shakeHands(origin, offers)))
        return finding(hands.every((one) => one !== undefined), hands.map((one) => one?.protocol ?? 'none').join(' ')) // prettier-ignore
      },
      attack: async (_, all, attempt) => {
        for (const origin of all) {
          for (const [what, offer] of Object.entries(weak)) {
            await attempt(`${what} at ${origin}`, async () => {
              const shaken = await shakeHands(origin, offer)
              return finding(shaken === undefined, shaken === undefined ? 'no handshake' : `${shaken.protocol} ${shaken.cipher}`) // prettier-ignore
            })
          }
        }
      },
      unharmed: async (_, all, check) => {
        await check('sound handshakes go on', async () => {
          const hands = await Promise.all(all.map((origin) => shakeHands(origin, old)))
          return finding(hands.length > 0, `${hands.filter((one) => one !== undefined).length} of TLS 1.2`) // prettier-ignore
        })
      },
    }),
    part({
      what: 'a first visit without TLS',
      arrange: (world) => Promise.resolve(world.server.issuer),
      twin: async (world) => answered(await metadataOf(world), 200),
      attack: async (world, issuer, attempt) => {
        await attempt('answers that do not insist on https', async () => {
          const { headers } = await metadataOf(world)
          const told = headers.get('strict-transport-security') ?? ''
          const age = Number(/max-age=(\d+)/.exec(told)?.[1] ?? 0)
          // On this machine alone an issuer may do without TLS.
          const plain = issuer.startsWith('http:')
          return finding(plain || age > 0, plain ? 'an issuer on this machine' : `max-age ${age}`)
        })
      },
      unharmed: pushSurvives,
    }),
  ],
}

const metadataOf = ({ server }: World) =>
  send(`${server.issuer}/.well-known/openid-configuration`, server.ca === undefined ? {} : { ca: server.ca }) // prettier-ignore

type Headers = readonly (readonly [string, string])[]

/** Pushes as a client that has a certificate, without showing it. */
function pushWithout(world: World, side: 'main' | 'mtls', headers: Headers) {
  const { fixture, url, authorizationFields } = world.certificateClient()
  const { ca } = world.server
  return send(url('/par', side), {
    method: 'POST',
    headers: [['content-type', 'application/x-www-form-urlencoded'], ...headers],
    body: form({ ...authorizationFields('v'.repeat(43)), client_id: fixture.clientId }),
    ...(ca === undefined ? {} : { ca }),
  })
}

/** The headers in which a certificate may be told, one by one and all together. */
function tellings(world: World): Readonly<Record<string, Headers>> {
  const { credential = { cert: '', key: '' } } = world.certificateClient().fixture
  const all = spoofedHeaders(credential)
  const subject = new X509Certificate(credential.cert).subject.replaceAll('\n', ',')
  const more: Headers = [
    ['SSL-Client-Cert', encodeURIComponent(credential.cert)],
    ['X-ARR-ClientCert', credential.cert.replaceAll(/-----[^-]+-----|\s/g, '')],
    ['X-Amzn-Mtls-Clientcert', encodeURIComponent(credential.cert)],
    ['X-SSL-Client-S-DN', subject],
    ['X-Client-Subject-DN', subject],
  ]
  const single = [...all, ...more].map((header): [string, Headers] => [header[0], [header]])
  return { ...Object.fromEntries(single), 'all of them': [...all, ...more] }
}

/** What proxies tell of a connection, with an attacker's values. */
const proxied: Readonly<Record<string, Headers>> = {
  'X-Forwarded-Host': [['x-forwarded-host', 'evil.example'], ['x-forwarded-proto', 'https']],
  'Forwarded': [['forwarded', 'host=evil.example;proto=https;for=127.0.0.1']],
  'X-Original-URL': [['x-original-url', '/token'], ['x-rewrite-url', '/token']],
  'X-Forwarded-Prefix': [['x-forwarded-prefix', '/evil'], ['x-forwarded-port', '443']],
  'CF-Connecting-IP': [['cf-connecting-ip', '203.0.113.7'], ['true-client-ip', '203.0.113.7'], ['x-real-ip', '203.0.113.7'], ['x-forwarded-for', '203.0.113.7']],
  'x-fapi-edge-control': [['x-fapi-edge-control', JSON.stringify({ offset_s: -100_000, token: '', revision: 1e9 })]],
  'x-fapi-edge-control of nothing': [['x-fapi-edge-control', '{}'], ['mf-cf-blob', '{}']],
  'X-HTTP-Method-Override': [['x-http-method-override', 'DELETE'], ['x-method-override', 'DELETE']],
} // prettier-ignore

const spoofing: Scenario = {
  id: 'ATK-A2-04',
  title: 'tell of a certificate, a host, an address or a time in headers',
  clauses: ['RFC 9440 3', 'RFC 8705 7', 'FAPI2 SP 5.2'],
  needs: [],
  parts: [
    part({
      what: 'a certificate that was not shown',
      needs: ['mtls'],
      arrange: (world) => Promise.resolve(tellings(world)),
      twin: (world) => pushes(world.certificateClient()),
      attack: async (world, all, attempt) => {
        for (const side of ['mtls', 'main'] as const) {
          for (const [what, headers] of Object.entries(all)) {
            await attempt(`${what} on the ${side} side`, async () =>
              refusedAs(await pushWithout(world, side, headers), '401 invalid_client', '400 invalid_client', '4xx'), // prettier-ignore
            )
          }
        }
      },
      unharmed: async (world, _, check) => {
        await check('the client is known by what it shows', () => pushes(world.certificateClient()))
      },
    }),
    part({
      what: 'a certificate of a bound token that was not shown',
      needs: ['mtls', 'person', 'userinfo', 'openid'],
      arrange: async (world) => {
        const client = world.certificateClient()
        const { accessToken } = await client.redeem(await client.code())
        return { accessToken, all: tellings(world) }
      },
      twin: async (world, { accessToken }) => answered(await atUserinfo(world, accessToken, {}), 200),
      attack: async (world, { accessToken, all }, attempt) => {
        const { cert = '', key = '' } = world.web.fixture.credential ?? {}
        const none = cert === '' ? {} : { credential: { cert, key } }
        for (const [what, headers] of Object.entries(all)) {
          await attempt(what, async () => {
            const at = world.certificateClient().url('/userinfo')
            return refusedAs(await present(world, accessToken, { at, headers, ...none }), '401', '400')
          })
        }
      },
      unharmed: async (world, { accessToken }, check) => {
        await check('the token opens with its certificate', async () =>
          answered(await atUserinfo(world, accessToken, {}), 200),
        )
      },
    }),
    part({
      what: 'a host, an address or a time',
      needs: ['assertions', 'dpop'],
      arrange: () => makeDpopKey(),
      twin: async (world, key) => {
        const answers = Object.values(proxied).map(async (headers) => (await world.web.par({ key, headers })).answer) // prettier-ignore
        return allOf((await Promise.all(answers)).map((answer) => answered(answer, 201)))
      },
      attack: async (world, key, attempt) => {
        const exp = secondsBy(world.clock) - 50_000
        for (const [what, headers] of Object.entries(proxied)) {
          await attempt(`${what}: an expired assertion`, async () => {
            const claims = { iat: exp - 60, exp }
            return refusedAs((await world.web.par({ claims, headers })).answer, '401 invalid_client', '400 invalid_client') // prettier-ignore
          })
          await attempt(`${what}: a proof for another host`, () => forHost(world, key, headers))
          await attempt(`${what}: an assertion for another host`, async () => {
            const claims = { aud: 'https://evil.example' }
            return refusedAs((await world.web.par({ claims, headers })).answer, '401 invalid_client', '400 invalid_client') // prettier-ignore
          })
        }
      },
      unharmed: pushSurvives,
    }),
  ],
} // prettier-ignore

const atUserinfo = (world: World, accessToken: string, more: { readonly headers?: Headers }) => {
  const { fixture, url } = world.certificateClient()
  const { credential } = fixture
  const shown = credential === undefined ? {} : { credential }
  return present(world, accessToken, { at: url('/userinfo'), ...shown, ...more })
}

/** A proof for the host that a header names. */
async function forHost(
  world: World,
  key: Awaited<ReturnType<typeof makeDpopKey>>,
  headers: Headers,
): Promise<Finding> {
  const claims = { htu: 'https://evil.example/par' }
  const proof = await proofFor(world, key, { url: world.web.url('/par'), claims })
  return refusedAs((await world.web.par({ proof, headers })).answer, '400 invalid_dpop_proof')
}

/** A2-01 and A2-04: whoever stands on the way. */
export const network: readonly Scenario[] = [downgrade, spoofing]
