import { inWords } from '../duration.ts'
import { Layout } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { Choices, Field, Problem } from '../parts.tsx'

/** Why a password was not changed. */
export type PasswordProblem =
  | { readonly kind: 'current' | 'mismatch' | 'length' | 'common' }
  | { readonly kind: 'wait'; readonly seconds: number }

type PasswordProps = Frame & {
  readonly action: string
  readonly form: string
  readonly home: { readonly href: string; readonly label: string }
  /** For password managers. */
  readonly username: string
  /** The account has a password, which is asked for. */
  readonly asksCurrent: boolean
  /** There was none so far. */
  readonly first: boolean
  readonly limits: { readonly least: number; readonly most: number }
  readonly problem?: PasswordProblem
}

/** Changes the password, or sets the first one. */
export function PasswordPage(props: PasswordProps) {
  const { words, action, form, home, limits, problem } = props
  const { passwordPage: say } = words.account
  const title = props.first ? say.first : say.title
  const wrong = (...kinds: readonly PasswordProblem['kind'][]) => {
    if (problem === undefined) return undefined
    return kinds.includes(problem.kind) ? 'wrong' : undefined
  }
  return (
    <Layout {...props} title={problem === undefined ? title : words.general.errorTitle(title)}>
      <h1>{title}</h1>
      {props.first ? null : <p class="lead">{say.lead}</p>}
      <form method="post" action={action}>
        {problem === undefined ? null : <Problem>{sentence(props, problem)}</Problem>}
        <input type="hidden" name="form" value={form} />
        <input type="text" name="username" value={props.username} autocomplete="username" hidden />
        {props.asksCurrent ? (
          <Field
            id="current"
            label={say.current}
            type="password"
            autocomplete="current-password"
            maxlength={1024}
            required
            problem={wrong('current')}
          />
        ) : null}
        <Field
          id="password"
          label={say.fresh}
          hint={say.hint(limits.least)}
          type="password"
          autocomplete="new-password"
          maxlength={1024}
          required
          problem={wrong('length', 'common')}
        />
        <Field
          id="again"
          label={say.again}
          type="password"
          autocomplete="new-password"
          maxlength={1024}
          required
          problem={wrong('mismatch')}
        />
        <Choices>
          <button id="save" class="primary">
            {say.submit}
          </button>
          <a class="button" id="home" href={home.href}>
            {home.label}
          </a>
        </Choices>
      </form>
    </Layout>
  )
}

function sentence({ words, lang, limits }: PasswordProps, problem: PasswordProblem): string {
  const { problems } = words.account.passwordPage
  switch (problem.kind) {
    case 'wait':
      return words.signIn.tooManyAttempts(inWords(problem.seconds, lang))
    case 'length':
      return problems.length(limits.least, limits.most)
    case 'current':
    case 'mismatch':
    case 'common':
      return problems[problem.kind]
    default:
      return problem satisfies never
  }
}
