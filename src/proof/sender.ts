import { placeOf } from '../call.ts'
import type { Call } from '../call.ts'
import { sha256, toBase64Url, tuple } from '../encoding.ts'
import { accept, refuse, refuseAs } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { SlotUse } from '../objects/replay-slots.ts'
import type { Sender } from '../types.ts'
import { readCertificate } from './certificate.ts'
import type { ClientCertificate } from './certificate.ts'
import { verifyProof } from './dpop.ts'
import type { Proof } from './dpop.ts'
import { locate, locationHints } from './location.ts'
import { mintNonce, readNonce } from './nonce.ts'
import type { NonceKeys, Route } from './nonce.ts'

/** A proof whose nonce was judged; using it up is one call to the guard it names. */
export type UsableProof = { readonly key: string; readonly route: Route }

/** Keys the sender proved. The proof, if any, is not yet used up. */
export type ProvenSender = { readonly sender: Sender; readonly proof?: UsableProof }

/** What judging a nonce needs; the same for the authorization server and for resource servers. */
export type NoncePolicy = {
  readonly keys: NonceKeys
  readonly nonce: 'required' | 'off'
  readonly guards: number
  /** Seconds; with nonces off. */
  readonly proofWindow: number
  readonly futureSkew: number
}

/** The certificate of this connection, on the mTLS side only. Errors: `invalid_request`. */
export async function connectionCertificate(
  call: Call,
): Promise<Result<ClientCertificate | undefined>> {
  if (call.side !== 'mtls') return accept(undefined)
  const reading = await readCertificate((call.request as { readonly cf?: unknown }).cf)
  if (reading.kind === 'none') return accept(undefined)
  if (reading.kind === 'certificate') return accept(reading.certificate)
  return refuse('invalid_request', 'The client certificate cannot be used', reading.reason)
}

/**
 * The one gate that proves the sender: the DPoP proof as far as that needs no storage, and the
 * certificate. Errors: `invalid_dpop_proof`, `use_dpop_nonce`.
 */
export async function proveSender(
  call: Call,
  given: {
    readonly url: string
    readonly certificate: ClientCertificate | undefined
    readonly accessToken?: string
  },
): Promise<Result<ProvenSender>> {
  const x5t = given.certificate?.thumbprint
  const header = call.request.headers.get('dpop')
  if (header === null) return accept({ sender: x5t === undefined ? {} : { x5t } })
  const proof = await verifyProof(header, {
    method: call.request.method,
    url: given.url,
    profile: call.issuer.profile,
    now: call.now,
    ...(given.accessToken === undefined ? {} : { accessToken: given.accessToken }),
  })
  if (!proof.ok) return proof
  const usable = await judgeNonce(noncePolicy(call), proof.value, call.now)
  if (!usable.ok) return usable
  const { jkt } = proof.value
  return accept({ sender: x5t === undefined ? { jkt } : { jkt, x5t }, proof: usable.value })
}

/** Whether the proof's nonce is valid, and which guard decides. Errors: `use_dpop_nonce`. */
export async function judgeNonce(
  policy: NoncePolicy,
  proof: Proof,
  now: number,
): Promise<Result<UsableProof>> {
  // Length-prefixed, and never over the JWS: ECDSA signatures are malleable.
  const hash = await sha256(tuple(proof.jkt, proof.jti))
  const key = toBase64Url(hash)
  if (policy.nonce === 'off') {
    const owner = await sha256(proof.jkt)
    const hint = locationHints[(owner[0] ?? 0) % locationHints.length] ?? 'weur'
    const n = (owner[1] ?? 0) % policy.guards
    const validUntil = (proof.issuedAt + policy.proofWindow + policy.futureSkew) * 1000
    return accept({ key, route: { hint, n, validUntil } })
  }
  const route =
    proof.nonce === undefined ? undefined : await readNonce(policy.keys, proof.nonce, now)
  if (route === undefined)
    return refuse('use_dpop_nonce', 'A current nonce of this server is required')
  return accept({ key, route })
}

/** Takes the proof once, at the guard its nonce names. Runs beside the other one-time calls. */
export async function useProof(call: Call, proof: UsableProof): Promise<SlotUse> {
  const { hint, n, validUntil } = proof.route
  return call.storage.object('ReplayGuard.use', () =>
    call.stubs.replayGuard(hint, n).use(proof.key, validUntil),
  )
}

/** Judges the guard's answer. Errors: `invalid_dpop_proof`, `use_dpop_nonce`. */
export function judgeUse(use: SlotUse): Result<true> {
  if (use === 'used') {
    return refuseAs('proof.replayed', 'invalid_dpop_proof', 'The proof was used before')
  }
  if (use === 'late') return refuse('use_dpop_nonce', 'A current nonce of this server is required')
  return accept(true)
}

/** The nonce for the caller's next proof, naming a guard near the caller. */
export async function nextNonce(call: Call): Promise<string> {
  const hint = locate(placeOf(call.request), call.issuer.defaultLocation)
  const { keys, guards } = noncePolicy(call)
  return mintNonce(keys, { hint, guards }, call.now)
}

export function noncePolicy(call: Call): NoncePolicy {
  const { nonce, proofWindow, futureSkew } = call.issuer.profile
  const keys = { role: 'authorization-server', secret: call.secrets.nonce } as const
  return { keys, nonce, proofWindow, futureSkew, guards: call.issuer.replayGuards }
}
