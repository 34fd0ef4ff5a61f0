import { BrandName, Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { inWords } from './duration.ts'
import { Choices, Field, Interaction, Problem } from './parts.tsx'

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
  /** What is asked for is a wish: the person may go on without it. */
  readonly skippable?: boolean
  readonly problem?: LoginProblem
}

/**
 * Asks a person who they are: user name and password, or a passkey.
 *
 * @example <LoginPage {...frame} action="/login" interaction={sealed} ask="identify" client={{ name: 'Budget Buddy', host: 'app.example' }} />
 */
export function LoginPage(props: LoginProps) {
  const { words, action, interaction, client, ask, offer, problem } = props
  const { general, signIn } = words
  return (
    <Layout
      {...props}
      title={problem === undefined ? signIn.title : general.errorTitle(signIn.title)}
    >
      <h1>{signIn.title}</h1>
      <p class="lead">
        {client === undefined
          ? signIn.toYourAccount
          : signIn.continueTo(<Name words={words}>{client.name}</Name>)}
      </p>
      <form method="post" action={action}>
        {problem === undefined ? null : <Problem>{sentence(props, problem)}</Problem>}
        <Interaction sealed={interaction} />
        {offer === undefined ? null : <Offer words={words} username={offer} />}
        {ask === 'passkey' ? <PasskeyOnly {...props} /> : <Password {...props} />}
        <Buttons {...props} />
      </form>
      {client === undefined ? null : <Assurance {...props} client={client} />}
    </Layout>
  )
}

/** Going on with the session there is. */
function Offer({ words, username }: Pick<Frame, 'words'> & { readonly username: string }) {
  return (
    <>
      <Choices>
        <button id="continue" name="action" value="continue" class="primary" formnovalidate>
          <span>{words.signIn.continueAs(<Name words={words}>{username}</Name>)}</span>
        </button>
      </Choices>
      <p class="hint">{words.signIn.orAnother}</p>
    </>
  )
}

function PasskeyOnly({ words, username = '' }: LoginProps) {
  return <p>{words.signIn.usePasskey(<Name words={words}>{username}</Name>)}</p>
}

function Password({ words, ask, username = '', offer, problem }: LoginProps) {
  const concerns =
    problem === undefined ? undefined : problem.kind === 'credentials' ? 'wrong' : 'described'
  return (
    <>
      <Field
        id="username"
        label={words.signIn.username}
        type="text"
        value={username}
        autocomplete="username webauthn"
        autocapitalize="none"
        spellcheck={false}
        maxlength={256}
        required
        readonly={ask === 'password'}
        autofocus={username === '' && offer === undefined}
        problem={concerns}
      />
      <Field
        id="password"
        label={words.signIn.password}
        type="password"
        autocomplete="current-password"
        maxlength={1024}
        required
        autofocus={username !== '' && offer === undefined}
        problem={concerns}
      />
    </>
  )
}

function Buttons({ words, ask, client, skippable }: LoginProps) {
  const { signIn } = words
  return (
    <Choices>
      {ask === 'passkey' ? null : (
        <button id="login" name="action" value="login" class="primary">
          {signIn.submit}
        </button>
      )}
      {skippable === true ? (
        <button id="skip" name="action" value="skip" formnovalidate>
          {signIn.skip}
        </button>
      ) : null}
      {client === undefined ? null : (
        <button id="cancel" name="action" value="cancel" formnovalidate>
          {signIn.cancel}
        </button>
      )}
    </Choices>
  )
}

/** What becomes of the password, and where the person goes afterwards. */
function Assurance(props: LoginProps & Required<Pick<LoginProps, 'client'>>) {
  const { words, client } = props
  const { passwordStays, afterwards } = words.signIn
  return (
    <p class="note">
      {passwordStays(<BrandName {...props} />, <Name words={words}>{client.name}</Name>)}{' '}
      {afterwards(<Host words={words}>{client.host}</Host>)}
    </p>
  )
}

function sentence({ words, lang }: LoginProps, problem: LoginProblem): string {
  if (problem.kind === 'credentials') return words.signIn.wrongCredentials
  if (problem.kind === 'unreachable') return words.signIn.unreachable
  return words.signIn.tooManyAttempts(inWords(problem.seconds, lang))
}
