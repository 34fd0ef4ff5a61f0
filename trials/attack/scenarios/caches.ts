import { send } from '../../../test/support/http.ts'
import type { Answer } from '../../../test/support/http.ts'
import { connect, present, pushSurvives, pushes, tokensSurvive } from '../common.ts'
import { allOf, answered, finding } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { documentsOf } from '../metadata.ts'
import { orClosed } from '../raw.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const ask = (world: World, url: string, headers: readonly (readonly [string, string])[] = []) => {
  const { ca } = world.server
  return send(url, { headers, ...(ca === undefined ? {} : { ca }) })
}

/** The documents that are there. */
async function published(world: World): Promise<readonly string[]> {
  const all = documentsOf(world.server.issuer)
  const answers = await Promise.all(all.map((url) => ask(world, url)))
  return all.filter((_, at) => answers[at]?.status === 200)
}

const spoofed = ['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-server', 'x-host', 'x-original-url', 'x-original-host', 'x-rewrite-url', 'forwarded', 'x-http-host-override', 'cf-visitor', 'origin', 'referer'] // prettier-ignore

/** Whether nothing of the sender's came into an answer, and what came is of the configured issuer. */
function ownOnly(world: World, answer: Answer): Finding {
  const { json, text, headers, status } = answer
  const told = text.includes('evil.example') || headers.get('location')?.includes('evil') === true
  if (told) return finding(false, `${status} with the sender’s host`)
  const issuer = json['issuer']
  const right = issuer === undefined || issuer === world.server.issuer
  return finding(right && status < 500, right ? `${status}` : 'another issuer')
}

const readsAndPushes = async (world: World, [document = '']: readonly string[]): Promise<Finding> =>
  allOf([answered(await ask(world, document), 200), await pushes(world.web)])

/** Whether nobody may keep an answer. */
const unkept = (answer: Answer): Finding => {
  const control = answer.headers.get('cache-control') ?? 'nothing'
  return finding(/no-store/.test(control), `${answer.status} ${control}`)
}

const poisoning: Scenario = {
  id: 'ATK-A1-35',
  title: 'poison metadata and caches',
  clauses: ['RFC 8414 6', 'RFC 6749 5.1', 'RFC 9126 2.2'],
  needs: [],
  parts: [
    part({
      what: 'headers about host, scheme and address',
      arrange: published,
      twin: readsAndPushes,
      attack: async (world, documents, attempt) => {
        for (const document of documents) {
          for (const name of spoofed) {
            await attempt(`${name} at ${new URL(document).pathname}`, async () => {
              const value = name === 'forwarded' ? 'host=evil.example;proto=https' : 'evil.example'
              return ownOnly(world, await ask(world, `${document}?x=${name}`, [[name, value]]))
            })
          }
        }
        await attempt('all of them at PAR', async () => {
          const headers = spoofed.filter((name) => name !== 'origin').map((name) => [name, 'evil.example'] as const) // prettier-ignore
          return ownOnly(world, (await world.web.par({ headers })).answer)
        })
      },
      unharmed: async (world, documents, check) => {
        await check('the documents say what they said', async () =>
          allOf(
            await Promise.all(
              documents.map(async (document) => ownOnly(world, await ask(world, document))),
            ),
          ),
        )
      },
    }),
    part({
      what: 'another host in the request',
      arrange: published,
      twin: readsAndPushes,
      attack: async (world, [document = ''], attempt) => {
        const { host } = new URL(world.server.issuer)
        for (const one of ['evil.example', `${host}.evil.example`, `evil.example:443`, `x@${host}`]) {
          await attempt(one, () =>
            orClosed(async () => ownOnly(world, await ask(world, document, [['host', one]]))),
          )
        } // prettier-ignore
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'tricks with the path of the metadata',
      arrange: published,
      twin: readsAndPushes,
      attack: async (world, documents, attempt) => {
        for (const document of documents) {
          for (const trick of ['/evil', '%2f', '%00', ';x', '/https://evil.example', '%2f..%2fevil']) {
            await attempt(`${new URL(document).pathname}${trick}`, async () => {
              const answer = await ask(world, `${document}${trick}`)
              const told = answer.json['issuer'] !== undefined
              return finding(!told && answer.status >= 400 && answer.status < 500, told ? 'metadata' : `${answer.status}`)
            })
          } // prettier-ignore
        }
      },
      unharmed: pushSurvives,
    }),
    part({
      what: 'answers that a cache might keep',
      needs: ['person'],
      arrange: (world) => connect(world),
      twin: (_, { tokens }) => answered(tokens.answer, 200),
      attack: async (world, { tokens, proving, given }, attempt) => {
        const { web } = world
        await attempt('PAR', async () => unkept((await web.par()).answer))
        await attempt('PAR, refused', async () =>
          unkept((await web.par({ fields: { scope: 'x' } })).answer),
        )
        await attempt('token', () => unkept(tokens.answer))
        await attempt('token, refused', async () =>
          unkept((await web.redeem({ ...given, code: 'x' }, proving)).answer),
        )
        if (world.has('userinfo') && world.has('openid')) {
          await attempt('userinfo', async () =>
            unkept(await present(world, tokens.accessToken, { ...proving, at: web.url('/userinfo') })),
          )
        } // prettier-ignore
        if (world.has('introspection')) {
          await attempt('introspection', async () =>
            unkept(await world.resourceServer().post('/introspect', { token: tokens.accessToken })),
          )
        }
        if (world.has('pages')) {
          await attempt('the sign-in page', async () => {
            const { requestUri } = await web.par()
            const page = await world.browser().open(web.authorizeUrl(requestUri))
            const control = page.headers.get('cache-control') ?? 'nothing'
            return finding(/no-store/.test(control), control)
          })
        }
      },
      unharmed: tokensSurvive,
    }),
    part({
      what: 'a document that differs from what is there',
      arrange: published,
      twin: (world) => pushes(world.web),
      attack: async (world, documents, attempt) => {
        await attempt('two documents that say different things', async () => {
          const texts = await Promise.all(
            documents.map(async (one) => (await ask(world, one)).text),
          )
          return finding(new Set(texts.map(sorted)).size === 1, `${documents.length} documents`)
        })
        await attempt('the issuer of somebody else', () =>
          finding(world.metadata['issuer'] === world.server.issuer, 'its own issuer'),
        )
        await attempt('weak algorithms and methods', () => {
          const text = JSON.stringify(world.metadata)
          const weak = /"none"(?!,"login")|"RS256"|"HS256"|"client_secret_|"plain"/.exec(text)?.[0]
          return finding(weak === undefined, weak ?? 'none advertised')
        })
      },
      unharmed: pushSurvives,
    }),
  ],
}

const sorted = (text: string): string => {
  try {
    return JSON.stringify(Object.entries(JSON.parse(text) as object).sort(([one], [other]) => one.localeCompare(other))) // prettier-ignore
  } catch {
    return text
  }
}

/** A1-35: metadata and caches. */
export const caches: readonly Scenario[] = [poisoning]
