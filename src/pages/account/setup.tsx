import { inWords } from '../duration.ts'
import { BrandName, Layout } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { visibleName } from '../name.ts'
import { Choices, Field, Problem, Rows } from '../parts.tsx'
import { NoticeLine, WayRow } from './overview.tsx'
import type { Notice } from './overview.tsx'

export type SetupProblem =
  { readonly kind: 'password' } | { readonly kind: 'wait'; readonly seconds: number }

type BeginProps = Frame & {
  readonly action: string
  readonly form: string
  /** The account has a password, which is asked for beside the link. */
  readonly asksPassword: boolean
  readonly problem?: SetupProblem
}

/** Where an operator's link leads: says what it is, and begins only when told to. */
export function SetupBeginPage(props: BeginProps) {
  const { words, lang, action, form, asksPassword, problem } = props
  const { setup: say } = words.account
  return (
    <Layout
      {...props}
      title={problem === undefined ? say.title : words.general.errorTitle(say.title)}
    >
      <h1>{say.title}</h1>
      <p class="lead">{say.lead(<BrandName {...props} />)}</p>
      <p class="next">{say.once}</p>
      <form method="post" action={action}>
        {problem === undefined ? null : (
          <Problem>
            {problem.kind === 'password'
              ? say.wrong
              : words.signIn.tooManyAttempts(inWords(problem.seconds, lang))}
          </Problem>
        )}
        <input type="hidden" name="form" value={form} />
        {asksPassword ? (
          <Field
            id="password"
            label={say.password}
            type="password"
            autocomplete="current-password"
            maxlength={1024}
            required
            problem={problem && (problem.kind === 'password' ? 'wrong' : 'described')}
          />
        ) : null}
        <Choices>
          <button id="begin" class="primary">
            {say.begin}
          </button>
        </Choices>
      </form>
    </Layout>
  )
}

type StepsProps = Frame & {
  readonly action: (path: string) => string
  readonly form: string
  readonly username: string
  readonly has: {
    readonly password: boolean
    readonly code: boolean
    readonly passkeys: number
    readonly recoveryCodes: number
  }
  /** What there is suffices to sign in. */
  readonly ready: boolean
  /** The issuer asks for two factors. */
  readonly two: boolean
  readonly notice?: Notice
}

/** What can be set up, and what is still missing. */
export function SetupPage(props: StepsProps) {
  const { words, action, form, has, ready } = props
  const { setup: say, methods } = words.account
  const name = visibleName(props.username, words.general.unnamedPerson)
  const missing = props.two ? say.missing : say.missingOne
  const passkeys = has.passkeys === 0 ? say.passkeysNone : say.passkeysSome(has.passkeys)
  return (
    <Layout {...props} title={say.title} wide>
      <h1>{say.title}</h1>
      <p class="lead">{say.stepsLead(<bdi class="name">{name}</bdi>)}</p>
      <NoticeLine words={words} notice={props.notice} />
      <p class="next" id="state">
        {ready ? say.ready : missing}
      </p>
      <Rows>
        <WayRow
          id="passkeys"
          title={say.passkeys}
          meta={passkeys}
          href={action('/account/passkeys')}
          label={methods.setUp}
        />
        <WayRow
          id="password"
          title={methods.password}
          meta={has.password ? methods.passwordSet : methods.passwordNone}
          href={action('/account/password')}
          label={has.password ? methods.change : methods.setUp}
        />
        <WayRow
          id="code"
          title={methods.code}
          meta={has.code ? methods.codeSet : methods.codeNone}
          href={action('/account/code')}
          label={has.code ? methods.change : methods.setUp}
        />
        {(has.code || has.passkeys > 0) && has.password ? (
          <WayRow
            id="recovery"
            title={methods.recovery}
            meta={
              has.recoveryCodes === 0
                ? methods.recoveryNone
                : methods.recoveryLeft(has.recoveryCodes)
            }
            href={action('/account/recovery-codes')}
            label={methods.make}
          />
        ) : null}
      </Rows>
      <form method="post" action={action('/setup/finish')}>
        <input type="hidden" name="form" value={form} />
        <Choices>
          <button id="finish" class={ready ? 'primary' : 'button'}>
            {ready ? say.finish : say.stop}
          </button>
        </Choices>
      </form>
    </Layout>
  )
}
