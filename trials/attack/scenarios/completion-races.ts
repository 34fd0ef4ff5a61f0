import { form, send } from '../../../test/support/http.ts'
import type { Answer, Transport } from '../../../test/support/http.ts'
import { arrive, obtainCode, opens, prove, reachConsent, redeems } from '../common.ts'
import { allOf, answered, finding, refusedAs, shown } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { managedGrant } from '../material.ts'
import type { At } from '../pages.ts'
import { race } from '../race.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const runners = 50

type Press = (via: Transport) => Promise<Answer>

/** Presses a button of a consent page by hand, so that it may start with others. */
function pressing(world: World, { page, browser }: At, answer: 'approve' | 'deny'): Press {
  const { action, fields } = world.pages().answerOf(page, answer)
  const url = new URL(action)
  const { ca } = world.server
  return (via) =>
    via(action, {
      method: 'POST',
      headers: [
        ['content-type', 'application/x-www-form-urlencoded'],
        ['cookie', browser.cookies.header(url, { method: 'POST', crossSite: false })],
        ['origin', url.origin],
        ['sec-fetch-site', 'same-origin'],
      ],
      body: form(fields),
      ...(ca === undefined ? {} : { ca }),
    })
}

/** What answers say to the client: different codes, and whether somebody refused. */
function responsesIn(all: readonly Answer[]) {
  const sent = all
    .map(({ headers }) => headers.get('location') ?? '')
    .filter((one) => URL.canParse(one))
    .map((one) => new URL(one).searchParams)
  const codes = sent.map((one) => one.get('code')).filter((code) => code !== null)
  return {
    codes: [...new Set(codes)],
    denied: sent.some((one) => one.get('error') === 'access_denied'),
    failed: all.filter(({ status }) => status >= 500).length,
  }
}

/** Two pages are answered in turn by many at once. */
const pressAll = async (presses: readonly [Press, Press]) =>
  responsesIn(await race(runners, (via, index) => (presses[index % 2] ?? presses[0])(via)))

const pressOnce = async (press: Press) => responsesIn([await press(send)])

/** Two people at the consent page of one request; `won` is for the codes of the race. */
async function twoPeople(world: World) {
  const first = await reachConsent(world)
  const browser = world.browser()
  const page = await browser.open(world.web.authorizeUrl(first.requestUri), { from: 'cross-site' })
  const second = { browser, page: await world.pages().signIn({ page, browser }, world.otherPerson()) } // prettier-ignore
  return { first, second, won: [] as string[], proving: await prove(world) }
}

const raceRequest: Scenario = {
  id: 'EX-RACE-REQUEST-URI',
  title: 'complete a pushed request many times at once',
  clauses: ['FAPI2 SP 5.3.2.2', 'RFC 9126 4'],
  needs: ['person', 'people', 'pages'],
  parts: [
    part({
      what: 'two people approve the same request',
      arrange: twoPeople,
      twin: async (world, { first }) => {
        const { codes } = await pressOnce(pressing(world, first, 'approve'))
        return finding(codes.length === 1, `${codes.length} codes`)
      },
      attack: async (world, { first, second, won }, attempt) => {
        await attempt(`${runners} approvals by two people in parallel`, async () => {
          const { codes, failed } = await pressAll([pressing(world, first, 'approve'), pressing(world, second, 'approve')]) // prettier-ignore
          won.push(...codes)
          return finding(codes.length === 1 && failed === 0, `${codes.length} different codes`)
        })
      },
      unharmed: async (world, { first, won, proving }, check) => {
        const given = { code: won[0] ?? '', verifier: first.verifier }
        await check('the code redeems', () => redeems(world.web, given, proving))
        await check('once', async () =>
          refusedAs((await world.web.redeem(given, proving)).answer, '400 invalid_grant'),
        )
        await check('the request is used up', async () => {
          const late = await first.browser.open(world.web.authorizeUrl(first.requestUri))
          return finding(!opens(world, late).good, shown(late))
        })
      },
    }),
    part({
      what: 'approval and refusal of the same request',
      arrange: (world) => reachConsent(world),
      twin: async (world, at) => {
        const { denied } = await pressOnce(pressing(world, at, 'deny'))
        return finding(denied, denied ? 'refused' : 'not refused')
      },
      attack: async (world, at, attempt) => {
        await attempt(`${runners} answers of one person in parallel`, async () => {
          const { codes, denied, failed } = await pressAll([pressing(world, at, 'approve'), pressing(world, at, 'deny')]) // prettier-ignore
          const one = codes.length === (denied ? 0 : 1)
          return finding(one && failed === 0, `${denied ? 'a refusal' : 'no refusal'} and ${codes.length} codes`) // prettier-ignore
        })
      },
      unharmed: async (world, _, check) => {
        await check('another request opens', async () => opens(world, (await arrive(world)).page))
      },
    }),
  ],
}

/** A grant with updates agreed to and not claimed yet. */
async function updates(world: World, wanted: readonly (readonly [string, string])[]) {
  const before = await managedGrant(world, { scope: 'openid accounts' })
  const agreed = []
  for (const [grant_management_action, scope] of wanted) {
    const fields = { grant_management_action, grant_id: before.grantId, scope }
    agreed.push(await obtainCode(world, world.web, { fields }))
  }
  return { before, agreed, refreshTokens: [] as string[] }
}

const mergeAndReplace = [
  ['merge', 'openid email'],
  ['replace', 'openid'],
] as const

const many = Array.from({ length: 6 }, (_, index) => mergeAndReplace[index % 2 === 0 ? 0 : 1])

const claimAll = async (
  world: World,
  { agreed }: Awaited<ReturnType<typeof updates>>,
  count: number,
) =>
  // prettier-ignore
  race(count, async (via, index) => {
    const one = agreed[index % agreed.length]
    if (one === undefined) throw new Error('no update was agreed to')
    return world.web.redeem(one.given, { ...one.proving, via })
  })

/** Of refresh tokens for one grant, how many are left: an update ends those before it. */
async function leftOf(
  world: World,
  refreshTokens: readonly string[],
  allowed: readonly number[],
): Promise<Finding> {
  const proving = await prove(world)
  const all = await Promise.all(refreshTokens.map((token) => world.web.refresh(token, proving)))
  const left = all.filter(({ answer }) => answer.status === 200).length
  return finding(allowed.includes(left), `${left} refresh tokens are left`)
}

const raceGrant: Scenario = {
  id: 'EX-RACE-GRANT',
  title: 'claim updates of one grant many times at once',
  clauses: ['Grant Management 4', 'RFC 6749 4.1.2'],
  needs: ['person', 'grants', 'refresh', 'openid'],
  parts: [
    part({
      what: 'each of two updates by many',
      arrange: (world) => updates(world, mergeAndReplace),
      twin: async (world, given) =>
        allOf((await claimAll(world, given, 2)).map(({ answer }) => answered(answer, 200))),
      attack: async (world, given, attempt) => {
        await attempt(`${runners} redemptions in parallel`, async () => {
          const all = await claimAll(world, given, runners)
          given.refreshTokens.push(...all.map((one) => one.refreshToken).filter((one) => one !== '')) // prettier-ignore
          return claimedOnce(all.map(({ answer }) => answer))
        })
      },
      unharmed: async (world, { before, refreshTokens }, check) => {
        await check('at most one of them holds', () => leftOf(world, refreshTokens, [0, 1]))
        await check('the refresh token of before is over', async () => {
          const { answer } = await world.web.refresh(before.tokens.refreshToken, before.proving)
          return refusedAs(answer, '400 invalid_grant')
        })
      },
    }),
    part({
      what: `${many.length} updates, each once`,
      arrange: (world) => updates(world, many),
      twin: async (world, given) => {
        const [only] = await claimAll(world, given, 1)
        return only === undefined ? finding(false, 'nobody ran') : answered(only.answer, 200)
      },
      attack: async (world, given, attempt) => {
        await attempt('all in parallel', async () => {
          const all = await claimAll(world, given, many.length)
          given.refreshTokens.push(...all.map(({ refreshToken }) => refreshToken))
          return allOf(
            all.map(({ answer }) => answered(answer, 200)),
            'all were claimed',
          )
        })
      },
      unharmed: async (world, { refreshTokens }, check) => {
        await check('only the last holds', () => leftOf(world, refreshTokens, [1]))
      },
    }),
  ],
}

/** Of each of two codes at most one redemption succeeds, and one at all. */
function claimedOnce(all: readonly Answer[]): Finding {
  const halves = [0, 1].map((half) => all.filter((_, index) => index % 2 === half))
  const counts = halves.map((half) => half.filter(({ status }) => status === 200).length)
  const lost = all.filter(({ status }) => status !== 200)
  // A redemption after the other code's second use may find its own ended.
  const once = counts.every((count) => count <= 1) && counts.includes(1)
  const saw = `${counts.join(' and ')} succeeded`
  return allOf([finding(once, saw), ...lost.map((one) => refusedAs(one, '400 invalid_grant'))], saw)
}

/** Pushed requests and grants: each completed or changed by many at once. */
export const completionRaces: readonly Scenario[] = [raceRequest, raceGrant]
