import type { Child } from 'hono/jsx'
import type { Words } from './words/en.ts'
import { Interaction } from './parts.tsx'

export type PasskeyFormProps = {
  readonly words: Words
  readonly ceremony: 'get' | 'create'
  readonly action: string
  /** The sealed state, with the challenge. */
  readonly interaction: string
  /** Options of the browser's call, bytes in base64url. */
  readonly options: Readonly<Record<string, unknown>>
  readonly label: string
  /** There is no other way on this page: without script or passkeys that is said. */
  readonly only?: boolean
  /** Offers passkeys in the field for the user name. */
  readonly conditional?: boolean
  readonly children?: Child
}

/**
 * The form the script posts (`pages/passkey-script.ts`). Its button is shown by the script, so that
 * without script there is no button that does nothing.
 *
 * @example <PasskeyForm words={words} ceremony="get" action="/login/passkey" interaction={sealed} options={options} label={words.signIn.passkey.button} />
 */
export function PasskeyForm(props: PasskeyFormProps) {
  const { words, ceremony, action, interaction, options, label, only, conditional } = props
  const { passkeys } = words
  return (
    <form
      id="passkey-form"
      method="post"
      action={action}
      hidden={only !== true}
      data-ceremony={ceremony}
      data-options={JSON.stringify(options)}
      data-failed={passkeys.failed}
      {...(ceremony === 'create' ? { 'data-known': passkeys.known } : {})}
      {...(only === true ? { 'data-unsupported': passkeys.unsupported } : {})}
      {...(conditional === true ? { 'data-conditional': '' } : {})}
    >
      <Interaction sealed={interaction} />
      <input
        type="hidden"
        id="passkey-answer"
        name={ceremony === 'create' ? 'attestation' : 'assertion'}
      />
      {props.children}
      <div class="choices">
        <button type="button" id="passkey" hidden {...(only === true ? { class: 'primary' } : {})}>
          {label}
        </button>
      </div>
      <p id="passkey-status" class="hint" role="status" aria-live="polite"></p>
      {only === true ? (
        <noscript>
          <p class="problem">{passkeys.noScript}</p>
        </noscript>
      ) : null}
    </form>
  )
}
