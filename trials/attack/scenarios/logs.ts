import { randomBytes } from 'node:crypto'
import { connect, obtainCode, present, prove, tokensSurvive } from '../common.ts'
import { answered, finding } from '../finding.ts'
import { proofFor } from '../forge.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const word = (what: string): string => `${what}-${randomBytes(8).toString('hex')}`

/** A flow with refusals on its way, and everything in it that nobody may read afterwards. */
async function flow(world: World) {
  const { web } = world
  const before = world.log().length
  const assertion = await web.assertion()
  const state = word('state')
  const proving = await prove(world)
  const { key } = proving
  const proof = key === undefined ? undefined : await proofFor(world, key, { url: web.url('/par') })
  await web.par({ fields: { client_assertion: assertion, state }, ...(proof === undefined ? {} : { proof }) }) // prettier-ignore
  const garbage = word('garbage')
  await web.par({ fields: { redirect_uri: `https://evil.example/${garbage}`, scope: garbage } })
  const { given } = await obtainCode(world)
  await web.redeem({ ...given, verifier: 'w'.repeat(43) }, proving)
  const tokens = await web.redeem(given, proving)
  await present(world, tokens.accessToken)
  await present(world, garbage, proving)
  await world.second.post('/revoke', { token: tokens.refreshToken })
  const opened = await present(world, tokens.accessToken, proving)
  const secrets: Readonly<Record<string, string>> = {
    'the access token': tokens.accessToken,
    'its signature': tokens.accessToken.split('.')[2] ?? '',
    'the refresh token': tokens.refreshToken,
    'the secret of the refresh token': tokens.refreshToken.slice(-40),
    'the id_token': String(tokens.answer.json['id_token'] ?? tokens.accessToken),
    'the code': given.code,
    'the secret of the code': given.code.slice(-40),
    'the verifier': given.verifier,
    'the assertion': assertion,
    'the proof': proof ?? assertion,
    'the state': state,
    'what was pushed in vain': garbage,
    'the password': world.person.password,
  }
  return { opened, secrets, tokens, proving, given, read: () => world.log().slice(before) }
}

const leak: Scenario = {
  id: 'ATK-A5-09',
  title: 'read tokens, codes, assertions and proofs in the log',
  clauses: ['FAPI2 SP 6.9', 'RFC 6750 5.3'],
  needs: ['person', 'log', 'assertions'],
  parts: [
    part({
      what: 'the log of a flow',
      arrange: flow,
      twin: (_, { opened, read }) => {
        const lines = read().split('\n').length
        return opened.status === 200 ? finding(lines > 5, `${lines} lines`) : answered(opened, 200)
      },
      attack: async (_, { secrets, read }, attempt) => {
        for (const [what, secret] of Object.entries(secrets)) {
          await attempt(what, () => {
            const there = secret.length < 8 || read().includes(secret)
            return finding(!there, there ? 'it is there' : 'not there')
          })
        }
        await attempt('anything like a JWT', () => {
          const there = /eyJ[A-Za-z0-9_-]{10}/.test(read())
          return finding(!there, there ? 'it is there' : 'not there')
        })
      },
      unharmed: async (world, given, check) => {
        await tokensSurvive(world, given, check)
        await check('another flow succeeds', async () => answered((await connect(world)).tokens.answer, 200)) // prettier-ignore
      },
    }),
  ],
}

/** A5-09: whoever reads the log. */
export const logs: readonly Scenario[] = [leak]
