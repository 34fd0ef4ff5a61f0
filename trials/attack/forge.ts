import { randomBytes } from 'node:crypto'
import { proof, secondsBy, sign } from '../../test/support/wire-keys.ts'
import type { DpopKey, ProofOptions } from '../../test/support/wire-keys.ts'
import type { WireClient } from '../../test/support/wire-client.ts'
import { nonceOf } from '../../test/support/wire-server.ts'
import type { World } from './world.ts'

type Over = {
  /** Over header and claims; `undefined` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
}

/** Any JWT under the registered key of a client. */
export async function signAs(
  client: WireClient,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { jwk, alg, clientId } = client.fixture
  if (jwk === undefined || alg === undefined) throw new Error(`${clientId} has no key`)
  return sign(jwk, { alg, kid: jwk['kid'], ...header }, claims)
}

/** A request object as RFC 9101 has it (FAPI2 MS 5.3). */
export async function requestObject(
  world: World,
  client: WireClient,
  over: Over & { readonly verifier?: string } = {},
): Promise<string> {
  const { clientId } = client.fixture
  const now = secondsBy(world.clock)
  const { verifier = randomBytes(32).toString('base64url') } = over
  return signAs(
    client,
    { typ: 'oauth-authz-req+jwt', ...over.header },
    {
      ...client.authorizationFields(verifier),
      client_id: clientId,
      iss: clientId,
      aud: world.server.issuer,
      nbf: now,
      exp: now + 60,
      ...over.claims,
    },
  )
}

/** A sound proof for an address, with a nonce where the server hands one out. */
export async function proofFor(
  world: World,
  key: DpopKey,
  given: ProofOptions & { readonly url: string },
): Promise<string> {
  const { url, ...options } = given
  const nonce = await nonceOf(url, world.server)
  return proof(key, url, { nonce, ...options, clock: world.clock })
}
