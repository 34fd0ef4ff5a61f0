import { mayRespondBy, responseModeOf } from '../../clients/message-metadata.ts'
import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** JARM 2.3, FAPI2 MS 5.4.1-1, 5.3.3: a mode of the profile that the client may use. */
export const responseMode: Rule = ({ parameters, client, issuer }) => {
  const { responseModes, defaultResponseMode } = issuer.profile
  const otherwise = defaultResponseMode === 'none' ? undefined : defaultResponseMode
  const name = one(parameters, 'response_mode') ?? otherwise
  if (name === undefined) {
    return refuse('invalid_request', 'response_mode is required: responses here are signed')
  }
  const mode = responseModes.includes(name) ? responseModeOf(name) : undefined
  if (mode === undefined) return refuse('invalid_request', 'response_mode is not supported')
  if (!mayRespondBy(client.metadata, mode)) {
    return refuse('invalid_request', 'response_mode is not one the client registered')
  }
  return accept({ responseMode: mode })
}
