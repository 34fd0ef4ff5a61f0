import { Layout } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { Choices, Field, Problem, Section } from '../parts.tsx'
import { NoticeLine } from './overview.tsx'
import type { Notice } from './overview.tsx'
import { QrCode, inGroups } from './qr.tsx'

type CodeSetupProps = Frame & {
  readonly action: string
  /** The sealed token of the form; the secret travels in it. */
  readonly form: string
  readonly home: { readonly href: string; readonly label: string }
  readonly secret: string
  /** What the picture says. */
  readonly uri: string
  /** Codes of an app are set up already. */
  readonly replaces: boolean
  /** They may be taken away here. */
  readonly removable: boolean
  readonly wrong: boolean
  readonly notice?: Notice
}

/**
 * Sets up one-time codes: picture, key in text, and a code that proves the app has it.
 *
 * @example <CodeSetupPage {...frame} action="/account/code" form={token} secret="JBSW…" uri="otpauth://…" … />
 */
export function CodeSetupPage(props: CodeSetupProps) {
  const { words, action, form, home, secret, uri, wrong } = props
  const { codePage: say } = words.account
  return (
    <Layout {...props} title={wrong ? words.general.errorTitle(say.title) : say.title}>
      <h1>{say.title}</h1>
      <NoticeLine words={words} notice={props.notice} />
      {props.replaces ? <p class="lead">{say.replaces}</p> : null}
      <p class="next">{say.scan}</p>
      <QrCode text={uri} label={say.picture} />
      <p class="hint" id="key">
        {say.key}
      </p>
      <code class="secret" id="secret" aria-labelledby="key" dir="ltr">
        {inGroups(secret)}
      </code>
      <form method="post" action={action}>
        {wrong ? <Problem>{say.wrong}</Problem> : null}
        <input type="hidden" name="form" value={form} />
        <p>{say.confirm}</p>
        <Field
          id="otp"
          label={say.label}
          hint={say.hint}
          class="code"
          type="text"
          inputmode="numeric"
          autocomplete="one-time-code"
          maxlength={16}
          required
          problem={wrong ? 'wrong' : undefined}
        />
        <Choices>
          <button id="confirm" name="action" value="confirm" class="primary">
            {say.submit}
          </button>
          <a class="button" id="home" href={home.href}>
            {home.label}
          </a>
        </Choices>
      </form>
      {props.removable ? <Remove {...props} /> : null}
    </Layout>
  )
}

function Remove({ words, action, form }: CodeSetupProps) {
  const { codePage: say } = words.account
  return (
    <Section id="remove-title" title={say.removeTitle} lead={say.removeLead}>
      <form method="post" action={action}>
        <input type="hidden" name="form" value={form} />
        <button class="small" id="remove" name="action" value="remove">
          {say.remove}
        </button>
      </form>
    </Section>
  )
}
