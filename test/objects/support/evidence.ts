/** Evidence as an operator would export it, made of the objects themselves. */
import { runInDurableObject } from 'cloudflare:test'
import { assemble } from '../../../src/evidence/assemble.ts'
import type { Draft } from '../../../src/evidence/chain.ts'
import type { Anchor } from '../../../src/evidence/anchor.ts'
import { documentHash } from '../../../src/evidence/file.ts'
import type { EvidenceFile } from '../../../src/evidence/file.ts'
import type { Env } from '../../../src/config.ts'
import type { EvidenceAnswer } from '../../../src/objects/grant.ts'
import { evidenceJwks } from '../../../src/tokens/evidence-keys.ts'
import { newTokenRandom } from '../../../src/handles.ts'
import { grantOf, newGrantId, order, redemption, refresh, token } from './grants.ts'
import { env, made, start, stubsOf } from './objects.ts'
import type { AnyStub } from './objects.ts'

type OneGrant = () => ReturnType<typeof grantOf>

/** What an approval leaves, without the parts this suite does not look at. */
export const approval: readonly Draft[] = [
  { kind: 'authentication', body: { acr: 'one', amr: ['pwd'] }, apart: { sub: 'sub-alice' } },
  {
    kind: 'answer',
    body: { answer: 'approved', action: 'create', lifetime: order.lifetime },
    apart: { authorization_details: [] },
  },
  {
    kind: 'response',
    body: { by: 'query', redirect_uri: 'https://app.example/cb', signed: false },
    apart: { response: { code: 'the code itself', state: 'xyz' } },
  },
]

/** A grant whose approval is in its chain; its code is not yet redeemed. */
export async function recordedGrant(): Promise<OneGrant> {
  const id = newGrantId()
  await grantOf(id).authorize({ ...order, evidence: approval })
  return () => grantOf(id)
}

/** A token by the refresh token; `seconds` after the start. */
export const refreshed = (grant: OneGrant, seconds = 0) =>
  grant().refresh({
    ...refresh,
    token: { ...token, random: newTokenRandom(), issuedAt: start / 1000 + seconds },
  })

/** The same once its code was redeemed. */
export async function redeemed(): Promise<OneGrant> {
  const grant = await recordedGrant()
  await grant().redeem(redemption)
  return grant
}

/** Its owner ends it. */
export const revoke = (grant: OneGrant) => grant().revoke('bank', { forbid: false, by: 'person' })

/** All parts of a chain, as `GET /admin/grants/:id/evidence` fetches them. */
export async function partsOf(grant: OneGrant): Promise<readonly EvidenceAnswer[]> {
  const parts: EvidenceAnswer[] = []
  for (let page: number | undefined = 0; page !== undefined;) {
    const part = made((await grant().evidence('bank', page)).value) as EvidenceAnswer
    parts.push(part)
    page = part.next
  }
  return parts
}

/** The exported file. */
export async function exportOf(grant: OneGrant): Promise<EvidenceFile> {
  const ring = stubsOf('bank').keyRing('evidence')
  const { value: keys } = await ring.history('bank')
  const at = Date.now()
  const evidence = evidenceJwks(keys as Parameters<typeof evidenceJwks>[0])
  const file = made(assemble(await partsOf(grant), { at, signing: { keys: [] }, evidence }))
  const { issuer: iss, grant: id, head } = file
  const document = documentHash(file)
  const { value } = await ring.attest('bank', {
    iss,
    grant: id,
    ...head,
    reason: 'export',
    document,
  })
  if ('refused' in value) throw new Error(value.refused)
  return { ...file, head: { ...head, jws: value.jws } }
}

type Places = Pick<Env, 'EVIDENCE_BUCKET' | 'EVIDENCE_QUEUE'>

export const bucket = (env as unknown as { readonly ANCHORS: R2Bucket }).ANCHORS

/** Binds places for anchors to one grant, these and no others; all other grants go without. */
export const bindTo = (stub: AnyStub, places: Places): Promise<void> =>
  change(stub, ({ EVIDENCE_BUCKET: _bucket, EVIDENCE_QUEUE: _queue, ...bindings }) => ({
    ...bindings,
    ...places,
  }))

/** Takes the evidence key's object away from one grant, and gives it back. */
export const cutOff = (stub: AnyStub, away: boolean): Promise<void> =>
  change(stub, (bindings) => {
    const { KEY_RING } = env
    const nobody = {
      getByName: () => ({ attest: () => Promise.reject(new Error('out of reach')) }),
    } as unknown as Env['KEY_RING']
    return { ...bindings, KEY_RING: away ? nobody : KEY_RING }
  })

function change(stub: AnyStub, by: (bindings: Env) => Env): Promise<void> {
  return runInDurableObject(stub as unknown as DurableObjectStub, (object) => {
    const one = object as unknown as { env: Env }
    one.env = by(one.env)
  })
}

/** The anchors of a grant in the bucket, in the order of their names. */
export async function anchorsOf(grant: OneGrant): Promise<readonly Anchor[]> {
  const id = grant().id.toString()
  const { objects } = await bucket.list({ prefix: `bank/${id}/` })
  return Promise.all(
    objects.map(async ({ key }) => made((await bucket.get(key)) ?? undefined).json<Anchor>()),
  )
}
