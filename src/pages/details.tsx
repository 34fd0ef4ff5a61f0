import type { Child } from 'hono/jsx'
import { checkField, radioField, takeField } from '../authorization-details/offer.ts'
import type { Choice } from '../authorization-details/offer.ts'
import type { DetailAsk, Line } from './describe-details.ts'
import { visibleText } from './name.ts'
import { Badge } from './parts.tsx'

/** What may be chosen for one member. */
export type Question = {
  readonly member: string
  readonly text: string
  readonly many: boolean
  readonly choices: readonly Choice[]
  /** Places of the choices that are ticked. */
  readonly picked: readonly number[]
}

/** One detail as it stands on the consent page. */
export type DetailItem = DetailAsk & {
  readonly questions: readonly Question[]
  /** Whether it may be left out; then, whether it is ticked. */
  readonly take?: boolean
}

/** The form that the fields of the list belong to. */
export const consentForm = 'consent'

/** A row of the list of what is asked for: words, what can be chosen, and whether it is agreed to. */
export function DetailRow(props: {
  readonly item: DetailItem
  readonly index: number
  readonly mark: Child
}) {
  const { item, index, mark } = props
  const badge = item.fresh === true ? <Badge>{mark}</Badge> : null
  return (
    <li id={`detail-${index}`}>
      <div class="title">
        {item.take === undefined ? (
          <span>{item.title}</span>
        ) : (
          <label class="pick">
            <input
              type="checkbox"
              form={consentForm}
              name={takeField(index)}
              value="1"
              checked={item.take}
            />
            <span>{item.title}</span>
          </label>
        )}
        {badge}
      </div>
      <DetailLines lines={item.lines} />
      {item.questions.map((question) => (
        <Choose question={question} index={index} />
      ))}
    </li>
  )
}

export const DetailLines = ({ lines }: { readonly lines: readonly Line[] }) => (
  <>
    {lines.map((line) => (
      <p>
        {line.map((piece) =>
          typeof piece === 'string' ? piece : <bdi class="name">{piece.value}</bdi>,
        )}
      </p>
    ))}
  </>
)

function Choose({ question, index }: { readonly question: Question; readonly index: number }) {
  const { member, text, many, choices, picked } = question
  return (
    <fieldset class="choose" id={`choose-${index}-${member}`}>
      <legend>{text}</legend>
      {choices.map(({ label, hint }, place) => (
        <label class="pick">
          <input
            type={many ? 'checkbox' : 'radio'}
            form={consentForm}
            name={many ? checkField(index, member, place) : radioField(index, member)}
            value={many ? '1' : String(place)}
            checked={picked.includes(place)}
          />
          <span>
            <bdi>{visibleText(label)}</bdi>
            {hint === undefined ? null : <bdi class="aside">{visibleText(hint)}</bdi>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
