import type { Call } from '../call.ts'
import { isRecord } from '../encoding.ts'
import { canonicalJson } from '../evidence/canonical.ts'
import type { Json } from '../evidence/canonical.ts'
import type { Language } from '../pages/languages.ts'
import { visibleText } from '../pages/name.ts'
import { boundService, inTime } from '../people/bound-service.ts'
import { typeOf } from './detail.ts'
import type { AuthorizationDetail, DetailType } from './detail.ts'
import type { Choice, DetailChoices } from './offer.ts'
import { fitsMember } from './schema.ts'

/** What a bound Worker is asked: what may this person choose? `docs/authorization-details.md`. */
export type ChoiceRequest = {
  readonly version: 1
  readonly issuer: string
  /** The person as this client knows them. */
  readonly subject: string
  readonly client_id: string
  readonly type: string
  readonly member: string
  readonly detail: AuthorizationDetail
  readonly language: Language
}

/** The RPC that such a Worker answers with a list of `{ value, label, hint }`. */
export type ChoiceService = { readonly choices: (request: ChoiceRequest) => Promise<unknown> }

type Asker = Pick<ChoiceRequest, 'subject' | 'client_id' | 'language'>

/** Milliseconds a service may take. */
const patience = 5_000
const mostChoices = 32
const mostInAll = 64
const longestLabel = 80
const longestHint = 120
const longestValue = 256

/**
 * What a person may choose in each detail, by the services of its type. Throws when one of them does not
 * answer, or with what cannot be used.
 */
export async function choicesFor(
  call: Call,
  details: readonly AuthorizationDetail[],
  asker: Asker,
): Promise<readonly DetailChoices[]> {
  const all = await Promise.all(
    details.map(async (detail) => {
      const type = typeOf(call.issuer.detailTypes, detail.type)
      if (type === undefined) throw new Error('the type is not known any more')
      const members = Object.entries(type.enrich).map(async ([member, { service, least }]) => {
        const request = {
          ...asker,
          version: 1,
          issuer: call.issuer.url,
          type: detail.type,
        } as const
        const bound = boundService(call, service) as ChoiceService
        const asked = bound.choices({ ...request, member, detail })
        const answer = await inTime(asked, patience, 'the choices took too long')
        const choices = checkChoices(answer, type, member)
        if (choices.length < least) throw new Error(`too few choices for ${member}`)
        return [member, choices] as const
      })
      return Object.fromEntries(await Promise.all(members))
    }),
  )
  const count = all.flatMap((choices) => Object.values(choices)).flat().length
  if (count > mostInAll) throw new Error(`more than ${mostInAll} choices in all`)
  return all
}

/** A service's answer is as untrusted as any: shape, size, and the schema of the member. */
export function checkChoices(answer: unknown, type: DetailType, member: string): readonly Choice[] {
  if (!Array.isArray(answer)) throw new Error(`choices for ${member} are not a list`)
  if (answer.length > mostChoices) throw new Error(`more than ${mostChoices} choices for ${member}`)
  const seen = new Set<string>()
  return answer.flatMap((item: unknown): readonly Choice[] => {
    if (!isRecord(item)) throw new Error(`a choice for ${member} is not an object`)
    const { value, label, hint } = item
    const text = canonicalJson(value as Json)
    if (text.length > longestValue || !fitsMember(type, member, value as Json)) {
      throw new Error(`a value for ${member} is not as its schema says`)
    }
    if (!isText(label, longestLabel) || (hint !== undefined && !isText(hint, longestHint))) {
      throw new Error(`the label or hint of a choice for ${member} cannot be shown`)
    }
    if (seen.has(text)) return []
    seen.add(text)
    return [{ value: JSON.parse(text) as Json, label, ...(hint === undefined ? {} : { hint }) }]
  })
}

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest && visibleText(value) !== ''
