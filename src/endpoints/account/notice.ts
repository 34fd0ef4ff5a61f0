import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one } from '../../authorization/parameters.ts'
import type { Parameters } from '../../authorization/parameters.ts'
import { seeOther } from '../../authorization/respond.ts'
import type { Notice } from '../../pages/account/overview.tsx'
import { en } from '../../pages/words/en.ts'
import type { AccountPath } from './access.ts'

/** What a page says about what was done: one of a closed list, never words from the address. */
export function noticeIn(query: Parameters): Notice | undefined {
  const given = one(query, 'notice') ?? ''
  return Object.hasOwn(en.account.notices, given) ? (given as Notice) : undefined
}

/** After a form: back to a page that says what was done. */
export const backTo = (
  call: Call,
  path: AccountPath | '/setup',
  notice: Notice,
  cookies: readonly string[] = [],
): Response => seeOther(`${endpointUrl(call.issuer, 'main', path)}?notice=${notice}`, cookies)
