import { randomBytes } from 'node:crypto'
import type { Page } from '../../../test/support/browser.ts'
import { registerClient } from '../../../test/support/wire-admin.ts'
import { arrive, opens, present, pushSurvives, pushes, reachConsent, requestSurvives, some } from '../common.ts' // prettier-ignore
import { allOf, finding, told } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** Ways out of text, attributes, comments and scripts. */
const markup = [
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onfocus=alert(1) autofocus x='", '</title><svg/onload=alert(1)>',
  '--><b>x</b><!--', '</textarea><b>x</b>', '${7*7}{{7*7}}<%= 7*7 %>', '<meta http-equiv=refresh content=0>',
] // prettier-ignore

/** Whether a page shows a text as text, and would run no script if it did not. */
function inert({ text, headers, status }: Page, planted: string): Finding {
  const raw = /[<>"]/.test(planted) && text.includes(planted)
  const tags = text.replace(/"[^"]*"/g, '""').match(/<[a-z!/][^>]*>/gi) ?? []
  const foreign = tags.some((tag) => /onerror|onload|onfocus|http-equiv=refresh|<img src=x|alert/i.test(tag)) // prettier-ignore
  const policy = headers.get('content-security-policy') ?? ''
  const strict = policy !== '' && !/unsafe-inline|unsafe-eval/.test(policy)
  if (raw || foreign) return finding(false, 'the page holds it as markup')
  return finding(
    status < 500 && strict,
    strict ? `${status} as text` : 'no policy against inline script',
  )
}

const planting: Scenario = {
  id: 'ATK-A1-22',
  title: 'plant markup in what pages show',
  clauses: ['RFC 6749 10.14', 'RFC 9700 4.16'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'parameters of a request',
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        for (const name of ['login_hint', 'ui_locales', 'state', 'nonce', 'acr_values', 'claims']) {
          for (const planted of name === 'login_hint' ? markup : some(world, markup, 2)) {
            await attempt(`${name} ${planted}`, async () => {
              const value = name === 'claims' ? JSON.stringify({ userinfo: { [planted]: null } }) : planted // prettier-ignore
              const { answer, requestUri } = await world.web.par({ fields: { [name]: value } })
              if (answer.status !== 201) return wellFormed(answer)
              return inert(await world.browser().open(world.web.authorizeUrl(requestUri)), planted)
            })
          }
        }
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'the name of somebody who fails to sign in',
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, at, attempt) => {
        await attempt('a user name', async () => {
          const username = `"><script>alert(1)</script>${randomBytes(4).toString('hex')}`
          const page = await world.pages().signIn(at, { username, password: '"><script>' })
          return inert(page, username)
        })
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'parameters of pages that show errors',
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        for (const name of [
          'client_id',
          'request_uri',
          'error',
          'error_description',
          'interaction',
        ]) {
          await attempt(name, async () => {
            const planted = markup[0] ?? ''
            const address = `${world.web.url('/authorize', 'main')}?${new URLSearchParams({ [name]: planted }).toString()}`
            return inert(await world.browser().open(address), planted)
          })
        }
      },
      unharmed: requestSurvives,
    }),
    part({
      what: 'the name of a client',
      needs: ['operator'],
      arrange: reachConsent,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        const admin = await world.operator()
        for (const client_name of some(world, markup, 3)) {
          await attempt(client_name, async () => {
            const client = world.act((await registerClient(admin, { client_name })).fixture)
            const login = await arrive(world, client)
            const consent = await world.pages().signIn(login, world.person)
            const shownAsText = consent.words.includes(client_name)
            return allOf([
              inert(login.page, client_name),
              inert(consent, client_name),
              finding(shownAsText, shownAsText ? 'shown as text' : 'not shown'),
            ])
          })
        }
      },
      unharmed: requestSurvives,
    }),
  ],
}

const breaks = ['a\r\nset-cookie: x=y', 'a\nb', 'a\rb', 'a\tb', 'a"b', 'a\\b', 'a\u2028b', 'ä', '\u0085', '€\r\n\r\n<b>'] // prettier-ignore

/** Whether an error answer holds only the characters of RFC 6749 5.2, and no header of the sender's. */
function wellFormed(answer: Parameters<typeof told>[0]): Finding {
  const { json, headers, status, text } = answer
  const described = [json['error'], json['error_description'] ?? ''].every(
    (one) => typeof one === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(one),
  )
  const injected = headers.get('set-cookie') !== null || text.includes('set-cookie')
  if (injected) return finding(false, 'a header of the sender’s')
  return finding(status < 500 && (status < 400 || described), told(answer))
}

const names = ['client_id', 'client_assertion', 'response_type', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'response_mode', 'prompt', 'max_age', 'claims', 'resource', 'dpop_jkt'] // prettier-ignore

const breaking: Scenario = {
  id: 'ATK-A1-23',
  title: 'plant line breaks and quotes in descriptions and headers',
  clauses: ['RFC 6749 4.1.2.1', 'RFC 6749 5.2'],
  needs: [],
  parts: [
    part({
      what: 'parameters at PAR and at the token endpoint',
      arrange: (world) => Promise.resolve(world.web),
      twin: (world) => pushes(world.web),
      attack: async (world, web, attempt) => {
        for (const name of names) {
          for (const value of some(world, breaks, 4)) {
            await attempt(`PAR, ${name}`, async () =>
              wellFormed((await web.par({ fields: { [name]: value } })).answer),
            )
          }
        }
        for (const name of ['grant_type', 'code', 'refresh_token', 'scope', 'code_verifier']) {
          for (const value of some(world, breaks, 4)) {
            await attempt(`token, ${name}`, async () =>
              wellFormed((await web.token({ grant_type: 'authorization_code', [name]: value })).answer),
            )
          } // prettier-ignore
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'access tokens that a challenge could repeat',
      needs: ['userinfo'],
      arrange: (world) => Promise.resolve(world.web.url('/userinfo')),
      twin: (world) => pushes(world.web),
      attack: async (world, at, attempt) => {
        for (const token of ['a"b', 'a\\b', 'x, Basic realm="evil"', 'a b', '"', '<b>']) {
          await attempt(`token ${token}`, async () => {
            const answer = await present(world, token, { at, scheme: 'DPoP' })
            const challenge = answer.headers.get('www-authenticate') ?? ''
            const repeated = /evil|Basic|<b>|a"b/.test(challenge)
            return finding(!repeated && answer.status >= 400 && answer.status < 500, repeated ? 'the challenge repeats it' : told(answer)) // prettier-ignore
          })
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'addresses with encoded line breaks',
      needs: ['person', 'pages'],
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        const address = world.web.url('/authorize', 'main')
        for (const query of ['%0d%0aset-cookie:x=y', 'client_id=%0d%0aset-cookie:x=y', 'request_uri=a%0d%0aset-cookie:x=y', 'state=%0d%0a%0d%0a<b>']) {
          await attempt(query, async () => {
            const page = await world.browser().open(`${address}?${query}`)
            const cookies = page.headers.getSetCookie().some((one) => one.startsWith('x='))
            return finding(!cookies && page.status < 500 && !page.text.includes('<b>'), cookies ? 'a cookie of the sender’s' : String(page.status))
          })
        } // prettier-ignore
      },
      unharmed: requestSurvives,
    }),
  ],
}

/** A1-22 and A1-23: what is planted in pages, descriptions and headers. */
export const planted: readonly Scenario[] = [planting, breaking]
