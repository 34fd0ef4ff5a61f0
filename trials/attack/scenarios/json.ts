import { randomBytes } from 'node:crypto'
import type { PrivateJwk } from '../../../test/support/fixtures.ts'
import { form } from '../../../test/support/http.ts'
import { signTexts } from '../../../test/support/sign-any.ts'
import { secondsBy } from '../../../test/support/wire-keys.ts'
import { pushSurvives, pushes, some } from '../common.ts'
import { answered, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { pushFields, sendBody } from '../raw.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const clientRefused = ['401 invalid_client', '400 invalid_client', '400 invalid_request'] as const

/** Values that are not what a claim holds. */
const wrong: readonly unknown[] = [null, true, 0, -1, 1.5, '', [], {}, ['x'], { x: 1 }, '\u0000', '__proto__'] // prettier-ignore

const claimNames = ['iss', 'sub', 'aud', 'exp'] as const

/** A1-34: JSON and JWTs that say two things, or what nobody expects. */
export const prototypes: Scenario = {
  id: 'ATK-A1-34',
  title: 'confuse the reader of JSON and JWTs',
  clauses: ['RFC 8725 2.4', 'RFC 8259 4', 'RFC 7515 4.1.11'],
  needs: ['assertions'],
  parts: [
    part({
      what: 'claims of a wrong type in an assertion',
      arrange: (world) => Promise.resolve(world.web),
      twin: (world) => pushes(world.web),
      attack: async (world, web, attempt) => {
        const { issuer } = world.server
        const later = secondsBy(world.clock) + 60
        const own = { aud: [[issuer]], exp: String(later), iss: [web.fixture.clientId], sub: { toString: web.fixture.clientId } } // prettier-ignore
        for (const name of claimNames) {
          for (const value of [...some(world, wrong, 5), own[name]]) {
            await attempt(`${name} ${JSON.stringify(value).slice(0, 24)}`, async () =>
              refusedAs((await web.par({ claims: { [name]: value } })).answer, ...clientRefused),
            )
          }
        }
        for (const value of [null, true, 0, [], {}, ['x']]) {
          await attempt(`jti ${JSON.stringify(value)}`, async () =>
            refusedAs((await web.par({ claims: { jti: value } })).answer, ...clientRefused),
          )
          await attempt(`alg and typ ${JSON.stringify(value)}`, async () => {
            const payload = JSON.stringify(sound(world))
            const { answer } = await pushText(world, JSON.stringify({ alg: value, typ: value }), payload) // prettier-ignore
            return refusedAs(answer, ...clientRefused)
          })
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'JSON that says two things, or nothing',
      arrange: (world) => Promise.resolve(headerOf(world)),
      twin: async (world, header) =>
        answered((await pushText(world, header, JSON.stringify(sound(world)))).answer, 201),
      attack: async (world, header, attempt) => {
        const members = (over: string, ...without: readonly string[]) => {
          const claims = Object.entries(sound(world)).filter(([name]) => !without.includes(name))
          const text = JSON.stringify(Object.fromEntries(claims)).slice(0, -1)
          return `${text},${over}}`
        }
        const { clientId } = world.second.fixture
        const payloads = {
          'two audiences, the wrong one last': members('"aud":"https://evil.example"'),
          'two subjects, another client last': members(`"sub":${JSON.stringify(clientId)}`),
          'a subject by __proto__': members(`"__proto__":{"sub":${JSON.stringify(world.web.fixture.clientId)}}`, 'sub'),
          'a subject by constructor': members('"constructor":{"prototype":{"sub":"x"}}', 'sub'),
          'an exp that is no number': members('"exp":1e999', 'exp'),
          NaN: members('"exp":NaN', 'exp'),
          'a comma too many': members('"x":1,'),
          'single quotes': members("'x':1"),
          'a second object behind': `${JSON.stringify(sound(world))}{}`,
          'a list': '[]', null: 'null', nothing: '', 'a text': '"x"',
        } // prettier-ignore
        for (const [what, payload] of Object.entries(payloads)) {
          await attempt(what, async () =>
            refusedAs((await pushText(world, header, payload)).answer, ...clientRefused),
          )
        }
        const { alg } = world.web.fixture
        const heads = { 'two algorithms, none last': `{"alg":"${alg}","alg":"none"}`, 'an unknown crit': `{"alg":"${alg}","crit":["x"],"x":1}`, 'an algorithm by __proto__': `{"__proto__":{"alg":"${alg}"}}` } // prettier-ignore
        for (const [what, head] of Object.entries(heads)) {
          await attempt(what, async () =>
            refusedAs((await pushText(world, head, JSON.stringify(sound(world)))).answer, ...clientRefused),
          ) // prettier-ignore
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'names of inherited properties and crooked JSON as parameters',
      arrange: (world) => Promise.resolve(world.web),
      twin: (world) => pushes(world.web),
      attack: async (_, web, attempt) => {
        for (const value of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
          for (const name of ['response_type', 'code_challenge_method', 'scope', 'redirect_uri', 'response_mode']) {
            await attempt(`${name}=${value}`, async () =>
              refusedAs((await web.par({ fields: { [name]: value } })).answer, '400'),
            )
          } // prettier-ignore
          await attempt(`grant_type=${value}`, async () =>
            refusedAs((await web.token({ grant_type: value })).answer, '400'),
          )
        }
        for (const claims of ['null', '[]', '1', '"x"', '{', '{"id_token":[]}', '{"id_token":1}', '{}x', 'NaN']) {
          await attempt(`claims ${claims}`, async () =>
            refusedAs((await web.par({ fields: { claims } })).answer, '400'),
          )
        } // prettier-ignore
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'broken encodings',
      arrange: (world) => Promise.resolve(world.web),
      twin: async (world, web) =>
        answered(await sendBody(world, '/par', { body: form(await pushFields(web)) }), 201),
      attack: async (world, web, attempt) => {
        for (const text of ['%', '%zz', '%C3%28', '%C0%AF', '%ED%A0%80', '%FF', '%00', 'a%00b']) {
          await attempt(text, async () => {
            const body = `${form(await pushFields(web))}&state=${text}`
            return notAFault(await sendBody(world, '/par', { body }))
          })
        }
      },
      unharmed: pushSurvives,
    }),
  ],
}

/** Refused: the state is there twice as well, so that nobody need read what cannot be read. */
const notAFault = (answer: Parameters<typeof refusedAs>[0]): Finding => refusedAs(answer, '400')

const headerOf = (world: World): string => {
  const { alg, jwk } = world.web.fixture
  return JSON.stringify({ alg, kid: jwk?.['kid'] })
}

function sound(world: World): Readonly<Record<string, unknown>> {
  const { clientId } = world.web.fixture
  const now = secondsBy(world.clock)
  return { iss: clientId, sub: clientId, aud: world.server.issuer, iat: now, exp: now + 60, jti: randomBytes(16).toString('hex') } // prettier-ignore
}

/** Pushes with an assertion of exactly these texts; for clients with a P-256 key. */
async function pushText(world: World, header: string, payload: string) {
  const { jwk = { kty: '' } as PrivateJwk } = world.web.fixture
  const client_assertion = await signTexts(jwk, header, payload)
  return world.web.par({ fields: { client_assertion } })
}
