import { isRecord, parseJson } from '../../encoding.ts'
import { accept, refuse } from '../../errors.ts'
import type { Result } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Parameters } from '../parameters.ts'
import type { Rule } from '../rule.ts'

const mostClaims = 64
const longestName = 256
const mostValues = 16

/**
 * OIDC Core 5.5: names are kept, unknown ones are ignored later. Values matter where they decide who
 * signs in and how: `sub` and `acr` of the id_token.
 */
export const claims: Rule = ({ parameters }) => {
  const text = one(parameters, 'claims')
  if (text === undefined) return accept({ claims: { idToken: [], userinfo: [] }, essentialAcr: [] })
  const value = parseJson(text)
  if (!isRecord(value)) return refuse('invalid_request', 'claims is not a JSON object')
  const idToken = value['id_token'] ?? {}
  const userinfo = value['userinfo'] ?? {}
  if (!isRecord(idToken) || !isRecord(userinfo)) {
    return refuse('invalid_request', 'claims members must be objects')
  }
  const names = { idToken: Object.keys(idToken), userinfo: Object.keys(userinfo) }
  if (names.idToken.length > mostClaims || names.userinfo.length > mostClaims) {
    return refuse('invalid_request', `claims asks for more than ${mostClaims} claims`)
  }
  if ([...names.idToken, ...names.userinfo].some((name) => name.length > longestName)) {
    return refuse('invalid_request', `claims has a name of more than ${longestName} characters`)
  }
  const acr = essentialAcr(ownMember(idToken, 'acr'))
  if (!acr.ok) return acr
  const subjects = wantedSubjects(ownMember(idToken, 'sub'))
  if (!subjects.ok) return subjects
  return accept({
    claims: names,
    essentialAcr: acr.value,
    ...(subjects.value === undefined ? {} : { subjects: subjects.value }),
  })
}

/**
 * OIDC Core 5.5.1.1: an essential `acr` must be reached; values nobody could compare would turn the
 * demand into a wish. Without values the issuer's own minimum is meant.
 */
function essentialAcr(acr: unknown): Result<readonly string[]> {
  const values = isRecord(acr) && acr['essential'] === true ? valuesOf(acr) : undefined
  if (values === undefined || values.length === 0) return accept([])
  const texts = values.filter((value) => typeof value === 'string')
  if (texts.length === 0) return refuse('invalid_request', 'claims has an acr that is no text')
  return accept(texts.slice(0, mostValues))
}

/** OIDC Core 5.5.1.1: an `acr` with values that is not essential is a wish like `acr_values`. */
export function voluntaryAcr(parameters: Parameters): readonly string[] {
  const value = parseJson(one(parameters, 'claims') ?? '')
  const idToken = isRecord(value) ? value['id_token'] : undefined
  const acr = isRecord(idToken) ? ownMember(idToken, 'acr') : undefined
  if (!isRecord(acr) || acr['essential'] === true) return []
  return (valuesOf(acr) ?? []).filter((wanted) => typeof wanted === 'string')
}

/** OIDC Core 5.5.1: with a value for `sub`, the answer is about that person or there is none. */
function wantedSubjects(sub: unknown): Result<readonly string[] | undefined> {
  const values = isRecord(sub) ? valuesOf(sub) : undefined
  if (values === undefined) return accept(undefined)
  const texts = values.filter((value) => typeof value === 'string')
  if (texts.length < values.length || texts.length === 0 || texts.length > mostValues) {
    return refuse('invalid_request', 'claims has a sub that is no text, or too many')
  }
  return accept(texts)
}

/** The values a claim is wanted with; undefined: any. */
function valuesOf(claim: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  const { value, values } = claim
  if (Array.isArray(values)) return values as readonly unknown[]
  if (values !== undefined) return [values]
  return value === undefined ? undefined : [value]
}

const ownMember = (record: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(record, name) ? record[name] : undefined
