import type { StoredPasskey } from '../../objects/account/factors.ts'
import { Layout } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { visibleName } from '../name.ts'
import { Badge, ButtonForm, Choices, Field, Row, Rows, Section } from '../parts.tsx'
import { PasskeyArea } from '../passkey.tsx'
import type { PasskeyAreaProps } from '../passkey.tsx'
import { Day, NoticeLine } from './overview.tsx'
import type { Notice } from './overview.tsx'

type PasskeysProps = Frame & {
  /** Where all forms of the page go. */
  readonly action: string
  /** The sealed token of this page's forms, with the challenge of a new passkey. */
  readonly form: string
  readonly back: { readonly href: string; readonly label: string }
  readonly passkeys: readonly StoredPasskey[]
  /** During a set-up passkeys are added only. */
  readonly changeable: boolean
  /** Options of the browser's call; absent when the account has as many as it may. */
  readonly options?: PasskeyAreaProps['options']
  readonly suggestedName: string
  readonly notice?: Notice
}

export const longestPasskeyName = 64

/**
 * The passkeys of an account: what they are called, since when, last use, and a new one.
 *
 * @example <PasskeysPage {...frame} action={url} form={token} passkeys={credential.passkeys} options={options} … />
 */
export function PasskeysPage(props: PasskeysProps) {
  const { words, passkeys, notice, back } = props
  const { page } = words.passkeys
  return (
    <Layout
      {...props}
      title={page.title}
      script={props.options === undefined ? undefined : props.passkeyScript}
      wide
    >
      <h1>{page.title}</h1>
      <p class="lead">{page.lead}</p>
      <NoticeLine words={words} notice={notice} />
      <Section id="yours" title={page.yours}>
        <Rows empty={page.empty}>
          {passkeys.map((passkey) => (
            <PasskeyRow {...props} passkey={passkey} />
          ))}
        </Rows>
      </Section>
      <Add {...props} />
      <Choices>
        <a class="button" id="back" href={back.href}>
          {back.label}
        </a>
      </Choices>
    </Layout>
  )
}

function PasskeyRow(props: PasskeysProps & { readonly passkey: StoredPasskey }) {
  const { words, lang, action, form, changeable, passkey } = props
  const { page } = words.passkeys
  const { id, addedAt, lastUsedAt, backedUp } = passkey
  const name = visibleName(passkey.name, page.unnamed)
  const removal = (
    <ButtonForm
      action={action}
      fields={{ form, passkey: id }}
      id={`remove-${id}`}
      name="action"
      value="remove"
      label={page.remove}
      about={name}
    />
  )
  return (
    <Row
      title={<bdi>{name}</bdi>}
      badge={<Badge>{backedUp ? page.backedUp : page.bound}</Badge>}
      meta={
        <>
          {page.added(<Day time={addedAt} lang={lang} />)}{' '}
          {lastUsedAt === undefined
            ? page.unused
            : page.used(<Day time={lastUsedAt} lang={lang} />)}
        </>
      }
      {...(changeable ? { action: removal } : {})}
    >
      {changeable ? <Rename {...props} name={name} /> : null}
    </Row>
  )
}

function Rename(props: PasskeysProps & { readonly passkey: StoredPasskey; readonly name: string }) {
  const { words, action, form, passkey, name } = props
  const { page } = words.passkeys
  return (
    <details>
      <summary aria-label={`${page.rename}: ${name}`}>{page.rename}</summary>
      <form method="post" action={action}>
        <input type="hidden" name="form" value={form} />
        <input type="hidden" name="passkey" value={passkey.id} />
        <Field
          id={`name-${passkey.id}`}
          name="name"
          label={page.nameLabel}
          type="text"
          value={name}
          autocomplete="off"
          maxlength={longestPasskeyName}
          required
        />
        <Choices>
          <button class="small" id={`rename-${passkey.id}`} name="action" value="rename">
            {page.save}
          </button>
        </Choices>
      </form>
    </details>
  )
}

/** Adding one; the button is shown by the script. */
function Add({ words, action, form, options, suggestedName }: PasskeysProps) {
  const { page } = words.passkeys
  if (options === undefined) return null
  return (
    <Section id="add" title={page.add}>
      <form method="post" action={action}>
        <input type="hidden" name="form" value={form} />
        <Field
          id="name"
          label={page.nameLabel}
          hint={page.nameHint}
          type="text"
          value={suggestedName}
          autocomplete="off"
          maxlength={longestPasskeyName}
          required
        />
        <PasskeyArea words={words} ceremony="create" options={options} label={page.submit} only />
      </form>
    </Section>
  )
}
