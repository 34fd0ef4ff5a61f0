import type { Scenario } from '../scenario.ts'
import { algorithms } from './algorithms.ts'
import { claims } from './claims.ts'
import { completionRaces } from './completion-races.ts'
import { handleScenarios } from './handles.ts'
import { races } from './races.ts'
import { registrations } from './registrations.ts'
import { revocations } from './revocations.ts'
import { windows } from './windows.ts'

/** The classes beyond the model that broke other servers. */
export const extraScenarios: readonly Scenario[] = [
  ...races,
  ...completionRaces,
  ...handleScenarios,
  ...algorithms,
  ...claims,
  ...registrations,
  ...revocations,
  ...windows,
]
