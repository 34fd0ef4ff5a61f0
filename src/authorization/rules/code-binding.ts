import { fromBase64Url, sameText } from '../../encoding.ts'
import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** RFC 9449 10, 10.1: the code is bound to `dpop_jkt`, or to the key that proved itself at PAR. */
export const codeBinding: Rule = ({ parameters, sender }) => {
  const asked = one(parameters, 'dpop_jkt')
  if (asked !== undefined && fromBase64Url(asked)?.length !== 32) {
    return refuse('invalid_request', 'dpop_jkt is not a base64url SHA-256 thumbprint')
  }
  if (asked !== undefined && sender.jkt !== undefined && !sameText(asked, sender.jkt)) {
    return refuse('invalid_request', 'dpop_jkt is not the key of the DPoP proof')
  }
  const dpopJkt = asked ?? sender.jkt
  return accept(dpopJkt === undefined ? {} : { dpopJkt })
}
