import { exportJWK, generateKeyPair, calculateJwkThumbprint, type JWK } from 'jose'
import { Failure } from '../failure.ts'

export type NewOperator = {
  readonly id: string
  /** For the key file, which stays with the operator. */
  readonly jwk: JWK
  /** For the settings. */
  readonly publicJwk: JWK
}

/** Makes an operator with an ES256 key of their own. */
export async function makeOperator(name: string): Promise<NewOperator> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const publicPart = await exportJWK(pair.publicKey)
  const named = { kid: await calculateJwkThumbprint(publicPart), alg: 'ES256', use: 'sig' }
  return {
    id: operatorId(name),
    jwk: { ...(await exportJWK(pair.privateKey)), ...named },
    publicJwk: { ...publicPart, ...named },
  }
}

/** Operator ids look like no client id: `operator.` and a name. */
export function operatorId(name: string): string {
  const id = name.startsWith('operator.') ? name : `operator.${name}`
  if (/^operator\.[a-z0-9-]{1,64}$/.test(id)) return id
  throw new Failure(`The operator name '${name}' must be made of a-z, 0-9 and '-'.`)
}
