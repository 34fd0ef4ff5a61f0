import type { WayBack } from '../errors.ts'
import { Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleText } from './name.ts'
import { Choices, PostForm } from './parts.tsx'

type ErrorProps = Frame & {
  /** What happened, in a few words. */
  readonly title: string
  /** What it means and what to do. */
  readonly message: string
  /** The OAuth error code, for whoever is asked for help. */
  readonly code: string
  /** Finds this event in the log. */
  readonly reference?: string
  /** For developers, in English: what was wrong with the request. */
  readonly technical?: string
  /** The way back to the client; the address was validated before it came here. */
  readonly back?: WayBack
  readonly again?: { readonly href: string }
}

/**
 * Says what went wrong and what to do next.
 *
 * @example <ErrorPage {...frame} title="This link has expired" message="…" code="invalid_request_uri" />
 */
export function ErrorPage(props: ErrorProps) {
  const { words, title, message } = props
  return (
    <Layout {...props} title={title}>
      <h1>{title}</h1>
      <p class="lead">{message}</p>
      <WaysOn {...props} />
      <div class="note">
        <Mention {...props} />
        <Help {...props} />
        {props.technical === undefined ? null : (
          <details>
            <summary>{words.errors.forDevelopers}</summary>
            <p lang="en" dir="ltr">
              {visibleText(props.technical)}
            </p>
          </details>
        )}
      </div>
    </Layout>
  )
}

function WaysOn({ words, back, again }: ErrorProps) {
  const { errors } = words
  const wayBack = back !== undefined && isWebOrApp(back.href) ? back : undefined
  if (wayBack === undefined && again === undefined) return <p class="next">{errors.startThere}</p>
  return (
    <Choices>
      {again === undefined ? null : (
        <a class="button primary" id="again" href={again.href}>
          {errors.again}
        </a>
      )}
      {wayBack === undefined ? null : (
        <Return words={words} back={wayBack} primary={again === undefined} />
      )}
    </Choices>
  )
}

/** A link, or a button where the client wants the response posted. */
function Return(
  props: Pick<Frame, 'words'> & { readonly back: WayBack; readonly primary: boolean },
) {
  const { words, back, primary } = props
  const says = <span>{words.errors.returnTo(<Name words={words}>{back.clientName}</Name>)}</span>
  if (back.post === undefined) {
    return (
      <a class={primary ? 'button primary' : 'button'} id="back" href={back.href}>
        {says}
      </a>
    )
  }
  return (
    <PostForm action={back.href} fields={back.post}>
      <button id="back" {...(primary ? { class: 'primary' } : {})}>
        {says}
      </button>
    </PostForm>
  )
}

function Mention({ words, code, reference }: ErrorProps) {
  const shownCode = <code id="error">{visibleText(code)}</code>
  return (
    <p>
      {reference === undefined
        ? words.errors.mentionCode(shownCode)
        : words.errors.mention(shownCode, <code id="reference">{visibleText(reference)}</code>)}
    </p>
  )
}

function Help({ words, brand }: ErrorProps) {
  const { support } = brand
  if (support === undefined) return null
  return (
    <p>
      {words.errors.help((link) => (
        <a id="help" href={support}>
          {link}
        </a>
      ))}
    </p>
  )
}

/** http(s), or an app's own scheme, which is a reversed domain name (RFC 8252 7.1). Never `javascript:`. */
function isWebOrApp(href: string): boolean {
  const scheme = URL.canParse(href) ? new URL(href).protocol.slice(0, -1) : ''
  return scheme === 'https' || scheme === 'http' || scheme.includes('.')
}
