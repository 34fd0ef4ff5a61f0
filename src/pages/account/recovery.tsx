import { Layout } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { Choices } from '../parts.tsx'
import { NoticeLine } from './overview.tsx'
import type { Notice } from './overview.tsx'
import { inGroups } from './qr.tsx'

type RecoveryProps = Frame & {
  readonly action: string
  readonly form: string
  readonly home: { readonly href: string; readonly label: string }
  /** Codes that still work. */
  readonly left: number
  readonly notice?: Notice
}

/** Says how many recovery codes are left, and makes new ones. */
export function RecoveryPage(props: RecoveryProps) {
  const { words, action, form, home, left } = props
  const { recoveryPage: say, methods } = words.account
  return (
    <Layout {...props} title={say.title}>
      <h1>{say.title}</h1>
      <p class="lead">{say.lead}</p>
      <NoticeLine words={words} notice={props.notice} />
      <p class="next" id="left">
        {left === 0 ? methods.recoveryNone : methods.recoveryLeft(left)}
      </p>
      <form method="post" action={action}>
        <input type="hidden" name="form" value={form} />
        {left === 0 ? null : <p class="hint">{say.voids}</p>}
        <Choices>
          <button id="make" class="primary">
            {say.makeNew}
          </button>
          <a class="button" id="home" href={home.href}>
            {home.label}
          </a>
        </Choices>
      </form>
    </Layout>
  )
}

/** Shows new recovery codes. */
export function RecoveryCodesPage(
  props: Frame & { readonly codes: readonly string[]; readonly home: string },
) {
  const { words, codes, home } = props
  const { recoveryPage: say } = words.account
  return (
    <Layout {...props} title={say.shown}>
      <h1>{say.shown}</h1>
      <p class="lead">{say.lead}</p>
      <p class="next">{say.keep}</p>
      <ol class="codes" id="codes">
        {codes.map((code) => (
          <li>
            <code dir="ltr">{inGroups(code)}</code>
          </li>
        ))}
      </ol>
      <Choices>
        <a class="button primary" id="home" href={home}>
          {say.kept}
        </a>
      </Choices>
    </Layout>
  )
}
