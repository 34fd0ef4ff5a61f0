import type { Child } from 'hono/jsx'
import type { Ask } from './describe.ts'
import type { Incomplete } from '../authorization-details/offer.ts'
import type { DetailAsk } from './describe-details.ts'
import { consentForm, DetailLines, DetailRow } from './details.tsx'
import type { DetailItem } from './details.tsx'
import { inList, inWords, onDay } from './duration.ts'
import { BrandName, Host, Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { visibleName, visibleText } from './name.ts'
import { Badge, Choices, Data, Interaction, Problem } from './parts.tsx'

/** Who will hand out the data. */
export type Audience = { readonly name: string; readonly identifier: string }

type ConsentProps = Frame & {
  readonly action: string
  /** The sealed state of this interaction. */
  readonly interaction: string
  /** Sealed: what the page shows. */
  readonly shown: string
  readonly client: {
    readonly name: string
    readonly redirectHost: string
    /** Whether the operator has verified whose it is. */
    readonly verified: boolean
  }
  readonly person: { readonly username: string }
  /** What is asked for; `fresh` marks what is new since the last time. */
  readonly asks: readonly Ask[]
  /** Authorization details, with what can be chosen in them. */
  readonly details?: readonly DetailItem[]
  /** What an answer did not say. */
  readonly missing?: Incomplete
  /** The person allowed this client something before. */
  readonly before?: boolean
  /** A permission that exists is changed; `others`: what it holds beside what is asked for. */
  readonly update?: {
    readonly action: 'merge' | 'replace'
    readonly others: readonly Ask[]
    readonly otherDetails?: readonly DetailAsk[]
  }
  readonly audiences: readonly Audience[]
  readonly duration: {
    /** Life of one access token. */
    readonly accessSeconds: number
    /** End of the consent; a number is milliseconds since the epoch. */
    readonly until?: Date | number
  }
  /** The client may fetch again by itself until the consent ends. */
  readonly offline: boolean
  /** Address of the account page. */
  readonly account?: string
}

/**
 * Asks a person to agree: who asks, what for, where the data goes, for how long. Both answers look
 * alike, and nothing is agreed to by going on.
 *
 * @example <ConsentPage {...frame} action="/consent" asks={describeWish(wish, frame)} … />
 */
export function ConsentPage(props: ConsentProps) {
  const { words, client, person } = props
  const { consent, general } = words
  const host = <Host words={words}>{client.redirectHost}</Host>
  return (
    <Layout {...props} title={consent.title}>
      <h1>{consent.asks(<ClientName {...props} />)}</h1>
      <Standing {...props} />
      <p class="lead">
        {consent.signedInAs(
          <bdi class="name">{visibleName(person.username, general.unnamedPerson)}</bdi>,
        )}
      </p>
      <h2>{consent.wants}</h2>
      <Missing {...props} />
      <Asks {...props} />
      <Others {...props} />
      <dl>
        <dt>{consent.whereTo}</dt>
        <dd>
          <Way {...props} />
        </dd>
        <dt>{consent.howLong}</dt>
        <dd>
          <HowLong {...props} />
        </dd>
        <dt>{consent.changeOfMind}</dt>
        <dd>
          {consent.endAnyTime((link) =>
            props.account === undefined ? link : <a href={props.account}>{link}</a>,
          )}
        </dd>
      </dl>
      <form method="post" action={props.action} id={consentForm}>
        <Interaction sealed={props.interaction} />
        <input type="hidden" name="shown" value={props.shown} />
        <Choices even>
          <button id="approve" name="action" value="approve">
            {consent.approve}
          </button>
          <button id="deny" name="action" value="deny">
            {consent.deny}
          </button>
        </Choices>
      </form>
      <p class="note">{consent.eitherWay(host)}</p>
    </Layout>
  )
}

function Missing({ words, missing, details = [] }: ConsentProps) {
  if (missing === undefined) return null
  const { nothingLeft, choose } = words.consent
  const { why, index = 0, member } = missing
  if (why === 'nothing-left') return <Problem>{nothingLeft}</Problem>
  const question = details[index]?.questions.find((one) => one.member === member)
  return <Problem>{choose(question?.text ?? '')}</Problem>
}

const ClientName = ({ words, client }: ConsentProps) => <Name words={words}>{client.name}</Name>

/** Where the answer goes, and whether the operator vouches for whoever gets it. */
function Standing(props: ConsentProps) {
  const { words, client } = props
  const { consent } = words
  const brand = <BrandName {...props} />
  return (
    <p class="client" id="client">
      <span>{consent.from(<Host words={words}>{client.redirectHost}</Host>)}</span>
      {client.verified ? (
        <Badge tone="good">{consent.verified(brand)}</Badge>
      ) : (
        <Badge tone="warn">{consent.unverified(brand)}</Badge>
      )}
    </p>
  )
}

function Asks(props: ConsentProps) {
  const { words, asks, before, details = [] } = props
  const { consent } = words
  const anyFresh = [...asks, ...details].some(({ fresh }) => fresh === true)
  const client = <ClientName {...props} />
  return (
    <>
      {before === true ? (
        <p class="hint" id="before">
          {anyFresh ? consent.allowedBefore(client) : consent.allowedSame(client)}
        </p>
      ) : null}
      <ul class="rows">
        {asks.map((ask) => (
          <Row {...ask} mark={consent.fresh} />
        ))}
        {details.map((item, index) => (
          <DetailRow item={item} index={index} mark={consent.fresh} />
        ))}
      </ul>
    </>
  )
}

function Row({ title, detail, data = [], fresh, mark }: Ask & { readonly mark: Child }) {
  return (
    <li>
      <div class="title">
        <span>{title}</span>
        {fresh === true ? <Badge>{mark}</Badge> : null}
      </div>
      <p>{detail}</p>
      {data.length === 0 ? null : <Data items={data} />}
    </li>
  )
}

/** What becomes of the rest of a permission that is changed (Grant Management). */
function Others(props: ConsentProps) {
  const { words, update } = props
  if (update === undefined) return null
  const { action, others, otherDetails = [] } = update
  const none = others.length + otherDetails.length === 0
  const client = <ClientName {...props} />
  const { merges, replaces, replacesNothing } = words.consent
  const lost = none ? replacesNothing(client) : replaces(client)
  return (
    <section id="update" class={action}>
      <p class="hint">{action === 'merge' ? merges(client) : lost}</p>
      {none ? null : (
        <ul class="rows">
          {others.map((ask) => (
            <Row {...ask} mark={null} />
          ))}
          {otherDetails.map(({ title, lines }) => (
            <li>
              <div class="title">
                <span>{title}</span>
              </div>
              <DetailLines lines={lines} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Way(props: ConsentProps) {
  const { words, lang, audiences } = props
  const client = <ClientName {...props} />
  if (audiences.length === 0) return <>{words.consent.fromUs(client)}</>
  const services = audiences.map(({ name, identifier }) => (
    <>
      <bdi class="name">{visibleName(name, words.general.unnamedService)}</bdi>{' '}
      <span class="aside">
        (
        <bdi class="host" dir="ltr">
          {visibleText(identifier)}
        </bdi>
        )
      </span>
    </>
  ))
  return <>{words.consent.fromServices(inList(services, lang), client)}</>
}

function HowLong(props: ConsentProps) {
  const { words, lang, duration, offline } = props
  const { accessSeconds, until } = duration
  if (!offline) return <>{words.consent.once(inWords(accessSeconds, lang))}</>
  const client = <ClientName {...props} />
  if (until === undefined) return <>{words.consent.untilEnded(client)}</>
  const day = <time datetime={new Date(until).toISOString()}>{onDay(until, lang)}</time>
  // What was asked for exactly need not be data: a payment is not fetched again.
  const exact = (props.details ?? []).length > 0
  const say = exact ? words.consent.untilWithin : words.consent.until
  return <>{say(day, client)}</>
}
