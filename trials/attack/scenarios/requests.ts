import { randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { Page } from '../../../test/support/browser.ts'
import { form } from '../../../test/support/http.ts'
import { injected } from '../../../test/support/injected-parameters.ts'
import { openKeyHost } from '../../../test/support/key-host.ts'
import type { WireClient } from '../../../test/support/wire-client.ts'
import {
  completes,
  opens,
  prove,
  reachConsent,
  redeems,
  requestSurvives,
  staysOrTellsClient,
} from '../common.ts'
import { allOf, finding, refusedAs, refusedPage, shown } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { requestObject } from '../forge.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const pushed = async (world: World) => ({ requestUri: (await world.web.par()).requestUri })

const opened = async (world: World, { requestUri }: { readonly requestUri: string }) =>
  opens(world, await world.browser().open(world.web.authorizeUrl(requestUri)))

/** Whether pages name the client that asks, by its name's host, and not the other. */
function names(pages: readonly Page[], client: WireClient, other: WireClient): Finding {
  const host = ({ fixture }: WireClient) => new URL(fixture.redirectUri).host
  const named = pages.every(({ words }) => words.includes(host(client)) || words.includes(client.fixture.clientId)) // prettier-ignore
  const mistaken = pages.some(({ words }) => words.includes(host(other)))
  return finding(named && !mistaken, named ? 'the pages name who asks' : 'the pages do not say who asks') // prettier-ignore
}

const swap: Scenario = {
  id: 'ATK-A1-05',
  title: 'open a request_uri under another client, or hide who pushed it',
  clauses: ['RFC 9126 2.2', 'RFC 9126 7.1'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'a request under another client_id',
      arrange: pushed,
      twin: opened,
      attack: async (world, { requestUri }, attempt) => {
        for (const clientId of [world.second.fixture.clientId, 'nobody', '__proto__', '']) {
          await attempt(`client_id '${clientId}'`, async () => {
            const url = world.web.authorizeUrl(requestUri, clientId)
            return refusedPage(await world.browser().open(url))
          })
        }
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'a request of the attacker in a link to the victim',
      arrange: (world) => reachConsent(world, world.second),
      twin: async (world) => names([(await reachConsent(world)).page], world.web, world.second),
      attack: async (world, { page, requestUri }, attempt) => {
        await attempt('the consent page shows who pushed it', () =>
          names([page], world.second, world.web),
        )
        await attempt('under the name of a client the victim trusts', async () => {
          const url = world.second.authorizeUrl(requestUri, world.web.fixture.clientId)
          return refusedPage(await world.browser().open(url))
        })
      },
      unharmed: async (world, { requestUri }, check) => {
        await check('the request still belongs to who pushed it', () =>
          completes(world.second, requestUri),
        )
      },
    }),
  ],
}

const changeAt = (text: string, at: number): string => {
  const index = at < 0 ? text.length + at : at
  return text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
}

/** What a page says, without what is new each time: its reference, and whatever holds a digit. */
const uniform = (page: Page): string =>
  `${page.status} ${page.words.replace(page.element('reference') ?? '', '').replace(/[\w-]*\d[\w-]*/g, '')}`

const guessing: Scenario = {
  id: 'ATK-A1-06',
  title: 'guess a request_uri',
  clauses: ['RFC 9126 7.1', 'FAPI2 SP 5.3.2.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'references near a real one, and none at all',
      arrange: pushed,
      twin: opened,
      attack: async (world, { requestUri }, attempt) => {
        const body = requestUri.split(':').at(-1) ?? ''
        const prefix = requestUri.slice(0, requestUri.length - body.length)
        const guesses = [changeAt(body, -2), changeAt(body, Math.floor(body.length / 2)), changeAt(body, 1), `${body}A`, body.slice(0, -4), randomBytes(body.length).toString('base64url').slice(0, body.length), randomBytes(16).toString('hex'), '1', '2', '3', '*', '../x', ''] // prettier-ignore
        const seen = new Set<string>()
        for (const guess of guesses) {
          await attempt(`a guess of ${guess.length} characters`, async () => {
            const page = await world.browser().open(world.web.authorizeUrl(`${prefix}${guess}`))
            if (guess.length === body.length) seen.add(uniform(page))
            return refusedPage(page)
          })
        }
        await attempt('differences between the answers', () =>
          finding(seen.size === 1, `${seen.size} different answers to references of one length`),
        )
        await attempt('a reference of less than 128 bits', () =>
          finding(body.length >= 22, `${body.length} characters after the prefix`),
        )
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'references in their order',
      arrange: async (world) => ({
        all: await Promise.all([1, 2, 3, 4].map(async () => (await world.web.par()).requestUri)),
      }),
      twin: async (world, { all }) => opened(world, { requestUri: all[0] ?? '' }),
      attack: async (_, { all }, attempt) => {
        const bodies = all.map((one) => one.split(':').at(-1) ?? '')
        await attempt('a reference that is known from another', () => {
          const shared = Math.max(...bodies.slice(1).map((one) => sharedLetters(bodies[0] ?? '', one))) // prettier-ignore
          const free = (bodies[0]?.length ?? 0) - shared
          return finding(free >= 22, `${free} characters differ at least`)
        })
      },
      unharmed: async (world, { all }, check) => {
        await check('each leads its owner to a code', () => completes(world.web, all.at(-1) ?? ''))
      },
    }),
  ],
}

const sharedLetters = (one: string, other: string): number =>
  [...one].filter((letter, at) => letter === other[at]).length

const replayed: Scenario = {
  id: 'ATK-A1-07',
  title: 'use a request_uri again after it was completed',
  clauses: ['RFC 9126 7.3', 'FAPI2 SP 5.3.2.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'a completed request',
      arrange: async (world) => {
        const browser = world.browser()
        const { requestUri, verifier } = await world.web.par()
        const callback = await world.web.approve(requestUri, world.person, browser)
        return { browser, requestUri, verifier, code: callback.searchParams.get('code') ?? '' }
      },
      twin: async (_, { code }) => finding(code !== '', 'a code at the first time'),
      attack: async (world, { browser, requestUri, code }, attempt) => {
        const visitors = { 'in the same browser': browser, 'in another browser': world.browser() }
        for (const [what, visitor] of Object.entries(visitors)) {
          await attempt(what, async () => {
            const page = await visitor.open(world.web.authorizeUrl(requestUri))
            const told = page.text.includes(code) ? finding(false, 'the page tells the code') : finding(true, '') // prettier-ignore
            return allOf([told, refusedPage(page)])
          })
        }
      },
      unharmed: async (world, { code, verifier }, check) => {
        await check('the code of the first time still redeems', async () =>
          redeems(world.web, { code, verifier }, await prove(world)),
        )
      },
    }),
    part({
      what: 'a consent page that was answered',
      arrange: reachConsent,
      twin: async (world, at) => finding((await world.pages().approve(at)).redirectedTo !== undefined, 'approved'), // prettier-ignore
      attack: async (world, at, attempt) => {
        const first = await world.pages().approve(at)
        for (const again of world.has('deny')
          ? (['approve', 'deny'] as const)
          : (['approve'] as const)) {
          await attempt(`${again} again`, async () => {
            const page = await world.pages()[again](at)
            const code = page.redirectedTo?.searchParams.get('code') ?? ''
            const same = first.redirectedTo?.searchParams.get('code') === code
            return finding(code === '' || same, shown(page))
          })
        }
      },
      unharmed: async (world, { requestUri }, check) => {
        await check('the request is used up', async () =>
          refusedPage(await world.browser().open(world.web.authorizeUrl(requestUri))),
        )
      },
    }),
  ],
}

const tampering: Scenario = {
  id: 'ATK-A1-08',
  title: 'add parameters to the authorization address',
  clauses: ['RFC 9126 4', 'FAPI2 SP 5.3.2.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'parameters beside a request_uri',
      arrange: async (world) => {
        const proving = await prove(world)
        const state = `state-${randomBytes(8).toString('hex')}`
        const given = await world.web.par({ ...proving, fields: { state, nonce: 'pushed-nonce' } })
        return { ...given, proving, state }
      },
      twin: async (world, { requestUri, state }) => {
        const callback = await world.web.approve(requestUri)
        return finding(callback.searchParams.get('state') === state, 'the pushed state')
      },
      attack: async (world, { requestUri, verifier, proving, state }, attempt) => {
        for (const [name, value] of Object.entries(injected)) {
          await attempt(name, async () => {
            const { requestUri: own } = await world.web.par()
            const url = `${world.web.authorizeUrl(own)}&${form({ [name]: value })}`
            const page = await world.browser().open(url)
            const told = page.text.includes('evil')
            const stays = page.redirectedTo === undefined || refusedPage(page).good
            return finding(stays && !told, told ? 'the page repeats it' : shown(page))
          })
        }
        await attempt('all of them, to the end', async () => {
          const url = `${world.web.authorizeUrl(requestUri)}&${form(injected)}`
          const browser = world.browser()
          const page = await browser.open(url)
          if (refusedPage(page).good) return finding(true, 'refused')
          const consent = await world.pages().signIn({ page, browser }, world.person)
          const { redirectedTo } = await world.pages().approve({ page: consent, browser })
          const code = redirectedTo?.searchParams.get('code') ?? ''
          const { answer } = await world.web.redeem({ code, verifier }, proving)
          return allOf([
            sentToClient(world, redirectedTo, state),
            finding(answer.status === 200, 'the pushed challenge won'),
            idTokenKeeps(answer.json['id_token']),
          ])
        })
      },
      unharmed: async (world, _, check) => {
        await check('a request without them leads to a code', async () =>
          completes(world.web, (await world.web.par()).requestUri),
        )
      },
    }),
  ],
}

/** Whether the browser went to the registered address, with the pushed state, and nothing in the fragment. */
function sentToClient(world: World, url: URL | undefined, state: string): Finding {
  const registered = new URL(world.web.fixture.redirectUri)
  const there = url?.origin === registered.origin && url.pathname === registered.pathname
  const own = url?.searchParams.get('state') === state && url.hash === ''
  return finding(there && own, there && own ? 'the pushed values won' : 'the added values won')
}

function idTokenKeeps(idToken: unknown): Finding {
  if (typeof idToken !== 'string') return finding(true, 'no id_token')
  const { nonce, email } = decodeJwt(idToken)
  return finding(nonce === 'pushed-nonce' && email === undefined, 'the pushed values won')
}

const classic: Scenario = {
  id: 'ATK-A1-09',
  title: 'start without a pushed request, or make the server fetch one',
  clauses: ['FAPI2 SP 5.3.2.2', 'RFC 9126 5'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'parameters or a request object in the address',
      arrange: pushed,
      twin: opened,
      attack: async (world, _, attempt) => {
        for (const [what, fields] of Object.entries(await entrances(world))) {
          await attempt(what, async () => {
            const url = `${world.web.url('/authorize', 'main')}?${form(fields)}`
            return staysOrTellsClient(world, await world.browser().open(url))
          })
        }
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'a request_uri of somebody’s own',
      arrange: async (world) => ({ ...(await pushed(world)), host: await openKeyHost() }),
      twin: async (world, given) => {
        await given.host.close()
        return opened(world, given)
      },
      attack: async (world, { host }, attempt) => {
        const own = `${host.origin}/request.jwt`
        const foreign = [own, own.replace('http:', 'https:'), `urn:ietf:params:oauth:request_uri:${own}`, 'https://evil.example/request.jwt', 'file:///etc/passwd', 'data:,x', 'javascript:alert(1)', 'http://169.254.169.254/latest/meta-data', '//evil.example'] // prettier-ignore
        for (const requestUri of foreign) {
          await attempt(`opened: ${requestUri}`, async () =>
            refusedPage(await world.browser().open(world.web.authorizeUrl(requestUri))),
          )
          await attempt(`pushed: ${requestUri}`, async () => {
            const { answer } = await world.web.par({ fields: { request_uri: requestUri } })
            return refusedAs(answer, '400')
          })
        }
      },
      unharmed: async (world, { host, requestUri }, check) => {
        await check('nobody asked our host', async () => {
          const total = host.total()
          await host.close()
          return finding(total === 0, `asked ${total} times`)
        })
        await requestSurvives(world, { requestUri }, check)
      },
    }),
  ],
}

/** Ways in that are not a pushed request. */
async function entrances(
  world: World,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const { jwk, clientId, redirectUri } = world.web.fixture
  const fields = { ...world.web.authorizationFields('v'.repeat(43)), client_id: clientId }
  const request =
    jwk === undefined ? 'eyJhbGciOiJub25lIn0.e30.' : await requestObject(world, world.web)
  return {
    'the classic query': fields,
    'a signed request object alone': { client_id: clientId, request },
    'a signed request object beside the query': { ...fields, request },
    'client and address alone': { client_id: clientId, redirect_uri: redirectUri },
    'the client alone': { client_id: clientId },
    'an empty request_uri': { client_id: clientId, request_uri: '' },
    nothing: {},
  }
}

/** A1-05 to A1-09: what is done with a pushed request. */
export const requests: readonly Scenario[] = [swap, guessing, replayed, tampering, classic] // prettier-ignore
