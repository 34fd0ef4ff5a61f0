import type { Child } from 'hono/jsx'
import type { ActivityEntry, ActivityKind } from '../../objects/account/activity.ts'
import type { Ask } from '../describe.ts'
import type { DetailAsk } from '../describe-details.ts'
import { DetailLines } from '../details.tsx'
import { atTime, onDay } from '../duration.ts'
import { Layout, Name } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { visibleName } from '../name.ts'
import { Badge, ButtonForm, Choices, Data, Done, Problem, Row, Rows, Section } from '../parts.tsx'
import { deviceInWords } from './device.ts'

/** One permission as its owner sees it. */
export type Permission = {
  readonly grantId: string
  readonly clientName: string
  readonly status: 'active' | 'revoked' | 'expired'
  readonly asks: readonly Ask[]
  /** Authorization details, as they were agreed to. */
  readonly details?: readonly DetailAsk[]
  /** Milliseconds. */
  readonly createdAt: number
  readonly endsAt: number
  readonly endedAt?: number
  readonly lastUsedAt?: number
}

export type ShownSession = {
  readonly id: string
  readonly here: boolean
  readonly device?: string
  readonly country?: string
  readonly createdAt: number
  readonly lastSeenAt: number
}

/** How a person signs in; passkeys have a page of their own. */
export type ShownMethods = {
  readonly password: boolean
  readonly codeAddedAt?: number
  readonly recoveryCodes: number
  readonly passkeys: number
}

export type Notice = keyof Frame['words']['account']['notices']

type OverviewProps = Frame & {
  readonly action: (path: string) => string
  /** The sealed token of this page's forms. */
  readonly form: string
  readonly username: string
  readonly notice?: Notice
  readonly permissions: readonly Permission[]
  /** Addresses of the pages of permissions before and after this one. */
  readonly newer?: string
  readonly older?: string
  /** Absent where people sign in elsewhere: there is nothing to change here. */
  readonly methods?: ShownMethods
  readonly sessions: readonly ShownSession[]
  readonly activity: readonly (ActivityEntry & { readonly clientName?: string })[]
}

/**
 * Everything a person can see and end: permissions, ways to sign in, sessions, what happened.
 *
 * @example <OverviewPage {...frame} action={url} form={token} username="alice" … />
 */
export function OverviewPage(props: OverviewProps) {
  const { words, username, notice, action, form, methods } = props
  const { account } = words
  return (
    <Layout {...props} title={account.title} wide>
      <h1>{account.title}</h1>
      <p class="lead">
        {account.signedInAs(
          <bdi class="name">{visibleName(username, words.general.unnamedPerson)}</bdi>,
        )}
      </p>
      <NoticeLine words={words} notice={notice} />
      <Permissions {...props} />
      {methods === undefined ? null : <Methods {...props} methods={methods} />}
      <Sessions {...props} />
      <Activity {...props} />
      <form method="post" action={action('/account/sign-out')}>
        <input type="hidden" name="form" value={form} />
        <Choices>
          <button id="sign-out">{account.signOut}</button>
        </Choices>
      </form>
    </Layout>
  )
}

const refused: readonly Notice[] = [
  'gone',
  'last-factor',
  'passkey-known',
  'passkey-full',
  'passkey-refused',
  'passkey-late',
]

/** What was done just now, or why it was not. */
export function NoticeLine(props: {
  readonly words: Frame['words']
  readonly notice: Notice | undefined
}) {
  const { words, notice } = props
  if (notice === undefined) return null
  const sentence = words.account.notices[notice]
  return refused.includes(notice) ? <Problem>{sentence}</Problem> : <Done>{sentence}</Done>
}

function Permissions(props: OverviewProps) {
  const { words, permissions, newer, older } = props
  const { account } = words
  const { title, lead, empty } = account.permissions
  return (
    <Section id="permissions" title={title} lead={lead}>
      <Rows empty={empty}>
        {permissions.map((permission) => (
          <PermissionRow {...props} permission={permission} />
        ))}
      </Rows>
      {newer === undefined && older === undefined ? null : (
        <Choices>
          {newer === undefined ? null : (
            <a class="button small" id="newer" href={newer}>
              {account.newer}
            </a>
          )}
          {older === undefined ? null : (
            <a class="button small" id="older" href={older}>
              {account.next}
            </a>
          )}
        </Choices>
      )}
    </Section>
  )
}

function PermissionRow(props: OverviewProps & { readonly permission: Permission }) {
  const { words, lang, form, action, permission } = props
  const { permissions } = words.account
  const { clientName, status, createdAt, endsAt, endedAt, lastUsedAt } = permission
  const { asks, details = [] } = permission
  const day = (time: number) => <Day time={time} lang={lang} />
  const end =
    status === 'active'
      ? permissions.until(day(endsAt))
      : permissions.ended(day(status === 'expired' ? endsAt : (endedAt ?? createdAt)))
  const label = visibleName(clientName, words.general.unnamedClient)
  return (
    <Row
      title={<Name words={words}>{clientName}</Name>}
      badge={
        <Badge {...(status === 'active' ? { tone: 'good' } : {})}>{permissions[status]}</Badge>
      }
      meta={
        <>
          {permissions.given(day(createdAt))}{' '}
          {lastUsedAt === undefined ? permissions.unused : permissions.used(day(lastUsedAt))}{' '}
          {status === 'revoked' && endedAt === undefined ? null : end}
        </>
      }
      {...(status === 'active'
        ? {
            action: (
              <ButtonForm
                action={action('/account/permissions')}
                fields={{ form, grant: permission.grantId }}
                name="action"
                value="end"
                id={`end-${permission.grantId}`}
                label={permissions.end}
                about={label}
              />
            ),
          }
        : {})}
    >
      {asks.length === 0 ? null : <Data items={asks.map(({ title }) => title)} />}
      {details.map(({ title, lines }) => (
        <div class="detail">
          <p>
            <strong>{title}</strong>
          </p>
          <DetailLines lines={lines} />
        </div>
      ))}
    </Row>
  )
}

function Methods(props: OverviewProps & Required<Pick<OverviewProps, 'methods'>>) {
  const { words, lang, action, methods } = props
  const { methods: say } = words.account
  const { password, codeAddedAt, recoveryCodes, passkeys } = methods
  const { page } = words.passkeys
  return (
    <Section id="methods" title={say.title}>
      <Rows>
        <WayRow
          id="passkeys"
          title={page.title}
          meta={passkeys === 0 ? page.empty : page.count(passkeys)}
          href={action('/account/passkeys')}
          label={passkeys === 0 ? say.setUp : page.manage}
        />
        <WayRow
          id="code"
          title={say.code}
          meta={
            codeAddedAt === undefined
              ? say.codeNone
              : say.codeSince(<Day time={codeAddedAt} lang={lang} />)
          }
          href={action('/account/code')}
          label={codeAddedAt === undefined ? say.setUp : say.change}
        />
        <WayRow
          id="recovery"
          title={say.recovery}
          meta={recoveryCodes === 0 ? say.recoveryNone : say.recoveryLeft(recoveryCodes)}
          href={action('/account/recovery-codes')}
          label={say.make}
        />
        <WayRow
          id="password"
          title={say.password}
          meta={password ? say.passwordSet : say.passwordNone}
          href={action('/account/password')}
          label={password ? say.change : say.setUp}
        />
      </Rows>
    </Section>
  )
}

/** Something that is changed on a page of its own; the link there looks like the buttons of other rows. */
export function WayRow(props: {
  readonly id: string
  readonly title: string
  readonly meta: Child
  readonly href: string
  readonly label: string
}) {
  const { id, title, meta, href, label } = props
  return (
    <Row
      title={title}
      meta={meta}
      action={
        <a class="button small" id={id} href={href} aria-label={`${label}: ${title}`}>
          {label}
        </a>
      }
    />
  )
}

function Sessions(props: OverviewProps) {
  const { words, lang, form, action, sessions } = props
  const { sessions: say } = words.account
  return (
    <Section id="sessions" title={say.title}>
      <Rows>
        {sessions.map((session) => (
          <Row
            title={deviceInWords(session, props)}
            {...(session.here ? { badge: <Badge tone="good">{say.here}</Badge> } : {})}
            meta={
              <>
                {say.since(<Moment time={session.createdAt} lang={lang} />)}{' '}
                {say.seen(<Moment time={session.lastSeenAt} lang={lang} />)}
              </>
            }
            {...(session.here
              ? {}
              : {
                  action: (
                    <ButtonForm
                      action={action('/account/sessions')}
                      fields={{ form, session: session.id }}
                      name="action"
                      value="end"
                      id={`end-${session.id}`}
                      label={say.end}
                      about={deviceInWords(session, props)}
                    />
                  ),
                })}
          />
        ))}
      </Rows>
      {sessions.length < 2 ? null : (
        <form method="post" action={action('/account/sessions')}>
          <input type="hidden" name="form" value={form} />
          <button class="small" id="end-others" name="action" value="end-others">
            {say.endOthers}
          </button>
        </form>
      )}
    </Section>
  )
}

function Activity(props: OverviewProps) {
  const { words, lang, activity } = props
  const { activity: say } = words.account
  return (
    <Section id="activity" title={say.title} lead={say.lead}>
      <Rows empty={say.empty}>
        {activity.map((entry) => (
          <Row
            title={say.kinds[entry.kind satisfies ActivityKind]}
            meta={
              <>
                <Moment time={entry.at} lang={lang} /> {about(entry, props)}
              </>
            }
          />
        ))}
      </Rows>
    </Section>
  )
}

/** What else is known of an entry, as far as it tells more than its name. */
function about(entry: OverviewProps['activity'][number], props: OverviewProps): Child {
  const { words } = props
  const { activity } = words.account
  const { method, device, count, clientName } = entry
  const parts: readonly Child[] = [
    ...(clientName === undefined ? [] : [<Name words={words}>{clientName}</Name>]),
    ...(method === undefined ? [] : [activity.methods[method]]),
    ...(device === undefined ? [] : [deviceInWords(entry, props)]),
    ...(count === undefined || count < 2 ? [] : [activity.times(count)]),
  ]
  return parts.map((part) => <> · {part}</>)
}

type At = { readonly time: number; readonly lang: Frame['lang'] }

export function Day({ time, lang }: At) {
  return <time datetime={new Date(time).toISOString()}>{onDay(time, lang)}</time>
}

function Moment({ time, lang }: At) {
  return <time datetime={new Date(time).toISOString()}>{atTime(time, lang)}</time>
}
