import type { Reply } from '../observe/storage.ts'
import type { Authentication, RequestedClaims } from '../types.ts'
import { EdgeObject, forgetGrace } from './edge-object.ts'

/** The consent: what a person agreed to, for which client, how they were authenticated. */
export type Consent = {
  readonly accountId: string
  readonly sub: string
  readonly clientId: string
  /** The client's generation: an id deleted and made again is another client. */
  readonly generation: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly claims: RequestedClaims
  readonly authentication: Authentication
  /** The session it was given in, as its client knows it (`sid`). Absent in older consents. */
  readonly session?: string
}

export type NewCode = {
  readonly secretHash: string
  /** Milliseconds. */
  readonly lifetime: number
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly dpopJkt?: string
  readonly nonce?: string
}

type Code = Omit<NewCode, 'lifetime'> & {
  /** Which redemption of this grant: its tokens end when it is used again. */
  readonly series: number
  readonly issuedAt: number
  readonly expiresAt: number
  readonly status: 'issued' | 'redeemed' | 'reused'
}

type RefreshToken = { readonly secretHash: string; readonly series: number }

type Stored = {
  readonly format: 1
  readonly issuer: string
  readonly status: 'active' | 'revoked'
  readonly consent?: Consent
  readonly createdAt: number
  readonly expiresAt: number
  /** Raised to end every access token issued so far. */
  readonly epoch: number
  readonly codes: readonly Code[]
  readonly refreshTokens: readonly RefreshToken[]
  readonly revokedTokens: readonly { readonly id: string; readonly until: number }[]
  readonly lastUsedAt?: number
}

/** Who presents a code or refresh token, all of it already proven. */
export type Presenter = {
  readonly issuer: string
  readonly clientId: string
  readonly generation: string
}

export type Redemption = Presenter & {
  readonly secretHash: string
  readonly redirectUri?: string
  /** base64url SHA-256 of the verifier; undefined when none was sent. */
  readonly verifierHash?: string
  readonly jkt?: string
  /** Hash of the refresh token to be released with the tokens; undefined: none. */
  readonly refreshHash?: string
  /** The resource asked for; must be one of the consent's. */
  readonly resource?: string
}

export type Refresh = Presenter & {
  readonly secretHash: string
  readonly resource?: string
  /** Scopes asked for; must be among the consent's. */
  readonly scope?: readonly string[]
}

export type RefusedGrant = {
  readonly status: 'refused'
  readonly code: 'invalid_grant' | 'invalid_target' | 'invalid_scope'
  readonly why: string
}

/** What tokens are made from. */
export type Authorized = {
  readonly consent: Consent
  readonly epoch: number
  readonly series: number
  /** Milliseconds. */
  readonly expiresAt: number
  readonly nonce?: string
}

export type RedeemAnswer =
  | ({ readonly status: 'redeemed' } & Authorized)
  /** The same client with the right verifier and key: reuse, not a stranger's replay. */
  | { readonly status: 'used' }
  | RefusedGrant

export type RefreshAnswer = ({ readonly status: 'refreshed' } & Authorized) | RefusedGrant

export type GrantSummary = {
  readonly status: 'active' | 'revoked' | 'expired' | 'unknown'
  readonly consent?: Consent
  readonly createdAt?: number
  readonly expiresAt?: number
  readonly lastUsedAt?: number
}

/** A grant is remembered this long (ms) after its end, so that late tokens meet an answer. */
const remembered = 24 * 3_600_000

/**
 * One consent with its codes and refresh tokens: each code is redeemed at most once, revocation is
 * immediate. Everything is one value, so every decision is one read and one write in one turn.
 */
export class Grant extends EdgeObject<unknown> {
  /**
   * Creates the grant with its code. Idempotent for the same code. `false` when it was forbidden or
   * revoked before, or belongs to another consent.
   */
  authorize(input: {
    readonly issuer: string
    readonly consent: Consent
    readonly code: NewCode
    /** Milliseconds the consent lasts. */
    readonly lifetime: number
  }): Reply<boolean> {
    const now = this.now()
    const before = this.stored()
    if (before !== undefined) {
      const same = before.codes.some((code) => code.secretHash === input.code.secretHash)
      return this.reply(before.status === 'active' && before.issuer === input.issuer && same)
    }
    const { lifetime, ...code } = input.code
    const expiresAt = now + input.lifetime
    this.save({
      format: 1,
      issuer: input.issuer,
      status: 'active',
      consent: input.consent,
      createdAt: now,
      expiresAt,
      epoch: 1,
      codes: [{ ...code, series: 1, issuedAt: now, expiresAt: now + lifetime, status: 'issued' }],
      refreshTokens: [],
      revokedTokens: [],
    })
    this.wakeAt(expiresAt + remembered)
    return this.reply(true)
  }

  /** Redeems a code in one turn. Only a full match spends it; a mismatch leaves it unspent. */
  redeem(input: Redemption): Reply<RedeemAnswer> {
    const stored = this.of(input)
    const code = stored?.codes.find((one) => one.secretHash === input.secretHash)
    if (stored?.consent === undefined || code === undefined) return this.refused('no such code')
    const mismatch = mismatchOf(code, input)
    if (mismatch !== undefined) return this.refused(mismatch)
    const now = this.now()
    if (code.status !== 'issued') return this.reply({ status: 'used' })
    if (stored.status !== 'active' || now >= stored.expiresAt)
      return this.refused('the grant has ended')
    if (now >= code.expiresAt) return this.refused('the code has expired')
    if (beyond(stored.consent.resources, input.resource)) {
      return this.refused('the resource was not granted', 'invalid_target')
    }
    const { series, nonce } = code
    this.save({
      ...stored,
      codes: stored.codes.map((one) => (one === code ? { ...one, status: 'redeemed' } : one)),
      refreshTokens:
        input.refreshHash === undefined
          ? stored.refreshTokens
          : [...stored.refreshTokens, { secretHash: input.refreshHash, series }],
      lastUsedAt: now,
    })
    const { consent, epoch, expiresAt } = stored
    const authorized = { consent, epoch, series, expiresAt }
    return this.reply({
      status: 'redeemed',
      ...authorized,
      ...(nonce === undefined ? {} : { nonce }),
    })
  }

  /**
   * A code was used a second time by the client it belongs to (RFC 6749 4.1.2): ends that code's
   * tokens, and the whole grant when the code created it.
   */
  revokeForReuse(input: Presenter & { readonly secretHash: string }): Reply<boolean> {
    const stored = this.of(input)
    const code = stored?.codes.find((one) => one.secretHash === input.secretHash)
    if (stored === undefined || code === undefined || code.status === 'issued')
      return this.reply(false)
    if (code.status === 'reused') return this.reply(true)
    const first = code === stored.codes[0]
    this.save({
      ...stored,
      ...(first ? ended(stored) : {}),
      codes: stored.codes.map((one) => (one === code ? { ...one, status: 'reused' } : one)),
      refreshTokens: first
        ? []
        : stored.refreshTokens.filter((token) => token.series !== code.series),
    })
    return this.reply(true)
  }

  /** Uses a refresh token. It is bound to the client, never rotated, and lives as long as the consent. */
  refresh(input: Refresh): Reply<RefreshAnswer> {
    const stored = this.of(input)
    const token = stored?.refreshTokens.find((one) => one.secretHash === input.secretHash)
    if (stored?.consent === undefined || token === undefined)
      return this.refused('no such refresh token')
    const now = this.now()
    if (stored.status !== 'active' || now >= stored.expiresAt)
      return this.refused('the grant has ended')
    const { scope, resources } = stored.consent
    if (beyond(resources, input.resource)) {
      return this.refused('the resource was not granted', 'invalid_target')
    }
    if (input.scope?.some((name) => !scope.includes(name)) === true) {
      return this.refused('a scope was not granted', 'invalid_scope')
    }
    this.save({ ...stored, lastUsedAt: now })
    const { consent, epoch, expiresAt } = stored
    return this.reply({ status: 'refreshed', consent, epoch, series: token.series, expiresAt })
  }

  /** Ends a refresh token and the grant's access tokens; the consent stays (RFC 7009 2.1). */
  revokeRefreshToken(
    input: Presenter & { readonly secretHash: string },
  ): Reply<'revoked' | 'unknown' | 'foreign'> {
    const stored = this.stored()
    const token = stored?.refreshTokens.find((one) => one.secretHash === input.secretHash)
    if (stored === undefined || stored.issuer !== input.issuer || token === undefined)
      return this.reply('unknown')
    if (stored.consent?.clientId !== input.clientId) return this.reply('foreign')
    this.save({
      ...stored,
      epoch: stored.epoch + 1,
      refreshTokens: stored.refreshTokens.filter((one) => one !== token),
    })
    return this.reply('revoked')
  }

  /** Whether a refresh token is alive, and what it stands for. Changes nothing. */
  inspectRefreshToken(
    issuer: string,
    secretHash: string,
  ): Reply<(Authorized & { readonly createdAt: number }) | undefined> {
    const stored = this.stored()
    const token = stored?.refreshTokens.find((one) => one.secretHash === secretHash)
    if (stored?.consent === undefined || token === undefined) return this.reply(undefined)
    const alive =
      stored.issuer === issuer && stored.status === 'active' && this.now() < stored.expiresAt
    const { consent, epoch, expiresAt, createdAt } = stored
    return this.reply(
      alive ? { consent, epoch, series: token.series, expiresAt, createdAt } : undefined,
    )
  }

  /** Ends one access token. `until` (ms): when it expires anyway. */
  revokeAccessToken(issuer: string, id: string, until: number): Reply<boolean> {
    const stored = this.stored()
    const now = this.now()
    if (stored?.issuer !== issuer) return this.reply(false)
    const live = stored.revokedTokens.filter((one) => one.until + forgetGrace > now)
    if (until + forgetGrace > now && !live.some((one) => one.id === id)) {
      this.save({ ...stored, revokedTokens: [...live, { id, until }] })
    }
    return this.reply(true)
  }

  /** The consent behind a live access token; undefined when the token has ended. */
  token(input: {
    readonly issuer: string
    readonly id: string
    readonly epoch: number
    readonly series: number
  }): Reply<Consent | undefined> {
    const stored = this.stored()
    if (stored?.issuer !== input.issuer) return this.reply(undefined)
    const code = stored.codes.find((one) => one.series === input.series)
    const alive =
      stored.status === 'active' &&
      this.now() < stored.expiresAt &&
      stored.epoch === input.epoch &&
      code?.status === 'redeemed' &&
      !stored.revokedTokens.some((one) => one.id === input.id)
    return this.reply(alive ? stored.consent : undefined)
  }

  /**
   * Ends the grant. With `forbid`, a grant that does not exist yet can never come to be: used by the
   * account, which knows the ids of grants it was promised.
   */
  revoke(issuer: string, options: { readonly forbid: boolean }): Reply<'revoked' | 'unknown'> {
    const stored = this.stored()
    const now = this.now()
    if (stored === undefined) {
      if (!options.forbid) return this.reply('unknown')
      const nothing = { codes: [], refreshTokens: [], revokedTokens: [] }
      this.save({
        format: 1,
        issuer,
        status: 'revoked',
        createdAt: now,
        expiresAt: now,
        epoch: 1,
        ...nothing,
      })
      this.wakeAt(now + remembered)
      return this.reply('revoked')
    }
    if (stored.issuer !== issuer) return this.reply('unknown')
    if (stored.status === 'active') this.save({ ...stored, ...ended(stored), refreshTokens: [] })
    return this.reply('revoked')
  }

  /** What the grant's owner and the operator see. */
  summary(issuer: string): Reply<GrantSummary> {
    const stored = this.stored()
    if (stored?.issuer !== issuer) return this.reply({ status: 'unknown' })
    const { consent, createdAt, expiresAt, lastUsedAt } = stored
    const expired = stored.status === 'active' && this.now() >= expiresAt
    return this.reply({
      status: expired ? 'expired' : stored.status,
      ...(consent === undefined ? {} : { consent }),
      createdAt,
      expiresAt,
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    })
  }

  override async alarm(): Promise<void> {
    const stored = this.stored()
    if (stored === undefined) return
    const end = stored.expiresAt + remembered
    if (this.now() >= end) await this.ctx.storage.deleteAll()
    else await this.ctx.storage.setAlarm(end)
  }

  private stored(): Stored | undefined {
    return this.read<Stored>('grant')
  }

  private save(grant: Stored): void {
    this.write('grant', grant)
  }

  /** The grant, if this presenter is the client it was made for. */
  private of(presenter: Presenter): Stored | undefined {
    const stored = this.stored()
    const same =
      stored?.issuer === presenter.issuer &&
      stored.consent?.clientId === presenter.clientId &&
      stored.consent.generation === presenter.generation
    return same ? stored : undefined
  }

  private refused(why: string, code: RefusedGrant['code'] = 'invalid_grant'): Reply<RefusedGrant> {
    return this.reply({ status: 'refused', code, why })
  }
}

const ended = (stored: Stored) => ({ status: 'revoked', epoch: stored.epoch + 1 }) as const

const beyond = (granted: readonly string[], asked: string | undefined): boolean =>
  asked !== undefined && !granted.includes(asked)

/** Why a redemption does not fit its code: redirect URI if sent, PKCE, sender key (RFC 9449 10). */
function mismatchOf(code: Code, input: Redemption): string | undefined {
  if (input.redirectUri !== undefined && input.redirectUri !== code.redirectUri) {
    return 'redirect_uri differs'
  }
  if (input.verifierHash !== code.codeChallenge) return 'code_verifier does not match'
  if (code.dpopJkt !== undefined && input.jkt !== code.dpopJkt) return 'the DPoP key differs'
  return undefined
}
