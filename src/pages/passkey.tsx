import type { Child } from 'hono/jsx'
import type { Words } from './words/en.ts'

export type PasskeyAreaProps = {
  readonly words: Words
  readonly ceremony: 'get' | 'create'
  /** Options of the browser's call, bytes in base64url. */
  readonly options: Readonly<Record<string, unknown>>
  /** Where the answer is posted, with the sealed state; inside a form it is that form. */
  readonly posts?: { readonly action: string; readonly interaction: string }
  readonly label: string
  /** There is no other way on this page: without script or passkeys that is said. */
  readonly only?: boolean
  /** Offers passkeys in the field for the user name. */
  readonly conditional?: boolean
  readonly children?: Child
}

/**
 * Where a passkey is asked for by the script (`pages/passkey-script.ts`). The script shows the button, so
 * that without script there is no button that does nothing.
 *
 * @example <PasskeyArea words={words} ceremony="get" options={options} posts={{ action: '/login/passkey', interaction: sealed }} label={words.passkeys.signIn} />
 */
export function PasskeyArea(props: PasskeyAreaProps) {
  const { words, ceremony, options, posts, label, only, conditional } = props
  const { passkeys } = words
  return (
    <div
      id="passkey-area"
      hidden={only !== true}
      data-ceremony={ceremony}
      data-options={JSON.stringify(options)}
      data-failed={passkeys.failed}
      {...(posts === undefined
        ? {}
        : { 'data-action': posts.action, 'data-interaction': posts.interaction })}
      {...(ceremony === 'create' ? { 'data-known': passkeys.known } : {})}
      {...(only === true ? { 'data-unsupported': passkeys.unsupported } : {})}
      {...(conditional === true ? { 'data-conditional': '' } : {})}
    >
      {props.children}
      <div class="choices">
        <button type="button" id="passkey" hidden {...(only === true ? { class: 'primary' } : {})}>
          {label}
        </button>
      </div>
      <p id="passkey-status" class="problem" role="status" aria-live="polite"></p>
      {only === true ? (
        <noscript>
          <p class="problem">{passkeys.noScript}</p>
        </noscript>
      ) : null}
    </div>
  )
}
