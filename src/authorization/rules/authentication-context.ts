import { accept } from '../../errors.ts'
import { words } from '../parameters.ts'
import type { Rule } from '../rule.ts'
import { voluntaryAcr } from './claims.ts'

/** OIDC Core 3.1.2.1, 5.5.1.1: `acr_values` and a voluntary `acr` in `claims` are wishes, not demands. */
export const authenticationContext: Rule = ({ parameters }) => {
  const wishes = new Set([...words(parameters, 'acr_values'), ...voluntaryAcr(parameters)])
  return accept({ acrValues: [...wishes].slice(0, 16) })
}
