import type { Child, JSX } from 'hono/jsx'

/** The parts pages are made of, so that all look and behave alike. */

/**
 * What went wrong with a form, said aloud by screen readers. Stands first in its form; fields refer to
 * it (see `Field`). One on a page.
 */
export function Problem({ children }: { readonly children: Child }) {
  return (
    <p class="problem" id="problem" role="alert">
      {children}
    </p>
  )
}

/** Says that something was done. */
export function Done({ children }: { readonly children: Child }) {
  return (
    <p class="done" role="status">
      {children}
    </p>
  )
}

type FieldProps = Omit<JSX.IntrinsicElements['input'], 'id' | 'name'> & {
  readonly id: string
  /** The same as the id, if not given. */
  readonly name?: string
  readonly label: Child
  /** A sentence below the field. */
  readonly hint?: Child
  /** `described`: the page's `Problem` concerns this field; `wrong`: it is what must be changed. */
  readonly problem?: 'described' | 'wrong' | undefined
}

/**
 * An input with its label, tied to its hint and to the page's problem (WCAG 1.3.1, 3.3.1, 3.3.2).
 *
 * @example <Field id="otp" label={words.code} inputmode="numeric" autocomplete="one-time-code" required />
 */
export function Field({ id, name, label, hint, problem, ...input }: FieldProps) {
  const describedBy = [
    ...(problem === undefined ? [] : ['problem']),
    ...(hint === undefined ? [] : [`${id}-hint`]),
  ].join(' ')
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name ?? id}
        {...input}
        {...(describedBy === '' ? {} : { 'aria-describedby': describedBy })}
        {...(problem === 'wrong' ? { 'aria-invalid': 'true' } : {})}
      />
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  )
}

/** The sealed state of an interaction inside a form. */
export function Interaction({ sealed }: { readonly sealed: string }) {
  return <input type="hidden" name="interaction" value={sealed} />
}

/** A form that posts what it holds, and nothing a person types. */
export function PostForm(props: {
  readonly id?: string
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly children: Child
}) {
  const { id, action, fields, children } = props
  return (
    <form method="post" action={action} {...(id === undefined ? {} : { id })}>
      {Object.entries(fields).map(([field, content]) => (
        <input type="hidden" name={field} value={content} />
      ))}
      {children}
    </form>
  )
}

/** Buttons beside each other. `even`: equally wide, neither is suggested. */
export function Choices({ even, children }: { readonly even?: boolean; readonly children: Child }) {
  return <div class={even === true ? 'choices even' : 'choices'}>{children}</div>
}

/** A word or two that marks something. */
export function Badge({
  tone,
  children,
}: {
  readonly tone?: 'good' | 'warn'
  readonly children: Child
}) {
  return <span class={tone === undefined ? 'badge' : `badge ${tone}`}>{children}</span>
}

/** Part of a longer page under its own heading. */
export function Section(props: {
  readonly id: string
  readonly title: Child
  readonly lead?: Child
  readonly children: Child
}) {
  const { id, title, lead, children } = props
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {lead === undefined ? null : <p class="hint">{lead}</p>}
      {children}
    </section>
  )
}

/** A framed list of `Row`s; a sentence in its place when there are none. */
export function Rows({ empty, children }: { readonly empty?: Child; readonly children?: Child }) {
  // One child arrives by itself, none as nothing.
  const rows = [children].flat().filter((row) => row !== undefined && row !== null)
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return <ul class="rows">{rows}</ul>
}

/**
 * One thing in a list: what it is, a line about it, and what can be done with it.
 *
 * @example <Row title="Phone" meta={words.lastUsed(day)} action={<ButtonForm … />} />
 */
export function Row(props: {
  readonly title: Child
  readonly badge?: Child
  /** A line below the title: since when, last use. */
  readonly meta?: Child
  /** More about it. */
  readonly children?: Child
  /** What can be done with it; usually a `ButtonForm`. */
  readonly action?: Child
}) {
  const { title, badge, meta, children, action } = props
  return (
    <li>
      <div class="row">
        <div>
          <div class="title">
            <span>{title}</span>
            {badge}
          </div>
          {meta === undefined ? null : <p class="meta">{meta}</p>}
          {children}
        </div>
        {action}
      </div>
    </li>
  )
}

/** Single pieces of data as a list of small words. */
export function Data({ items }: { readonly items: readonly string[] }) {
  return (
    <ul class="data">
      {items.map((item) => (
        <li>{item}</li>
      ))}
    </ul>
  )
}

/**
 * A form that is nothing but a button. `about` completes its name for screen readers, where several
 * buttons of a list say the same (WCAG 2.4.6).
 *
 * @example <ButtonForm action="/account" fields={{ grant: id }} name="action" value="end" label="End" about="Budget Buddy" />
 */
export function ButtonForm(props: {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly id?: string
  readonly name: string
  readonly value: string
  readonly label: string
  readonly about?: string
}) {
  const { action, fields, id, name, value, label, about } = props
  return (
    <PostForm action={action} fields={fields}>
      <button
        class="small"
        name={name}
        value={value}
        {...(id === undefined ? {} : { id })}
        {...(about === undefined ? {} : { 'aria-label': `${label}: ${about}` })}
      >
        {label}
      </button>
    </PostForm>
  )
}
