import { form } from '../../../test/support/http.ts'
import {
  arrive,
  inBatches,
  pushSurvives,
  pushes,
  reachConsent,
  requestSurvives,
  staysOrTellsClient,
} from '../common.ts'
import { finding, refusedAs, refusedPage, shown } from '../finding.ts'
import { bend } from '../redirect-corpus.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

const evil = 'https://evil.example/cb'

/** RFC 6749 4.1.2.1 has no code of its own for it; RFC 7591 3.2.2 and some servers do. */
const badAddress = ['400 invalid_request', '400 invalid_redirect_uri'] as const

const bending: Scenario = {
  id: 'ATK-A1-10',
  title: 'bend the redirect_uri',
  clauses: ['FAPI2 SP 5.3.2.2', 'RFC 9700 4.1', 'RFC 3986 6.2.1'],
  needs: [],
  parts: [
    part({
      what: 'near misses of the registered address',
      arrange: (world) => Promise.resolve(bend(world.web.fixture.redirectUri)),
      twin: (world) => pushes(world.web),
      attack: async (world, corpus, attempt) => {
        await inBatches(corpus, (redirect_uri) =>
          attempt(redirect_uri.slice(0, 120), async () => {
            const { answer } = await world.web.par({ fields: { redirect_uri } })
            const echoed = answer.text.includes('evil')
            return echoed
              ? finding(false, 'the answer repeats it')
              : refusedAs(answer, ...badAddress)
          }),
        )
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'no address, or two',
      arrange: (world) => Promise.resolve(world.web.fixture.redirectUri),
      twin: (world) => pushes(world.web),
      attack: async (world, registered, attempt) => {
        const tries = {
          'none at all': { fields: { redirect_uri: undefined } },
          'an empty one': { fields: { redirect_uri: '' } },
          'the registered one twice': { extra: [['redirect_uri', registered]] },
          'another beside it': { extra: [['redirect_uri', evil]] },
          'that of another client': { fields: { redirect_uri: world.second.fixture.redirectUri } },
        } as const
        for (const [what, options] of Object.entries(tries)) {
          await attempt(what, async () =>
            refusedAs((await world.web.par(options)).answer, ...badAddress),
          )
        }
      },
      unharmed: pushSurvives,
    }),
  ],
}

const redirector: Scenario = {
  id: 'ATK-A1-11',
  title: 'use the server to send people elsewhere',
  clauses: ['RFC 9700 4.11.2', 'RFC 6749 4.1.2.1'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'addresses nobody validated',
      arrange: arrive,
      twin: async (world, at) => {
        const consent = await world.pages().signIn(at, world.person)
        const done = await world.pages().approve({ ...at, page: consent })
        return finding(done.redirectedTo?.searchParams.has('code') === true, shown(done))
      },
      attack: async (world, { requestUri }, attempt) => {
        const { clientId } = world.web.fixture
        const queries: Readonly<Record<string, Readonly<Record<string, string>>>> = {
          'an unknown client': { client_id: 'nobody', redirect_uri: evil, response_type: 'code', scope: 'evil' },
          'an unknown client with a known request': { client_id: 'nobody', request_uri: requestUri, redirect_uri: evil },
          'a bad request_uri': { client_id: clientId, request_uri: 'urn:x', redirect_uri: evil, prompt: 'none' },
          'an error to pass on': { client_id: clientId, redirect_uri: evil, error: 'x' },
          'names that other servers follow': { redirect_uri: evil, post_logout_redirect_uri: evil, return_to: evil, next: evil },
          'a bad scope in the address': { client_id: clientId, redirect_uri: evil, response_type: 'code', scope: 'evil', response_mode: 'form_post' },
        } // prettier-ignore
        for (const [what, query] of Object.entries(queries)) {
          await attempt(what, async () => {
            const url = `${world.web.url('/authorize', 'main')}?${form(query)}`
            const page = await world.browser().open(url)
            const links = page.links.some(({ href }) => href.includes('evil.example'))
            const leads = links || page.headers.has('refresh')
            return leads ? finding(false, 'the page leads there') : refusedPage(page)
          })
        }
        await attempt('a bad scope pushed', async () => {
          const { answer } = await world.web.par({ fields: { scope: 'evil', redirect_uri: evil } })
          return refusedAs(answer, '400')
        })
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'errors that go back to the client',
      arrange: arrive,
      twin: async (world) => {
        const { page, browser } = await reachConsent(world)
        const done = await world.pages().approve({ page, browser })
        return finding(done.redirectedTo?.searchParams.has('code') === true, shown(done))
      },
      attack: async (world, at, attempt) => {
        await attempt('prompt=none without a session', async () => {
          const { answer, requestUri } = await world.web.par({ fields: { prompt: 'none' } })
          if (answer.status >= 400) return refusedAs(answer, '400')
          const url = `${world.web.authorizeUrl(requestUri)}&${form({ redirect_uri: evil })}`
          return staysOrTellsClient(world, await world.browser().open(url))
        })
        if (!world.has('deny')) return
        await attempt('a consent that is denied', async () => {
          const page = await world.pages().signIn(at, world.person)
          return staysOrTellsClient(world, await world.pages().deny({ ...at, page }))
        })
        await attempt('a request that was denied', async () =>
          refusedPage(await world.browser().open(world.web.authorizeUrl(at.requestUri))),
        )
      },
      unharmed: async (world, _, check) => {
        const { requestUri } = await world.web.par()
        await requestSurvives(world, { requestUri }, check)
      },
    }),
  ],
}

/** A1-10 and A1-11: where people are sent. */
export const redirects: readonly Scenario[] = [bending, redirector]
