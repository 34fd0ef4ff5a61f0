import { configuredIssuer } from '../config.ts'
import { parseJson } from '../encoding.ts'
import { openAudit } from '../observe/audit.ts'
import type { Audit } from '../observe/audit.ts'
import type { Reply } from '../observe/storage.ts'
import { parseMasterSecret, seal, unseal } from '../secrets.ts'
import type { SecretKeys } from '../secrets.ts'
import { importKey, signJwt } from '../tokens/jwt.ts'
import type { Issuer } from '../types.ts'
import { headType, readStatement, withHistory, withRevoked } from './attestation.ts'
import type { EvidenceKey, HeadStatement } from './attestation.ts'
import { copyKeys } from './names.ts'
import { EdgeObject } from './edge-object.ts'
import { makeKey } from './make-key.ts'
import type { MadeKey } from './make-key.ts'
import {
  activeOf,
  emptyRing,
  isNext,
  nameOf,
  urgently,
  withKey,
  withoutKey,
} from './ring-changes.ts'
import { hasLeft, jwksLifetime, lendsKeys, ringSecrets, sealedFor, withoutPrivate } from './ring.ts'
import type { Ring, RingKey } from './ring.ts'
import { logRing } from './ring-log.ts'
import { algorithmOf, evidenceAlgorithm, purposeOf, ringsOf } from './ring-name.ts'
import type { RingName } from './ring-name.ts'

/** A new key is published this long (ms) before it is used: at least twice the JWKS lifetime. */
const publishAhead = 2 * jwksLifetime * 1000
/** Milliseconds until an alarm that failed is tried again. */
const alarmAgainAfter = 3_600_000
/** Milliseconds until a copy that KV refused is made again. */
const copyAgainAfter = 5_000
/** Revoked kids that are remembered, so that a revocation can be repeated. */
const mostRevoked = 64
/** Automatic rotation publishes the next key a day ahead. */
const rotationLead = 86_400_000

/** What a ring answers to a statement it is asked to sign. */
export type Attested = { readonly jws: string; readonly kid: string } | { readonly refused: string }

/**
 * Decides about the keys one issuer has for one purpose and algorithm. The only writer of their KV
 * copy. Its methods take the ring's name; without one it is the default signing ring.
 */
export class KeyRing extends EdgeObject {
  /** The evidence key that was opened last. It stays here. */
  private opened: { readonly kid: string; readonly key: CryptoKey } | undefined

  /** The ring, with a usable key: made now if there is none. `fresh`: this was the first call. */
  async ring(
    issuerId: string,
    name: RingName = 'signing',
  ): Promise<Reply<{ readonly ring: Ring; readonly fresh: boolean }>> {
    const before = this.stored()
    const ring = await this.ensured(issuerId, name)
    // An alarm that failed for too long is given up by the platform.
    if ((await this.ctx.storage.getAlarm()) === null) this.wakeForNext(ring)
    return this.reply({ ring: this.shown(ring), fresh: before === undefined })
  }

  /** Publishes the next key now, or brings it forward; it is used after twice the JWKS lifetime. */
  async rotate(issuerId: string, name: RingName = 'signing'): Promise<Reply<Ring>> {
    const issuer = this.issuer(issuerId)
    await this.ensured(issuerId, name)
    const made = await this.generate(issuer, name)
    const now = this.now()
    const ring = this.stored() ?? emptyRing(issuerId, name)
    const next = ring.keys.find((key) => isNext(ring, key, issuer, now))
    const sooner = next && { ...next, activeFrom: Math.max(next.publishedAt + publishAhead, now) }
    const key = sooner ?? { ...made, publishedAt: now, activeFrom: now + publishAhead }
    return this.reply(this.shown(await this.publish(withKey(ring, key, issuer))))
  }

  /** Drops a key at once. If it was in use, its successor is from now on. False: no such key. */
  async revoke(issuerId: string, kid: string, name: RingName = 'signing'): Promise<Reply<boolean>> {
    const issuer = this.issuer(issuerId)
    const has = (ring: Ring | undefined): ring is Ring =>
      ring?.keys.some((key) => key.kid === kid) === true
    const made = has(this.stored()) ? await this.generate(issuer, name) : undefined
    const now = this.now()
    const ring = this.stored()
    const revoked = this.read<readonly string[]>('revoked') ?? []
    if (made === undefined || !has(ring)) {
      // Revoked before, but perhaps not everybody was told: the copy is made again.
      if (revoked.includes(kid)) await this.copyRing(issuerId, name)
      return this.reply(revoked.includes(kid))
    }
    this.write('revoked', [...revoked, kid].slice(-mostRevoked))
    if (purposeOf(nameOf(ring)) === 'evidence') {
      this.write('history', withRevoked(this.past(), kid, now))
    }
    const left = withoutKey(ring, kid, issuer, now)
    // A retiring key must not come back to life: only a next or a new key takes over.
    const needsSuccessor =
      activeOf(left, issuer, now) === undefined || activeOf(ring, issuer, now)?.kid === kid
    const next = left.keys.find((key) => isNext(left, key, issuer, now))
    const activeFrom = urgently(left, issuer, now)
    const successor = { ...(next ?? made), publishedAt: now, activeFrom }
    await this.publish(needsSuccessor ? withKey(left, successor, issuer) : left)
    return this.reply(true)
  }

  /** Seals every private key again with the current master secret. Returns how many could be opened. */
  async rewrap(
    issuerId: string,
    name: RingName = 'signing',
  ): Promise<Reply<{ readonly rewrapped: number; readonly lost: number }>> {
    const ring = await this.ensured(issuerId, name)
    const secrets = this.secrets(issuerId, name)
    const sealedAgain = new Map<string, string>()
    for (const key of ring.keys) {
      const plain = await unseal(secrets, key.sealed, sealedFor(issuerId, key))
      if (plain !== undefined)
        sealedAgain.set(key.kid, await seal(secrets, plain, sealedFor(issuerId, key)))
    }
    const now = this.stored() ?? ring
    const keys = now.keys.map((key) => ({ ...key, sealed: sealedAgain.get(key.kid) ?? key.sealed }))
    await this.publish({ ...now, keys })
    return this.reply({ rewrapped: sealedAgain.size, lost: keys.length - sealedAgain.size })
  }

  /**
   * Signs how far a grant's chain had come, here: the evidence key never leaves its object, and signs
   * nothing else.
   */
  async attest(issuerId: string, statement: HeadStatement): Promise<Reply<Attested>> {
    const sound = readStatement(statement, this.issuer(issuerId), this.now())
    if (typeof sound === 'string') return this.reply({ refused: sound })
    await this.ensured(issuerId, 'evidence')
    const { kid, key } = await this.openEvidenceKey(issuerId)
    const header = { alg: evidenceAlgorithm, typ: headType, kid } as const
    const jws = await signJwt(key, header, sound)
    const { grant, n, reason } = sound
    this.audit(issuerId).log('evidence.head_signed', { grant, n, reason })
    return this.reply({ jws, kid })
  }

  /** Every key the evidence ring ever had, the oldest first: a key of the past verifies on. */
  async history(issuerId: string): Promise<Reply<readonly EvidenceKey[]>> {
    const ring = await this.ensured(issuerId, 'evidence')
    if ((await this.ctx.storage.getAlarm()) === null) this.wakeForNext(ring)
    return this.reply(this.past())
  }

  override async alarm(): Promise<void> {
    const ring = this.stored()
    if (ring === undefined) return
    // Set first, so that whatever fails below is tried again.
    this.wakeAt(this.now() + alarmAgainAfter)
    const issuer = this.issuer(ring.issuer)
    const made = await this.generate(issuer, nameOf(ring))
    const now = this.now()
    const current = this.stored() ?? ring
    const kept = { ...current, keys: current.keys.filter((key) => !hasLeft(key, now)) }
    const active = activeOf(kept, issuer, now)
    const hasNext = kept.keys.some((key) => key.activeFrom > now)
    const due = active === undefined ? now : active.activeFrom + issuer.keyRotationDays * 86_400_000
    const renew = this.isWanted(kept) && !hasNext && due - rotationLead <= now
    const key = { ...made, publishedAt: now, activeFrom: Math.max(due, now + publishAhead) }
    await this.publish(renew ? withKey(kept, key, issuer) : kept)
  }

  /**
   * The stored ring, or one with a new key when none can be opened that is to be used: at the first
   * start, after a change of algorithm, and after the master secret was lost.
   */
  private async ensured(issuerId: string, name: RingName): Promise<Ring> {
    const issuer = this.issuer(issuerId)
    const ring = this.stored()
    if (ring !== undefined && nameOf(ring) !== name) throw new Error('this is another ring')
    const active = ring && activeOf(ring, issuer, this.now())
    if (ring !== undefined && active !== undefined) {
      if ((await this.open(issuerId, name, active)) !== undefined) return this.stored() ?? ring
    }
    const made = await this.generate(issuer, name)
    const current = this.stored()
    // Another call may have made one while this one was generating.
    if (
      current !== undefined &&
      current !== ring &&
      current.keys.length > (ring?.keys.length ?? 0)
    ) {
      return current
    }
    const now = this.now()
    const latest = current ?? emptyRing(issuerId, name)
    const key = { ...made, publishedAt: now, activeFrom: urgently(latest, issuer, now) }
    return this.publish(withKey(latest, key, issuer))
  }

  private async openEvidenceKey(issuerId: string) {
    const ring = this.stored()
    const active = ring && activeOf(ring, this.issuer(issuerId), this.now())
    if (active === undefined) throw new Error('no evidence key')
    if (this.opened?.kid === active.kid) return this.opened
    const plain = await this.open(issuerId, 'evidence', active)
    if (plain === undefined) throw new Error('the evidence key cannot be opened')
    const jwk = parseJson(new TextDecoder().decode(plain)) as JsonWebKey
    this.opened = { kid: active.kid, key: await importKey(jwk, evidenceAlgorithm) }
    return this.opened
  }

  private async generate(issuer: Issuer, name: RingName): Promise<MadeKey> {
    return makeKey(algorithmOf(issuer, name), issuer.id, this.secrets(issuer.id, name))
  }

  /** Stores the ring, copies it to KV and sets the alarm to the next thing to do. */
  private async publish(ring: Ring): Promise<Ring> {
    const revoked = this.read<readonly string[]>('revoked') ?? []
    logRing(this.audit(ring.issuer), { before: this.stored(), after: ring, revoked })
    this.write('ring', ring)
    if (!lendsKeys(nameOf(ring))) {
      this.write('history', withHistory(this.past(), ring, this.now()))
    }
    this.write('news', (this.read<number>('news') ?? 0) + 1)
    await this.copyRing(ring.issuer, nameOf(ring))
    return ring
  }

  /**
   * Copies what is stored to KV, one copy after the other: an older one never overwrites a newer. Throws
   * when KV refused; the alarm, set before, copies again. Keys that are not lent have no copy.
   */
  private async copyRing(issuerId: string, name: RingName): Promise<void> {
    this.wakeAt(this.now() + copyAgainAfter)
    const copy = async () => {
      const news = this.read<number>('news')
      const ring = this.stored() ?? emptyRing(issuerId, name)
      if (lendsKeys(name)) {
        await this.env.COPIES.put(copyKeys.ring(issuerId, name), JSON.stringify(ring))
      }
      if (this.read<number>('news') === news) this.wakeForNext(ring)
    }
    await this.inOrder(copy)
  }

  /** Sets the alarm to when there is something to do next. */
  private wakeForNext(ring: Ring): void {
    const issuer = this.issuer(ring.issuer)
    const now = this.now()
    const active = activeOf(ring, issuer, now)
    const rotation =
      (active?.activeFrom ?? now) + issuer.keyRotationDays * 86_400_000 - rotationLead
    const removals = ring.keys.flatMap((key) => (key.removeAt === undefined ? [] : [key.removeAt]))
    const activations = ring.keys.map((key) => key.activeFrom).filter((at) => at > now)
    const renewals = activations.length > 0 || !this.isWanted(ring) ? activations : [rotation]
    const next = Math.min(...removals, ...renewals)
    if (next === Infinity) void this.ctx.storage.deleteAlarm()
    else this.wakeAt(Math.max(next, now + 1_000))
  }

  /** Whether the settings still ask for such a ring: if not, it makes no new keys by itself. */
  private isWanted(ring: Ring): boolean {
    return ringsOf(this.issuer(ring.issuer)).includes(nameOf(ring))
  }

  /** What callers get of a ring. */
  private shown(ring: Ring): Ring {
    return lendsKeys(nameOf(ring)) ? ring : withoutPrivate(ring)
  }

  private open(issuerId: string, name: RingName, key: RingKey) {
    return unseal(this.secrets(issuerId, name), key.sealed, sealedFor(issuerId, key))
  }

  private audit(issuer: string): Audit {
    return openAudit({ env: this.env, issuer, waitUntil: (work) => this.ctx.waitUntil(work) })
  }

  private past(): readonly EvidenceKey[] {
    return this.read<readonly EvidenceKey[]>('history') ?? []
  }

  private stored(): Ring | undefined {
    return this.read<Ring>('ring')
  }

  private issuer(id: string): Issuer {
    return configuredIssuer(this.env, id)
  }

  private secrets(issuerId: string, name: RingName): SecretKeys {
    const secret = parseMasterSecret(this.env.MASTER_SECRET)
    if (typeof secret === 'string') throw new Error(secret)
    return ringSecrets(secret, issuerId, purposeOf(name))
  }
}
