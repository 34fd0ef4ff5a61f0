/** Heads: how far the chain had come when the evidence key signed it. */
import type { EvidenceFile, SignedHead } from '../file.ts'
import { documentHash } from '../file.ts'
import { clockDifference } from './finding.ts'
import type { Faults } from './finding.ts'
import { algorithmOf, isSignedBy, takeApart, typeOf } from './jws.ts'
import type { Key, Keys } from './keys.ts'

const headType = 'evidence-head+jwt'

/** The signed part of a head, once its signature holds; undefined, with faults, where it does not. */
export async function checkSignature(
  where: string,
  given: { readonly file: EvidenceFile; readonly signed: SignedHead; readonly keys: Keys },
  fault: Faults,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { file, signed, keys } = given
  const jws = takeApart(signed.jws)
  if (jws === undefined) return void fault(`${where}.jws`, 'This is not a signed head.')
  const { header, claims } = jws
  if (typeOf(jws) !== headType || algorithmOf(jws) !== 'ES256') {
    return void fault(`${where}.jws`, 'This is signed as something other than a head.')
  }
  const key = keys.evidence(header['kid'])
  if (key === undefined) {
    return void fault(`${where}.jws`, 'The key that signed this is not among the evidence keys.')
  }
  if (!(await isSignedBy(signed.jws, key.jwk, 'ES256'))) {
    return void fault(`${where}.jws`, 'The signature does not hold.')
  }
  const named = {
    iss: file.issuer,
    grant: file.grant,
    n: signed.n,
    head: signed.head,
    at: signed.at,
  }
  for (const [name, value] of Object.entries(named)) {
    if (claims[name] !== value) fault(`${where}.${name}`, 'The signature is about another value.')
  }
  checkTime(where, { key, at: signed.at }, fault)
  return claims
}

function checkTime(where: string, { key, at }: { key: Key; at: number }, fault: Faults): void {
  const { from, until, revoked } = key
  if (from !== undefined && at < from - clockDifference) {
    fault(`${where}.at`, 'The key was not in use yet.')
  }
  if (until !== undefined && at > until + clockDifference) {
    fault(`${where}.at`, 'The key was not in use any more.')
  }
  if (revoked !== undefined && at >= revoked) fault(`${where}.at`, 'The key had been revoked.')
}

/** The head of the file, and those signed earlier. */
export async function checkHeads(
  file: EvidenceFile,
  given: { readonly keys: Keys; readonly hashes: readonly string[] },
  fault: Faults,
): Promise<void> {
  const { keys, hashes } = given
  const { head, attestations, exported_at: exportedAt } = file
  const claims = await checkSignature('head', { file, signed: head, keys }, fault)
  if (claims !== undefined && claims['reason'] !== 'export') {
    fault('head.jws', 'This was not signed for an export.')
  }
  if (claims !== undefined && claims['document'] !== documentHash(file)) {
    fault('file', 'Something in it is not as it was when it was exported.')
  }
  if (head.n !== hashes.length - 1) fault('head.n', 'The head is not the number of the last entry.')
  if (head.head !== hashes.at(-1)) {
    fault('head.head', 'The head is not the hash of the last entry.')
  }
  if (Date.parse(exportedAt) !== head.at)
    fault('exported_at', 'The head was signed at another time.')
  const last = file.entries.at(-1)
  if (last !== undefined && last.at > head.at + clockDifference) {
    fault('head.at', 'The head was signed before the last entry was made.')
  }
  for (const [index, signed] of attestations.entries()) {
    const where = `attestations[${index}]`
    await checkSignature(where, { file, signed, keys }, fault)
    if (hashes[signed.n] !== signed.head) {
      fault(`${where}.head`, `The chain had another entry ${signed.n} when this was signed.`)
    }
  }
}
