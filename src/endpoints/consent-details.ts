import { choicesFor } from '../authorization-details/choices.ts'
import { narrowed } from '../authorization-details/compare.ts'
import { typeOf } from '../authorization-details/detail.ts'
import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import {
  checkField,
  chosenDetails,
  offerOf,
  radioField,
  takeField,
} from '../authorization-details/offer.ts'
import type { Chosen, Offered } from '../authorization-details/offer.ts'
import { one } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import type { Call } from '../call.ts'
import { toBase64Url, tuple } from '../encoding.ts'
import { describeDetail } from '../pages/describe-details.ts'
import type { DetailItem } from '../pages/details.tsx'
import type { Speech } from '../pages/words.ts'
import type { Approval } from '../people/interaction.ts'
import type { Shown } from '../people/shown.ts'
import { subjectFor } from '../people/subject.ts'
import { turnAway } from '../people/told.ts'
import { macOf } from '../secrets.ts'
import { wayBack } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'

type Details = readonly AuthorizationDetail[]

/** Whether something besides details is asked for, which stays when they are left out. */
const othersIn = ({ pushed }: LiveRequest): boolean => pushed.request.scope.length > 0

/**
 * What the consent page offers of the details asked for. Undefined: none are. Throws `ProtocolError` with
 * a way back where a service does not say what may be chosen.
 */
export async function offerDetails(
  call: Call,
  live: LiveRequest,
  { person }: Approval,
  language: Speech['lang'],
): Promise<Offered | undefined> {
  const { pushed, client } = live
  const { details } = pushed.request
  if (details === undefined) return undefined
  const subject = await subjectFor(call, client, person)
  const asker = { subject, client_id: client.clientId, language }
  const choices = await choicesFor(call, details, asker).catch(async (error: unknown) => {
    const reason = error instanceof Error ? error.message : 'unknown'
    return turnAway('choice-unavailable', reason, await wayBack(call, client, pushed.request))
  })
  return offerOf(details, choices, { others: othersIn(live) })
}

/** The details in words, with what can be chosen; as ticked in an answer that was not complete. */
export function detailItems(
  { issuer }: Call,
  live: LiveRequest,
  given: {
    readonly offered: Offered | undefined
    readonly speech: Pick<Speech, 'lang' | 'words'>
    /** What the person allowed before; undefined: nothing at all. */
    readonly before: { readonly details?: Details } | undefined
    readonly form?: Parameters
  },
): readonly DetailItem[] {
  const { offered, speech, before, form } = given
  const { details } = live.pushed.request
  if (details === undefined || offered === undefined) return []
  const types = issuer.detailTypes
  const ticked = (field: string) => form !== undefined && one(form, field) !== undefined
  return details.map((detail, index): DetailItem => {
    const fresh =
      before !== undefined && narrowed(types, [detail], before.details ?? []) === undefined
    const type = typeOf(types, detail.type)
    const questions = Object.entries(type?.enrich ?? {}).map(([member, { many }]) => {
      const choices = offered.choices[index]?.[member] ?? []
      const only = form === undefined && choices.length === 1
      const picked = choices.flatMap((_choice, place) => {
        const chosen = many
          ? ticked(checkField(index, member, place))
          : form !== undefined && one(form, radioField(index, member)) === String(place)
        return only || chosen ? [place] : []
      })
      const text = type?.consent[speech.lang].questions[member] ?? member
      return { member, text, many, choices, picked }
    })
    const take = offered.optional ? { take: form === undefined || ticked(takeField(index)) } : {}
    return {
      ...describeDetail(types, detail, speech),
      questions,
      ...take,
      ...(fresh ? { fresh: true } : {}),
    }
  })
}

/** The details a person agreed to, by the page they answered. Undefined: none were asked for. */
export async function answeredDetails(
  call: Call,
  live: LiveRequest,
  given: { readonly approval: Approval; readonly shown: Shown; readonly form: Parameters },
): Promise<Chosen | undefined> {
  const { details } = live.pushed.request
  const { approval, shown, form } = given
  if (details === undefined) return undefined
  // Sealed by this server for this approval, so the shape is known.
  const offered = shown.offered as unknown as Offered | undefined
  if (offered === undefined) return turnAway('page-outdated', 'nothing says what was offered')
  // The settings may have lost a type while the page was open.
  if (details.some(({ type }) => typeOf(call.issuer.detailTypes, type) === undefined)) {
    const back = await wayBack(call, live.client, live.pushed.request)
    return turnAway('choice-unavailable', 'a type is no longer known', back)
  }
  const { request, grantId } = approval
  const assigned = await Promise.all(
    details.map(async (_detail, index) => {
      // The same for a second click, as the code is.
      const about = tuple('identifier', request, grantId, String(index))
      return toBase64Url((await macOf(call.secrets.code, about)).slice(0, 16))
    }),
  )
  return chosenDetails(call.issuer.detailTypes, {
    asked: details,
    offered,
    form,
    assigned,
    others: othersIn(live),
  })
}
