import { BrandName, Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { inWords } from './duration.ts'
import { Choices, Field, Interaction, Problem } from './parts.tsx'

/** Why the last attempt failed. Unknown person and wrong password are the same sentence (A1-33). */
export type LoginProblem =
  { readonly kind: 'credentials' } | { readonly kind: 'wait'; readonly seconds: number }

type LoginProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  readonly clientName: string
  readonly clientHost: string
  readonly username?: string
  readonly problem?: LoginProblem
}

/**
 * Asks a person for user name and password.
 *
 * @example <LoginPage {...frame} action="/login" interaction={sealed} clientName="Budget Buddy" clientHost="app.example" />
 */
export function LoginPage(props: LoginProps) {
  const { words, action, interaction, username = '', problem } = props
  const { general, signIn } = words
  const concerns =
    problem === undefined ? undefined : problem.kind === 'credentials' ? 'wrong' : 'described'
  const client = <Name words={words}>{props.clientName}</Name>
  return (
    <Layout
      {...props}
      title={problem === undefined ? signIn.title : general.errorTitle(signIn.title)}
    >
      <h1>{signIn.title}</h1>
      <p class="lead">{signIn.continueTo(client)}</p>
      <form method="post" action={action}>
        {problem === undefined ? null : <Problem>{sentence(props, problem)}</Problem>}
        <Interaction sealed={interaction} />
        <Field
          id="username"
          label={signIn.username}
          type="text"
          value={username}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          maxlength={256}
          required
          autofocus={username === ''}
          problem={concerns}
        />
        <Field
          id="password"
          label={signIn.password}
          type="password"
          autocomplete="current-password"
          maxlength={1024}
          required
          autofocus={username !== ''}
          problem={concerns}
        />
        <Choices>
          <button id="login" name="action" value="login" class="primary">
            {signIn.submit}
          </button>
          <button id="cancel" name="action" value="cancel" formnovalidate>
            {signIn.cancel}
          </button>
        </Choices>
      </form>
      <p class="note">
        {signIn.passwordStays(<BrandName {...props} />, client)}{' '}
        {signIn.afterwards(<Host words={words}>{props.clientHost}</Host>)}
      </p>
    </Layout>
  )
}

function sentence({ words, lang }: LoginProps, problem: LoginProblem): string {
  if (problem.kind === 'credentials') return words.signIn.wrongCredentials
  return words.signIn.tooManyAttempts(inWords(problem.seconds, lang))
}
