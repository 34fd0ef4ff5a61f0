import type { Scenario } from '../scenario.ts'
import { injection, rogueCertificate } from './audience.ts'
import { evilServer } from './mix-up.ts'
import { nonces } from './nonces.ts'
import { resourceRequests } from './resource-requests.ts'
import { tokenEndpoint } from './token-endpoint.ts'

/** The attackers of the model beside the web attacker. */
export const otherAttackers: readonly Scenario[] = [
  ...evilServer,
  injection,
  rogueCertificate,
  ...tokenEndpoint,
  ...resourceRequests,
  ...nonces,
]
