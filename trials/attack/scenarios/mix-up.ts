import { decodeJwt } from 'jose'
import { send } from '../../../test/support/http.ts'
import type { WireClient } from '../../../test/support/wire-client.ts'
import { makeDpopKey, secondsBy, sign } from '../../../test/support/wire-keys.ts'
import { codeSurvives, obtainCode, present, prove, pushes, reachConsent, redeems, tokensSurvive } from '../common.ts' // prettier-ignore
import { allOf, answered, finding, refusedAs, refusedPage, told } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { proofFor } from '../forge.ts'
import { livingTokens } from '../material.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const evil = 'https://evil.example'

/** Whether a response says who made it (RFC 9207 2), and nothing else does. */
function namesIssuer(world: World, callback: URL | undefined): Finding {
  const named = callback?.searchParams.getAll('iss') ?? []
  const good = named.length === 1 && named[0] === world.server.issuer
  return finding(good, good ? 'names its issuer' : `${named.length} issuers named`)
}

const mixUp: Scenario = {
  id: 'ATK-A1a-01',
  title: 'mix up two servers: the code of the honest one goes to the evil one',
  clauses: ['RFC 9207 2', 'RFC 9700 4.4', 'FAPI2 SP 5.3.2.2-7'],
  needs: ['person'],
  parts: [
    part({
      what: 'responses that do not say whose they are',
      needs: ['pages', 'deny'],
      arrange: (world) => reachConsent(world),
      twin: async (world, at) => namesIssuer(world, (await world.pages().approve(at)).redirectedTo),
      attack: async (world, at, attempt) => {
        await attempt('a refusal', async () =>
          namesIssuer(world, (await world.pages().deny(at)).redirectedTo),
        )
        await attempt('an error without a page', async () => {
          const pushed = await world.web.par({ fields: { prompt: 'none' } })
          const page = await world.browser().open(world.web.authorizeUrl(pushed.requestUri))
          return namesIssuer(world, page.redirectedTo)
        })
        await attempt(
          'metadata that does not promise it',
          () =>
          finding(world.metadata['authorization_response_iss_parameter_supported'] === true, 'promised'), // prettier-ignore
        )
      },
      unharmed: async (world, _, check) => {
        await check('the client still pushes', () => pushes(world.web))
      },
    }),
    part({
      what: 'a code with its verifier, in the hands of the evil server',
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        await attempt('redeemed as a client of its own', async () =>
          refusedAs((await world.second.redeem(given, proving)).answer, '400 invalid_grant'),
        )
        await attempt('redeemed without a client', async () => {
          const { answer } = await world.web.redeem(given, { ...proving, anonymous: true })
          return refusedAs(answer, '401 invalid_client', '400 invalid_client', '400 invalid_request') // prettier-ignore
        })
      },
      unharmed: codeSurvives,
    }),
  ],
}

const badProof = ['400 invalid_dpop_proof', '400 use_dpop_nonce', '401 invalid_dpop_proof', '401 use_dpop_nonce'] as const // prettier-ignore

const forwarding: Scenario = {
  id: 'ATK-A1a-03',
  title: 'forward proofs that a client made for the evil server',
  clauses: ['RFC 9449 11.1', 'RFC 9449 4.3', 'FAPI2 SP 6.5'],
  needs: ['person', 'dpop', 'refresh'],
  parts: [
    part({
      what: 'a proof that somebody else asked for',
      arrange: livingTokens,
      twin: async (world, { tokens, proving }) =>
        answered((await world.web.refresh(tokens.refreshToken, proving)).answer, 200),
      attack: async (world, { tokens, proving }, attempt) => {
        const { key = await makeDpopKey() } = proving
        const url = world.web.url('/token')
        const redeemed = async (one: string) =>
          refusedAs((await world.web.refresh(tokens.refreshToken, { proof: one })).answer, ...badProof) // prettier-ignore
        const made = {
          'for the token endpoint of the evil server': { url, claims: { htu: `${evil}/token` } },
          'for a redirect to the honest one': { url, claims: { htu: `${evil}/to?${url}` } },
          'for the honest PAR': { url: world.web.url('/par') },
          'with a nonce of the evil server': { url, claims: { nonce: 'nonce-of-evil' } },
          'for another method': { url, method: 'GET' },
        }
        for (const [what, options] of Object.entries(made)) {
          if (what.includes('nonce') && !world.has('nonces')) continue
          await attempt(what, async () => redeemed(await proofFor(world, key, options)))
        }
        await attempt('that its client has used itself', async () => {
          const one = await proofFor(world, key, { url })
          await world.web.refresh(tokens.refreshToken, { proof: one })
          return redeemed(one)
        })
      },
      unharmed: tokensSurvive,
    }),
  ],
}

/** An access token that looks like one of the honest server, made by another. */
async function forgedToken(world: World, over: Readonly<Record<string, unknown>>) {
  const { tokens, proving } = await livingTokens(world)
  const [head = ''] = tokens.accessToken.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly alg: string }
  const { jwk } = await makeDpopKey()
  const own = { ...header, alg: 'ES256' }
  return { proving, text: await sign(jwk, own, { ...tokens.claims, ...over }) }
}

const cuckoo: Scenario = {
  id: 'ATK-A1a-04',
  title: 'slip a client a token that was stolen or made elsewhere',
  clauses: ['FAPI2 SP 6.3', 'RFC 9068 4'],
  needs: ['person', 'resource', 'dpop'],
  parts: [
    part({
      what: 'a token of the evil server, bound to the key of the client',
      arrange: livingTokens,
      twin: async (world, { tokens, proving }) =>
        answered(await present(world, tokens.accessToken, proving), 200),
      attack: async (world, { tokens }, attempt) => {
        if (Object.keys(tokens.claims).length === 0) return skip(attempt)
        const claims = { 'in the name of the honest one': {}, 'in its own name': { iss: evil }, 'without a name': { iss: undefined } } // prettier-ignore
        for (const [what, over] of Object.entries(claims)) {
          await attempt(what, async () => {
            const { proving, text } = await forgedToken(world, over)
            return refusedAs(await present(world, text, proving), '401 invalid_token')
          })
        }
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'a stolen token, presented by a client that holds other keys',
      arrange: livingTokens,
      twin: async (world, { tokens, proving }) =>
        answered(await present(world, tokens.accessToken, proving), 200),
      attack: async (world, { tokens }, attempt) => {
        await attempt('with a proof of its key for this server', async () => {
          const answer = await present(world, tokens.accessToken, await prove(world))
          return refusedAs(answer, '401 invalid_token', '401 invalid_dpop_proof')
        })
      },
      unharmed: tokensSurvive,
    }),
  ],
}

const skip = async (attempt: (what: string, act: () => Finding) => Promise<Finding>) => {
  await attempt('not a JWT: nobody can make one', () => finding(true, 'opaque tokens'))
}

/** Every address that the metadata names, with the member that names it. */
const addresses = (
  metadata: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] =>
  // prettier-ignore
  Object.entries(metadata).flatMap(([member, value]): readonly (readonly [string, string])[] => {
    if (typeof value === 'string' && /(_endpoint|_uri)$/.test(member)) return [[member, value]]
    return member === 'mtls_endpoint_aliases' ? addresses(value as Readonly<Record<string, unknown>>) : [] // prettier-ignore
  })

const substitution: Scenario = {
  id: 'ATK-A1a-05',
  title: 'substitute the metadata of the honest server, in whole or in part',
  clauses: ['RFC 8414 3.3', 'RFC 9700 4.4'],
  needs: [],
  parts: [
    part({
      what: 'addresses outside the server',
      arrange: (world) => Promise.resolve(addresses(world.metadata)),
      twin: (world, all) =>
        finding(world.metadata['issuer'] === world.server.issuer && all.length > 3, `${all.length} addresses`), // prettier-ignore
      attack: async (world, all, attempt) => {
        const { issuer, mtls } = world.server
        const own = [issuer, ...(mtls === undefined ? [] : [mtls])].map((one) => new URL(one).hostname) // prettier-ignore
        const registrable = (host: string) => host.split('.').slice(-2).join('.')
        for (const [member, url] of all) {
          await attempt(member, () => {
            const { hostname, protocol } = new URL(url)
            const ours = own.some((one) => registrable(one) === registrable(hostname))
            const sound = protocol === 'https:' || new URL(issuer).protocol === 'http:'
            return finding(ours && sound, `${protocol}//${hostname}`)
          })
        }
      },
      unharmed: async (world, _, check) => {
        await check('both documents say the same', () => sameDocuments(world))
      },
    }),
    part({
      what: 'metadata under a host or path of the attacker',
      arrange: (world) => Promise.resolve(documents(world)),
      twin: async (world, [first = '']) => answered(await fetched(world, first), 200),
      attack: async (world, all, attempt) => {
        for (const url of all) {
          for (const header of [
            'host',
            'x-forwarded-host',
            'x-original-host',
            'forwarded',
          ] as const) {
            // prettier-ignore
            await attempt(`${header} at ${new URL(url).pathname}`, async () => {
              const value = header === 'forwarded' ? 'host=evil.example' : 'evil.example'
              return honestOrNothing(world, await fetched(world, url, [[header, value]]))
            })
          }
          await attempt(`a path below ${new URL(url).pathname}`, async () =>
            honestOrNothing(world, await fetched(world, `${url}/evil`)),
          )
        }
      },
      unharmed: async (world, _, check) => {
        await check('both documents say the same', () => sameDocuments(world))
      },
    }),
  ],
}

const fetched = (world: World, url: string, headers: readonly (readonly [string, string])[] = []) =>
  send(url, { headers, ...(world.server.ca === undefined ? {} : { ca: world.server.ca }) })

/** Where metadata may be (RFC 8414 3, OpenID Connect Discovery 4). */
function documents({ server }: World): readonly string[] {
  const { origin, pathname } = new URL(server.issuer)
  const path = pathname === '/' ? '' : pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

type Fetched = Awaited<ReturnType<typeof fetched>>

/** Metadata of this issuer alone, or a refusal. */
function honestOrNothing(world: World, answer: Fetched): Finding {
  const { status, json, text } = answer
  const honest = status === 200 && json['issuer'] === world.server.issuer && !text.includes('evil.example') // prettier-ignore
  return finding(honest || (status >= 400 && status < 500), told(answer))
}

/** Of the two documents, those that are there name the same endpoints. */
async function sameDocuments(world: World): Promise<Finding> {
  const all = await Promise.all(documents(world).map((url) => fetched(world, url)))
  const there = all.filter(({ status }) => status === 200).map(({ json }) => addresses(json))
  const same = new Set(there.map((one) => JSON.stringify([...one].sort()))).size === 1
  return finding(same, same ? `${there.length} documents` : 'they differ')
}

const requestForwarding: Scenario = {
  id: 'ATK-A1a-06',
  title: 'send a victim of the evil server to a request that the evil server pushed as a client',
  clauses: ['RFC 9126 7.2', 'FAPI2 SP 5.3.2.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'a request of another client',
      arrange: async (world) => ({
        mine: await reachConsent(world),
        theirs: await reachConsent(world, world.second),
      }),
      twin: async (world, { mine }) => {
        const { redirectedTo } = await world.pages().approve(mine)
        return finding(isAt(world.web, redirectedTo), 'sent to the client that pushed')
      },
      attack: async (world, { mine, theirs }, attempt) => {
        await attempt(
          'opened in the name of the honest client',
          async () =>
          refusedPage(await world.browser().open(world.second.authorizeUrl(theirs.requestUri, world.web.fixture.clientId))), // prettier-ignore
        )
        await attempt('shown as if the honest client asked', () => {
          const differs = theirs.page.words !== mine.page.words
          return finding(differs, differs ? 'the page says who asks' : 'the pages are the same')
        })
        await attempt('answered to the honest client', async () => {
          const { redirectedTo } = await world.pages().approve(theirs)
          const code = redirectedTo?.searchParams.get('code') ?? ''
          const { answer } = await world.web.redeem({ code, verifier: theirs.verifier }, await prove(world)) // prettier-ignore
          const there = finding(isAt(world.second, redirectedTo), 'sent to the client that pushed')
          return allOf([there, refusedAs(answer, '400 invalid_grant')])
        })
      },
      unharmed: async (world, { mine }, check) => {
        await check('the honest client gets its answer', async () => {
          const { redirectedTo } = await world.pages().approve(mine)
          return finding(isAt(world.web, redirectedTo), 'sent to the client that pushed')
        })
      },
    }),
  ],
}

const isAt = ({ fixture }: WireClient, callback: URL | undefined): boolean => {
  const registered = new URL(fixture.redirectUri)
  return callback?.origin === registered.origin && callback.pathname === registered.pathname
}

/** A response and an id_token that belong to one flow of one client. */
async function responses(world: World) {
  const nonce = `nonce-${crypto.randomUUID()}`
  const { callback, ...given } = await world.web.code({ fields: { response_mode: 'jwt', nonce } })
  const response = callback.searchParams.get('response') ?? ''
  const code = String(decodeJwt(response)['code'])
  const proving = await prove(world)
  const { answer } = await world.web.redeem({ code, verifier: given.verifier }, proving)
  return { nonce, response, idToken: String(answer.json['id_token']) }
}

const replayedResponses: Scenario = {
  id: 'ATK-A1a-07',
  title: 'replay signed responses and id_tokens of the honest server to another client',
  clauses: ['JARM 2.4', 'OpenID Connect Core 3.1.3.7', 'RFC 8725 3.9'],
  needs: ['person', 'responseModes', 'openid'],
  parts: [
    part({
      what: 'what binds them to one client and one flow',
      arrange: responses,
      twin: (world, { response, idToken }) =>
        finding([response, idToken].every((one) => decodeJwt(one).iss === world.server.issuer), 'both name the issuer'), // prettier-ignore
      attack: async (world, { nonce, response, idToken }, attempt) => {
        const { clientId } = world.web.fixture
        await attempt('a response for anybody', () => {
          const { aud, exp = 0 } = decodeJwt(response)
          const soon = exp <= secondsBy(world.clock) + 600
          return finding(aud === clientId && soon, soon ? 'for one client, for minutes' : 'valid for long') // prettier-ignore
        })
        await attempt('an id_token for anybody', () => {
          const { aud, nonce: bound } = decodeJwt(idToken)
          return finding([aud].flat().join() === clientId && bound === nonce, 'for one client and one flow') // prettier-ignore
        })
        await attempt(
          'the id_token as a hint of another client',
          async () =>
          refusedAs((await world.second.par({ fields: { id_token_hint: idToken } })).answer, '400 invalid_request'), // prettier-ignore
        )
        await attempt(
          'the response as a hint',
          async () =>
          refusedAs((await world.web.par({ fields: { id_token_hint: response } })).answer, '400 invalid_request'), // prettier-ignore
        )
      },
      unharmed: async (world, { idToken }, check) => {
        await check('the id_token is a hint of its own client', async () =>
          answered((await world.web.par({ fields: { id_token_hint: idToken } })).answer, 201),
        )
      },
    }),
    part({
      what: 'the code of a signed response, at another client',
      arrange: async (world) => {
        const { callback, verifier } = await world.web.code({ fields: { response_mode: 'jwt' } })
        const code = String(decodeJwt(callback.searchParams.get('response') ?? '')['code'])
        return { given: { code, verifier, callback }, proving: await prove(world) }
      },
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        await attempt('with its verifier', async () =>
          refusedAs((await world.second.redeem(given, proving)).answer, '400 invalid_grant'),
        )
        await attempt('in another flow of the same client', async () => {
          const { verifier } = await world.web.par()
          return refusedAs((await world.web.redeem({ ...given, verifier }, proving)).answer, '400 invalid_grant') // prettier-ignore
        })
      },
      unharmed: codeSurvives,
    }),
  ],
}

/** A1a-01 and A1a-03 to A1a-07: an attacker who runs a server that clients trust. */
export const evilServer: readonly Scenario[] = [
  mixUp, forwarding, cuckoo, substitution, requestForwarding, replayedResponses,
] // prettier-ignore
