/**
 * The document a grant's evidence is exported as. It needs no server to be read or verified; every
 * member is described in docs/evidence.md.
 */
import { isBounded, isRecord, parseJson } from '../encoding.ts'
import type { Json } from './canonical.ts'
import { hashOf } from './chain.ts'
import type { Apart, Entry, Genesis } from './chain.ts'

export const evidenceFormat = 'fapi-edge/evidence/1'

/** The end of a chain as it was signed. `at`: milliseconds. */
export type SignedHead = {
  /** Number of the newest entry. */
  readonly n: number
  /** base64url SHA-256 of the newest entry. */
  readonly head: string
  readonly at: number
  /** Compact JWS, `typ` evidence-head+jwt. */
  readonly jws: string
}

export type Laid = Omit<SignedHead, 'jws'> & { readonly where: readonly ('bucket' | 'queue')[] }

export type PublicKeys = { readonly keys: readonly Readonly<Record<string, Json>>[] }

export type EvidenceFile = {
  readonly format: typeof evidenceFormat
  readonly issuer: string
  readonly grant: string
  /** ISO 8601; the same moment as `head.at`. */
  readonly exported_at: string
  readonly genesis: Genesis
  readonly entries: readonly Entry[]
  /** By `n/name`; what was erased is absent. */
  readonly apart: Readonly<Record<string, Apart>>
  /** By `n/name`: until when (ISO 8601) an item stays where it is, because it could still be used. */
  readonly withheld: Readonly<Record<string, string>>
  readonly head: SignedHead
  /** Heads that were signed earlier. */
  readonly attestations: readonly SignedHead[]
  /** Heads that are said to lie outside: where to look for them. It proves nothing. */
  readonly anchored: readonly Laid[]
  /** `signing`: the issuer's keys. `evidence`: all that ever signed heads, with their times. */
  readonly keys: { readonly signing: PublicKeys; readonly evidence: PublicKeys }
}

/** What the signature of the head covers beside the chain: all of the file but that signature. */
export function documentHash(file: Omit<EvidenceFile, 'head'> & { readonly head: object }): string {
  const { jws: _jws, ...head } = file.head as Readonly<Record<string, Json>>
  return hashOf({ ...file, head } as unknown as Json)
}

/** The text of a file: one way to write it, so that no byte can change unnoticed. */
export const writeEvidence = (file: unknown): string => `${JSON.stringify(file, null, 2)}\n`

/** What `npm run` says before a command's own output, where that goes to a file. */
const banner = /^\n(?:> [^\n]*\n)+\n/

/** Nesting of a file that is looked at. */
const mostDepth = 64

/**
 * Reads the text of a file. Refused unless it is written exactly as files are: members that occur twice,
 * or bytes that mean nothing, are not evidence.
 */
export function readEvidence(
  text: string,
):
  | { readonly file: Readonly<Record<string, unknown>> }
  | { readonly problem: string; readonly where: string } {
  const own = text.replace(banner, '')
  const value = parseJson(own)
  if (!isRecord(value)) return { where: 'file', problem: 'It does not hold a JSON object.' }
  if (!isBounded(value, { depth: mostDepth }))
    return { where: 'file', problem: 'It is nested too deeply.' }
  if (writeEvidence(value) === own) return { file: value }
  const problem = 'This is not how an export is written: the text was changed or formatted anew.'
  return { where: whereOf(own, value), problem }
}

function whereOf(text: string, value: unknown): string {
  const written = writeEvidence(value).split('\n')
  const lines = text.split('\n')
  return `line ${lines.findIndex((line, index) => line !== written[index]) + 1}`
}
