import { decodeJwt } from 'jose'
import type { EvidenceFile } from '../../src/evidence/file.ts'
import { verifyEvidence } from '../../src/evidence/verify.ts'
import { readTokenId } from '../../src/handles.ts'
import type { Admin } from '../../test/support/wire-admin.ts'
import { inParallel } from './parallel.ts'
import { holderOf } from './receive.ts'
import type { Scene } from './scene.ts'

/** What the chains say in all. */
export type EvidenceTally = {
  grants: number
  tokens: number
  withheld: number
  /** Released as far as the chain knows, and never received by anybody. */
  unreceived: number
}

/** Verifies the chain of each grant, and holds it against what clients received. */
export async function checkEvidence(
  scene: Scene,
  admin: Admin,
  grants: readonly string[],
): Promise<EvidenceTally> {
  const tally: EvidenceTally = { grants: 0, tokens: 0, withheld: 0, unreceived: 0 }
  await inParallel(grants, 4, async (grant) => {
    const problem = (detail: string) =>
      scene.ledger.report(
        'evidence',
        scene.recorder.fault(),
        `grant …${grant.slice(-8)}: ${detail}`,
      )
    const answer = await admin.request('GET', `/grants/${grant}/evidence`)
    if (answer.status !== 200)
      return problem(`no chain: ${answer.status} ${answer.text.slice(0, 120)}`)
    const { sound, faults } = await verifyEvidence(answer.json)
    if (!sound) problem(faults.map(({ where, what }) => `${where}: ${what}`).join(' '))
    const chain = tokensIn(answer.json as unknown as EvidenceFile)
    tally.grants += 1
    tally.tokens += chain.released.size
    tally.withheld += chain.withheld.size
    const received = receivedOf(scene, grant)
    for (const jti of received) {
      if (!chain.released.has(jti)) problem(`an acknowledged token is not in it`)
      if (chain.withheld.has(jti)) problem(`an acknowledged token is said to be withheld`)
    }
    const left = [...chain.released].filter((jti) => !chain.withheld.has(jti))
    const unreceived = left.filter((jti) => !received.has(jti)).length
    tally.unreceived += unreceived
    if (unreceived > scene.recorder.withoutToken(grant))
      problem(`${unreceived} tokens nobody asked for`)
    for (const [series, count] of chain.byCode) {
      if (count > 1) problem(`code ${series} was answered ${count} times`)
    }
  })
  return tally
}

const receivedOf = ({ ledger }: Scene, grant: string): ReadonlySet<string> =>
  new Set(
    ledger
      .ofGrant(grant)
      .filter(({ kind }) => kind === 'access token')
      .map((thing) => String(decodeJwt(holderOf(thing)?.secret ?? '').jti)),
  )

function tokensIn({ entries }: EvidenceFile) {
  const released = new Set<string>()
  const withheld = new Set<string>()
  const fromCode = new Set<string>()
  for (const { kind, body } of entries) {
    const jti = String(body['jti'])
    if (kind === 'withheld') withheld.add(jti)
    if (kind !== 'token') continue
    released.add(jti)
    if (body['by'] === 'code') fromCode.add(jti)
  }
  const byCode = new Map<number, number>()
  for (const jti of fromCode) {
    if (withheld.has(jti)) continue
    const series = readTokenId(jti)?.series ?? 0
    byCode.set(series, (byCode.get(series) ?? 0) + 1)
  }
  return { released, withheld, byCode }
}
