import { createHash, randomBytes } from 'node:crypto'
import { arrive, opens, prove, redeems, requestSurvives } from '../common.ts'
import { finding, refusedAs, shown } from '../finding.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** A1-20: what consent alone is worth to who sent the link. */
export const phishing: Scenario = {
  id: 'ATK-A1-20',
  title: 'profit from a request that the victim was sent and approved',
  clauses: ['FAPI1 Baseline 8.8', 'FAPI2 AM 6'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'what the attacker knows of an approved request',
      arrange: async (world) => {
        const state = `state-${randomBytes(8).toString('hex')}`
        const { requestUri, verifier } = await world.second.par({ fields: { state } })
        const callback = await world.second.approve(requestUri)
        return { requestUri, verifier, state, code: callback.searchParams.get('code') ?? '' }
      },
      twin: async (world, { code, verifier }) =>
        redeems(world.second, { code, verifier }, await prove(world)),
      attack: async (world, { requestUri, verifier, state }, attempt) => {
        const proving = await prove(world)
        const challenge = createHash('sha256').update(verifier).digest('base64url')
        for (const [what, code] of Object.entries({ 'the reference': requestUri, 'its body': requestUri.split(':').at(-1) ?? '', 'the state': state, 'the challenge': challenge })) {
          await attempt(`${what} as a code`, async () =>
            refusedAs((await world.second.redeem({ code, verifier }, proving)).answer, '400 invalid_grant'),
          )
          await attempt(`${what} as a refresh token`, async () =>
            refusedAs((await world.second.refresh(code, proving)).answer, '400 invalid_grant'),
          )
        } // prettier-ignore
      },
      unharmed: async (world, { code, verifier }, check) => {
        await check('consent alone executed nothing: the code was still unused', async () =>
          redeems(world.second, { code, verifier }, await prove(world)),
        )
      },
    }),
    part({
      what: 'a link that ought to sign in or approve by itself',
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        const browser = world.browser()
        await world.web.approve((await world.web.par()).requestUri, world.person, browser)
        // A consent that was remembered is another matter: this request asks for a new one.
        const asking = await world.web.par({ fields: { prompt: 'consent' } })
        for (const extra of ['', '&approve=1&action=approve&consent=true', '&prompt=none']) {
          await attempt(`in a signed-in browser${extra === '' ? '' : `, with ${extra}`}`, async () => {
            const url = `${world.web.authorizeUrl(asking.requestUri)}${extra}`
            const page = await browser.open(url, { from: 'cross-site' })
            const silent = page.redirectedTo?.searchParams.has('code') === true
            return finding(!silent, shown(page))
          }) // prettier-ignore
        }
      },
      unharmed: requestSurvives,
    }),
  ],
}
