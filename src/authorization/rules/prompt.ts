import { accept, refuse } from '../../errors.ts'
import { one, words } from '../parameters.ts'
import type { Rule } from '../rule.ts'

const known = ['none', 'login', 'consent', 'select_account']

/** OIDC Core 3.1.2.1. What the person's state answers is decided at authorize, never here (RFC 9126 2.3). */
export const prompt: Rule = ({ parameters, subjectHint }) => {
  const asked = words(parameters, 'prompt')
  if (
    asked.some((value) => !known.includes(value)) ||
    (asked.includes('none') && asked.length > 1)
  ) {
    return refuse('invalid_request', 'prompt is not a sensible combination')
  }
  const maxAge = one(parameters, 'max_age')
  if (maxAge !== undefined && !/^[0-9]{1,9}$/.test(maxAge)) {
    return refuse('invalid_request', 'max_age is not a number of seconds')
  }
  const loginHint = one(parameters, 'login_hint')
  if (loginHint !== undefined && loginHint.length > 256) {
    return refuse('invalid_request', 'login_hint is longer than 256 characters')
  }
  const uiLocales = words(parameters, 'ui_locales')
  return accept({
    prompt: asked,
    ...(maxAge === undefined ? {} : { maxAge: Number(maxAge) }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(subjectHint === undefined ? {} : { subjectHint }),
    ...(uiLocales.length === 0 ? {} : { uiLocales: uiLocales.slice(0, 16) }),
  })
}
