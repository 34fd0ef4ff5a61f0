import { randomBytes } from 'node:crypto'
import { form } from '../../../test/support/http.ts'
import { makeDpopKey } from '../../../test/support/wire-keys.ts'
import { arrive, codeSurvives, obtainCode, opens, prove, pushSurvives, pushes, redeems, requestSurvives, wroteNothing } from '../common.ts' // prettier-ignore
import { allOf, answered, finding, refusedAs, refusedPage } from '../finding.ts'
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
      attack: async (world, web, attempt) => {
        const claims = takesClaims(world) ? { claims: '{}' } : {}
        const optional = { nonce: 'n', max_age: '1000', dpop_jkt: 'A'.repeat(43), acr_values: 'a', ...claims } // prettier-ignore
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

/** OIDC Discovery 3: by default a server takes no `claims`. */
const takesClaims = ({ metadata }: World): boolean =>
  metadata['claims_parameter_supported'] === true

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
      attack: async (world, web, attempt) => {
        const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_one, at) => [`c${at}`, null])) // prettier-ignore
        const jwt = `${'A'.repeat(50_000)}.${'A'.repeat(50_000)}.AAAA`
        const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
          'an assertion of 100 kB': { client_assertion: jwt },
          'a state of 1 MB': { state: 'x'.repeat(1_000_000) },
          ...(takesClaims(world) ? {
            'deep JSON': { claims: deepList(9_000) },
            'deep JSON that never ends': { claims: '{"id_token":'.repeat(1_500) },
            'wide JSON': { claims: JSON.stringify({ id_token: wide }) },
          } : {}),
          ...(world.has('details') ? {
            '10,000 authorization details': { authorization_details: JSON.stringify(Array.from({ length: 10_000 }, () => ({ type: 'x' }))) },
          } : {}),
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

/** A1-28, A1-29 and A1-31: input that confuses or overwhelms. */
export const input: readonly Scenario[] = [repeating, confusing, oversized]
