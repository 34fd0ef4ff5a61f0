import { Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleName } from './name.ts'
import { inWords } from './duration.ts'

/** Why the last attempt failed. Unknown person and wrong password are the same sentence (A1-33). */
export type LoginProblem =
  | { readonly kind: 'credentials' }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** This account cannot reach the level of authentication that is required. */
  | { readonly kind: 'unreachable' }

type LoginProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  /** `password`: only that is missing of the person named by `username`; `passkey`: only that. */
  readonly ask: 'identify' | 'password' | 'passkey'
  /** Absent when the sign-in is for the account page. */
  readonly client?: { readonly name: string; readonly host: string }
  readonly username?: string
  /** The person whose session may go on as it is (`select_account`). */
  readonly offer?: string
  readonly problem?: LoginProblem
}

/**
 * Asks a person who they are: user name and password, or a passkey.
 *
 * @example c.html(<LoginPage {...frame} action="/login" interaction={sealed} ask="identify" client={{ name: 'Budget Buddy', host: 'app.example' }} />)
 */
export function LoginPage(props: LoginProps) {
  const { action, interaction, client, problem, offer } = props
  return (
    <Layout
      title={problem === undefined ? 'Sign in' : 'Error: sign in'}
      stylesheet={props.stylesheet}
      brand={props.brand}
    >
      <h1>Sign in</h1>
      {client === undefined ? (
        <p class="lead">to see your account</p>
      ) : (
        <p class="lead">
          to continue to <Name>{client.name}</Name>
        </p>
      )}
      <form method="post" action={action}>
        {problem === undefined ? null : (
          <p class="problem" id="problem" role="alert">
            {sentence(problem)}
          </p>
        )}
        <input type="hidden" name="interaction" value={interaction} />
        {offer === undefined ? null : <Offer username={offer} />}
        {props.ask === 'passkey' ? null : <Password {...props} />}
        <div class="choices">
          {props.ask === 'passkey' ? null : (
            <button id="login" name="action" value="login" class="primary">
              Sign in
            </button>
          )}
          {client === undefined ? null : (
            <button id="cancel" name="action" value="cancel" formnovalidate>
              Cancel
            </button>
          )}
        </div>
      </form>
      {client === undefined ? null : (
        <p class="note">
          Your password stays with {visibleName(props.brand.name, 'us')}; <Name>{client.name}</Name>{' '}
          never sees it. Afterwards you return to <Host>{client.host}</Host>.
        </p>
      )}
    </Layout>
  )
}

/** Going on with the session there is. */
function Offer({ username }: { readonly username: string }) {
  return (
    <div class="choices">
      <button id="continue" name="action" value="continue" class="primary" formnovalidate>
        <span>
          Continue as <Name>{username}</Name>
        </span>
      </button>
    </div>
  )
}

function Password({ ask, username = '', problem }: LoginProps) {
  const described = problem === undefined ? {} : { 'aria-describedby': 'problem' }
  const wrong =
    problem?.kind === 'credentials' ? { ...described, 'aria-invalid': 'true' } : described
  return (
    <>
      <label for="username">User name</label>
      <input
        id="username"
        name="username"
        type="text"
        value={username}
        autocomplete="username webauthn"
        autocapitalize="none"
        spellcheck={false}
        maxlength={256}
        required
        readonly={ask === 'password'}
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
    </>
  )
}

function sentence(problem: LoginProblem): string {
  if (problem.kind === 'credentials') {
    return 'User name and password do not match. Check both and try again.'
  }
  if (problem.kind === 'unreachable') {
    return 'Your account has no further factor that this sign-in needs. Ask for a link to set one up.'
  }
  return `Too many attempts. Wait ${inWords(problem.seconds)}, then try again.`
}
