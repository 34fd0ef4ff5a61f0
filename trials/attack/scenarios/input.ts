import { randomBytes } from 'node:crypto'
import type { PrivateJwk } from '../../../test/support/fixtures.ts'
import { form } from '../../../test/support/http.ts'
import { signTexts } from '../../../test/support/sign-any.ts'
import { makeDpopKey, secondsBy } from '../../../test/support/wire-keys.ts'
import { arrive, codeSurvives, obtainCode, opens, prove, pushSurvives, pushes, redeems, requestSurvives, some, wroteNothing } from '../common.ts' // prettier-ignore
import { allOf, answered, finding, refusedAs, refusedPage } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { proofFor, requestObject } from '../forge.ts'
import { formType, orClosed, pushFields, sendBody } from '../raw.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const clientRefused = ['401 invalid_client', '400 invalid_client', '400 invalid_request'] as const

const repeating: Scenario = {
  id: 'ATK-A1-28',
  title: 'send a parameter twice',
  clauses: ['RFC 6749 3.1', 'RFC 6749 3.2', 'RFC 9126 2.1'],
  needs: [],
  parts: [
    part({
      what: 'at PAR',
      arrange: (world) => Promise.resolve(world.web),
      twin: (world) => pushes(world.web),
      attack: async (_, web, attempt) => {
        const optional = { nonce: 'n', claims: '{}', max_age: '1000', dpop_jkt: 'A'.repeat(43), acr_values: 'a', unknown: 'x' } // prettier-ignore
        const known = Object.entries({ ...web.authorizationFields('v'.repeat(43)), ...optional })
        for (const [name, value] of known) {
          for (const second of [value, 'another', '']) {
            await attempt(`${name} and ${second === '' ? 'nothing' : second.slice(0, 8)}`, async () => {
              const fields = { [name]: value }
              const { answer } = await web.par({ fields, extra: [[name, second]] })
              return allOf([wroteNothing([answer]), refusedAs(answer, '400 invalid_request')])
            })
          }
        } // prettier-ignore
        for (const name of ['client_assertion', 'client_assertion_type', 'client_id']) {
          await attempt(`${name} twice`, async () => {
            const extra = [[name, 'x'], [name, 'y']] as const // prettier-ignore
            return refusedAs((await web.par({ extra })).answer, ...clientRefused)
          })
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'at the token endpoint',
      needs: ['person'],
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        const { redirectUri } = world.web.fixture
        const known = { grant_type: 'authorization_code', code: given.code, code_verifier: given.verifier, redirect_uri: redirectUri } // prettier-ignore
        for (const [name, value] of Object.entries(known)) {
          for (const second of [value, 'another']) {
            await attempt(`${name} and ${second === value ? 'the same' : second}`, async () => {
              const options = { ...proving, extra: [[name, second]] as const }
              return refusedAs((await world.web.redeem(given, options)).answer, '400 invalid_request') // prettier-ignore
            })
          }
        }
      },
      unharmed: codeSurvives,
    }),
    part({
      what: 'at the authorization endpoint',
      needs: ['person', 'pages'],
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, { requestUri }, attempt) => {
        const { clientId } = world.web.fixture
        for (const [name, value] of Object.entries({ client_id: clientId, request_uri: requestUri })) {
          for (const second of [value, 'another']) {
            await attempt(`${name} and ${second === value ? 'the same' : second}`, async () => {
              const url = `${world.web.authorizeUrl(requestUri)}&${form({ [name]: second })}`
              return refusedPage(await world.browser().open(url))
            })
          }
        } // prettier-ignore
      },
      unharmed: requestSurvives,
    }),
  ],
}

const types = ['application/json', 'application/json; charset=utf-8', 'multipart/form-data; boundary=x', 'text/plain', 'application/xml', 'application/octet-stream', 'application/x-www-form-urlencodedx', 'application/jwt', '*/*', ''] // prettier-ignore

const confusing: Scenario = {
  id: 'ATK-A1-29',
  title: 'send another content type, or parameters where none belong',
  clauses: ['RFC 9126 2.1', 'RFC 6749 3.2'],
  needs: [],
  parts: [
    part({
      what: 'bodies of another type',
      arrange: (world) => Promise.resolve(world.web),
      twin: async (world, web) =>
        answered(await sendBody(world, '/par', { body: form(await pushFields(web)) }), 201),
      attack: async (world, web, attempt) => {
        for (const path of ['/par', '/token']) {
          for (const type of types) {
            await attempt(`${path} as '${type}'`, async () => {
              const fields = { ...(await pushFields(web)), grant_type: 'client_credentials' }
              const body = type.includes('json') ? JSON.stringify(fields) : form(fields)
              const headers = [['content-type', type]] as const
              const answer = await sendBody(world, path, { body, headers })
              return refusedAs(answer, '400', '401', '415')
            })
          }
          await attempt(`${path}, JSON called a form`, async () => {
            const body = JSON.stringify(await pushFields(web))
            return refusedAs(await sendBody(world, path, { body }), '400', '401')
          })
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'parameters in the address of a POST',
      arrange: (world) => Promise.resolve(world.web),
      twin: async (world, web) =>
        answered(await sendBody(world, '/par', { body: form(await pushFields(web)) }), 201),
      attack: async (world, web, attempt) => {
        for (const path of ['/par', '/token']) {
          await attempt(`${path}, all of them`, async () => {
            const fields = { ...(await pushFields(web)), grant_type: 'client_credentials' }
            const answer = await sendBody(world, path, { body: '', query: form(fields) })
            return refusedAs(answer, '400', '401', '411', '415')
          })
          await attempt(`${path} with GET`, async () => {
            const fields = { ...(await pushFields(web)), grant_type: 'client_credentials' }
            const given = { body: '', query: form(fields), method: 'GET', headers: [] }
            return refusedAs(await sendBody(world, path, given), '400', '401', '404', '405')
          })
        }
        await attempt('an address to be sent to, missing from the body', async () => {
          const { redirect_uri = '', ...fields } = await pushFields(web)
          const answer = await sendBody(world, '/par', { body: form(fields), query: form({ redirect_uri }) }) // prettier-ignore
          return refusedAs(answer, '400')
        })
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'another method by name',
      arrange: (world) => Promise.resolve(world.web),
      twin: (world) => pushes(world.web),
      attack: async (world, web, attempt) => {
        for (const method of ['GET', 'DELETE', 'PUT']) {
          await attempt(`_method=${method}`, async () => {
            const headers = [['content-type', formType], ['x-http-method-override', method], ['x-http-method', method], ['x-method-override', method]] as const // prettier-ignore
            const body = form({ ...(await pushFields(web)), _method: method })
            const answer = await sendBody(world, '/par', { body, headers })
            const same = answer.status === 201 || (answer.status >= 400 && answer.status < 500)
            return finding(same, `${answer.status}: still a POST`)
          })
        }
      },
      unharmed: pushSurvives,
    }),
  ],
}

const deepList = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

const oversized: Scenario = {
  id: 'ATK-A1-31',
  title: 'send input that is too large, too deep or too expensive',
  clauses: ['RFC 8725 2.4', 'RFC 7516 10', 'FAPI2 SP 5.4'],
  needs: [],
  parts: [
    part({
      what: 'at PAR',
      arrange: (world) => Promise.resolve(world.web),
      twin: (world) => pushes(world.web),
      attack: async (_, web, attempt) => {
        const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_one, at) => [`c${at}`, null])) // prettier-ignore
        const jwt = `${'A'.repeat(50_000)}.${'A'.repeat(50_000)}.AAAA`
        const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
          'an assertion of 100 kB': { client_assertion: jwt },
          'a state of 1 MB': { state: 'x'.repeat(1_000_000) },
          'deep JSON': { claims: deepList(9_000) },
          'deep JSON that never ends': { claims: '{"id_token":'.repeat(1_500) },
          'wide JSON': { claims: JSON.stringify({ id_token: wide }) },
          '10,000 authorization details': { authorization_details: JSON.stringify(Array.from({ length: 10_000 }, () => ({ type: 'x' }))) },
        } // prettier-ignore
        for (const [what, over] of Object.entries(fields)) {
          await attempt(what, () =>
            orClosed(async () => refusedAs((await web.par({ fields: over })).answer, '4xx')),
          )
        }
        await attempt('10,000 parameters', () =>
          orClosed(async () => {
            const extra = Array.from({ length: 10_000 }, (_one, at) => [`p${at}`, 'x'] as const)
            return refusedAs((await web.par({ extra })).answer, '4xx')
          }),
        )
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'request objects',
      needs: ['requestObjects', 'assertions'],
      arrange: (world) => Promise.resolve(world.web),
      twin: async (world, web) =>
        answered(await web.post('/par', { request: await requestObject(world, web) }), 201),
      attack: async (world, web, attempt) => {
        const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
        const bomb = `${encode({ alg: 'RSA-OAEP-256', enc: 'A256GCM', zip: 'DEF' })}.${'A'.repeat(342)}.${'A'.repeat(16)}.${'A'.repeat(2_000)}.${'A'.repeat(22)}`
        const slow = `${encode({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2_147_483_647, p2s: 'AAAA' })}.AAAA.AAAA.AAAA.AAAA`
        const objects = {
          'one of 100 kB': await requestObject(world, web, { claims: { x: 'x'.repeat(75_000) } }),
          'one of 2,000 levels': await requestObject(world, web, { claims: { x: JSON.parse(deepList(2_000)) as unknown } }),
          'one that is compressed': bomb,
          'one that asks for 2³¹ rounds': slow,
        } // prettier-ignore
        for (const [what, request] of Object.entries(objects)) {
          await attempt(what, () =>
            orClosed(async () => refusedAs(await web.post('/par', { request }), '4xx')),
          )
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'proofs',
      needs: ['dpop', 'credentials'],
      arrange: (world) => Promise.resolve(world.web),
      twin: async (world, web) =>
        answered((await web.token({ grant_type: 'client_credentials' }, await prove(world))).answer, 200), // prettier-ignore
      attack: async (world, web, attempt) => {
        const key = await makeDpopKey()
        const fields = { grant_type: 'client_credentials' }
        const n = Buffer.concat([Buffer.of(0xff), randomBytes(2_047)]).toString('base64url')
        const url = web.url('/token')
        const [, payload, signature] = (await proofFor(world, key, { url })).split('.')
        const head = JSON.stringify({ typ: 'dpop+jwt', alg: 'PS256', jwk: { kty: 'RSA', n, e: 'AQAB' } }) // prettier-ignore
        const huge = `${Buffer.from(head).toString('base64url')}.${payload}.${signature}`
        const proofs = {
          'an RSA key of 16384 bits': huge,
          'a proof of 10 kB': await proofFor(world, key, { url, claims: { x: 'x'.repeat(8_000) } }),
          'a jti of 2,000 levels': await proofFor(world, key, { url, claims: { jti: JSON.parse(deepList(1_500)) as unknown } }),
        } // prettier-ignore
        for (const [what, proof] of Object.entries(proofs)) {
          await attempt(what, () =>
            orClosed(async () => refusedAs((await web.token(fields, { proof })).answer, '4xx')),
          )
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'addresses, cookies and tokens of 30 kB',
      needs: ['person', 'pages'],
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        const long = 'x'.repeat(30_000)
        const address = world.web.url('/authorize', 'main')
        for (const [what, url] of Object.entries({ 'a client_id': `${address}?client_id=${long}`, 'a request_uri': `${address}?client_id=a&request_uri=urn:ietf:params:oauth:request_uri:${long}`, 'a path': `${world.server.issuer}/${long}` })) {
          await attempt(what, () =>
            orClosed(async () => {
              const page = await world.browser().open(url, { headers: { cookie: `a=${long.slice(0, 8_000)}` } })
              return page.text.includes('xxxx') ? finding(false, 'the page repeats it') : refusedPage(page)
            }),
          )
        } // prettier-ignore
      },
      unharmed: requestSurvives,
    }),
  ],
}

/** Values that are not what a claim holds. */
const wrong: readonly unknown[] = [null, true, 0, -1, 1.5, '', [], {}, ['x'], { x: 1 }, '\u0000', '__proto__'] // prettier-ignore

const claimNames = ['iss', 'sub', 'aud', 'exp'] as const

const prototypes: Scenario = {
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

/** A1-28, A1-29, A1-31 and A1-34: input that confuses or overwhelms. */
export const input: readonly Scenario[] = [repeating, confusing, oversized, prototypes]
