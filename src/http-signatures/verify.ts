import { SignatureErrorCode, isSignatureError, verifySignature } from 'http-message-sig'
import type {
  RequestDescriptor,
  ResponseDescriptor,
  SignatureComponent,
  Verifier,
} from 'http-message-sig'
import { sha256, toBase64Url, tuple } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { signatureAlgorithms, unchangeable } from './keys.ts'
import { createdWindow } from './window.ts'

/** What a verified signature is known by. */
export type VerifiedSignature = {
  readonly label: string
  readonly keyId: string | undefined
  readonly algorithm: string
  /** Seconds since the epoch. */
  readonly created: number
  /** The same for each copy of this signature, however it is written: for remembering it once. */
  readonly once: string
}

/** Finds the signer's key; `keyId` as the message claims it. */
export type VerifierFinder = (keyId: string | undefined) => Promise<Verifier | undefined>

const invalid = (detail: string) => refuse('invalid_signature', invalidSignature, detail)

/** What a stranger hears, whatever is wrong. */
export const invalidSignature = 'A valid HTTP message signature is required'

class NoKey extends Error {}

/**
 * Verifies one signature of a message (RFC 9421 3.2): coverage, time and algorithm before the signature
 * itself. Which label counts is the caller's choice. Errors: `invalid_signature`. What `keys` throws is
 * thrown on.
 */
export async function verifyMessage(
  message: RequestDescriptor | ResponseDescriptor,
  expected: {
    readonly label: string
    readonly components: readonly SignatureComponent[]
    readonly keys: VerifierFinder
    /** Milliseconds since the epoch. */
    readonly now: number
  },
): Promise<Result<VerifiedSignature>> {
  const { label, components, keys, now } = expected
  try {
    const { parameters, algorithm, signature } = await verifySignature(message, {
      label,
      policy: {
        algorithms: signatureAlgorithms,
        requiredComponents: components,
        requiredParameters: ['created'],
        // The skew counts on both sides.
        maxAge: createdWindow.past - createdWindow.future,
        clockSkew: createdWindow.future,
        now: Math.floor(now / 1000),
      },
      resolveVerifier: async (candidate) => {
        const key = await keys(candidate.parameters.keyid)
        if (key === undefined) throw new NoKey()
        return key
      },
    })
    const part = unchangeable(algorithm, signature)
    const once = toBase64Url(await sha256(tuple(algorithm, toBase64Url(part))))
    const created = parameters.created ?? 0
    return accept({ label, keyId: parameters.keyid, algorithm, created, once })
  } catch (error) {
    if (!isSignatureError(error)) throw error
    if (error.code !== SignatureErrorCode.ResolverFailed) return invalid(error.message)
    if (error.cause instanceof NoKey) return invalid('the signer has no such key')
    throw error.cause
  }
}
