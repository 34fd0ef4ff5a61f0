import { sha256, toBase64Url, tuple } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { isSigned, verifyRequest } from '../http-signatures/fapi.ts'
import { invalidSignature } from '../http-signatures/verify.ts'
import type { VerifiedSignature } from '../http-signatures/verify.ts'
import { createdWindow } from '../http-signatures/window.ts'
import { objectNames } from '../objects/names.ts'
import type { SlotUse } from '../objects/replay-slots.ts'
import { locationHints } from '../proof/location.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { clientKey } from './client-keys.ts'
import { targetUri } from './visit.ts'
import type { Visit } from './visit.ts'

/** A verified request whose content was read: `request` is it again, for the handlers. */
export type SignedRequest = { readonly signature: VerifiedSignature; readonly request: Request }

/** Largest content of a signed request, in bytes: it is held to be compared with its digest. */
const mostBytes = 65_536

/**
 * Verifies the signature of a request with a key of the client its token names (FAPI 2.0 HTTP Signatures
 * 5.3.1.2). Uses nothing up. Undefined: it is not signed and need not be. Errors: `invalid_signature`,
 * `payload_too_large`.
 */
export async function checkSignature(
  visit: Visit,
  { clientId }: Pick<AccessToken, 'clientId'>,
  demanded: boolean,
): Promise<Result<SignedRequest | undefined>> {
  const { request, settings } = visit
  const wanted = settings.signatures?.requests ?? 'off'
  const must = demanded || wanted === 'required'
  const signed = isSigned(request.headers)
  if (!must && (wanted === 'off' || !signed)) return accept(undefined)
  if (!signed) return refuse('invalid_signature', invalidSignature, 'the request is not signed')
  const content = await readContent(request)
  if (content === undefined) return refuse('payload_too_large', 'The content is too large')
  const { method, headers } = request
  const verified = await verifyRequest(
    { method, targetUri: targetUri(visit), headers, content },
    { keys: (keyId) => clientKey(visit, clientId, keyId), now: visit.now },
  )
  if (!verified.ok) return verified
  // The content of a GET means nothing (RFC 9110 9.3.1), and no Request can be made with it.
  const carries = content.length > 0 && !['GET', 'HEAD'].includes(method)
  const again = carries ? new Request(request, { body: content }) : request
  return accept({ signature: verified.value, request: again })
}

/**
 * Takes a signature once, where no DPoP proof makes its request unrepeatable. The guard's name follows
 * from the client, so every copy meets the same one.
 */
export async function takeSignature(
  { settings, storage }: Visit,
  { clientId }: Pick<AccessToken, 'clientId'>,
  { once, created }: VerifiedSignature,
): Promise<SlotUse> {
  const owner = await sha256(clientId)
  const hint = locationHints[(owner[0] ?? 0) % locationHints.length] ?? 'weur'
  const n = (owner[1] ?? 0) % settings.guardsPerLocation
  const name = objectNames.replayGuard(settings.resource, 'http-signature', hint, n)
  const guard = settings.guards.getByName(name, { locationHint: hint })
  const key = toBase64Url(await sha256(tuple(clientId, once)))
  const validUntil = (created + createdWindow.past + createdWindow.future) * 1000
  return storage.object('ReplayGuard.use', () => guard.use(key, validUntil))
}

/** Judges the guard's answer. Errors: `invalid_signature`. */
export function judgeSignatureUse(use: SlotUse): Result<true> {
  return use === 'fresh'
    ? accept(true)
    : refuse('invalid_signature', invalidSignature, `the signature was ${use}`)
}

/** Reads the content once. Undefined: it is larger than what is read. */
async function readContent(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { body } = request
  if (body === null) return new Uint8Array(0)
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) return undefined
  const content = new Uint8Array(mostBytes)
  let length = 0
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return content.slice(0, length)
      if (length + value.length > mostBytes) return undefined
      content.set(value, length)
      length += value.length
    }
  } finally {
    reader.releaseLock()
  }
}
