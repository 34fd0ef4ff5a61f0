import { configuredIssuer } from '../config.ts'
import { randomText, utf8 } from '../encoding.ts'
import type { Reply } from '../observe/storage.ts'
import { parseMasterSecret, seal, unseal } from '../secrets.ts'
import type { SecretKeys } from '../secrets.ts'
import type { Issuer } from '../types.ts'
import { copyKeys } from './names.ts'
import { EdgeObject } from './edge-object.ts'
import { activeKey, jwksLifetime, sealedFor, signingKeySecrets } from './ring.ts'
import type { Ring, RingKey } from './ring.ts'

/** A new key is published this long (ms) before it signs: at least twice the JWKS lifetime. */
const publishAhead = 2 * jwksLifetime * 1000
/** A key that is needed at once is active for callers whose clock is behind, too (ms). */
const clockDifference = 60_000
/** Milliseconds until an alarm that failed is tried again. */
const alarmAgainAfter = 3_600_000
/** Milliseconds until a copy that KV refused is made again. */
const copyAgainAfter = 5_000
/** Revoked kids that are remembered, so that a revocation can be repeated. */
const mostRevoked = 64
/** Automatic rotation publishes the next key a day ahead. */
const rotationLead = 86_400_000

/** Decides about one issuer's signing keys. The only writer of their KV copy. */
export class KeyRing extends EdgeObject {
  /** The ring, with a usable signing key: made now if there is none. `fresh`: this was the first call. */
  async ring(issuerId: string): Promise<Reply<{ readonly ring: Ring; readonly fresh: boolean }>> {
    const before = this.stored()
    const ring = await this.ensured(issuerId)
    // An alarm that failed for too long is given up by the platform.
    if ((await this.ctx.storage.getAlarm()) === null) this.wakeAt(this.nextEvent(ring))
    return this.reply({ ring, fresh: before === undefined })
  }

  /** Publishes the next key now, or brings it forward; it signs after twice the JWKS lifetime. */
  async rotate(issuerId: string): Promise<Reply<Ring>> {
    const issuer = this.issuer(issuerId)
    await this.ensured(issuerId)
    const made = await this.generate(issuer)
    const now = this.now()
    const ring = this.stored() ?? emptyRing(issuerId)
    const next = ring.keys.find((key) => isNext(key, issuer, now))
    const sooner = next && { ...next, activeFrom: Math.max(next.publishedAt + publishAhead, now) }
    const key = sooner ?? { ...made, publishedAt: now, activeFrom: now + publishAhead }
    return this.reply(await this.publish(withKey(ring, key, issuer)))
  }

  /** Drops a key at once. If it was signing, its successor signs from now on. False: no such key. */
  async revoke(issuerId: string, kid: string): Promise<Reply<boolean>> {
    const issuer = this.issuer(issuerId)
    const made = await this.generate(issuer)
    const now = this.now()
    const ring = this.stored()
    const revoked = this.read<readonly string[]>('revoked') ?? []
    if (ring === undefined || !ring.keys.some((key) => key.kid === kid)) {
      // Revoked before, but perhaps not everybody was told: the copy is made again.
      if (revoked.includes(kid)) await this.copyRing(issuerId)
      return this.reply(revoked.includes(kid))
    }
    this.write('revoked', [...revoked, kid].slice(-mostRevoked))
    const left = withoutKey(ring, kid, issuer, now)
    const signing = activeKey(left, issuer.signingAlgorithm, now)
    // A retiring key must not come back to life: only a next or a new key takes over.
    const needsSuccessor =
      signing === undefined || activeKey(ring, issuer.signingAlgorithm, now)?.kid === kid
    const next = left.keys.find((key) => isNext(key, issuer, now))
    const activeFrom = urgently(left, issuer, now)
    const successor = { ...(next ?? made), publishedAt: now, activeFrom }
    await this.publish(needsSuccessor ? withKey(left, successor, issuer) : left)
    return this.reply(true)
  }

  /** Seals every private key again with the current master secret. Returns how many could be opened. */
  async rewrap(
    issuerId: string,
  ): Promise<Reply<{ readonly rewrapped: number; readonly lost: number }>> {
    const ring = await this.ensured(issuerId)
    const secrets = this.secrets(issuerId)
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

  override async alarm(): Promise<void> {
    const ring = this.stored()
    if (ring === undefined) return
    // Set first, so that whatever fails below is tried again.
    this.wakeAt(this.now() + alarmAgainAfter)
    const issuer = this.issuer(ring.issuer)
    const made = await this.generate(issuer)
    const now = this.now()
    const current = this.stored() ?? ring
    const kept = {
      ...current,
      keys: current.keys.filter((key) => (key.removeAt ?? Infinity) > now),
    }
    const active = activeKey(kept, issuer.signingAlgorithm, now)
    const hasNext = kept.keys.some((key) => key.activeFrom > now)
    const due = active === undefined ? now : active.activeFrom + issuer.keyRotationDays * 86_400_000
    const renew = !hasNext && due - rotationLead <= now
    const key = { ...made, publishedAt: now, activeFrom: Math.max(due, now + publishAhead) }
    await this.publish(renew ? withKey(kept, key, issuer) : kept)
  }

  /**
   * The stored ring, or one with a new key when no signing key can be opened: at the first start, after
   * a change of algorithm, and after the master secret was lost.
   */
  private async ensured(issuerId: string): Promise<Ring> {
    const issuer = this.issuer(issuerId)
    const ring = this.stored()
    const active = ring && activeKey(ring, issuer.signingAlgorithm, this.now())
    if (ring !== undefined && active !== undefined) {
      const opened = await unseal(
        this.secrets(issuerId),
        active.sealed,
        sealedFor(issuerId, active),
      )
      if (opened !== undefined) return this.stored() ?? ring
    }
    const made = await this.generate(issuer)
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
    const latest = current ?? emptyRing(issuerId)
    const key = { ...made, publishedAt: now, activeFrom: urgently(latest, issuer, now) }
    return this.publish(withKey(latest, key, issuer))
  }

  private async generate(
    issuer: Issuer,
  ): Promise<Pick<RingKey, 'kid' | 'alg' | 'use' | 'publicJwk' | 'sealed'>> {
    const alg = issuer.signingAlgorithm
    const kid = randomText(12)
    const pair = (await crypto.subtle.generateKey(generation[alg], true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair
    const publicJwk = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey
    const privateJwk = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey
    const named = { kid, alg, use: 'sig' } as const
    const sealed = await seal(
      this.secrets(issuer.id),
      utf8(JSON.stringify(bareJwk(privateJwk))),
      sealedFor(issuer.id, named),
    )
    return { ...named, publicJwk: bareJwk(publicJwk), sealed }
  }

  /** Stores the ring, copies it to KV and sets the alarm to the next thing to do. */
  private async publish(ring: Ring): Promise<Ring> {
    this.write('ring', ring)
    this.write('news', (this.read<number>('news') ?? 0) + 1)
    await this.copyRing(ring.issuer)
    return ring
  }

  /**
   * Copies what is stored to KV, one copy after the other: an older one never overwrites a newer. Throws
   * when KV refused; the alarm, set before, copies again.
   */
  private async copyRing(issuerId: string): Promise<void> {
    this.wakeAt(this.now() + copyAgainAfter)
    const copy = async () => {
      const news = this.read<number>('news')
      const ring = this.stored() ?? emptyRing(issuerId)
      await this.env.COPIES.put(copyKeys.ring(issuerId), JSON.stringify(ring))
      if (this.read<number>('news') === news) this.wakeAt(this.nextEvent(ring))
    }
    await this.inOrder(copy)
  }

  /** When there is something to do next, in milliseconds. */
  private nextEvent(ring: Ring): number {
    const issuer = this.issuer(ring.issuer)
    const now = this.now()
    const active = activeKey(ring, issuer.signingAlgorithm, now)
    const rotation =
      (active?.activeFrom ?? now) + issuer.keyRotationDays * 86_400_000 - rotationLead
    const removals = ring.keys.flatMap((key) => (key.removeAt === undefined ? [] : [key.removeAt]))
    const activations = ring.keys.map((key) => key.activeFrom).filter((at) => at > now)
    const events = activations.length > 0 ? [...removals, ...activations] : [...removals, rotation]
    return Math.max(Math.min(...events), now + 1_000)
  }

  private stored(): Ring | undefined {
    return this.read<Ring>('ring')
  }

  private issuer(id: string): Issuer {
    return configuredIssuer(this.env, id)
  }

  private secrets(issuerId: string): SecretKeys {
    const secret = parseMasterSecret(this.env.MASTER_SECRET)
    if (typeof secret === 'string') throw new Error(secret)
    return signingKeySecrets(secret, issuerId)
  }
}

const generation = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: {
    name: 'RSA-PSS',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
  Ed25519: { name: 'Ed25519' },
} as const

const emptyRing = (issuer: string): Ring => ({ format: 1, issuer, keys: [] })

/**
 * Adds or replaces the key that is to sign; its predecessors leave once the longest token of theirs has
 * expired. A key that was announced to take over later still does: nothing that signs is on its way out.
 */
function withKey(ring: Ring, signer: RingKey, issuer: Issuer): Ring {
  const { removeAt: _planned, ...key } = signer
  const longest =
    Math.max(issuer.lifetimes.accessToken, issuer.lifetimes.idToken) + 2 * jwksLifetime
  const leavesAfter = ({ activeFrom }: RingKey): number => activeFrom + longest * 1000
  const isLater = (other: RingKey): boolean =>
    other.alg === key.alg && other.activeFrom > key.activeFrom
  const others = ring.keys.filter((other) => other.kid !== key.kid)
  const later = others.find(isLater)
  const kept = others.map((other) =>
    isLater(other)
      ? other
      : { ...other, removeAt: Math.min(other.removeAt ?? Infinity, leavesAfter(key)) },
  )
  const added = later === undefined ? key : { ...key, removeAt: leavesAfter(later) }
  return { ...ring, keys: [...kept, added] }
}

/** Drops a key. Without a next one, whoever signs now goes on doing so: it does not retire any more. */
function withoutKey(ring: Ring, kid: string, issuer: Issuer, now: number): Ring {
  const keys = ring.keys.filter((key) => key.kid !== kid)
  const active = activeKey(ring, issuer.signingAlgorithm, now)
  if (active === undefined || keys.some((key) => isNext(key, issuer, now))) return { ...ring, keys }
  const { removeAt: _removeAt, ...staying } = active
  return { ...ring, keys: keys.map((key) => (key.kid === active.kid ? staying : key)) }
}

const isNext = (key: RingKey, issuer: Issuer, now: number): boolean =>
  key.alg === issuer.signingAlgorithm && key.activeFrom > now

/** Since when a key signs that is needed at once: for no caller before the one it takes over from. */
const urgently = (ring: Ring, issuer: Issuer, now: number): number =>
  Math.max(now - clockDifference, activeKey(ring, issuer.signingAlgorithm, now)?.activeFrom ?? 0)

/** Without `ext`, `key_ops` and `alg`, which platforms add in their own ways. */
function bareJwk(jwk: JsonWebKey): JsonWebKey {
  const { ext: _ext, key_ops: _ops, alg: _alg, ...members } = jwk
  return members
}
