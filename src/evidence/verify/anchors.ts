/** Heads that lie outside: whoever holds them can tell whether the chain was written anew since. */
import { isRecord, parseJson } from '../../encoding.ts'
import { anchorFormat } from '../anchor.ts'
import type { Anchor } from '../anchor.ts'
import type { EvidenceFile } from '../file.ts'
import type { Faults } from './finding.ts'
import { checkSignature } from './heads.ts'
import type { Keys } from './keys.ts'
import { isCount } from './shape.ts'

/** Anchors of a text: one JSON document, or one on each line. Undefined where a line is something else. */
export function readAnchors(text: string): readonly Anchor[] | undefined {
  const whole = parseJson(text)
  const values =
    whole === undefined ? text.split('\n').filter((line) => line.trim() !== '') : [whole]
  const anchors = values.map((value) => (typeof value === 'string' ? parseJson(value) : value))
  return anchors.every(isAnchor) ? anchors : undefined
}

const isAnchor = (value: unknown): value is Anchor =>
  isRecord(value) &&
  value['format'] === anchorFormat &&
  ['issuer', 'grant', 'head', 'jws'].every((name) => typeof value[name] === 'string') &&
  isCount(value['n']) &&
  isCount(value['at'])

/** Those of this chain. */
export const anchorsOf = (
  file: Pick<EvidenceFile, 'issuer' | 'grant'>,
  anchors: readonly Anchor[],
): readonly Anchor[] =>
  anchors.filter(({ issuer, grant }) => issuer === file.issuer && grant === file.grant)

/** Number of the newest entry that is anchored; undefined: none is. */
export async function checkAnchors(
  anchors: readonly Anchor[],
  given: { readonly file: EvidenceFile; readonly keys: Keys; readonly hashes: readonly string[] },
  fault: Faults,
): Promise<number | undefined> {
  const { file, keys, hashes } = given
  const own = anchorsOf(file, anchors)
  let newest: number | undefined
  for (const anchor of own) {
    const where = `anchor of entry ${anchor.n}`
    const claims = await checkSignature(where, { file, signed: anchor, keys }, fault)
    if (anchor.n >= hashes.length) {
      if (anchor.at <= file.head.at)
        fault(where, 'The chain ended after this entry, the file before it.')
      continue
    }
    if (hashes[anchor.n] !== anchor.head) {
      fault(where, 'The chain was another one when it was anchored.')
      continue
    }
    if (claims !== undefined) newest = Math.max(newest ?? 0, anchor.n)
  }
  return newest
}
