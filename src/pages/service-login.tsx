import type { CheckedAnswer } from '../people/login-answer.ts'
import { Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleText } from './name.ts'
import { Choices, Field, Interaction, Problem } from './parts.tsx'

type ServiceLoginProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  /** What the bound login asks for, in its words. */
  readonly page: Extract<CheckedAnswer, { readonly status: 'page' }>
  /** Absent when the sign-in is for the account page. */
  readonly client?: { readonly name: string; readonly host: string }
}

/**
 * A page of the bound login: its words, this server's form. Nothing of it is markup.
 *
 * @example <ServiceLoginPage {...frame} action="/login" interaction={sealed} page={{ status: 'page', fields: [], buttons: [] }} />
 */
export function ServiceLoginPage(props: ServiceLoginProps) {
  const { words, action, interaction, client, page } = props
  const { general, signIn } = words
  const title = page.title === undefined ? signIn.title : visibleText(page.title)
  return (
    <Layout {...props} title={page.problem === undefined ? title : general.errorTitle(title)}>
      <h1>{title}</h1>
      <p class="lead">
        {client === undefined
          ? signIn.toYourAccount
          : signIn.continueTo(<Name words={words}>{client.name}</Name>)}
      </p>
      <form method="post" action={action}>
        {page.problem === undefined ? null : <Problem>{visibleText(page.problem)}</Problem>}
        {page.message === undefined ? null : <p>{visibleText(page.message)}</p>}
        <Interaction sealed={interaction} />
        <Fields {...props} />
        <Buttons {...props} />
      </form>
      {client === undefined ? null : (
        <p class="note">{signIn.afterwards(<Host words={words}>{client.host}</Host>)}</p>
      )}
    </Layout>
  )
}

function Fields({ page }: ServiceLoginProps) {
  const { fields, problem } = page
  return (
    <>
      {fields.map(({ name, label, hint, ...input }, index) => (
        <Field
          id={name}
          label={visibleText(label)}
          autofocus={index === 0}
          maxlength={4096}
          {...input}
          {...(hint === undefined ? {} : { hint: visibleText(hint) })}
          problem={problem === undefined ? undefined : 'described'}
        />
      ))}
    </>
  )
}

function Buttons({ words, page, client }: ServiceLoginProps) {
  return (
    <Choices>
      {page.buttons.map(({ value, label }, index) => (
        <button
          id={value}
          name="action"
          value={value}
          {...(index === 0 ? { class: 'primary' } : {})}
        >
          {visibleText(label)}
        </button>
      ))}
      {client === undefined ? null : (
        <button id="cancel" name="action" value="cancel" formnovalidate>
          {words.signIn.cancel}
        </button>
      )}
    </Choices>
  )
}
