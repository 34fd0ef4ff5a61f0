import { Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { inWords } from './duration.ts'
import { Choices, Field, Interaction, Problem } from './parts.tsx'

/** Why the last attempt failed: a wrong code and a used one are the same sentence. */
export type CodeProblem =
  { readonly kind: 'code' } | { readonly kind: 'wait'; readonly seconds: number }

type CodeProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  readonly username: string
  readonly cancellable: boolean
  /** The code is a wish: the person may go on without it. */
  readonly skippable?: boolean
  readonly problem?: CodeProblem
}

/**
 * Asks for a one-time code, or a recovery code in its place.
 *
 * @example <CodePage {...frame} action="/login/code" interaction={sealed} username="alice" cancellable />
 */
export function CodePage(props: CodeProps) {
  const { words, lang, action, interaction, username, cancellable, problem } = props
  const { general, signIn } = words
  const { title, lead, label, hint, submit, wrong } = signIn.code
  return (
    <Layout {...props} title={problem === undefined ? title : general.errorTitle(title)}>
      <h1>{title}</h1>
      <p class="lead">{lead(<Name words={words}>{username}</Name>)}</p>
      <form method="post" action={action}>
        {problem === undefined ? null : (
          <Problem>
            {problem.kind === 'code'
              ? wrong
              : signIn.tooManyAttempts(inWords(problem.seconds, lang))}
          </Problem>
        )}
        <Interaction sealed={interaction} />
        <Field
          id="otp"
          class="code"
          label={label}
          hint={hint}
          type="text"
          autocomplete="one-time-code"
          autocapitalize="characters"
          spellcheck={false}
          maxlength={32}
          required
          autofocus
          problem={problem && (problem.kind === 'code' ? 'wrong' : 'described')}
        />
        <Choices>
          <button id="login" name="action" value="login" class="primary">
            {submit}
          </button>
          {props.skippable === true ? (
            <button id="skip" name="action" value="skip" formnovalidate>
              {signIn.skip}
            </button>
          ) : null}
          {cancellable ? (
            <button id="cancel" name="action" value="cancel" formnovalidate>
              {signIn.cancel}
            </button>
          ) : null}
        </Choices>
      </form>
    </Layout>
  )
}
