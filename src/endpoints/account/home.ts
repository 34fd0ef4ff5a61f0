import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import type { Frame } from '../../pages/layout.tsx'
import { homeOf } from './access.ts'
import type { Visitor } from './access.ts'

/** The way back from a page of the account: to the account, or to the set-up. */
export function homeLink(
  call: Call,
  visitor: Visitor,
  { words }: Frame,
): { readonly href: string; readonly label: string } {
  const home = homeOf(visitor)
  const label = home === '/setup' ? words.account.setup.back : words.account.back
  return { href: endpointUrl(call.issuer, 'main', home), label }
}
