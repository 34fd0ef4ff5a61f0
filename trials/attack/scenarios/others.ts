import type { Scenario } from '../scenario.ts'
import { injection, rogueCertificate } from './audience.ts'
import { frontChannel, plainHttp } from './front-channel.ts'
import { logs } from './logs.ts'
import { evilServer } from './mix-up.ts'
import { network } from './network.ts'
import { nonces } from './nonces.ts'
import { resourceRequests } from './resource-requests.ts'
import { tokenEndpoint } from './token-endpoint.ts'

/** The attackers of the model beside the web attacker. */
export const otherAttackers: readonly Scenario[] = [
  ...evilServer,
  injection,
  ...network,
  plainHttp,
  rogueCertificate,
  ...frontChannel,
  ...tokenEndpoint,
  ...resourceRequests,
  ...nonces,
  ...logs,
]
