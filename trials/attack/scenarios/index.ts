import type { Scenario } from '../scenario.ts'
import { caches } from './caches.ts'
import { clients } from './clients.ts'
import { codes } from './codes.ts'
import { crossJwt } from './cross-jwt.ts'
import { extraScenarios } from './extras.ts'
import { otherAttackers } from './others.ts'
import { input } from './input.ts'
import { prototypes } from './json.ts'
import { limits } from './limits.ts'
import { planted } from './markup.ts'
import { pages } from './pages.ts'
import { phishing } from './phishing.ts'
import { redirects } from './redirects.ts'
import { requests } from './requests.ts'
import { tokens } from './tokens.ts'

const classes: readonly (readonly Scenario[])[] = [
  codes,
  requests,
  redirects,
  clients,
  [crossJwt, phishing, prototypes],
  pages,
  tokens,
  otherAttackers,
  extraScenarios,
  planted,
  input,
  limits,
  caches,
]

/** Every scenario, in the order of the model: one file per class of attack. */
export const scenarios: readonly Scenario[] = classes
  .flat()
  .sort((one, other) => (one.id < other.id ? -1 : 1))
