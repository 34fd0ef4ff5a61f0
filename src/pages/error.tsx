import { Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleText } from './name.ts'

type ErrorProps = Frame & {
  /** What happened, in a few words. */
  readonly title: string
  /** What it means and what to do. */
  readonly message: string
  /** The OAuth error code, for whoever is asked for help. */
  readonly code: string
  /** Finds this event in the log. */
  readonly reference?: string
  /** The way back to the client; the address was validated before it came here. */
  readonly back?: { readonly href: string; readonly clientName: string }
  readonly again?: { readonly href: string }
}

/**
 * Says what went wrong and what to do next.
 *
 * @example c.html(<ErrorPage {...frame} title="This link has expired" message="…" code="invalid_request_uri" />)
 */
export function ErrorPage(props: ErrorProps) {
  const { title, message, code, reference, back, again } = props
  const wayBack = back !== undefined && isWebOrApp(back.href) ? back : undefined
  return (
    <Layout title={title} stylesheet={props.stylesheet} brand={props.brand}>
      <h1>{title}</h1>
      <p class="lead">{message}</p>
      {wayBack === undefined && again === undefined ? (
        <p class="next">Go back to the application you came from and start there again.</p>
      ) : (
        <div class="choices">
          {again === undefined ? null : (
            <a class="button primary" id="again" href={again.href}>
              Start again
            </a>
          )}
          {wayBack === undefined ? null : (
            <a
              class={again === undefined ? 'button primary' : 'button'}
              id="back"
              href={wayBack.href}
            >
              <span>
                Return to <Name>{wayBack.clientName}</Name>
              </span>
            </a>
          )}
        </div>
      )}
      <p class="note">
        If you ask for help, mention the code <code id="error">{visibleText(code)}</code>
        {reference === undefined ? null : (
          <>
            {' '}
            and the reference <code id="reference">{visibleText(reference)}</code>
          </>
        )}
        .
      </p>
    </Layout>
  )
}

/** http(s), or an app's own scheme, which is a reversed domain name (RFC 8252 7.1). Never `javascript:`. */
function isWebOrApp(href: string): boolean {
  const scheme = URL.canParse(href) ? new URL(href).protocol.slice(0, -1) : ''
  return scheme === 'https' || scheme === 'http' || scheme.includes('.')
}
