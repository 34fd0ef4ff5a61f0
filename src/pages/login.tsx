import { Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleName } from './name.ts'
import { inWords } from './duration.ts'

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
 * @example c.html(<LoginPage {...frame} action="/login" interaction={sealed} clientName="Budget Buddy" clientHost="app.example" />)
 */
export function LoginPage(props: LoginProps) {
  const { action, interaction, clientName, clientHost, username = '', problem } = props
  const described = problem === undefined ? {} : { 'aria-describedby': 'problem' }
  const wrong =
    problem?.kind === 'credentials' ? { ...described, 'aria-invalid': 'true' } : described
  return (
    <Layout
      title={problem === undefined ? 'Sign in' : 'Error: sign in'}
      stylesheet={props.stylesheet}
      brand={props.brand}
    >
      <h1>Sign in</h1>
      <p class="lead">
        to continue to <Name>{clientName}</Name>
      </p>
      <form method="post" action={action}>
        {problem === undefined ? null : (
          <p class="problem" id="problem" role="alert">
            {sentence(problem)}
          </p>
        )}
        <input type="hidden" name="interaction" value={interaction} />
        <label for="username">User name</label>
        <input
          id="username"
          name="username"
          type="text"
          value={username}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          maxlength={256}
          required
          autofocus={username === ''}
          {...wrong}
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          maxlength={1024}
          required
          autofocus={username !== ''}
          {...wrong}
        />
        <div class="choices">
          <button id="login" name="action" value="login" class="primary">
            Sign in
          </button>
          <button id="cancel" name="action" value="cancel" formnovalidate>
            Cancel
          </button>
        </div>
      </form>
      <p class="note">
        Your password stays with {visibleName(props.brand.name, 'us')}; <Name>{clientName}</Name>{' '}
        never sees it. Afterwards you return to <Host>{clientHost}</Host>.
      </p>
    </Layout>
  )
}

function sentence(problem: LoginProblem): string {
  if (problem.kind === 'credentials') {
    return 'User name and password do not match. Check both and try again.'
  }
  return `Too many attempts. Wait ${inWords(problem.seconds)}, then try again.`
}
