import { Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleName } from './name.ts'
import { Choices } from './parts.tsx'

type LogoutProps = Frame & {
  /** `asks`: shall this browser be signed out; `out`: it is; `stays`: it is not. */
  readonly state: 'asks' | 'out' | 'stays'
  readonly action: string
  readonly account: string
  readonly question?: { readonly token: string; readonly username: string }
  /** The client that asked; the address is a registered one. */
  readonly back?: { readonly href: string; readonly clientName: string }
}

/**
 * Signing out because an application asked for it.
 *
 * @example <LogoutPage {...frame} state="asks" action="/logout" question={{ token, username }} … />
 */
export function LogoutPage(props: LogoutProps) {
  const { words, state } = props
  const said = words.signOut[state]
  return (
    <Layout {...props} title={said.title}>
      <h1>{said.title}</h1>
      <p class="lead">{said.lead}</p>
      {state === 'asks' ? <Question {...props} /> : <WaysOn {...props} />}
    </Layout>
  )
}

function Question({ words, action, question, back }: LogoutProps) {
  const { signOut, general } = words
  if (question === undefined) return null
  const person = <bdi class="name">{visibleName(question.username, general.unnamedPerson)}</bdi>
  return (
    <form method="post" action={action}>
      <p>{signOut.signedInAs(person)}</p>
      {back === undefined ? null : (
        <p class="hint">{signOut.askedBy(<Name words={words}>{back.clientName}</Name>)}</p>
      )}
      <input type="hidden" name="form" value={question.token} />
      <Choices even>
        <button id="sign-out" name="action" value="sign-out">
          {signOut.yes}
        </button>
        <button id="stay" name="action" value="stay">
          {signOut.no}
        </button>
      </Choices>
    </form>
  )
}

function WaysOn({ words, account, back, state }: LogoutProps) {
  const { signOut, errors } = words
  return (
    <Choices>
      {back === undefined ? null : (
        <a class="button primary" id="back" href={back.href}>
          <span>{errors.returnTo(<Name words={words}>{back.clientName}</Name>)}</span>
        </a>
      )}
      <a class={back === undefined ? 'button primary' : 'button'} id="account" href={account}>
        {state === 'out' ? signOut.signInAgain : signOut.toAccount}
      </a>
    </Choices>
  )
}
