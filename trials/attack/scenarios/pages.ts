import type { Browser, Page, Visit } from '../../../test/support/browser.ts'
import { form, send } from '../../../test/support/http.ts'
import { peopleForms } from '../../../test/support/people-forms.ts'
import { arrive, reachConsent, requestSurvives, staysOrTellsClient } from '../common.ts'
import { allOf, carriesCode, finding, refusedPage, shown } from '../finding.ts'
import type { Finding } from '../finding.ts'
import type { At } from '../pages.ts'
import { part } from '../scenario.ts'
import type { Note, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

type Arrived = At & { readonly requestUri: string }

/** The twin of every attack on pages: a person signs in, approves, and is sent back with a code. */
const walks = async (world: World, at: At): Promise<Finding> => {
  const page = await world.pages().signIn(at, world.person)
  return carriesCode((await world.pages().approve({ ...at, page })).redirectedTo)
}

const approves = async (world: World, at: At): Promise<Finding> =>
  carriesCode((await world.pages().approve(at)).redirectedTo)

/** What a consent page that was attacked must still do for its person. */
const consentSurvives = async (world: World, at: At, check: Note): Promise<void> => {
  await check('the person still approves', () => approves(world, at))
}

/** Whether a forged or misplaced form was not taken: no code, nobody signed in, no redirect elsewhere. */
const notTaken = (world: World, page: Page): Finding =>
  finding(
    page.status < 500 &&
      page.redirectedTo?.searchParams.has('code') !== true &&
      !world.pages().asksToApprove(page),
    shown(page),
  )

/** Sends the form of a page with the browser's cookies, and follows nothing. */
async function sendForm(world: World, { page, browser }: At) {
  const { action, fields } = await world.pages().prepare(page, world.person)
  const cookie = browser.cookies.header(new URL(action), { method: 'POST', crossSite: false })
  const { ca } = world.server
  return send(action, {
    method: 'POST',
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['origin', new URL(action).origin],
      ['sec-fetch-site', 'same-origin'],
      ['cookie', cookie],
    ],
    body: form(fields),
    ...(ca === undefined ? {} : { ca }),
  })
}

const repeating: Scenario = {
  id: 'ATK-A1-15',
  title: 'have credentials posted again to the client',
  clauses: ['RFC 9700 4.12', 'FAPI2 SP 5.3.2.2'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'the answers to forms',
      arrange: arrive,
      twin: walks,
      attack: async (world, at, attempt) => {
        const consent = await reachConsent(world)
        for (const [what, where] of Object.entries({ 'after the sign-in': at, 'after the approval': consent })) {
          await attempt(what, async () => {
            const answer = await sendForm(world, where)
            const location = decodeURIComponent(answer.headers.get('location') ?? '')
            const told = location.includes(world.person.password)
            const repeats = answer.status === 307 || answer.status === 308 || answer.status >= 400
            return finding(!told && !repeats, told ? 'the address tells the password' : `${answer.status}`)
          })
        } // prettier-ignore
      },
      unharmed: async (world, _, check) => {
        await check('a person still gets through', async () => walks(world, await arrive(world)))
      },
    }),
  ],
}

/** Whether a page may stand in no frame, by both generations of headers. */
function unframed({ headers }: Page): Finding {
  const policy = headers.get('content-security-policy') ?? ''
  const byPolicy = /frame-ancestors 'none'/.test(policy)
  const byHeader = headers.get('x-frame-options')?.toUpperCase() === 'DENY'
  const saw = [byPolicy ? "frame-ancestors 'none'" : 'no frame-ancestors', byHeader ? 'DENY' : 'no X-Frame-Options'] // prettier-ignore
  return finding(byPolicy && byHeader, saw.join(', '))
}

const framing: Scenario = {
  id: 'ATK-A1-16',
  title: 'show the pages in a frame',
  clauses: ['RFC 9700 4.16'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'each page',
      arrange: reachConsent,
      twin: approves,
      attack: async (world, { page }, attempt) => {
        const address = world.web.url('/authorize', 'main')
        await attempt('sign-in', async () => unframed((await arrive(world)).page))
        await attempt('consent', () => unframed(page))
        await attempt('an error', async () => unframed(await world.browser().open(address)))
        await attempt('the consent of another browser', async () =>
          unframed(await world.browser().open(page.url)),
        )
      },
      unharmed: consentSurvives,
    }),
  ],
}

/** How forms from elsewhere arrive. */
const elsewhere = (issuer: string): Readonly<Record<string, Visit>> => {
  const { origin } = new URL(issuer)
  return {
    'a foreign Origin': { headers: { origin: 'https://evil.example', 'sec-fetch-site': null } },
    'a cross-site form': { from: 'cross-site', headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } },
    'a cross-site form with the own Origin': { headers: { origin, 'sec-fetch-site': 'cross-site' } },
    'the own Origin with another port': { headers: { origin: `${origin.replace(/:\d+$/, '')}:1`, 'sec-fetch-site': null } },
    'an Origin that begins like the own': { headers: { origin: `${origin}.evil.example`, 'sec-fetch-site': null } },
  } // prettier-ignore
}

const forging: Scenario = {
  id: 'ATK-A1-17',
  title: 'send sign-in and consent forms from another site',
  clauses: ['RFC 6749 10.12', 'RFC 9700 4.7'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'the sign-in form from elsewhere',
      arrange: arrive,
      twin: walks,
      attack: async (world, at, attempt) => {
        for (const [what, visit] of Object.entries(elsewhere(world.server.issuer))) {
          await attempt(what, async () =>
            notTaken(world, await world.pages().signIn(at, world.person, visit)),
          )
        }
      },
      unharmed: async (world, at, check) => {
        await check('the person still gets through', () => walks(world, at))
      },
    }),
    part({
      what: 'the consent form from elsewhere',
      arrange: reachConsent,
      twin: approves,
      attack: async (world, at, attempt) => {
        for (const [what, visit] of Object.entries(elsewhere(world.server.issuer))) {
          await attempt(what, async () => notTaken(world, await world.pages().approve(at, visit)))
          if (!world.has('deny')) continue
          await attempt(`${what}, to deny`, async () => refusedPage(await world.pages().deny(at, visit))) // prettier-ignore
        }
      },
      unharmed: consentSurvives,
    }),
    part({
      what: 'forms without their token, with another, or as an address',
      arrange: reachConsent,
      twin: approves,
      attack: async (world, at, attempt) => {
        const { action, fields, hidden } = await world.pages().prepare(at.page, world.person)
        const strange = await reachConsent(world, world.second)
        const other = await world.pages().prepare(strange.page, world.person)
        const tokens = hidden.filter((name) => (fields[name] ?? '').length > 15)
        const without = Object.fromEntries(Object.entries(fields).filter(([name]) => !tokens.includes(name))) // prettier-ignore
        const swap = (change: (name: string) => string) => ({ ...fields, ...Object.fromEntries(tokens.map((name) => [name, change(name)])) }) // prettier-ignore
        const tries = { 'no token': without, 'an empty one': swap(() => ''), 'an altered one': swap((name) => `${(fields[name] ?? '').slice(0, -2)}xx`), 'the one of another browser': swap((name) => other.fields[name] ?? '') } // prettier-ignore
        for (const [what, values] of Object.entries(tries)) {
          await attempt(what, async () => notApproved(await at.browser.post(action, values)))
        }
        await attempt('as an address', async () =>
          notApproved(await at.browser.open(`${action.split('?')[0] ?? action}?${form(fields)}`)),
        )
      },
      unharmed: consentSurvives,
    }),
    part({
      what: 'cookies that other sites could send or scripts could read',
      arrange: reachConsent,
      twin: approves,
      attack: async (world, { browser }, attempt) => {
        const secure = world.server.issuer.startsWith('https:')
        for (const cookie of browser.cookies.list()) {
          await attempt(`cookie ${cookie.name}`, () => {
            const sound = cookie.httpOnly && cookie.sameSite !== 'none' && (!secure || cookie.secure) // prettier-ignore
            const flags = [cookie.sameSite, cookie.httpOnly ? 'HttpOnly' : '', cookie.secure ? 'Secure' : ''] // prettier-ignore
            return finding(sound, flags.filter((flag) => flag !== '').join(', '))
          })
        }
      },
      unharmed: consentSurvives,
    }),
    part({
      what: 'every other form of this server from elsewhere',
      needs: ['operator'],
      arrange: reachConsent,
      twin: approves,
      attack: async (world, { browser }, attempt) => {
        const others = peopleForms.filter((path) => path !== '/authorize')
        for (const path of others) {
          await attempt(path, async () => {
            const url = `${world.server.issuer}${path}`
            const page = await browser.post(url, { action: 'x' }, { from: 'cross-site' })
            const cookies = page.headers.getSetCookie().length
            if (cookies > 0) return finding(false, 'it changed cookies')
            // OpenID Connect RP-Initiated Logout 2 takes it from elsewhere, and the person is asked.
            return path === '/logout' && page.forms.length > 0 ? finding(true, 'asks first') : refusedPage(page) // prettier-ignore
          })
        }
      },
      unharmed: consentSurvives,
    }),
  ],
}

/** Whether a page that followed a forged approval carries no code. */
const notApproved = (page: Page): Finding =>
  finding(page.status < 500 && page.redirectedTo === undefined, shown(page))

/** Puts the cookies of one browser into another, as a sibling domain or a shared machine could. */
function plant(from: Browser, into: Browser): void {
  for (const cookie of from.cookies.list()) into.cookies.put(cookie)
}

const fixation: Scenario = {
  id: 'ATK-A1-18',
  title: 'fix the session of the victim before the sign-in',
  clauses: ['FAPI2 AM 5', 'RFC 9700 4.7'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'cookies that are known from before the sign-in',
      arrange: arrive,
      twin: walks,
      attack: async (world, attacker, attempt) => {
        const victim = world.browser()
        const thief = world.browser()
        plant(attacker.browser, victim)
        plant(attacker.browser, thief)
        const login = await victim.open(attacker.page.url)
        const consent = await world.pages().signIn({ page: login, browser: victim }, world.person)
        await attempt('no cookie is new after the sign-in', () => {
          const known = new Set(attacker.browser.cookies.list().map(({ value }) => value))
          const fresh = victim.cookies.list().filter(({ value }) => !known.has(value)).length
          return finding(fresh > 0 || !world.pages().asksToApprove(consent), `${fresh} new cookies`)
        })
        for (const [what, browser] of Object.entries({ 'the browser that set them': attacker.browser, 'a browser with the same cookies': thief })) {
          await attempt(`the consent page in ${what}`, async () =>
            notTaken(world, await browser.open(consent.url)),
          )
          await attempt(`the approval from ${what}`, async () => {
            const { action, fields } = await world.pages().prepare(consent, world.person)
            return notTaken(world, await browser.post(action, fields))
          })
        } // prettier-ignore
      },
      unharmed: async (world, { requestUri }, check) => {
        await requestSurvives(world, { requestUri }, check)
      },
    }),
  ],
}

const hijack: Scenario = {
  id: 'ATK-A1-19',
  title: 'go on with somebody’s interaction in another browser',
  clauses: ['FAPI2 AM 5', 'RFC 9700 4.7'],
  needs: ['person', 'people', 'pages'],
  parts: [
    part({
      what: 'the consent page of the victim',
      arrange: reachConsent,
      twin: approves,
      attack: async (world, victim, attempt) => {
        for (const [what, browser] of Object.entries(await strangers(world, victim))) {
          await attempt(`its address in ${what}`, async () => {
            const page = await browser.open(victim.page.url)
            const told = page.text.includes(world.person.username)
            return told ? finding(false, 'it names the victim') : notTaken(world, page)
          })
          await attempt(`its form from ${what}`, async () => {
            const { action, fields } = await world.pages().prepare(victim.page, world.person)
            return notTaken(world, await browser.post(action, fields))
          })
        }
      },
      unharmed: consentSurvives,
    }),
    part({
      what: 'the sign-in page of the victim',
      arrange: arrive,
      twin: walks,
      attack: async (world, victim, attempt) => {
        for (const [what, browser] of Object.entries(await strangers(world, victim))) {
          await attempt(`its form from ${what}`, async () => {
            const { action, fields } = await world.pages().prepare(victim.page, world.otherPerson())
            return notTaken(world, await browser.post(action, fields))
          })
        }
      },
      unharmed: async (world, at, check) => {
        await check('the victim still gets through', () => walks(world, at))
      },
    }),
    part({
      what: 'one request by two people at once',
      arrange: async (world) => {
        const victim = await reachConsent(world)
        const browser = world.browser()
        const page = await browser.open(world.web.authorizeUrl(victim.requestUri))
        const other = { page: await world.pages().signIn({ page, browser }, world.otherPerson()), browser } // prettier-ignore
        return { victim, other }
      },
      twin: (world, { victim }) => approves(world, victim),
      attack: async (world, { victim, other }, attempt) => {
        await attempt('both approve', async () => {
          const done = await Promise.all([victim, other].map((at) => world.pages().approve(at)))
          const codes = done.filter(({ redirectedTo }) => redirectedTo?.searchParams.has('code'))
          const losers = done
            .filter((page) => !codes.includes(page))
            .map((page) => staysOrTellsClient(world, page))
          return allOf([finding(codes.length === 1, `${codes.length} codes`), ...losers])
        })
      },
      unharmed: async (world, { victim }, check) => {
        await check('the request is used up', async () =>
          refusedPage(await world.browser().open(world.web.authorizeUrl(victim.requestUri))),
        )
      },
    }),
  ],
}

/** Browsers that are not the victim's: one unused, and one where somebody else signed in. */
async function strangers(
  world: World,
  victim: Arrived,
): Promise<Readonly<Record<string, Browser>>> {
  const signedIn = world.browser()
  const page = await signedIn.open(world.web.authorizeUrl(victim.requestUri))
  await world.pages().signIn({ page, browser: signedIn }, world.otherPerson())
  return { 'a browser without cookies': world.browser(), 'a browser of somebody else': signedIn }
}

/** A1-15 to A1-19: what is done with pages and browsers. */
export const pages: readonly Scenario[] = [repeating, framing, forging, fixation, hijack]
