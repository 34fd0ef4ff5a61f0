import { send } from '../../../test/support/http.ts'
import type { Page } from '../../../test/support/browser.ts'
import { registerClient } from '../../../test/support/wire-admin.ts'
import { arrive, completes, connect, obtainCode, opens, present, prove, pushSurvives, pushes, reachConsent, redeems } from '../common.ts' // prettier-ignore
import { allOf, answered, carriesCode, finding, refusedAs, shown } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { grantUrl, managedGrant, managerToken } from '../material.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** Whether a page leads nowhere: no sign-in, no approval, no code. */
const closed = (world: World, page: Page): Finding => {
  const open = opens(world, page).good || page.redirectedTo?.searchParams.has('code') === true
  return finding(!open, shown(page))
}

const swapped: Scenario = {
  id: 'ATK-A3-01',
  title: 'complete a leaked request first and hand the code to the victim',
  clauses: ['FAPI2 SP 6.4', 'RFC 9126 4'],
  needs: ['person', 'people', 'pages'],
  parts: [
    part({
      what: 'a request that somebody else completed',
      arrange: (world) => arrive(world),
      twin: async (world, { requestUri }) => {
        const browser = world.browser()
        const page = await browser.open(world.web.authorizeUrl(requestUri))
        const consent = await world.pages().signIn({ page, browser }, world.person)
        return carriesCode((await world.pages().approve({ page: consent, browser })).redirectedTo)
      },
      attack: async (world, victim, attempt) => {
        const browser = world.browser()
        const at = world.web.authorizeUrl(victim.requestUri)
        const page = await browser.open(at)
        const consent = await world.pages().signIn({ page, browser }, world.otherPerson())
        const { redirectedTo } = await world.pages().approve({ page: consent, browser })
        const code = redirectedTo?.searchParams.get('code') ?? ''
        await attempt('opened by the victim afterwards', async () =>
          closed(world, await world.browser().open(at)),
        )
        await attempt('finished by the victim afterwards', async () =>
          closed(world, await world.pages().signIn(victim, world.person)),
        )
        await attempt('the code in another flow of the client', async () => {
          const { verifier } = await world.web.par()
          const { answer } = await world.web.redeem({ code, verifier }, await prove(world))
          return refusedAs(answer, '400 invalid_grant')
        })
      },
      unharmed: async (world, _, check) => {
        await check('the victim completes a request of their own', async () =>
          completes(world.web, (await world.web.par()).requestUri),
        )
      },
    }),
  ],
}

const leaked: Scenario = {
  id: 'ATK-A3-02',
  title: 'learn of PKCE and of the request from what the front channel shows',
  clauses: ['FAPI2 SP 5.3.2.2', 'RFC 9126 2.2', 'RFC 7636 4.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'everything that the browser sees',
      arrange: async (world) => {
        const verifier = 'v'.repeat(20) + crypto.randomUUID()
        const fields: Record<string, string> = world.web.authorizationFields(verifier)
        return { fields, at: await reachConsent(world, world.web, { fields }), verifier }
      },
      twin: async (world, { at }) => carriesCode((await world.pages().approve(at)).redirectedTo),
      attack: async (world, { fields, at, verifier }, attempt) => {
        const address = world.web.authorizeUrl(at.requestUri)
        const first = await world.browser().open(address)
        const secrets = {
          challenge: fields['code_challenge'] ?? '',
          verifier,
          state: fields['state'] ?? '',
        }
        const places = { 'the address': address, 'the first page': first.text, 'the consent page': at.page.text, 'its address': at.page.url } // prettier-ignore
        for (const [where, text] of Object.entries(places)) {
          for (const [what, secret] of Object.entries(secrets)) {
            await attempt(`${what} in ${where}`, () => {
              const there = text.includes(secret)
              return finding(!there, there ? 'it is there' : 'not there')
            })
          }
        }
      },
      unharmed: async (world, { at }, check) => {
        await check('the request is still completed by its person', async () =>
          carriesCode((await world.pages().approve(at)).redirectedTo),
        )
      },
    }),
    part({
      what: 'a request_uri in the hands of somebody else',
      arrange: async (world) => world.web.par(),
      twin: (world, { requestUri }) => completes(world.web, requestUri),
      attack: async (world, { requestUri }, attempt) => {
        const fields = { request_uri: requestUri }
        await attempt(
          'pushed again without a client',
          async () =>
          refusedAs((await world.web.par({ anonymous: true, fields })).answer, '401 invalid_client', '400 invalid_client', '400 invalid_request'), // prettier-ignore
        )
        await attempt('pushed again by another client', async () =>
          refusedAs((await world.second.par({ fields })).answer, '400 invalid_request'),
        )
        await attempt(
          'shown to the token endpoint',
          async () =>
          refusedAs((await world.second.token({ grant_type: 'authorization_code', ...fields, code: requestUri }, await prove(world))).answer, '400 invalid_request', '400 invalid_grant'), // prettier-ignore
        )
      },
      unharmed: async (world, { requestUri }, check) => {
        await check('the request still leads its owner to a code', () =>
          completes(world.web, requestUri),
        )
      },
    }),
  ],
}

/** Asks about a grant, or to end it, with a token of a client. */
async function manage(world: World, grantId: string, client: World['web'], method: string) {
  const proving = await prove(world)
  const { accessToken } = await managerToken(client, proving)
  return present(world, accessToken, { ...proving, at: grantUrl(client, grantId), method })
}

const grantIds: Scenario = {
  id: 'ATK-A3-03',
  title: 'use a leaked grant_id or login_hint',
  clauses: ['Grant Management 6.2', 'Grant Management 8'],
  needs: ['person', 'grants', 'credentials', 'dpop'],
  parts: [
    part({
      what: 'the id of a grant',
      arrange: (world) => managedGrant(world),
      twin: async (world, { grantId }) =>
        answered(await manage(world, grantId, world.web, 'GET'), 200),
      attack: async (world, { grantId, tokens, proving }, attempt) => {
        for (const method of ['GET', 'DELETE']) {
          await attempt(`${method} by another client`, async () =>
            refusedAs(await manage(world, grantId, world.second, method), '403', '404'),
          )
          await attempt(
            `${method} with the tokens of the grant itself`,
            async () =>
            refusedAs(await present(world, tokens.accessToken, { ...proving, at: grantUrl(world.web, grantId), method }), '401', '403'), // prettier-ignore
          )
        }
        for (const grant_management_action of ['merge', 'replace']) {
          await attempt(`${grant_management_action} by another client`, async () => {
            const fields = { grant_management_action, grant_id: grantId }
            return refusedAs((await world.second.par({ fields })).answer, '400 invalid_grant_id')
          })
        }
      },
      unharmed: async (world, { grantId, tokens, proving }, check) => {
        await check('the grant is there, and its tokens live', async () =>
          allOf([
            answered(await manage(world, grantId, world.web, 'GET'), 200),
            answered(await present(world, tokens.accessToken, proving), 200),
          ]),
        )
      },
    }),
  ],
}

/** What a page loads, or sends somebody to without a click, from another origin than its own. */
function foreignParts({ text, url }: Page): readonly string[] {
  const tags = [...text.matchAll(/<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*?\b(?:src|href|data)="([^"]*)"/gi)] // prettier-ignore
  const { origin } = new URL(url)
  return tags
    .map(([, address = '']) => new URL(address.replaceAll('&amp;', '&'), url))
    .filter((one) => one.origin !== origin && one.protocol !== 'data:')
    .map(({ host }) => host)
}

/** Whether a page leaves nothing behind: no referrer, no cache, nobody else asked. */
function discreet(page: Page): Finding {
  const { headers } = page
  const referrer = headers.get('referrer-policy') ?? ''
  const cache = headers.get('cache-control') ?? ''
  const others = foreignParts(page)
  return allOf(
    [
      finding(/no-referrer|same-origin/.test(referrer), `referrer-policy: ${referrer}`),
      finding(cache.includes('no-store'), `cache-control: ${cache}`),
      finding(others.length === 0, `parts of ${others.join(' ')}`),
    ],
    'no referrer, no store, no parts of others',
  )
}

const traces: Scenario = {
  id: 'ATK-A3-04',
  title: 'read requests from referrers, caches and third parties',
  clauses: ['RFC 9700 4.2', 'FAPI2 SP 6.4'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'what pages leave behind',
      arrange: async (world) => ({ first: await arrive(world), consent: await reachConsent(world) }), // prettier-ignore
      twin: (world, { first, consent }) =>
        allOf([opens(world, first.page), opens(world, consent.page)]),
      attack: async (world, { first, consent }, attempt) => {
        await attempt('the first page', () => discreet(first.page))
        await attempt('the consent page', () => discreet(consent.page))
        await attempt('an error page', async () =>
          discreet(await world.browser().open(world.web.authorizeUrl('urn:x'))),
        )
        if (!world.has('deny')) return
        await attempt('the answer that leads to the client', async () => {
          const { headers } = await world.pages().deny(consent)
          const cache = headers.get('cache-control') ?? ''
          const referrer = headers.get('referrer-policy') ?? ''
          return finding(cache.includes('no-store') && /no-referrer|same-origin/.test(referrer), `${cache}; ${referrer}`) // prettier-ignore
        })
      },
      unharmed: async (world, { first }, check) => {
        await check('the first page still opens', async () =>
          opens(world, await first.browser.open(world.web.authorizeUrl(first.requestUri))),
        )
      },
    }),
  ],
}

const previews: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a prefetching browser': { 'sec-purpose': 'prefetch', purpose: 'prefetch' },
  'a prerendering browser': { 'sec-purpose': 'prefetch;prerender' },
  'a link preview': { 'user-agent': 'Mozilla/5.0 (compatible; PreviewBot/1.0)' },
  'a mail scanner': { 'user-agent': 'MailScanner', 'sec-fetch-site': 'none' },
  'an old browser': { 'x-moz': 'prefetch' },
}

const preloading: Scenario = {
  id: 'ATK-A3-05',
  title: 'burn a request by loading its address before its person does',
  clauses: ['SP-AS-37', 'FAPI2 SP 5.3.2.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'a request that machines opened first',
      arrange: (world) => world.web.par(),
      twin: (world, { requestUri }) => completes(world.web, requestUri),
      attack: async (world, { requestUri }, attempt) => {
        const at = world.web.authorizeUrl(requestUri)
        for (const [what, headers] of Object.entries(previews)) {
          await attempt(what, async () => {
            const page = await world.browser().open(at, { headers })
            return finding(page.status < 500 && page.redirectedTo === undefined, shown(page))
          })
        }
        await attempt('a HEAD request', async () => {
          const { ca } = world.server
          const { status } = await send(at, { method: 'HEAD', ...(ca === undefined ? {} : { ca }) })
          return finding(status < 500, String(status))
        })
      },
      unharmed: async (world, { requestUri }, check) => {
        await check('its person completes it', () => completes(world.web, requestUri))
      },
    }),
  ],
}

const swapping: Scenario = {
  id: 'ATK-BS-01',
  title: 'have the victim complete a flow of the attacker and use its response',
  clauses: ['FAPI2 SP 6.4', 'RFC 6749 4.1.2'],
  needs: ['person'],
  parts: [
    part({
      what: 'a response that was caught on its way',
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        await attempt('in another flow', async () => {
          const { verifier } = await world.web.par()
          return refusedAs((await world.web.redeem({ ...given, verifier }, proving)).answer, '400 invalid_grant') // prettier-ignore
        })
        await attempt('after its client used it', async () => {
          await world.web.redeem(given, proving)
          return refusedAs((await world.web.redeem(given, proving)).answer, '400 invalid_grant')
        })
      },
      unharmed: async (world, _, check) => {
        await check('another flow succeeds', async () => answered((await connect(world)).tokens.answer, 200)) // prettier-ignore
      },
    }),
    part({
      what: 'a response that was kept for a minute',
      needs: ['clock'],
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        await attempt('61 seconds later', async () => {
          await world.moveClock(61)
          return refusedAs((await world.web.redeem(given, proving)).answer, '400 invalid_grant')
        })
      },
      unharmed: async (world, _, check) => {
        await check('another flow succeeds', async () => answered((await connect(world)).tokens.answer, 200)) // prettier-ignore
      },
    }),
    part({
      what: 'a request that was completed',
      needs: ['pages'],
      arrange: (world) => world.web.par(),
      twin: (world, { requestUri }) => completes(world.web, requestUri),
      attack: async (world, { requestUri }, attempt) => {
        await world.web.approve(requestUri)
        await attempt('opened again', async () =>
          closed(world, await world.browser().open(world.web.authorizeUrl(requestUri))),
        )
      },
      unharmed: pushSurvives,
    }),
  ],
}

const plainRedirects = ['http://app.example/cb', 'HTTP://app.example/cb', 'ws://app.example/cb', 'ftp://app.example/cb'] as const // prettier-ignore

export const plainHttp: Scenario = {
  id: 'ATK-A2-02',
  title: 'catch a code on its way to a redirect URI without TLS',
  clauses: ['SP-AS-27', 'FAPI2 SP 5.3.2.2'],
  needs: [],
  parts: [
    part({
      what: 'a push with such an address',
      arrange: () => Promise.resolve([]),
      twin: (world) => pushes(world.web),
      attack: async (world, _, attempt) => {
        const own = world.web.fixture.redirectUri.replace(/^https:/, 'http:')
        for (const redirect_uri of [own, ...plainRedirects]) {
          if (redirect_uri === world.web.fixture.redirectUri) continue
          await attempt(
            redirect_uri,
            async () =>
            refusedAs((await world.web.par({ fields: { redirect_uri } })).answer, '400 invalid_request', '400 invalid_redirect_uri'), // prettier-ignore
          )
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'a registration with such an address',
      needs: ['operator'],
      arrange: async (world) => {
        const admin = await world.operator()
        return { admin, made: await registerClient(admin) }
      },
      twin: async (_, { admin, made }) =>
        answered(await admin.request('PUT', `/clients/${made.fixture.clientId}`, made.metadata), 200), // prettier-ignore
      attack: async (_, { admin, made }, attempt) => {
        const { metadata, fixture } = made
        for (const one of plainRedirects) {
          await attempt(one, async () => {
            const redirect_uris = [...(metadata['redirect_uris'] as readonly string[]), one]
            const answer = await admin.request('PUT', `/clients/${fixture.clientId}`, { ...metadata, redirect_uris }) // prettier-ignore
            return refusedAs(answer, '400 invalid_client_metadata', '400 invalid_redirect_uri')
          })
        }
      },
      unharmed: async (world, { made }, check) => {
        await check('the client is as it was', () => pushes(world.act(made.fixture)))
      },
    }),
  ],
}

/** A3a and browser swapping: whoever reads authorization requests. */
export const frontChannel: readonly Scenario[] = [
  swapped, leaked, grantIds, traces, preloading, swapping,
] // prettier-ignore
