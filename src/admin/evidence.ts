import type { Call } from '../call.ts'
import { assemble } from '../evidence/assemble.ts'
import { documentHash } from '../evidence/file.ts'
import type { EvidenceFile } from '../evidence/file.ts'
import { fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import type { EvidenceAnswer } from '../objects/grant.ts'
import { attest, evidenceJwks, evidenceKeys } from '../tokens/evidence-keys.ts'
import { confirmedSigningKeys } from '../tokens/keys.ts'
import type { Operation } from './operation.ts'

const unknown = () => fail('not_found', 'There is no evidence of such a grant')

/** The whole chain of a grant as one file; its head is signed here and now. */
async function exportEvidence(call: Call, grant: string): Promise<Response> {
  const parts = await partsOf(call, grant)
  const [signing, evidence] = await Promise.all([confirmedSigningKeys(call), evidenceKeys(call)])
  const at = call.now
  const file = assemble(parts, { at, signing, evidence: evidenceJwks(evidence) })
  if (file === undefined) return unknown()
  const statement = { iss: call.issuer.url, grant, ...file.head } as const
  const document = documentHash(file)
  const jws = await attest(call, { ...statement, reason: 'export', document })
  return json({ ...file, head: { ...file.head, jws } } satisfies EvidenceFile)
}

/** A long chain is fetched in parts. */
async function partsOf(call: Call, grant: string): Promise<readonly EvidenceAnswer[]> {
  const stub = call.stubs.grant(grant)
  if (stub === undefined) return unknown()
  const parts: EvidenceAnswer[] = []
  for (let page: number | undefined = 0; page !== undefined;) {
    const first: number = page
    const part = await call.storage.object('Grant.evidence', () =>
      stub.evidence(call.issuer.id, first),
    )
    if (part === undefined) return unknown()
    parts.push(part as EvidenceAnswer)
    page = part.next
  }
  return parts
}

/** Erases what the chain keeps apart: the entries stay, and say that it was erased. */
async function eraseEvidence(call: Call, grant: string): Promise<Response> {
  const stub = call.stubs.grant(grant)
  if (stub === undefined) return unknown()
  const items = await call.storage.object('Grant.eraseEvidence', () =>
    stub.eraseEvidence(call.issuer.id, 'operator'),
  )
  return items === undefined ? unknown() : json({ grant_id: grant, erased: items })
}

export const evidenceOperations: readonly Operation[] = [
  { method: 'GET', path: ['grants', ':id', 'evidence'], run: exportEvidence },
  { method: 'POST', path: ['grants', ':id', 'evidence', 'erase'], run: eraseEvidence },
]
