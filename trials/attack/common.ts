import type { Page } from '../../test/support/browser.ts'
import type { Answer } from '../../test/support/http.ts'
import { getResource } from '../../test/support/wire-client.ts'
import type { RequestOptions, ResourceOptions, Tokens, WireClient } from '../../test/support/wire-client.ts' // prettier-ignore
import { makeDpopKey } from '../../test/support/wire-keys.ts'
import {
  allOf,
  answered,
  carriesCode,
  finding,
  refusedAs,
  refusedPage,
  shown,
  told,
} from './finding.ts'
import type { Finding } from './finding.ts'
import type { At } from './pages.ts'
import type { Note } from './scenario.ts'
import type { Proving, World } from './world.ts'

/** A code and what redeems it. */
export type Given = Awaited<ReturnType<WireClient['code']>>

/** A new key where the server takes DPoP; elsewhere the client's certificate has to do. */
export const prove = async (world: World): Promise<Proving> =>
  world.has('dpop') ? { key: await makeDpopKey() } : {}

/** A code for a client, and a key to redeem it with. */
export type Obtained = { readonly given: Given; readonly proving: Proving }

export async function obtainCode(
  world: World,
  client: WireClient = world.web,
  options: RequestOptions = {},
): Promise<Obtained> {
  return { given: await client.code(options), proving: await prove(world) }
}

export type Connected = {
  readonly tokens: Tokens
  readonly proving: Proving
  readonly given: Given
}

/** The whole flow: tokens for a client. */
export async function connect(
  world: World,
  client: WireClient = world.web,
  options: RequestOptions = {},
): Promise<Connected> {
  const { given, proving } = await obtainCode(world, client, options)
  const tokens = await client.redeem(given, proving)
  if (tokens.answer.status !== 200) throw new Error(`no tokens: ${told(tokens.answer)}`)
  return { tokens, proving, given }
}

/** Whether a code redeems. */
export async function redeems(
  client: WireClient,
  given: Pick<Given, 'code' | 'verifier'>,
  proving: RequestOptions,
): Promise<Finding> {
  const { answer } = await client.redeem(given, proving)
  return answered(answer, 200)
}

/** The check that most attacks on a code of `web` end with. */
export const codeSurvives = async (
  world: World,
  { given, proving }: Obtained,
  check: Note,
): Promise<void> => {
  await check('the code still redeems for its owner', () => redeems(world.web, given, proving))
}

/** The check where a server may burn a code that was tried with the right proof of its client. */
export const codeUnspentOrBurnt = async (
  world: World,
  { given, proving }: Obtained,
  check: Note,
): Promise<void> => {
  await check('the code serves its owner, or is burnt', async () => {
    const { answer } = await world.web.redeem(given, proving)
    const burnt = refusedAs(answer, '400 invalid_grant').good
    return burnt ? finding(true, 'the code is burnt') : answered(answer, 200)
  })
}

/** The check that most attacks on tokens of `web` end with. */
export const tokensSurvive = async (
  world: World,
  connected: Connected,
  check: Note,
): Promise<void> => {
  await check('the tokens still serve their owner', () => alive(world, connected))
}

/** The check that most attacks on pushing end with: nobody was locked out. */
export const pushSurvives = async (world: World, _given: unknown, check: Note): Promise<void> => {
  await check('the client still pushes', () => pushes(world.web))
}

/** The check that most attacks on a pushed request of `web` end with: it was not used up. */
export const requestSurvives = async (
  world: World,
  { requestUri }: { readonly requestUri: string },
  check: Note,
): Promise<void> => {
  await check('the request still leads its owner to a code', () => completes(world.web, requestUri))
}

/** Sends an access token of `web` to an address with its proof. */
export const present = (
  world: World,
  accessToken: string,
  options: ResourceOptions & { readonly at?: string } = {},
): Promise<Answer> => {
  const { at = placeFor(world), ...rest } = options
  const { credential } = world.web.fixture
  const { server, clock } = world
  return getResource(at, accessToken, {
    server,
    clock,
    ...(credential === undefined ? {} : { credential }),
    ...rest,
  })
}

/** Where an access token opens something: the resource, or userinfo. */
export function placeFor(world: World): string {
  return world.has('resource') ? world.resource() : world.web.url('/userinfo')
}

/** Whether the tokens still open something, and still refresh. */
export async function alive(world: World, { tokens, proving }: Connected): Promise<Finding> {
  const opened = await present(world, tokens.accessToken, proving)
  const findings = [answered(opened, 200)]
  if (tokens.refreshToken !== '') {
    findings.push(answered((await world.web.refresh(tokens.refreshToken, proving)).answer, 200))
  }
  return allOf(findings, 'the tokens live')
}

/** Whether a pushed request still leads its owner to a code. */
export const completes = async (client: WireClient, requestUri: string): Promise<Finding> =>
  carriesCode(await client.approve(requestUri))

/** Whether a client can push: what a twin of a refused push shows, and that nobody was locked out. */
export const pushes = async (client: WireClient, options?: RequestOptions): Promise<Finding> =>
  answered((await client.par(options)).answer, 201)

/** Where the server names its storage prices: whether an answer wrote nothing. */
export function wroteNothing(answers: readonly Pick<Answer, 'headers'>[]): Finding {
  const rows = answers.map(
    ({ headers }) => /rows=(\d+)/.exec(headers.get('server-timing') ?? '')?.[1],
  )
  const wrote = rows.filter((count) => count !== undefined && count !== '0').length
  return finding(wrote === 0, wrote === 0 ? 'nothing was written' : `${wrote} answers wrote rows`)
}

/** Opens a request of a client in a new browser. */
export async function arrive(
  world: World,
  client: WireClient = world.web,
  options: RequestOptions = {},
): Promise<At & { readonly requestUri: string; readonly verifier: string }> {
  const pushed = await client.par(options)
  if (pushed.answer.status !== 201) throw new Error(`PAR failed: ${told(pushed.answer)}`)
  const browser = world.browser()
  const page = await browser.open(client.authorizeUrl(pushed.requestUri), { from: 'cross-site' })
  return { page, browser, requestUri: pushed.requestUri, verifier: pushed.verifier }
}

/** Signs the victim in, up to the consent page. */
export async function reachConsent(
  world: World,
  client: WireClient = world.web,
  options: RequestOptions = {},
): Promise<At & { readonly requestUri: string; readonly verifier: string }> {
  const at = await arrive(world, client, options)
  return { ...at, page: await world.pages().signIn(at, world.person) }
}

/** Whether a page asks somebody to sign in or to approve: it was opened. */
export const opens = (world: World, page: Page): Finding =>
  finding(
    world.pages().asksToSignIn(page) || world.pages().asksToApprove(page),
    `${page.status} ${page.forms.length} forms`,
  )

/** Success counts of a race: exactly one, and each other refused as told. */
export function oneWinner(answers: readonly Answer[], loser: (answer: Answer) => Finding): Finding {
  const winners = answers.filter(({ status }) => status < 400)
  const losers = answers.filter(({ status }) => status >= 400).map(loser)
  const saw = `${winners.length} of ${answers.length} succeeded`
  return allOf([finding(winners.length === 1, saw), ...losers], saw)
}

/** All of a list; in the short form of the test suite, some of it from begin to end. */
export function some<T>(world: World, all: readonly T[], count: number): readonly T[] {
  if (world.thorough || all.length <= count) return all
  return Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)] as T)
}

/** Whether a page stayed, or went to the registered address of `web` with an error and no code. */
export function staysOrTellsClient(world: World, page: Page): Finding {
  if (page.redirectedTo === undefined) return refusedPage(page)
  const { origin, pathname, searchParams } = page.redirectedTo
  const registered = new URL(world.web.fixture.redirectUri)
  const there = origin === registered.origin && pathname === registered.pathname
  const honest = searchParams.has('error') && !searchParams.has('code')
  return finding(there && honest && page.status < 304, shown(page))
}

/** Does things some at a time, in order. */
export async function inBatches<T, R>(
  all: readonly T[],
  act: (one: T) => Promise<R>,
  size = 8,
): Promise<readonly R[]> {
  const results: R[] = []
  for (let at = 0; at < all.length; at += size) {
    results.push(...(await Promise.all(all.slice(at, at + size).map(act))))
  }
  return results
}
