import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../../test/support/browser.ts'
import type { Browser, Page } from '../../test/support/browser.ts'
import type { Thing } from './ledger.ts'
import { idOf } from './exchange.ts'
import { grantOfCode, hold, holderOf } from './receive.ts'
import { isBroken } from './scene.ts'
import type { Scene } from './scene.ts'

/** A person at a browser, who stays signed in as long as the server lets them. */
export type Visitor = { readonly browser: Browser; readonly patient: () => boolean }

export const newVisitor = (scene: Scene, patient: () => boolean): Visitor => ({
  browser: createBrowser({ fetch: createFetch({ ca: scene.server().ca }) }),
  patient,
})

/**
 * Takes a pushed request through sign-in and consent. The code it ends with; undefined where somebody was
 * cut off or turned away: the books know.
 */
export async function approve(
  scene: Scene,
  visitor: Visitor,
  pushed: Thing,
): Promise<Thing | undefined> {
  const held = holderOf(pushed)
  const wish = held?.wish
  if (held === undefined || wish === undefined) throw new Error('nobody holds this request')
  const { client } = held.actor
  const { username, password } = scene.fixtures.users.alice
  pushed.handedIn += 1
  const opened = Date.now()
  const first = await visit(scene, { pushed, opened }, () =>
    visitor.browser.open(client.authorizeUrl(held.secret), { from: 'cross-site' }),
  )
  const consent =
    first !== undefined && has(first, 'login')
      ? await visit(scene, { pushed, opened }, () => first.submit('login', { username, password }))
      : first
  if (consent === undefined || !has(consent, 'approve')) return undefined
  const [since, began] = [Date.now(), scene.ledger.tick()]
  const press = () =>
    visit(scene, { pushed, opened }, () => consent.submit('approve'), { decides: true })
  const done = (await press()) ?? (visitor.patient() ? await press() : undefined)
  const text = done?.redirectedTo?.searchParams.get('code')
  if (text === null || text === undefined) return undefined
  scene.ledger.accept(pushed, began, text)
  const { ledger, line, recorder } = scene
  const code = ledger.add({
    kind: 'code',
    id: idOf(text),
    acknowledged: true,
    fault: recorder.fault(),
    grant: wish.grant ?? grantOfCode(text),
    managed: wish.managed,
    expiresAt: line.range(since, Date.now()).least + codeLife,
    ...(wish.updates === undefined ? {} : { updates: wish.updates }),
  })
  hold(code, { ...held, secret: text })
  return code
}

/** Seconds a code lives (the profile's). */
const codeLife = 60

const has = (page: Page, button: string): boolean =>
  page.forms.some(({ buttons }) => buttons.some(({ id }) => id === button))

/** One page, or undefined where none came. `decides`: the request may be completed by it. */
async function visit(
  scene: Scene,
  { pushed, opened }: { readonly pushed: Thing; readonly opened: number },
  turn: () => Promise<Page>,
  { decides }: { readonly decides: boolean } = { decides: false },
): Promise<Page | undefined> {
  const { recorder, ledger } = scene
  const broken = (label: string): undefined => {
    recorder.note(label)
    if (decides) ledger.leaveOpen(pushed)
    return undefined
  }
  try {
    const page = await turn()
    if (page.status === 503 && isHonest(page)) return broken('503 page')
    if (page.status >= 500) {
      ledger.report(
        'dishonest',
        recorder.fault(),
        `page: ${page.status} ${page.words.slice(0, 200)}`,
      )
      return broken('dishonest')
    }
    recorder.note(`page ${page.status}`)
    const error = page.element('error')
    if (error !== undefined) refused(scene, { pushed, error, since: opened })
    return error === undefined ? page : undefined
  } catch (error) {
    if (!isBroken(error)) throw error
    return broken(
      (error as { code?: unknown }).code === 'ECONNREFUSED' ? 'no connection' : 'connection closed',
    )
  }
}

/** An error page of the server's, or the front's own words while the server is away. */
const isHonest = ({ headers, text }: Page): boolean =>
  /^\d+$/.test(headers.get('retry-after') ?? '') && text.includes('temporarily_unavailable')

function refused(
  { ledger, line, recorder }: Scene,
  {
    pushed,
    error,
    since,
  }: { readonly pushed: Thing; readonly error: string; readonly since: number },
): void {
  const moved = line.clock.offset !== 0 || line.moved(since, Date.now())
  if (error !== 'invalid_request_uri') {
    // A page of a moved clock's time may be out of date; nothing else is turned away.
    if (!moved) ledger.report('dishonest', recorder.fault(), `page: nothing explains ${error}`)
    return
  }
  const late = line.range(since, Date.now()).most >= pushed.expiresAt - 1
  const known = pushed.uses > 0 || pushed.doubtful || pushed.ended !== undefined
  ledger.refuse(pushed, {
    expected: known || late,
    final: known && !late,
    by: error,
    at: ledger.tick(),
  })
}
