import { Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { inWords } from './duration.ts'

/** Why the last attempt failed: a wrong code and a used one are the same sentence. */
export type CodeProblem =
  { readonly kind: 'code' } | { readonly kind: 'wait'; readonly seconds: number }

type CodeProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  readonly username: string
  readonly cancellable: boolean
  readonly problem?: CodeProblem
}

/**
 * Asks for a one-time code, or a recovery code in its place.
 *
 * @example c.html(<CodePage {...frame} action="/login/code" interaction={sealed} username="alice" cancellable />)
 */
export function CodePage(props: CodeProps) {
  const { action, interaction, username, cancellable, problem } = props
  return (
    <Layout
      title={problem === undefined ? 'Enter your code' : 'Error: enter your code'}
      stylesheet={props.stylesheet}
      brand={props.brand}
    >
      <h1>Enter your code</h1>
      <p class="lead">
        You are signing in as <Name>{username}</Name>.
      </p>
      <form method="post" action={action}>
        {problem === undefined ? null : (
          <p class="problem" id="problem" role="alert">
            {sentence(problem)}
          </p>
        )}
        <input type="hidden" name="interaction" value={interaction} />
        <label for="otp">One-time code</label>
        <input
          id="otp"
          name="otp"
          type="text"
          inputmode="text"
          autocomplete="one-time-code"
          autocapitalize="characters"
          spellcheck={false}
          maxlength={32}
          required
          autofocus
          aria-describedby={problem === undefined ? 'hint' : 'problem hint'}
          {...(problem?.kind === 'code' ? { 'aria-invalid': 'true' } : {})}
        />
        <p class="hint" id="hint">
          The six digits your authenticator app shows now, or one of your recovery codes.
        </p>
        <div class="choices">
          <button id="login" name="action" value="login" class="primary">
            Continue
          </button>
          {cancellable ? (
            <button id="cancel" name="action" value="cancel" formnovalidate>
              Cancel
            </button>
          ) : null}
        </div>
      </form>
    </Layout>
  )
}

function sentence(problem: CodeProblem): string {
  if (problem.kind === 'code') {
    return 'This code is not valid. Wait for the next one in your app and try again.'
  }
  return `Too many attempts. Wait ${inWords(problem.seconds)}, then try again.`
}
