/** Enough of HTML to walk forms: server-rendered pages of our own, not the web. */

export type Form = {
  readonly method: 'get' | 'post'
  /** Absolute. */
  readonly action: string
  /** Names and values as a browser would send them before anyone types. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly buttons: readonly Button[]
}

export type Button = { readonly id?: string; readonly name?: string; readonly value: string }

export type Link = { readonly id?: string; readonly href: string }

/** Reads the forms of a page; `base` is the page's address. */
export function readForms(html: string, base: string): readonly Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(
    ([, attributes = '', inner = '']) => {
      const form = readAttributes(attributes)
      const inputs = [...inner.matchAll(/<input\b([^>]*)>/gi)].map(([, text = '']) =>
        readAttributes(text),
      )
      const buttons = [...inner.matchAll(/<button\b([^>]*)>/gi)].map(([, text = '']) =>
        readAttributes(text),
      )
      return {
        method: form.get('method')?.toLowerCase() === 'post' ? 'post' : 'get',
        action: new URL(form.get('action') ?? '', base).href,
        fields: inputs.flatMap((input) => {
          const name = input.get('name')
          const type = input.get('type')?.toLowerCase()
          if (name === undefined || type === 'submit' || type === 'button') return []
          if ((type === 'checkbox' || type === 'radio') && !input.has('checked')) return []
          return [[name, input.get('value') ?? (type === 'checkbox' ? 'on' : '')] as const]
        }),
        buttons: buttons
          .filter((button) => (button.get('type') ?? 'submit').toLowerCase() === 'submit')
          .map((button) => ({
            value: button.get('value') ?? '',
            ...optional('id', button.get('id')),
            ...optional('name', button.get('name')),
          })),
      }
    },
  )
}

/** Reads the links of a page. */
export function readLinks(html: string, base: string): readonly Link[] {
  return [...html.matchAll(/<a\b([^>]*)>/gi)].flatMap(([, text = '']) => {
    const attributes = readAttributes(text)
    const href = attributes.get('href')
    if (href === undefined || !URL.canParse(href, base)) return []
    return [{ href: new URL(href, base).href, ...optional('id', attributes.get('id')) }]
  })
}

/** What a person reads: the text of the body, blocks on lines of their own. */
export function readWords(html: string): string {
  const body = /<body\b[^>]*>(.*)<\/body>/is.exec(html)?.[1] ?? html
  return decode(
    body
      .replace(/<([a-z]+)\b[^>]* aria-hidden="true"[^>]*>.*?<\/\1>/gis, '')
      .replace(/<(script|style|template)\b.*?<\/\1>/gis, '')
      .replace(/<\/?(?:p|h[1-6]|li|dt|dd|tr|div|header|form|button|label|br)\b[^>]*>/gi, '\n')
      .replace(/<[^>]*>/g, ''),
  )
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n')
}

/** The text of the element with this id; `undefined` when the page has none. */
export function readElement(html: string, id: string): string | undefined {
  for (const [, tag = '', attributes = '', rest = ''] of html.matchAll(
    /<([a-z][a-z0-9]*)\b([^>]*)>(?=(.*))/gis,
  )) {
    if (readAttributes(attributes).get('id') !== id) continue
    return readWords(rest.slice(0, rest.search(new RegExp(`</${tag}>`, 'i'))))
  }
  return undefined
}

/** The attributes of the element with this id; `undefined` when the page has none. */
export function readElementAttributes(
  html: string,
  id: string,
): ReadonlyMap<string, string> | undefined {
  const tags = [...html.matchAll(/<[a-z][a-z0-9]*\b((?:[^>"]|"[^"]*")*)>/gi)]
  return tags.map(([, text = '']) => readAttributes(text)).find((tag) => tag.get('id') === id)
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const pairs = [...text.matchAll(/([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)]
  return new Map(
    pairs.map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  )
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (typeof hex === 'string') return String.fromCodePoint(Number.parseInt(hex, 16))
    if (typeof decimal === 'string') return String.fromCodePoint(Number(decimal))
    return entities[String(name).toLowerCase()] ?? String(whole)
  })

const optional = <K extends string>(name: K, value: string | undefined): { [P in K]?: string } =>
  (value === undefined ? {} : { [name]: value }) as { [P in K]?: string }
