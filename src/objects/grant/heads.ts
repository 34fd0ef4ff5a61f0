/** Heads of the chain: signed by the evidence key, and laid where the operator cannot reach them again. */
import type { Env } from '../../config.ts'
import type { Chain } from '../../evidence/chain.ts'
import type { SignedHead } from '../../evidence/file.ts'
import { anchorFormat } from '../../evidence/anchor.ts'
import type { Anchor } from '../../evidence/anchor.ts'
import type { Issuer } from '../../types.ts'
import type { HeadStatement } from '../attestation.ts'
import { makeStubs } from '../stubs.ts'
import type { Head } from './stored.ts'

/** Signed heads that are kept, the newest. */
const mostHeads = 64

/** Has the end of the chain signed. Throws when the evidence key's object does not answer. */
export async function signHead(
  env: Env,
  issuer: Issuer,
  given: {
    readonly grant: string
    readonly chain: Chain
    readonly at: number
    readonly reason: HeadStatement['reason']
  },
): Promise<SignedHead> {
  const { grant, chain, at, reason } = given
  const said = { n: chain.count - 1, head: chain.head, at }
  const ring = makeStubs(env, issuer).keyRing('evidence')
  const { value } = await ring.attest(issuer.id, { iss: issuer.url, grant, ...said, reason })
  if ('refused' in value) throw new Error(value.refused)
  return { ...said, jws: value.jws }
}

/** How often chains are anchored, in seconds; undefined where nothing is bound to anchor them to. */
export const anchorEvery = (env: Env, issuer: Issuer): number | undefined =>
  env.EVIDENCE_BUCKET === undefined && env.EVIDENCE_QUEUE === undefined
    ? undefined
    : issuer.evidence.anchorEvery

/** Puts a head into every place that is bound; create-only where that can be. Throws when one fails. */
export async function anchorHead(
  env: Env,
  issuer: Issuer,
  { grant, signed }: { readonly grant: string; readonly signed: SignedHead },
): Promise<Head['where']> {
  const anchor: Anchor = { format: anchorFormat, issuer: issuer.url, grant, ...signed }
  const where: ('bucket' | 'queue')[] = []
  if (env.EVIDENCE_BUCKET !== undefined) {
    const name = `${issuer.id}/${grant}/${String(signed.n).padStart(8, '0')}-${signed.head}.json`
    // What is there is never written again: it says the same.
    const onlyIf = new Headers({ 'if-none-match': '*' })
    await env.EVIDENCE_BUCKET.put(name, `${JSON.stringify(anchor)}\n`, {
      onlyIf,
      httpMetadata: { contentType: 'application/json' },
    })
    where.push('bucket')
  }
  if (env.EVIDENCE_QUEUE !== undefined) {
    await env.EVIDENCE_QUEUE.send(anchor)
    where.push('queue')
  }
  return where
}

/** The kept heads with one more. */
export const withHead = (heads: readonly Head[], head: Head): readonly Head[] =>
  [...heads, head].slice(-mostHeads)
