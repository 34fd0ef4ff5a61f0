import type { GrantTypeName } from '../clients/metadata.ts'
import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import type { GrantType } from './grant-type.ts'
import { refreshToken } from './refresh-token.ts'

/** The grant types of the token endpoint. */
export const grantTypes: Readonly<Record<GrantTypeName, GrantType>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
}

export const isGrantType = (name: string): name is GrantTypeName => Object.hasOwn(grantTypes, name)
