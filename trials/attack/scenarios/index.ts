import type { Scenario } from '../scenario.ts'
import { codes } from './codes.ts'
import { redirects } from './redirects.ts'
import { requests } from './requests.ts'

/** Every scenario, in the order of the model: one file per class of attack. */
export const scenarios: readonly Scenario[] = [codes, requests, redirects]
  .flat()
  .sort((one, other) => (one.id < other.id ? -1 : 1))
