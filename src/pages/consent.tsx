import type { Ask } from './describe.ts'
import { inWords, onDay } from './duration.ts'
import { Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleName, visibleText } from './name.ts'

/** Who will hand out the data. */
export type Audience = { readonly name: string; readonly identifier: string }

type ConsentProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  readonly client: { readonly name: string; readonly redirectHost: string }
  readonly person: { readonly username: string }
  readonly asks: readonly Ask[]
  readonly audiences: readonly Audience[]
  readonly duration: {
    /** Life of one access token. */
    readonly accessSeconds: number
    /** End of the consent; a number is milliseconds since the epoch. */
    readonly until?: Date | number
  }
  /** The client may fetch again by itself until the consent ends. */
  readonly offline: boolean
}

/**
 * Asks a person to agree: who asks, what for, where the data goes, for how long. Both answers look
 * alike, and nothing is agreed to by going on.
 *
 * @example c.html(<ConsentPage {...frame} action="/consent" asks={describeScopes(scope, issuer.scopes)} … />)
 */
export function ConsentPage(props: ConsentProps) {
  const { client, person } = props
  return (
    <Layout title="Your permission" stylesheet={props.stylesheet} brand={props.brand}>
      <h1>
        <Name>{client.name}</Name> asks for your permission
      </h1>
      <p class="lead">
        Signed in as <bdi class="name">{visibleName(person.username, 'you')}</bdi>
      </p>
      <h2>What it wants to do</h2>
      <ul class="asks">
        {props.asks.map((ask) => (
          <li>
            <strong>{ask.title}</strong>
            <p>{ask.detail}</p>
            {ask.data === undefined || ask.data.length === 0 ? null : (
              <ul class="data">
                {ask.data.map((item) => (
                  <li>{item}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      <dl>
        <dt>Where the data goes</dt>
        <Way {...props} />
        <dt>How long</dt>
        <HowLong {...props} />
        <dt>If you change your mind</dt>
        <dd>Ask us at any time to end this permission.</dd>
      </dl>
      <form method="post" action={props.action}>
        <input type="hidden" name="interaction" value={props.interaction} />
        <div class="choices even">
          <button id="approve" name="action" value="approve" class="primary">
            Approve
          </button>
          <button id="deny" name="action" value="deny">
            Deny
          </button>
        </div>
      </form>
      <p class="note">
        Either way you return to <Host>{client.redirectHost}</Host>. Approve only if you started
        this there yourself.
      </p>
    </Layout>
  )
}

function Way({ client, audiences }: ConsentProps) {
  return (
    <dd>
      {audiences.length === 0 ? (
        <>
          From us to <Name>{client.name}</Name>.
        </>
      ) : (
        <>
          From{' '}
          {audiences.map(({ name, identifier }, index) => (
            <>
              {index === 0 ? '' : ' and '}
              <bdi class="name">{visibleName(name, 'a service')}</bdi>{' '}
              <span class="aside">
                (
                <bdi class="host" dir="ltr">
                  {visibleText(identifier)}
                </bdi>
                )
              </span>
            </>
          ))}{' '}
          to <Name>{client.name}</Name>. What it then does with the data is up to its own terms.
        </>
      )}
    </dd>
  )
}

function HowLong({ client, duration, offline }: ConsentProps) {
  const { accessSeconds, until } = duration
  if (!offline) {
    return <dd>This once, for {inWords(accessSeconds)} after you approve.</dd>
  }
  const end =
    until === undefined ? (
      'you end it'
    ) : (
      <time datetime={new Date(until).toISOString()}>{onDay(until)}</time>
    )
  return (
    <dd>
      Until {end}. In that time <Name>{client.name}</Name> can fetch the data again by itself.
    </dd>
  )
}
