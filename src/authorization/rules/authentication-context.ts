import { accept } from '../../errors.ts'
import { words } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** OIDC Core 3.1.2.1: `acr_values` is a wish, not a demand. */
export const authenticationContext: Rule = ({ parameters }) =>
  accept({ acrValues: words(parameters, 'acr_values').slice(0, 16) })
