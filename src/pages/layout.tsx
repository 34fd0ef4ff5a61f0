import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { visibleName, visibleText } from './name.ts'
import type { Speech } from './words.ts'
import type { Words } from './words/en.ts'

/** Whose pages these are. */
export type Brand = {
  readonly name: string
  /** Address of the logo; without one the first letter of the name stands there. */
  readonly logo?: string
  /** Where people find help. */
  readonly support?: string
}

/** What every page needs: the language, the address of the style sheet and whose page it is. */
export type Frame = Speech & {
  readonly stylesheet: string
  /** Address of the script of pages that ask for a passkey. */
  readonly passkeyScript: string
  /** Address of the script of the page that posts a response. */
  readonly postScript: string
  readonly brand: Brand
}

type LayoutProps = Frame & {
  readonly title: string
  /** For pages that show lists. */
  readonly wide?: boolean
  /** Address of the page's script; most pages have none. */
  readonly script?: string | undefined
  readonly children?: Child
}

/**
 * The frame around every page: a whole document, complete without JavaScript, nothing inline and
 * nothing from elsewhere, so that `default-src 'none'` with `'self'` for what is ours is policy enough
 * (A3-04, A1-22). Pages pass their own props on.
 *
 * @example <Layout {...props} title={words.signIn.title}>…</Layout>
 */
export function Layout({
  title,
  stylesheet,
  brand,
  lang,
  dir,
  words,
  wide,
  script,
  children,
}: LayoutProps) {
  const name = visibleName(brand.name, words.general.unnamedBrand)
  return html`<!doctype html>${(
      <html lang={lang} dir={dir}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <meta name="color-scheme" content="light dark" />
          <title>{words.general.title(title, name)}</title>
          <link rel="stylesheet" href={stylesheet} />
          {script === undefined ? null : <script src={script} defer></script>}
        </head>
        <body {...(wide === true ? { class: 'wide' } : {})}>
          <header class="brand">
            {brand.logo === undefined ? (
              <span class="mark" aria-hidden="true">
                {[...name][0]?.toUpperCase()}
              </span>
            ) : (
              <img class="logo" src={brand.logo} alt="" />
            )}
            <bdi>{name}</bdi>
          </header>
          <main>{children}</main>
        </body>
      </html>
    )}`
}

/** A client's name, given by a stranger: kept apart from the direction and the words around it. */
export function Name({ words, children }: { readonly words: Words; readonly children: string }) {
  return <bdi class="name">{visibleName(children, words.general.unnamedClient)}</bdi>
}

/** The issuer's name inside a sentence. */
export function BrandName({ brand, words }: Pick<Frame, 'brand' | 'words'>) {
  return <bdi>{visibleName(brand.name, words.general.us)}</bdi>
}

/** The host a person returns to; addresses read from left to right everywhere. */
export function Host({ words, children }: { readonly words: Words; readonly children: string }) {
  const local = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(children)
  const host = (
    <bdi class="host" dir="ltr">
      {visibleText(children)}
    </bdi>
  )
  return <>{local ? words.general.onThisDevice(host) : host}</>
}
