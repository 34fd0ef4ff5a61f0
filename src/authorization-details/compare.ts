import { canonicalJson } from '../evidence/canonical.ts'
import type { AuthorizationDetail, DetailTypes } from './detail.ts'

type Details = readonly AuthorizationDetail[]

/** Whether everything asked for is within what was granted. */
export const within = (_types: DetailTypes, asked: Details, granted: Details): boolean =>
  asked.every((one) => granted.some((other) => canonicalJson(one) === canonicalJson(other)))

/** What was granted and what was added; nothing twice. */
export const union = (types: DetailTypes, granted: Details, added: Details): Details => [
  ...granted,
  ...added.filter((one) => !within(types, [one], granted)),
]

/** What a resource server may see. */
export const forAudience = (_types: DetailTypes, details: Details, _audience: string): Details =>
  details

/** The first that goes beyond, in words for the client. */
export const problemBeyond = (
  types: DetailTypes,
  asked: Details,
  granted: Details,
): string | undefined => {
  const beyond = asked.find((one) => !within(types, [one], granted))
  return beyond && `${beyond.type}: more was asked for than was granted`
}
