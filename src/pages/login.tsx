import { BrandName, Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { inWords } from './duration.ts'
import { Choices, Field, Interaction, Problem } from './parts.tsx'
import { PasskeyArea } from './passkey.tsx'
import type { PasskeyAreaProps } from './passkey.tsx'

/** Why the last attempt failed. Unknown person and wrong password are the same sentence (A1-33). */
export type LoginProblem =
  | { readonly kind: 'credentials' }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** This account cannot reach the level of authentication that is required. */
  | { readonly kind: 'unreachable'; readonly missing: 'secondFactor' | 'passkey' }
  /** Unknown passkey, wrong signature, used before: the same sentence. */
  | { readonly kind: 'passkey' }
  /** The page was open longer than its question to passkeys lives. */
  | { readonly kind: 'late' }

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
  /** A recovery code may take the place of the passkey. */
  readonly recoverable?: boolean
  /** Where a passkey may answer. */
  readonly passkey?: { readonly action: string } & Pick<PasskeyAreaProps, 'options'>
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
  const trouble = problem === undefined ? null : <Problem>{sentence(props, problem)}</Problem>
  return (
    <Layout
      {...props}
      title={problem === undefined ? signIn.title : general.errorTitle(signIn.title)}
      script={props.passkey === undefined ? undefined : props.passkeyScript}
    >
      <h1>{signIn.title}</h1>
      <p class="lead">
        {client === undefined
          ? signIn.toYourAccount
          : signIn.continueTo(<Name words={words}>{client.name}</Name>)}
      </p>
      {ask === 'passkey' ? (
        <>
          {trouble}
          <Passkey {...props} />
        </>
      ) : null}
      <form method="post" action={action}>
        {ask === 'passkey' ? null : trouble}
        <Interaction sealed={interaction} />
        {offer === undefined ? null : <Offer words={words} username={offer} />}
        {ask === 'passkey' ? null : <Password {...props} />}
        <Buttons {...props} />
      </form>
      {ask === 'identify' ? <Passkey {...props} /> : null}
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

/** Signing in with a passkey: beside the password, or the only thing that is missing. */
function Passkey({ words, ask, interaction, username = '', passkey }: LoginProps) {
  if (passkey === undefined) return null
  const { action, options } = passkey
  const asked = { words, ceremony: 'get', options, posts: { action, interaction } } as const
  if (ask !== 'passkey') {
    return (
      <PasskeyArea {...asked} label={words.passkeys.signIn} conditional>
        <p class="next">{words.passkeys.or}</p>
      </PasskeyArea>
    )
  }
  return (
    <PasskeyArea {...asked} label={words.passkeys.confirm} only>
      <p class="next">{words.signIn.usePasskey(<Name words={words}>{username}</Name>)}</p>
    </PasskeyArea>
  )
}

function Password({ words, ask, username = '', offer, problem }: LoginProps) {
  const concerns = concernOf(problem)
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

function Buttons({ words, ask, client, skippable, recoverable }: LoginProps) {
  const { signIn } = words
  return (
    <Choices>
      {ask === 'passkey' ? null : (
        <button id="login" name="action" value="login" class="primary">
          {signIn.submit}
        </button>
      )}
      {recoverable === true ? (
        <button id="recovery" name="action" value="recovery" formnovalidate>
          {signIn.recover}
        </button>
      ) : null}
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

/** What becomes of the password, where one is asked for, and where the person goes afterwards. */
function Assurance(props: LoginProps & Required<Pick<LoginProps, 'client'>>) {
  const { words, client } = props
  const { passwordStays, afterwards } = words.signIn
  return (
    <p class="note">
      {props.ask === 'passkey'
        ? null
        : passwordStays(<BrandName {...props} />, <Name words={words}>{client.name}</Name>)}{' '}
      {afterwards(<Host words={words}>{client.host}</Host>)}
    </p>
  )
}

/** What the page's problem means for name and password. */
function concernOf(problem: LoginProblem | undefined): 'wrong' | 'described' | undefined {
  if (problem === undefined || problem.kind === 'passkey' || problem.kind === 'late')
    return undefined
  return problem.kind === 'credentials' ? 'wrong' : 'described'
}

function sentence({ words, lang }: LoginProps, problem: LoginProblem): string {
  if (problem.kind === 'credentials') return words.signIn.wrongCredentials
  if (problem.kind === 'passkey') return words.passkeys.wrong
  if (problem.kind === 'late') return words.passkeys.late
  if (problem.kind === 'unreachable') return words.signIn.unreachable[problem.missing]
  return words.signIn.tooManyAttempts(inWords(problem.seconds, lang))
}
