import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createJar } from './cookies.ts'
import type { Jar } from './cookies.ts'
import { readElement, readForms, readLinks, readWords } from './html.ts'
import type { Form, Link } from './html.ts'

/** Where a visit comes from, as browsers tell in `Sec-Fetch-Site`. `none`: typed in, or a bookmark. */
export type From = 'none' | 'same-origin' | 'same-site' | 'cross-site'

export type Visit = {
  readonly from?: From
  /** Sent as they are, over what a browser would send; `null` leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>
}

export type Fetch = (
  url: string,
  init: {
    method: string
    headers: Record<string, string>
    body?: string
    redirect: 'manual'
  },
) => Promise<Response>

export type Browser = {
  /** Opens an address as a top-level navigation. */
  readonly open: (url: string | URL, visit?: Visit) => Promise<Page>
  /** Posts a form nobody rendered. */
  readonly post: (
    url: string | URL,
    fields: Fields | URLSearchParams,
    visit?: Visit,
  ) => Promise<Page>
  readonly cookies: Jar
}

export type Fields = Readonly<Record<string, string>>

export type Page = {
  readonly status: number
  readonly url: string
  readonly headers: Headers
  /** The body as it came. */
  readonly text: string
  /** What a person reads. */
  readonly words: string
  readonly forms: readonly Form[]
  readonly links: readonly Link[]
  /** The redirect this page stopped at: to another origin, or one that would repeat the POST. */
  readonly redirectedTo?: URL
  /** The text of the element with this id. */
  readonly element: (id: string) => string | undefined
  /** Fills the form that holds the button with this id and presses it. */
  readonly submit: (button: string, fields?: Fields, visit?: Visit) => Promise<Page>
  /** Follows the link with this id. */
  readonly follow: (link: string, visit?: Visit) => Promise<Page>
}

type Request = {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly body?: string
  readonly from: From
  /** The `Origin` header of a POST. */
  readonly origin?: string
  readonly headers: Readonly<Record<string, string | null>>
}

const mostRedirects = 10

/**
 * A browser without a screen and without JavaScript: cookies, forms, redirects within the origin and
 * the `Sec-Fetch-*` and `Origin` headers a real one sends.
 *
 * @example
 * const browser = createBrowser()
 * let page = await browser.open(authorizationUrl, { from: 'cross-site' })
 * page = await page.submit('login', { username: 'ana', password: 'secret' })
 * page = await page.submit('approve')
 * page.redirectedTo // https://app.example/callback?code=…
 */
export function createBrowser(options: { readonly fetch?: Fetch } = {}): Browser {
  // Node's own fetch would replace `Sec-Fetch-Mode`.
  const fetch = options.fetch ?? createFetch()
  const cookies = createJar()

  async function visit(first: Request): Promise<Page> {
    let request = first
    for (let count = 0; count <= mostRedirects; count += 1) {
      const response = await send(request)
      cookies.take(request.url, response.headers)
      const target = redirectOf(response, request.url)
      const stays = target?.origin === request.url.origin && response.status < 304
      if (target === undefined || !stays) return toPage(request.url, response, target)
      await response.body?.cancel()
      const { from, headers } = request
      request = { url: target, method: 'GET', from, headers }
    }
    throw new Error(`more than ${mostRedirects} redirects from ${first.url.href}`)
  }

  function send({ url, method, body, from, origin, headers }: Request): Promise<Response> {
    const cookie = cookies.header(url, { method, crossSite: from === 'cross-site' })
    const all: Readonly<Record<string, string | null>> = {
      accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': from,
      'sec-fetch-user': '?1',
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(origin === undefined ? {} : { origin }),
      ...headers,
    }
    return fetch(url.href, {
      method,
      headers: Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
      ),
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
    })
  }

  async function toPage(url: URL, response: Response, redirectedTo?: URL): Promise<Page> {
    const text = await response.text()
    const forms = readForms(text, url.href)
    const links = readLinks(text, url.href)
    return {
      status: response.status,
      url: url.href,
      headers: response.headers,
      text,
      words: readWords(text),
      forms,
      links,
      ...(redirectedTo === undefined ? {} : { redirectedTo }),
      element: (id) => readElement(text, id),
      submit: async (id, fields = {}, { headers = {}, from } = {}) => {
        for (const form of forms) {
          const button = form.buttons.find((candidate) => candidate.id === id)
          if (button === undefined) continue
          const pressed = button.name === undefined ? {} : { [button.name]: button.value }
          const values = { ...Object.fromEntries(form.fields), ...pressed, ...fields }
          const target = new URL(form.action)
          const way = from ?? (target.origin === url.origin ? 'same-origin' : 'cross-site')
          if (form.method === 'get') {
            target.search = new URLSearchParams(values).toString()
            return visit({ url: target, method: 'GET', from: way, headers })
          }
          return visit(
            posted(target, values, { from: way, headers, origin: originOf(url, response) }),
          )
        }
        return missing(`button '${id}'`, url, text)
      },
      follow: async (id, { headers = {}, from } = {}) => {
        const link = links.find((candidate) => candidate.id === id)
        if (link === undefined) return missing(`link '${id}'`, url, text)
        const target = new URL(link.href)
        const way = from ?? (target.origin === url.origin ? 'same-origin' : 'cross-site')
        return visit({ url: target, method: 'GET', from: way, headers })
      },
    }
  }

  return {
    cookies,
    open: (url, { from = 'none', headers = {} } = {}) =>
      visit({ url: new URL(url), method: 'GET', from, headers }),
    post: (url, fields, { from = 'same-origin', headers = {} } = {}) => {
      const target = new URL(url)
      const origin = from === 'same-origin' ? target.origin : 'https://elsewhere.example'
      return visit(posted(target, fields, { from, headers, origin }))
    },
  }
}

const posted = (
  url: URL,
  fields: Fields | URLSearchParams,
  rest: Pick<Request, 'from' | 'headers' | 'origin'>,
): Request => ({ url, method: 'POST', body: new URLSearchParams(fields).toString(), ...rest })

/** Browsers hide the origin of a form on a page that wants no referrer (Fetch 3.2). */
const originOf = (url: URL, page: Response): string =>
  page.headers.get('referrer-policy') === 'no-referrer' ? 'null' : url.origin

function redirectOf(response: Response, base: URL): URL | undefined {
  const location = response.headers.get('location')
  if (response.status < 300 || response.status > 399 || location === null) return undefined
  return new URL(location, base)
}

function missing(what: string, url: URL, text: string): never {
  throw new Error(`no ${what} on ${url.href}:\n${readWords(text).slice(0, 400)}`)
}
