import { checkClientMetadata } from '../../../src/clients/metadata.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import type { Refusal, Result } from '../../../src/errors.ts'
import type { Issuer } from '../../../src/types.ts'
import { makeIssuer } from './issuer.ts'
import { makeKey } from './keys.ts'
import type { TestKey } from './keys.ts'

type Metadata = Readonly<Record<string, unknown>>

/** Registrations that are sound, and what becomes of them when members are changed. */
export async function makeRegistrations() {
  const ec: TestKey = await makeKey('ES256')
  const named = { client_name: 'Budget Buddy', redirect_uris: ['https://app.example/cb'] }
  const sound: Metadata = {
    ...named,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...ec.publicJwk, kid: '1' }] },
  }
  const pki: Metadata = {
    ...named,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=app,O=TPP,C=DE',
  }
  const issuer = makeIssuer()
  const check = (
    changes: Metadata = {},
    base = sound,
    by: Issuer = issuer,
  ): Result<ClientMetadata> => checkClientMetadata({ ...base, ...changes }, by)
  const refused = (...input: Parameters<typeof check>): Refusal | undefined => {
    const result = check(...input)
    return result.ok ? undefined : result.refusal
  }
  /** The description of an `invalid_client_metadata`; any other refusal is a mistake. */
  const problem = (...input: Parameters<typeof check>): string | undefined => {
    const refusal = refused(...input)
    if (refusal !== undefined && refusal.code !== 'invalid_client_metadata') {
      throw new Error(`refused with ${refusal.code}`)
    }
    return refusal?.description
  }
  return {
    issuer,
    withoutMtls: makeIssuer({ mtls_origin: undefined }),
    ec,
    sound,
    pki,
    check,
    refused,
    problem,
  }
}
