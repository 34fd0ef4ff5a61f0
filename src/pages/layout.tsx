import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { visibleName, visibleText } from './name.ts'

/** Whose pages these are. */
export type Brand = { readonly name: string }

/** What every page needs: the address of the style sheet and whose page it is. */
export type Frame = { readonly stylesheet: string; readonly brand: Brand }

type LayoutProps = Frame & { readonly title: string; readonly children?: Child }

/**
 * The frame around every page: a whole document, complete without JavaScript, nothing inline and
 * nothing from elsewhere, so that `default-src 'none'; style-src 'self'` is policy enough (A3-04, A1-22).
 */
export function Layout({ title, stylesheet, brand, children }: LayoutProps) {
  const name = visibleName(brand.name, 'Sign-in')
  return html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${title} – ${name}`}</title>
          <link rel="stylesheet" href={stylesheet} />
        </head>
        <body>
          <header class="brand">
            <span class="mark" aria-hidden="true">
              {[...name][0]?.toUpperCase()}
            </span>
            <bdi>{name}</bdi>
          </header>
          <main>{children}</main>
        </body>
      </html>
    )}`
}

/** A name given by a stranger, kept apart from the direction and the words around it. */
export function Name({ children }: { readonly children: string }) {
  return <bdi class="name">{visibleName(children)}</bdi>
}

/** The host a person returns to; addresses read from left to right everywhere. */
export function Host({ children }: { readonly children: string }) {
  const local = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(children)
  return (
    <>
      {local ? 'an app on this device, ' : ''}
      <bdi class="host" dir="ltr">
        {visibleText(children)}
      </bdi>
    </>
  )
}
