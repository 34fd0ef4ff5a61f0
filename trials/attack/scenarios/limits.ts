import { randomBytes } from 'node:crypto'
import type { Page } from '../../../test/support/browser.ts'
import type { ClientFixture } from '../../../test/support/fixtures.ts'
import { keySet, text } from '../../../test/support/key-host.ts'
import type { Answering } from '../../../test/support/key-host.ts'
import { newClient } from '../../../test/support/wire-admin.ts'
import { arrive, opens, prove, some } from '../common.ts'
import { answered, finding, refusedAs, shown } from '../finding.ts'
import type { Finding } from '../finding.ts'
import type { At } from '../pages.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

type Registered = { readonly fixture: ClientFixture; readonly publicJwk: object }

/** Registers a client whose keys are at an address, by default at a path of its own at our host. */
async function register(
  world: World,
  address?: string,
): Promise<Registered & { readonly status: number }> {
  const { fixture, metadata } = await newClient()
  const { jwks, ...rest } = metadata
  const [publicJwk = {}] = (jwks as { readonly keys: readonly object[] }).keys
  const jwks_uri = address ?? `${world.outboundHost().origin}/keys/${fixture.clientId}`
  const admin = await world.operator()
  const answer = await admin.request('PUT', `/clients/${fixture.clientId}`, { ...rest, jwks_uri })
  return { fixture, publicJwk, status: answer.status }
}

/** Whether a client whose keys must be fetched is proven. */
async function ask(world: World, { fixture }: Registered): Promise<Finding> {
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }
  return answered((await world.act(fixture).token(fields, await prove(world))).answer, 200)
}

async function refusedAsClient(world: World, { fixture }: Registered): Promise<Finding> {
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }
  const { answer } = await world.act(fixture).token(fields, await prove(world))
  return refusedAs(answer, '401 invalid_client', '400 invalid_client')
}

const inside = [
  'http://127.0.0.1/jwks', 'https://127.0.0.1/jwks', 'https://localhost/jwks', 'https://[::1]/jwks', 'https://10.0.0.1/jwks',
  'https://192.168.0.1/jwks', 'https://169.254.169.254/latest/meta-data', 'https://metadata.google.internal/x', 'https://0.0.0.0/jwks',
  'https://2130706433/jwks', 'https://0x7f.1/jwks', 'https://[::ffff:127.0.0.1]/jwks', 'https://keys/jwks', 'https://a.local/jwks',
  'https://keys.example:8443/jwks', 'https://user@keys.example/jwks', 'http://keys.example/jwks', 'file:///etc/passwd', 'data:application/json,{}',
  'ftp://keys.example/jwks', 'gopher://127.0.0.1/',
] // prettier-ignore

const fetching: Scenario = {
  id: 'ATK-A1-30',
  title: 'make the server call addresses of its own network',
  clauses: ['RFC 9700 4.11', 'RFC 7591 5'],
  needs: ['disposable'],
  parts: [
    part({
      what: 'addresses that are registered',
      arrange: (world) => world.disposable(),
      twin: keysAreFetched,
      attack: async (world, spare, attempt) => {
        for (const address of inside) {
          await attempt(`jwks_uri ${address}`, async () => {
            const { status } = await register(spare, address)
            return finding(status === 400, `registered with ${status}`)
          })
        }
        for (const address of some(world, inside, 8)) {
          await attempt(`sector_identifier_uri ${address}`, async () => {
            const { fixture, metadata } = await newClient()
            const admin = await spare.operator()
            const given = { ...metadata, subject_type: 'pairwise', sector_identifier_uri: address }
            return refusedAs(await admin.request('PUT', `/clients/${fixture.clientId}`, given), '400') // prettier-ignore
          })
        }
        await attempt('logo_uri, which nobody fetches', async () => {
          const { fixture, metadata } = await newClient()
          const host = spare.outboundHost()
          const before = host.total()
          const logo_uri = `${host.origin}/logo.png`
          await (await spare.operator()).request('PUT', `/clients/${fixture.clientId}`, { ...metadata, logo_uri }) // prettier-ignore
          await arrive(spare, spare.act(fixture))
          return finding(host.total() === before, `asked ${host.total() - before} times`)
        })
      },
      unharmed: async (world, spare, check) => {
        await check('keys at an allowed address are still fetched', () => keysAreFetched(world, spare)) // prettier-ignore
      },
    }),
    part({
      what: 'answers of an address that may be called',
      arrange: (world) => world.disposable(),
      twin: keysAreFetched,
      attack: async (_, spare, attempt) => {
        const host = spare.outboundHost()
        for (const [what, answer] of Object.entries(badAnswers(host.origin))) {
          await attempt(what, async () => {
            const registered = await register(spare)
            host.serve('/inside', keySet(registered.publicJwk))
            host.serve(pathOf(registered), answer(registered.publicJwk))
            return refusedAsClient(spare, registered)
          })
        }
        await attempt('the address that an answer redirected to was not called', () =>
          finding(host.asked('/inside') === 0, `asked ${host.asked('/inside')} times`),
        )
      },
      unharmed: async (world, spare, check) => {
        await check('keys of other clients are still fetched', () => keysAreFetched(world, spare))
      },
    }),
  ],
}

const pathOf = ({ fixture }: Registered): string => `/keys/${fixture.clientId}`

async function keysAreFetched(_: World, spare: World): Promise<Finding> {
  const registered = await register(spare)
  spare.outboundHost().serve(pathOf(registered), keySet(registered.publicJwk))
  return ask(spare, registered)
}

/** What a host may answer that is no key set to be taken. */
const badAnswers = (origin: string): Readonly<Record<string, (jwk: object) => Answering>> => ({
  'a redirect to the inside': () => text('', 302, { location: `${origin}/inside` }),
  'a permanent redirect': () => text('', 308, { location: `${origin}/inside` }),
  'a redirect to metadata of a cloud': () => text('', 307, { location: 'http://169.254.169.254/latest/meta-data' }),
  'a body of 1 MB': (jwk) => text(JSON.stringify({ keys: [jwk], filling: 'x'.repeat(1_000_000) })),
  'a body that never ends': () => (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"keys":[')
  },
  'no JSON': () => text('<html>'),
  'an error': (jwk) => text(JSON.stringify({ keys: [jwk] }), 500),
  'no keys': () => text('{"keys":[]}'),
}) // prettier-ignore

/** No delay lasts longer than this, and failures are forgotten after the other. */
const everyDelay = 301
const memory = 6 * 3_600 + 1

/** Guesses a password for a name on a fresh sign-in page. */
async function guess(world: World, at: At, username: string): Promise<Page> {
  const password = `wrong ${randomBytes(4).toString('hex')}`
  return world.pages().signIn(at, { username, password })
}

const signsIn = async (world: World): Promise<Finding> => {
  const at = await arrive(world)
  const page = await world.pages().signIn(at, world.person)
  return finding(world.pages().asksToApprove(page), shown(page))
}

/** The spare server after all failures are forgotten. */
async function rested(world: World): Promise<World> {
  const spare = await world.disposable()
  await spare.moveClock(spare.clock.offset + memory)
  return spare
}

const guessing: Scenario = {
  id: 'ATK-A1-32',
  title: 'guess passwords without end',
  clauses: ['FAPI2 SP 5.4', 'RFC 9700 4.16'],
  needs: ['disposable'],
  parts: [
    part({
      what: 'many guesses for one name',
      arrange: rested,
      twin: (_, spare) => signsIn(spare),
      attack: async (_, spare, attempt) => {
        const { username } = spare.person
        await attempt('one after another', async () => {
          const statuses = await guessUntilTold(spare, () => username)
          return finding(statuses.at(-1) === 429, `${statuses.at(-1)} after ${statuses.length} guesses`) // prettier-ignore
        })
        await attempt('the right password while it has to wait', async () => {
          const page = await spare.pages().signIn(await arrive(spare), spare.person)
          return finding(page.status === 429 && !spare.pages().asksToApprove(page), shown(page))
        })
        await attempt('another address by headers', async () => {
          const headers = Object.fromEntries(['cf-connecting-ip', 'x-forwarded-for', 'x-real-ip', 'true-client-ip', 'x-client-ip'].map((name) => [name, '203.0.113.7'])) // prettier-ignore
          const at = await arrive(spare)
          const page = await spare.pages().signIn(at, { username, password: 'wrong' }, { headers })
          return finding(page.status === 429, shown(page))
        })
      },
      unharmed: async (_, spare, check) => {
        await check('nobody is locked out for good', async () => {
          await spare.moveClock(spare.clock.offset + everyDelay)
          return signsIn(spare)
        })
      },
    }),
    part({
      what: 'one guess for each of many names',
      arrange: rested,
      twin: (_, spare) => signsIn(spare),
      attack: async (_, spare, attempt) => {
        await attempt('one after another', async () => {
          const statuses = await guessUntilTold(spare, (at) => `somebody-${at}-${randomBytes(4).toString('hex')}`) // prettier-ignore
          return finding(statuses.at(-1) === 429, `${statuses.at(-1)} after ${statuses.length} guesses`) // prettier-ignore
        })
      },
      unharmed: async (_, spare, check) => {
        await check('a person signs in after the delay', async () => {
          await spare.moveClock(spare.clock.offset + everyDelay)
          return signsIn(spare)
        })
      },
    }),
    part({
      what: '50 guesses at once',
      arrange: rested,
      twin: (_, spare) => signsIn(spare),
      attack: async (_, spare, attempt) => {
        await attempt('in parallel', async () => {
          const at = await arrive(spare)
          const pages = await Promise.all(Array.from({ length: 50 }, () => guess(spare, at, spare.person.username))) // prettier-ignore
          const judged = pages.filter(({ status }) => status !== 429).length
          const failed = pages.some(({ status }) => status >= 500)
          return finding(judged <= 10 && !failed, `${judged} of 50 were judged`)
        })
      },
      unharmed: async (_, spare, check) => {
        await check('the person signs in after the delay', async () => {
          await spare.moveClock(spare.clock.offset + everyDelay)
          return signsIn(spare)
        })
      },
    }),
  ],
}

/** Guesses until told to wait, at most 40 times; answers the statuses. */
async function guessUntilTold(
  spare: World,
  nameOf: (at: number) => string,
): Promise<readonly number[]> {
  const at = await arrive(spare)
  const statuses: number[] = []
  while (statuses.length < 40 && statuses.at(-1) !== 429) {
    statuses.push((await guess(spare, at, nameOf(statuses.length))).status)
  }
  return statuses
}

/** What a stranger can tell apart, less the name and what is new each time. */
const seen = ({ status, text: body, headers }: Page, username: string): string =>
  [
    status,
    headers.getSetCookie().length,
    headers.get('retry-after') ?? '',
    body
      .replaceAll(username, 'NAME')
      .replace(/(value|data-[a-z]+)="[^"]{60,}"/g, '')
      .replace(/[\w-]{20,}/g, ''),
  ].join('\n')

const enumeration: Scenario = {
  id: 'ATK-A1-33',
  title: 'find out who has an account, or which clients there are',
  clauses: ['RFC 9700 4.16', 'OIDC Core 3.1.2.1'],
  needs: ['person', 'pages'],
  parts: [
    part({
      what: 'names at the sign-in',
      needs: ['disposable'],
      arrange: rested,
      twin: (_, spare) => signsIn(spare),
      attack: async (_, spare, attempt) => {
        const known = spare.person.username
        const tell = async (username: string) => seen(await guess(spare, await arrive(spare), username), username) // prettier-ignore
        const reference = await tell(known)
        const unknown = randomBytes(8).toString('hex').slice(0, known.length)
        for (const username of [unknown, known.toUpperCase(), '__proto__', 'a b']) {
          await attempt(`'${username === unknown ? 'somebody unknown' : username}'`, async () => {
            const other = await tell(username)
            return finding(other === reference, other === reference ? 'the same answer' : 'another answer') // prettier-ignore
          })
        }
      },
      unharmed: async (_, spare, check) => {
        await check('the person signs in', () => signsIn(spare))
      },
    }),
    part({
      what: 'names as login_hint',
      arrange: arrive,
      twin: (world, at) => opens(world, at.page),
      attack: async (world, _, attempt) => {
        const open = async (login_hint: string) => {
          const { page } = await arrive(world, world.web, { fields: { login_hint } })
          return seen(page, login_hint)
        }
        await attempt('a known and an unknown one', async () => {
          const { username } = world.person
          const unknown = randomBytes(8).toString('hex').slice(0, username.length)
          const same = (await open(username)) === (await open(unknown))
          return finding(same, same ? 'the same page' : 'different pages')
        })
      },
      unharmed: async (world, at, check) => {
        await check('the person still gets through', async () => {
          const page = await world.pages().signIn(at, world.person)
          return finding(world.pages().asksToApprove(page), shown(page))
        })
      },
    }),
    part({
      what: 'clients by their answers',
      needs: ['assertions'],
      arrange: (world) => Promise.resolve(world.web),
      twin: async (_, web) => answered((await web.par()).answer, 201),
      attack: async (world, web, attempt) => {
        const texts = new Set<string>()
        for (const id of [web.fixture.clientId, world.second.fixture.clientId, 'nobody', '__proto__']) {
          await attempt(`an assertion of '${id}' under no key`, async () => {
            const claims = { iss: id, sub: id }
            const { answer } = await web.par({ claims, assertionHeader: { kid: 'x' } })
            texts.add(`${answer.status} ${answer.text}`)
            return refusedAs(answer, '401 invalid_client', '400 invalid_client')
          })
        } // prettier-ignore
        await attempt('differences between them', () =>
          finding(texts.size === 1, `${texts.size} different answers`),
        )
      },
      unharmed: async (_, web, check) => {
        await check('the client still pushes', async () => answered((await web.par()).answer, 201))
      },
    }),
  ],
}

/** A1-30, A1-32 and A1-33: outbound calls, guessing and telling apart. */
export const limits: readonly Scenario[] = [fetching, guessing, enumeration]
