import { configuredIssuer } from '../config.ts'
import type { Env } from '../config.ts'
import { beginChain } from '../evidence/chain.ts'
import type { Draft } from '../evidence/chain.ts'
import { randomOf } from '../handles.ts'
import type { Reply } from '../observe/storage.ts'
import type { Issuer } from '../types.ts'
import { EdgeObject } from './edge-object.ts'
import { decideToken } from './grant/decide.ts'
import type { Deciding } from './grant/decide.ts'
import { anchorEvery } from './grant/heads.ts'
import { dueAfter, nextWake } from './grant/keeping.ts'
import { chainOf, eraseApart, partOf, record, takenBack, withholdCodes } from './grant/ledger.ts'
import type { TakenBack } from './grant/ledger.ts'
import { changeDraft, revocationDraft } from './grant/record.ts'
import { mayReissue, reissued } from './grant/reissue.ts'
import {
  codeOf, ended, forbidden, isLive, isNeeded, isTokenAlive, mayUpdate, mismatchOf, newGrant, redeemed, reused, seriesOf,
  summaryOf, withoutToken,
} from './grant/standing.ts' // prettier-ignore
import type {
  Approved, By, Consent, EvidenceAnswer, GrantSummary, Head, Presenter, Redemption, RedeemAnswer, Refresh,
  RefreshAnswer, RefusedGrant, Reissue, Stored,
} from './grant/stored.ts' // prettier-ignore
import { tendGrant } from './grant/tend.ts'
import { claimed } from './grant/updates.ts'

export type * from './grant/stored.ts'

/**
 * One consent with its codes, refresh tokens and evidence: each code is redeemed at most once, updates
 * are decided in the order they are claimed, revocation is immediate. Everything that decides is one
 * value, so every decision is one read and one write in one turn, the entry of the chain with it.
 */
export class Grant extends EdgeObject<Env> {
  /**
   * Creates the grant with its code, or adds the code of an update to one that exists. Idempotent for
   * the same code. `false` when it was forbidden or ended before, or belongs to another consent.
   */
  authorize(input: Approved): Reply<boolean> {
    const before = this.stored()
    const { secretHash } = input.code
    const { update, evidence = [] } = input
    if (before?.codes.some((code) => code.secretHash === secretHash) === true) {
      const live = before.status === 'active' && before.issuer === input.issuer
      // The same click again is answered again, with a response that was signed again.
      const again = evidence.filter(({ kind }) => kind === 'response')
      if (live && again.length > 0) this.save(this.recorded(before, again), before)
      return this.reply(live)
    }
    const now = this.now()
    if (update === undefined) {
      if (before !== undefined) return this.reply(false)
      const chain = beginChain(this.issuer(input).url, this.id)
      const made = newGrant(input, chain, now)
      this.save(this.recorded(made, evidence, { asPage: true }))
      return this.reply(true)
    }
    if (before === undefined || !mayUpdate(before, input, now)) return this.reply(false)
    const series = seriesOf(before) + 1
    const { consent, lifetime } = input
    const code = { ...codeOf(input, series, now), pending: { action: update, consent, lifetime } }
    const codes = [...before.codes.filter((one) => isNeeded(one, before, now)), code]
    this.save(this.recorded({ ...before, series, codes }, evidence, { asPage: true }), before)
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
    if (!isLive(stored, now)) return this.refused('the grant has ended')
    if (now >= code.expiresAt) return this.refused('the code has expired')
    const issuer = this.issuer(stored)
    const next = claimed(issuer, stored, code, now)
    const { series, nonce, managed, pending } = code
    const refreshToken = input.refreshHash !== undefined
    const decided = this.decide(issuer, next, {
      order: input.token,
      series,
      by: 'code',
      refreshToken,
      idToken: true,
    })
    if ('refused' in decided) return this.reply(decided.refused)
    const change =
      pending === undefined ? [] : [changeDraft(pending, decided.answer.consent, next.expiresAt)]
    const after = redeemed(stored, code, { next, refreshHash: input.refreshHash, now })
    this.save(this.recorded(after, [...change, decided.draft]), stored)
    return this.reply({
      status: 'redeemed',
      ...decided.answer,
      ...(nonce === undefined ? {} : { nonce }),
      ...(managed === undefined ? {} : { managed }),
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
    const after = reused(stored, code, this.now())
    const draft = revocationDraft('code_reuse', 'server', { ends_grant: code.series === 1 })
    this.save(this.recorded(after, [draft]), stored)
    return this.reply(true)
  }

  /** Uses a refresh token. It is bound to the client, never rotated, and lives as long as the consent. */
  refresh(input: Refresh): Reply<RefreshAnswer> {
    const stored = this.of(input)
    const token = stored?.refreshTokens.find((one) => one.secretHash === input.secretHash)
    if (stored?.consent === undefined || token === undefined)
      return this.refused('no such refresh token')
    if (!isLive(stored, this.now())) return this.refused('the grant has ended')
    const { series } = token
    const leaves = { refreshToken: false, idToken: false }
    const about = { order: input.token, series, by: 'refresh', ...leaves } as const
    const decided = this.decide(this.issuer(stored), stored, about)
    if ('refused' in decided) return this.reply(decided.refused)
    this.save(this.recorded({ ...stored, lastUsedAt: this.now() }, [decided.draft]), stored)
    return this.reply({ status: 'refreshed', ...decided.answer })
  }

  /**
   * The client's registration changed while a token was decided: that one is withheld, and another
   * decided by the registration as it is now, unless what both rest on was ended meanwhile.
   */
  reissue(input: Reissue): Reply<RefreshAnswer> {
    const stored = this.of(input)
    const taken = stored && this.taken(stored, randomOf(input.withhold))
    if (stored === undefined || taken === undefined || taken === 'before') {
      return this.refused('no such token')
    }
    const withheld = this.withheld(stored, taken, 'the registration changed')
    if (!mayReissue(stored, taken, this.now())) {
      this.save(withheld, stored)
      return this.refused('the grant has ended')
    }
    const { token: order } = input
    const about = { order, by: 'reissue', ...reissued(taken, order) } as const
    const decided = this.decide(this.issuer(withheld), withheld, about)
    this.save('refused' in decided ? withheld : this.recorded(withheld, [decided.draft]), stored)
    if ('refused' in decided) return this.reply(decided.refused)
    return this.reply({ status: 'refreshed', ...decided.answer })
  }

  /**
   * A token that this object authorised was not released after all: it is recorded, and would not be
   * alive. `random`: the part of its id chosen before the call. False: no such token was authorised.
   */
  withhold(input: {
    readonly issuer: string
    readonly random: string
    readonly why: string
  }): Reply<boolean> {
    const stored = this.stored()
    if (stored?.issuer !== input.issuer) return this.reply(false)
    const taken = this.taken(stored, input.random)
    if (taken === undefined) return this.reply(false)
    if (taken !== 'before') this.save(this.withheld(stored, taken, input.why), stored)
    return this.reply(true)
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
    const after = {
      ...stored,
      epoch: stored.epoch + 1,
      refreshTokens: stored.refreshTokens.filter((one) => one !== token),
    }
    this.save(this.recorded(after, [revocationDraft('refresh_token', 'client')]), stored)
    return this.reply('revoked')
  }

  /** Ends one access token. `until` (ms): when it expires anyway. */
  revokeAccessToken(issuer: string, id: string, until: number): Reply<boolean> {
    const stored = this.stored()
    if (stored?.issuer !== issuer) return this.reply(false)
    const after = withoutToken(stored, { id, until }, this.now())
    if (after !== stored) {
      const draft = revocationDraft('access_token', 'client', { jti: id })
      this.save(this.recorded(after, [draft]), stored)
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
    return this.reply(isTokenAlive(stored, input, this.now()) ? stored.consent : undefined)
  }

  /**
   * Ends the grant. With `forbid`, a grant that does not exist yet can never come to be: used by the
   * account, which knows the ids of grants it was promised.
   */
  revoke(
    issuer: string,
    options: { readonly forbid: boolean; readonly by?: By },
  ): Reply<'revoked' | 'unknown'> {
    const stored = this.stored()
    const now = this.now()
    if (stored === undefined) {
      if (!options.forbid) return this.reply('unknown')
      this.save(forbidden(issuer, now))
      return this.reply('revoked')
    }
    if (stored.issuer !== issuer) return this.reply('unknown')
    if (stored.status === 'active') this.end(stored, options.by ?? 'server')
    return this.reply('revoked')
  }

  /**
   * What a client may know of its grant, and do with it (Grant Management 5): `foreign` for a grant of
   * another client, `unknown` for one that is not there, has ended or was never claimed.
   */
  managed(presenter: Presenter): Reply<GrantSummary | 'foreign' | 'unknown'> {
    const stored = this.ownedBy(presenter)
    return this.reply(typeof stored === 'string' ? stored : summaryOf(stored, this.now()))
  }

  /** Ends a grant for the client it belongs to (Grant Management 6.4). */
  revokeManaged(presenter: Presenter): Reply<'revoked' | 'foreign' | 'unknown'> {
    const stored = this.ownedBy(presenter)
    if (typeof stored === 'string') return this.reply(stored)
    this.end(stored, 'client')
    return this.reply('revoked')
  }

  /** Whether it was ever made. */
  exists(issuer: string): Reply<boolean> {
    return this.reply(this.stored()?.issuer === issuer)
  }

  /** What the grant's owner and the operator see. */
  summary(issuer: string): Reply<GrantSummary> {
    const stored = this.stored()
    if (stored?.issuer !== issuer) return this.reply({ status: 'unknown' })
    return this.reply(summaryOf(stored, this.now()))
  }

  /**
   * The chain from a page on; undefined for a grant of another issuer, or one without any. A code that
   * could still be redeemed stays here.
   */
  evidence(issuer: string, page = 0): Reply<EvidenceAnswer | undefined> {
    const stored = this.stored()
    if (stored?.issuer !== issuer || stored.chain === undefined) return this.reply(undefined)
    const now = this.now()
    const { genesis, count, head } = stored.chain
    const live = stored.codes.filter((code) => code.status === 'issued' && now < code.expiresAt)
    const { next, ...part } = partOf(this.shelf, stored.chain, page)
    return this.reply({
      genesis,
      count,
      head,
      ...withholdCodes(part, live),
      heads: this.read<readonly Head[]>('heads') ?? [],
      ...(next === undefined ? {} : { next }),
    })
  }

  /**
   * Erases what the chain keeps apart because it may be about a person, and records that. How many items
   * that were; undefined for a grant of another issuer, or one without evidence.
   */
  eraseEvidence(issuer: string, by: By): Reply<number | undefined> {
    const stored = this.stored()
    if (stored?.issuer !== issuer || stored.chain === undefined) return this.reply(undefined)
    const { chain, items } = eraseApart(this.shelf, stored.chain)
    if (items > 0) {
      const draft = { kind: 'erasure', body: { by, items } } as const
      this.save(this.recorded({ ...stored, chain }, [draft]), stored)
    }
    return this.reply(items)
  }

  override alarm(): Promise<void> {
    const { env, ctx, id } = this
    return tendGrant({
      env,
      storage: ctx.storage,
      grant: id,
      now: () => this.now(),
      waitUntil: (work) => ctx.waitUntil(work),
    })
  }

  private end(stored: Stored, by: By): void {
    const after: Stored = { ...stored, ...ended(stored, this.now()), refreshTokens: [] }
    this.save(this.recorded(after, [revocationDraft('grant', by)]), stored)
  }

  /** A live grant that was claimed, for the client it belongs to. */
  private ownedBy(presenter: Presenter): Stored | 'foreign' | 'unknown' {
    const stored = this.stored()
    const isThere = stored?.lastUsedAt !== undefined && isLive(stored, this.now())
    if (stored?.issuer !== presenter.issuer || !isThere) return 'unknown'
    return this.of(presenter) ?? 'foreign'
  }

  private decide(issuer: Issuer, grant: Stored, about: Deciding) {
    return decideToken({ issuer, grantId: this.id, grant }, about)
  }

  /** The token that is to be taken back, or that this was done `before`; undefined: never authorised. */
  private taken(stored: Stored, random: string | undefined): TakenBack | 'before' | undefined {
    if (random === undefined) return undefined
    return takenBack(this.shelf, stored.chain, random)
  }

  /** The grant with a token taken back. */
  private withheld(stored: Stored, { jti, until }: TakenBack, why: string): Stored {
    const after = withoutToken(stored, { id: jti, until }, this.now())
    return this.recorded(after, [{ kind: 'withheld', body: { jti, why } }])
  }

  /** The grant with entries added to its chain, and what is due because of them. */
  private recorded(
    stored: Stored,
    drafts: readonly Draft[],
    { asPage }: { readonly asPage: boolean } = { asPage: false },
  ): Stored {
    if (drafts.length === 0) return stored
    const now = this.now()
    const issuer = this.issuer(stored)
    const before = chainOf(stored, issuer, this.id, now)
    const chain = record(this.shelf, before, drafts, { asPage })
    const due = dueAfter(stored, {
      count: chain.count,
      revokes: drafts.some(({ kind }) => kind === 'revocation'),
      anchorEvery: anchorEvery(this.env, issuer),
      now,
    })
    return { ...stored, chain, ...(due === undefined ? {} : { due }) }
  }

  private get id(): string {
    return this.ctx.id.toString()
  }

  private issuer(stored: Pick<Stored, 'issuer'>): Issuer {
    return configuredIssuer(this.env, stored.issuer)
  }

  private stored(): Stored | undefined {
    return this.read<Stored>('grant')
  }

  /** Stores the grant; its alarm is set only where it must go off sooner than for what was `before`. */
  private save(grant: Stored, before?: Stored): void {
    this.write('grant', grant)
    const issuer = this.issuer(grant)
    const at = nextWake(grant, issuer)
    if (before === undefined || at < nextWake(before, issuer)) this.wakeAt(at)
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
