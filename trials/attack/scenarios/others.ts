import type { Scenario } from '../scenario.ts'
import { resourceRequests } from './resource-requests.ts'

/** The attackers of the model beside the web attacker. */
export const otherAttackers: readonly Scenario[] = [...resourceRequests]
