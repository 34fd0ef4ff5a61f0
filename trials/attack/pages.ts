import { oneTimeCode } from '../../demo/story/one-time-code.ts'
import type { Browser, Page, Visit } from '../../test/support/browser.ts'
import type { Form } from '../../test/support/html.ts'
import type { Approve, Person } from '../../test/support/wire-client.ts'
import { secondsBy } from '../../test/support/wire-keys.ts'
import type { Clock } from '../../test/support/wire-keys.ts'

/** Names of the fields and buttons of script-less sign-in pages. A button is named by its id. */
export type FormNames = {
  readonly username: string
  readonly password: string
  readonly otp: string
  /** Absent: the first button of the form that holds the field. */
  readonly login?: string
  /** Absent: the first button of the first form of a page that asks for nothing else. */
  readonly approve?: string
  readonly deny?: string
}

/** The pages of this server. */
export const ownForms: FormNames = {
  username: 'username',
  password: 'password',
  otp: 'otp',
  login: 'login',
  approve: 'approve',
  deny: 'deny',
}

export type SomebodyToSignIn = Person & { readonly totp_secret?: string }

/** A walk through sign-in and consent, step by step. */
export type Pages = {
  readonly asksToSignIn: (page: Page) => boolean
  readonly asksToApprove: (page: Page) => boolean
  /** Sends name and password, and a one-time code when asked; answers the page behind. */
  readonly signIn: (at: At, person: Person, visit?: Visit) => Promise<Page>
  readonly approve: (at: At, visit?: Visit) => Promise<Page>
  readonly deny: (at: At, visit?: Visit) => Promise<Page>
  /** What pressing that button would send, and where to: for requests that a browser would not make. */
  readonly answerOf: (page: Page, answer: 'approve' | 'deny') => Pick<Prepared, 'action' | 'fields'>
  /** What a browser would send for somebody from a page that asks to sign in or to approve. */
  readonly prepare: (page: Page, person: Person) => Promise<Prepared>
}

/** A form as it would be sent. */
export type Prepared = {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** Names of fields that nobody typed: what may hold the token against forgery. */
  readonly hidden: readonly string[]
}

/** A page and the browser that shows it. */
export type At = { readonly page: Page; readonly browser: Browser }

const mostSteps = 5
const step = 30_000

/** Knows how to walk pages with these names; one-time codes are for these people. */
export function makePages(
  names: FormNames,
  people: readonly SomebodyToSignIn[],
  clock: Clock,
): Pages {
  const asked = [names.username, names.password, names.otp]
  const formWith = (page: Page, fields: readonly string[]) =>
    page.forms.find((form) => form.fields.some(([name]) => fields.includes(name)))
  const asksToSignIn = (page: Page) => formWith(page, asked) !== undefined
  const codes = makeCodes(people, clock)

  async function typed(form: Form, person: Person): Promise<Readonly<Record<string, string>>> {
    const has = (name: string) => form.fields.some(([field]) => field === name)
    return {
      ...(has(names.username) ? { [names.username]: person.username } : {}),
      ...(has(names.password) ? { [names.password]: person.password } : {}),
      ...(has(names.otp) ? { [names.otp]: await codes(person) } : {}),
    }
  }

  async function signIn({ page, browser }: At, person: Person, visit?: Visit): Promise<Page> {
    let at = page
    for (let count = 0; count < mostSteps; count += 1) {
      const form = formWith(at, asked)
      if (form === undefined) return at
      const fields = await typed(form, person)
      const next = await press({ page: at, browser }, { form, button: names.login, fields, visit })
      // A sign-in that asks the same again has failed: its page says more than another try.
      const again = formWith(next, asked)
      if (again !== undefined && String(again.fields.map(([name]) => name)) === String(form.fields.map(([name]) => name))) return next // prettier-ignore
      at = next
    }
    return at
  }

  const answer = (button: string | undefined) => async (at: At, visit?: Visit) => {
    const form = formBehind(at.page, button)
    if (form === undefined) throw new Error(`no consent form: ${at.page.status} ${at.page.words}`)
    return press(at, { form, button, fields: {}, visit })
  }

  return {
    asksToSignIn,
    asksToApprove: (page) =>
      page.redirectedTo === undefined &&
      !asksToSignIn(page) &&
      formBehind(page, names.approve) !== undefined,
    signIn,
    approve: answer(names.approve),
    deny: answer(names.deny),
    answerOf: (page, which) => {
      const form = formBehind(page, names[which])
      if (form === undefined) throw new Error(`no consent form: ${page.status} ${page.words}`)
      const fields = { ...Object.fromEntries(form.fields), ...pressed(form, names[which]) }
      return { action: form.action, fields }
    },
    prepare: async (page, person) => {
      const login = formWith(page, asked)
      const form = login ?? formBehind(page, names.approve)
      if (form === undefined) throw new Error(`no form: ${page.status} ${page.words}`)
      const button = login === undefined ? names.approve : names.login
      const fields = {
        ...Object.fromEntries(form.fields),
        ...pressed(form, button),
        ...(await typed(form, person)),
      }
      const hidden = form.fields.map(([name]) => name).filter((name) => !asked.includes(name))
      return { action: form.action, fields, hidden }
    },
  }
}

/** What a button adds to its form. */
function pressed(form: Form, button: string | undefined): Readonly<Record<string, string>> {
  const found = form.buttons.find(({ id }) => button === undefined || id === button)
  return found?.name === undefined ? {} : { [found.name]: found.value }
}

/** Walks the pages in the browser of each person, which stays signed in. */
export function approveBy(pages: Pages, open: () => Browser): Approve {
  const browsers = new Map<string, Browser>()
  return async (address, person, given) => {
    const browser = given ?? browsers.get(person.username) ?? open()
    if (given === undefined) browsers.set(person.username, browser)
    let page = await browser.open(address)
    if (pages.asksToSignIn(page)) page = await pages.signIn({ page, browser }, person)
    if (pages.asksToApprove(page)) page = await pages.approve({ page, browser })
    if (page.redirectedTo === undefined)
      throw new Error(`not sent to the client: ${page.status} ${page.words}`)
    return page.redirectedTo
  }
}

const formBehind = (page: Page, button: string | undefined): Form | undefined =>
  page.forms.find(({ buttons }) => button === undefined || buttons.some(({ id }) => id === button))

async function press(
  { page, browser }: At,
  given: {
    readonly form: Form
    readonly button: string | undefined
    readonly fields: Readonly<Record<string, string>>
    readonly visit: Visit | undefined
  },
): Promise<Page> {
  const { form, button, fields, visit } = given
  if (button !== undefined) return page.submit(button, fields, visit)
  const all = { ...Object.fromEntries(form.fields), ...pressed(form, button), ...fields }
  return browser.post(form.action, all, visit)
}

/** One-time codes, each step once: a second sign-in waits for the next. */
function makeCodes(people: readonly SomebodyToSignIn[], clock: Clock) {
  const used = new Map<string, number>()
  return async ({ username }: Person): Promise<string> => {
    const secret = people.find((one) => one.username === username)?.totp_secret
    if (secret === undefined) throw new Error('asked for a one-time code that nobody can know')
    const now = () => secondsBy(clock) * 1000
    const last = used.get(username)
    if (last === Math.floor(now() / step)) {
      await new Promise((resolve) => setTimeout(resolve, step - (now() % step) + 500))
    }
    used.set(username, Math.floor(now() / step))
    return oneTimeCode(secret, now())
  }
}
