import { isRecord, parseJson } from '../../encoding.ts'
import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

const mostClaims = 64

/** OIDC Core 5.5: names are kept, unknown ones are ignored later; values matter for `acr` only. */
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
  return accept({ claims: names, essentialAcr: essentialAcr(idToken['acr']) })
}

/** OIDC Core 5.5.1.1: an essential `acr` must be reached. */
function essentialAcr(acr: unknown): readonly string[] {
  if (!isRecord(acr) || acr['essential'] !== true) return []
  const values = Array.isArray(acr['values']) ? acr['values'] : [acr['value']]
  return values.filter((value): value is string => typeof value === 'string')
}
