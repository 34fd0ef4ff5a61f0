import type { Scenario } from '../scenario.ts'
import { codes } from './codes.ts'

/** Every scenario, in the order of the model: one file per class of attack. */
export const scenarios: readonly Scenario[] = [...codes]
