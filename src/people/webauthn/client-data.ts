import { isRecord, parseJson, sameText } from '../../encoding.ts'
import { accept, refuse } from '../../errors.ts'
import type { Result } from '../../errors.ts'

/** What the browser says it was asked for and by whom (WebAuthn 5.8.1). */
export type Ceremony = {
  readonly type: 'webauthn.create' | 'webauthn.get'
  /** base64url, as it was handed out. */
  readonly challenge: string
  readonly origin: string
}

/** Checks the browser's statement (WebAuthn 7.1 steps 7 to 12, 7.2 steps 11 to 15). */
export function checkClientData(bytes: Uint8Array, expected: Ceremony): Result<true> {
  const no = (detail: string) => refuse('access_denied', 'This passkey was not accepted', detail)
  // A byte order mark is skipped: the standard says "UTF-8 decode".
  const data = parseJson(new TextDecoder().decode(bytes))
  if (!isRecord(data)) return no('the client data is not an object')
  if (data['type'] !== expected.type) return no('another ceremony')
  const { challenge } = data
  if (typeof challenge !== 'string' || !sameText(challenge, expected.challenge)) {
    return no('another challenge')
  }
  if (data['origin'] !== expected.origin) return no('another origin')
  // Our pages are never framed.
  const framed = data['crossOrigin'] !== undefined && data['crossOrigin'] !== false
  if (framed || data['topOrigin'] !== undefined) return no('inside a frame')
  return accept(true)
}
