/**
 * Verifies an exported file with nothing but the file: no server, no network. What it can and cannot
 * show is said in docs/evidence.md.
 */
import type { Anchor } from './anchor.ts'
import type { EvidenceFile } from './file.ts'
import { anchorsOf, checkAnchors } from './verify/anchors.ts'
import { checkItems, checkLinks, itemOf } from './verify/chain.ts'
import type { Items } from './verify/chain.ts'
import type { EntryFinding, Fault, Faults, Verification } from './verify/finding.ts'
import { checkHeads } from './verify/heads.ts'
import { openKeys } from './verify/keys.ts'
import type { Keys } from './verify/keys.ts'
import { checkRequest, checkResponse, stateOf } from './verify/messages.ts'
import type { MessageFinding, Stated } from './verify/messages.ts'
import { readShape } from './verify/shape.ts'
import { checkStory } from './verify/story.ts'

export type VerifyOptions = {
  /** The issuer's public keys, got from elsewhere than the file. */
  readonly issuerKeys?: readonly Readonly<Record<string, unknown>>[]
  /** Signed heads from outside. What the file says of being anchored counts for nothing. */
  readonly anchors?: readonly Anchor[]
}

/**
 * Verifies a document that was read from a file. Never throws on what it reads.
 *
 * @example const { sound, faults } = await verifyEvidence(JSON.parse(text))
 */
export async function verifyEvidence(
  value: unknown,
  options: VerifyOptions = {},
): Promise<Verification> {
  const faults: Fault[] = []
  const fault: Faults = (where, what) => {
    faults.push({ where, what })
  }
  try {
    const file = readShape(value, fault)
    if (file === undefined) return { sound: false, faults, entries: [], keys: [], notes: [] }
    return await verifyFile(file, options, { faults, fault })
  } catch (error) {
    // Canonical JSON cannot hold it: a lone surrogate, say.
    fault('file', error instanceof Error ? error.message : String(error))
    return { sound: false, faults, entries: [], keys: [], notes: [] }
  }
}

async function verifyFile(
  file: EvidenceFile,
  options: VerifyOptions,
  { faults, fault }: { readonly faults: readonly Fault[]; readonly fault: Faults },
): Promise<Verification> {
  const { issuerKeys, anchors = [] } = options
  const keys = openKeys(file, issuerKeys, fault)
  const hashes = checkLinks(file, fault)
  const items = checkItems(file, fault)
  await checkHeads(file, { keys, hashes }, fault)
  const clientId = checkStory(file, fault)
  const messages = await checkMessages(file, { items, keys, clientId }, fault)
  checkStates(file, fault)
  const anchoredTo = await checkAnchors(anchors, { file, keys, hashes }, fault)
  const used = [...keys.used.values()]
  return {
    sound: faults.length === 0,
    faults,
    issuer: file.issuer,
    grant: file.grant,
    exportedAt: file.head.at,
    entries: file.entries.map((entry, n): EntryFinding => {
      const message = messages[n]
      return {
        n,
        kind: entry.kind,
        at: entry.at,
        standing: message?.byClient === true ? 'signed by client' : 'asserted by the server',
        anchored: anchoredTo !== undefined && n <= anchoredTo,
        items: items[n] ?? {},
        notes: message?.notes ?? [],
      }
    }),
    keys: used,
    ...(anchoredTo === undefined ? {} : { anchoredTo }),
    notes: [
      ...notesOf(options, used, anchoredTo),
      ...claimsOf(file, anchoredTo),
      ...laterNotes(file, anchors),
    ],
  }
}

async function checkMessages(
  file: EvidenceFile,
  given: {
    readonly items: readonly Items[]
    readonly keys: Keys
    readonly clientId: string | undefined
  },
  fault: Faults,
): Promise<readonly (MessageFinding | undefined)[]> {
  const { items, keys, clientId } = given
  const found: (MessageFinding | undefined)[] = []
  for (const [n, entry] of file.entries.entries()) {
    if (entry.kind === 'request') {
      found[n] = await checkRequest({ file, entry, state: items[n]?.['request'] }, fault)
    } else if (entry.kind === 'response') {
      const message = { file, entry, state: items[n]?.['response'], keys, clientId }
      found[n] = await checkResponse(message, fault)
    }
  }
  return found
}

/**
 * A response answers a request before it: both carry the same `state`, or none. Not always the newest: who
 * answers an earlier page again gets its response again.
 */
function checkStates(file: EvidenceFile, fault: Faults): void {
  const asked: (Stated | undefined)[] = []
  for (const [n, { kind }] of file.entries.entries()) {
    if (kind === 'request') asked.push(stateOf(itemOf(file, n, 'request')))
    if (kind !== 'response' || asked.length === 0) continue
    const answered = stateOf(itemOf(file, n, 'response'))
    const answers = asked.some((one) => one === undefined || one.state === answered?.state)
    if (answered !== undefined && !answers) {
      fault(`apart["${n}/response"].item`, 'It does not answer a request before it.')
    }
  }
}

/** An old export is sound as well: anchors from after it show that it is not all there is. */
function laterNotes(file: EvidenceFile, anchors: readonly Anchor[]): readonly string[] {
  const last = anchorsOf(file, anchors).reduce((most, { n }) => Math.max(most, n), -1)
  return last < file.entries.length
    ? []
    : [`The chain went on after this file: entry ${last} is anchored. Ask for a newer export.`]
}

/** Where to look for anchors, by the word of the file. */
function claimsOf({ anchored }: EvidenceFile, anchoredTo: number | undefined): readonly string[] {
  const newest = anchored.at(-1)
  if (newest === undefined || newest.n <= (anchoredTo ?? -1)) return []
  return [
    `The file says that entry ${newest.n} was anchored (${newest.where.join(', ')}): fetch that and give it with --anchors.`,
  ]
}

function notesOf(
  { issuerKeys, anchors }: VerifyOptions,
  keys: Verification['keys'],
  anchoredTo: number | undefined,
): readonly string[] {
  const unconfirmed = keys.filter(({ standing }) => standing !== 'confirmed')
  const confirmed = keys.filter(({ standing }) => standing === 'confirmed')
  const names = (some: Verification['keys']) => some.map(({ kid }) => kid).join(', ')
  return [
    ...(issuerKeys === undefined
      ? ["The issuer's keys are the word of this file: compare them with --issuer-keys."]
      : []),
    ...(confirmed.length > 0 ? [`Keys given confirm: ${names(confirmed)}.`] : []),
    ...(issuerKeys !== undefined && unconfirmed.length > 0
      ? [`Not among the keys given, so the word of this file: ${names(unconfirmed)}.`]
      : []),
    'That a key belongs to a client is the word of the server: compare it with what the client says.',
    anchoredTo === undefined
      ? `Nothing is anchored${anchors === undefined ? '' : ' by the anchors given'}: whoever holds the server could have written this chain anew as a whole.`
      : `Anchored up to entry ${anchoredTo}: what came before could not be written anew since.`,
  ]
}
