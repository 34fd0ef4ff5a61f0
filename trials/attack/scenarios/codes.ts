import {
  codeSurvives,
  codeUnspentOrBurnt,
  connect,
  obtainCode,
  oneWinner,
  pushSurvives,
  pushes,
  redeems,
  wroteNothing,
} from '../common.ts'
import { answered, finding, refusedAs, told } from '../finding.ts'
import { race } from '../race.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

const grant = ['400 invalid_grant'] as const
/** A verifier that is no verifier may be called a malformed request (RFC 7636 4.6). */
const grantOrRequest = ['400 invalid_grant', '400 invalid_request'] as const

const injection: Scenario = {
  id: 'ATK-A1-01',
  title: 'redeem a stolen code in a session of the attacker',
  clauses: ['RFC 9700 4.5', 'RFC 7636 4.6'],
  needs: ['person'],
  parts: [
    part({
      what: 'a stolen code with the verifier of another session',
      arrange: async (world) => ({
        ...(await obtainCode(world)),
        other: (await world.web.par()).verifier,
      }),
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving, other }, attempt) => {
        await attempt('the verifier of the attacker', async () => {
          const { answer } = await world.web.redeem({ ...given, verifier: other }, proving)
          return refusedAs(answer, ...grant)
        })
        const challenge = world.web.authorizationFields(given.verifier)['code_challenge'] ?? ''
        const wrong = { 'the challenge itself': challenge, 'one character more': `${given.verifier}a`, 'another letter': given.verifier.replace(/^./, (one) => (one === 'A' ? 'B' : 'A')) } // prettier-ignore
        for (const [what, verifier] of Object.entries(wrong)) {
          await attempt(what, async () => {
            const { answer } = await world.web.redeem({ ...given, verifier }, proving)
            return refusedAs(answer, ...grantOrRequest)
          })
        }
      },
      unharmed: codeSurvives,
    }),
  ],
}

/** What somebody pushes who wants no proof of the session. */
const downgrades: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  'no challenge': { code_challenge: undefined },
  'no challenge and no method': { code_challenge: undefined, code_challenge_method: undefined },
  'an empty challenge': { code_challenge: '' },
  'no method': { code_challenge_method: undefined },
  'an empty method': { code_challenge_method: '' },
  plain: { code_challenge_method: 'plain' },
  'plain with a verifier': { code_challenge_method: 'plain', code_challenge: 'a'.repeat(43) },
  none: { code_challenge_method: 'none' },
  's256 in small letters': { code_challenge_method: 's256' },
  'two methods': { code_challenge_method: 'S256 plain' },
  'a method nobody knows': { code_challenge_method: 'S512' },
  'a short challenge': { code_challenge: 'A'.repeat(42) },
  'a padded challenge': { code_challenge: `${'A'.repeat(43)}=` },
  'a challenge of other characters': { code_challenge: '+'.repeat(43) },
}

const downgrade: Scenario = {
  id: 'ATK-A1-02',
  title: 'push a request that weakens or drops PKCE, or redeem without a verifier',
  clauses: ['RFC 9700 4.8', 'FAPI2 SP 5.3.2.2'],
  needs: [],
  parts: [
    part({
      what: 'a weak push',
      arrange: () => Promise.resolve([]),
      twin: (world) => pushes(world.web),
      attack: async (world, _, attempt) => {
        for (const [what, fields] of Object.entries(downgrades)) {
          await attempt(what, async () => {
            const { answer } = await world.web.par({ fields })
            const refused = refusedAs(answer, '400 invalid_request')
            return refused.good ? finding(wroteNothing([answer]).good, told(answer)) : refused
          })
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'a code without its verifier',
      needs: ['person'],
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        const wrong = { 'no verifier': undefined, 'an empty verifier': '', 'a short one': 'short', 'one of other characters': 'ö'.repeat(43), 'one of 129 characters': 'a'.repeat(129) } // prettier-ignore
        for (const [what, code_verifier] of Object.entries(wrong)) {
          await attempt(what, async () => {
            const { answer } = await world.web.redeem(given, { ...proving, fields: { code_verifier } }) // prettier-ignore
            return refusedAs(answer, ...grantOrRequest)
          })
        }
      },
      unharmed: codeSurvives,
    }),
  ],
}

const otherClient: Scenario = {
  id: 'ATK-A1-03',
  title: 'redeem the code of another client',
  clauses: ['RFC 6749 4.1.3', 'RFC 6749 10.5'],
  needs: ['person'],
  parts: [
    part({
      what: 'a stolen code with its verifier',
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        await attempt('as another client', async () =>
          refusedAs((await world.second.redeem(given, proving)).answer, ...grant),
        )
        const { redirectUri, clientId } = world.web.fixture
        await attempt('as another client with the address of the owner', async () => {
          const fields = { redirect_uri: redirectUri }
          return refusedAs((await world.second.redeem(given, { ...proving, fields })).answer, ...grant) // prettier-ignore
        })
        await attempt('as another client under the name of the owner', async () => {
          const fields = { client_id: clientId }
          const { answer } = await world.second.redeem(given, { ...proving, fields })
          return refusedAs(answer, '400 invalid_client', '401 invalid_client', '400 invalid_request', ...grant) // prettier-ignore
        })
      },
      unharmed: codeUnspentOrBurnt,
    }),
    part({
      what: 'a code for another redirect_uri than it was sent to',
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        const { redirectUri } = world.web.fixture
        for (const redirect_uri of [`${redirectUri}/`, 'https://evil.example/cb', 'x']) {
          await attempt(redirect_uri, async () => {
            const { answer } = await world.web.redeem(given, { ...proving, fields: { redirect_uri } }) // prettier-ignore
            return refusedAs(answer, ...grantOrRequest)
          })
        }
      },
      unharmed: codeUnspentOrBurnt,
    }),
  ],
}

const runners = [20, 50] as const

const replay: Scenario = {
  id: 'ATK-A1-04',
  title: 'redeem a code again, one after another and many at once',
  clauses: ['RFC 6749 4.1.2', 'FAPI2 SP 5.3.2.1'],
  needs: ['person'],
  parts: [
    part({
      what: 'a code that was redeemed',
      arrange: async (world) => connect(world),
      twin: (_, { tokens }) => answered(tokens.answer, 200),
      attack: async (world, { given, proving }, attempt) => {
        for (const what of ['the second time', 'the third time', 'the fourth time']) {
          await attempt(what, async () =>
            refusedAs((await world.web.redeem(given, proving)).answer, ...grant),
          )
        }
      },
      unharmed: async (world, { given, proving }, check) => {
        await check('no other client gets anything either', async () =>
          refusedAs((await world.second.redeem(given, proving)).answer, ...grant),
        )
      },
    }),
    part({
      what: 'one code by many at once',
      arrange: obtainCode,
      twin: async (world, { given, proving }) => {
        const [only] = await race(1, (via) => world.web.redeem(given, { ...proving, via }))
        return only === undefined ? finding(false, 'nobody ran') : answered(only.answer, 200)
      },
      attack: async (world, given, attempt) => {
        for (const [at, count] of runners.entries()) {
          const one = at === 0 ? given : await obtainCode(world)
          await attempt(`${count} in parallel`, async () => {
            const all = await race(count, (via) => world.web.redeem(one.given, { ...one.proving, via })) // prettier-ignore
            return oneWinner(all.map(({ answer }) => answer), (answer) => refusedAs(answer, ...grant)) // prettier-ignore
          })
        }
      },
      unharmed: async (world, { given, proving }, check) => {
        await check('the code is used up', async () =>
          refusedAs((await world.web.redeem(given, proving)).answer, ...grant),
        )
      },
    }),
  ],
}

const reuseRevokes: Scenario = {
  id: 'ATK-A1-04b',
  title: 'keep tokens whose code was used twice',
  severity: 'W',
  clauses: ['RFC 6749 4.1.2', 'RFC 9700 4.5'],
  needs: ['person', 'refresh'],
  parts: [
    part({
      what: 'tokens of a code that its client uses again',
      arrange: async (world) => connect(world),
      twin: async (world, { tokens, proving }) =>
        answered((await world.web.refresh(tokens.refreshToken, proving)).answer, 200),
      attack: async (world, { given, tokens, proving }, attempt) => {
        await attempt('a refresh after the reuse', async () => {
          await world.web.redeem(given, proving)
          const { answer } = await world.web.refresh(tokens.refreshToken, proving)
          return refusedAs(answer, ...grant)
        })
      },
      unharmed: async (world, _, check) => {
        await check('another grant of the client lives', async () => {
          const { given, proving } = await obtainCode(world)
          return redeems(world.web, given, proving)
        })
      },
    }),
  ],
}

/** A1-01 to A1-04: what is done with a stolen code. */
export const codes: readonly Scenario[] = [injection, downgrade, otherClient, replay, reuseRevokes]
