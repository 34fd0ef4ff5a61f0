import { configuredIssuer } from '../config.ts'
import type { Env } from '../config.ts'
import { append, beginChain, pageLength, turnPage } from '../evidence/chain.ts'
import type { Chain, Draft, Entry, Page } from '../evidence/chain.ts'
import { makeTokenId, randomOf } from '../handles.ts'
import type { Reply } from '../observe/storage.ts'
import type { Issuer } from '../types.ts'
import { EdgeObject, forgetGrace } from './edge-object.ts'
import { entitle } from './grant/entitle.ts'
import { changeDraft, revocationDraft, tokenDraft } from './grant/record.ts'
import type {
  Approved, Authorized, By, Code, Consent, GrantSummary, Presenter, Redemption, RedeemAnswer, Refresh,
  RefreshAnswer, RefusedGrant, Reissue, Stored, TokenOrder,
} from './grant/stored.ts' // prettier-ignore
import { claimed } from './grant/updates.ts'

export type * from './grant/stored.ts'

/** A grant is remembered this long (ms) after its end, so that late tokens meet an answer. */
const remembered = 24 * 3_600_000
/** A code that was redeemed this long (ms) ago has no live token: it is forgotten unless it made the grant. */
const codesKept = 24 * 3_600_000

const pageKey = (page: number): string => `evidence:${String(page).padStart(6, '0')}`

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
      if (live && again.length > 0) this.save(this.recorded(before, again))
      return this.reply(live)
    }
    const now = this.now()
    if (update === undefined) {
      if (before !== undefined) return this.reply(false)
      const expiresAt = now + input.lifetime
      const made: Stored = {
        format: 1,
        issuer: input.issuer,
        status: 'active',
        consent: input.consent,
        createdAt: now,
        expiresAt,
        epoch: 1,
        series: 1,
        codes: [this.codeOf(input, 1)],
        refreshTokens: [],
        revokedTokens: [],
        chain: beginChain(this.issuer(input).url, this.ctx.id.toString()),
      }
      this.save(this.recorded(made, evidence, { asPage: true }))
      this.wakeAt(this.forgottenAt(made))
      return this.reply(true)
    }
    if (before === undefined || !this.mayUpdate(before, input)) return this.reply(false)
    const series = seriesOf(before) + 1
    const { consent, lifetime } = input
    const code = { ...this.codeOf(input, series), pending: { action: update, consent, lifetime } }
    const codes = [...before.codes.filter((one) => isNeeded(one, before, now)), code]
    this.save(this.recorded({ ...before, series, codes }, evidence, { asPage: true }))
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
    if (!this.isLive(stored)) return this.refused('the grant has ended')
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
    })
    if ('refused' in decided) return this.reply(decided.refused)
    const { pending: _applied, ...spent } = code
    const change =
      pending === undefined ? [] : [changeDraft(pending, decided.answer.consent, next.expiresAt)]
    const redeemed: Stored = {
      ...next,
      codes: stored.codes.map((one) => (one === code ? { ...spent, status: 'redeemed' } : one)),
      refreshTokens:
        input.refreshHash === undefined
          ? next.refreshTokens
          : [...next.refreshTokens, { secretHash: input.refreshHash, series }],
      lastUsedAt: now,
    }
    this.save(this.recorded(redeemed, [...change, decided.draft]))
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
    const first = code.series === 1
    const after: Stored = {
      ...stored,
      ...(first ? ended(stored) : {}),
      codes: stored.codes.map((one) => (one === code ? { ...one, status: 'reused' } : one)),
      refreshTokens: first
        ? []
        : stored.refreshTokens.filter((token) => token.series !== code.series),
    }
    const draft = revocationDraft('code_reuse', 'server', { ends_grant: first })
    this.save(this.recorded(after, [draft]))
    return this.reply(true)
  }

  /** Uses a refresh token. It is bound to the client, never rotated, and lives as long as the consent. */
  refresh(input: Refresh): Reply<RefreshAnswer> {
    const stored = this.of(input)
    const token = stored?.refreshTokens.find((one) => one.secretHash === input.secretHash)
    if (stored?.consent === undefined || token === undefined)
      return this.refused('no such refresh token')
    if (!this.isLive(stored)) return this.refused('the grant has ended')
    const { series } = token
    const about = { order: input.token, series, by: 'refresh', refreshToken: false } as const
    const decided = this.decide(this.issuer(stored), stored, about)
    if ('refused' in decided) return this.reply(decided.refused)
    this.save(this.recorded({ ...stored, lastUsedAt: this.now() }, [decided.draft]))
    return this.reply({ status: 'refreshed', ...decided.answer })
  }

  /**
   * The client's registration changed while a token was decided: that one is withheld, and another
   * decided by the registration as it is now.
   */
  reissue(input: Reissue): Reply<RefreshAnswer> {
    const stored = this.of(input)
    const random = randomOf(input.withhold)
    const withheld =
      stored === undefined || random === undefined
        ? undefined
        : this.withheld(stored, random, 'the registration changed')
    if (withheld?.consent === undefined || !this.isLive(withheld)) {
      return this.refused('the grant has ended')
    }
    const { series, token: order } = input
    const about = { order, series, by: 'reissue', refreshToken: false } as const
    const decided = this.decide(this.issuer(withheld), withheld, about)
    this.save('refused' in decided ? withheld : this.recorded(withheld, [decided.draft]))
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
    const withheld =
      stored?.issuer === input.issuer ? this.withheld(stored, input.random, input.why) : undefined
    if (withheld === undefined) return this.reply(false)
    if (withheld !== stored) this.save(withheld)
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
    this.save(this.recorded(after, [revocationDraft('refresh_token', 'client')]))
    return this.reply('revoked')
  }

  /** Ends one access token. `until` (ms): when it expires anyway. */
  revokeAccessToken(issuer: string, id: string, until: number): Reply<boolean> {
    const stored = this.stored()
    if (stored?.issuer !== issuer) return this.reply(false)
    const after = withoutToken(stored, { id, until }, this.now())
    if (after !== stored) {
      const draft = revocationDraft('access_token', 'client', { jti: id })
      this.save(this.recorded(after, [draft]))
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
      this.isLive(stored) &&
      stored.epoch === input.epoch &&
      code?.status === 'redeemed' &&
      !stored.revokedTokens.some((one) => one.id === input.id)
    return this.reply(alive ? stored.consent : undefined)
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
    if (stored.status === 'active') this.end(stored, options.by ?? 'server')
    return this.reply('revoked')
  }

  /**
   * What a client may know of its grant, and do with it (Grant Management 5): `foreign` for a grant of
   * another client, `unknown` for one that is not there, has ended or was never claimed.
   */
  managed(presenter: Presenter): Reply<GrantSummary | 'foreign' | 'unknown'> {
    const stored = this.ownedBy(presenter)
    return this.reply(typeof stored === 'string' ? stored : this.summaryOf(stored))
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
    return this.reply(this.summaryOf(stored))
  }

  /** The whole chain; undefined for a grant of another issuer, or one without any. */
  evidence(issuer: string): Reply<(Page & Pick<Chain, 'genesis' | 'count' | 'head'>) | undefined> {
    const stored = this.stored()
    if (stored?.issuer !== issuer || stored.chain === undefined) return this.reply(undefined)
    const { genesis, count, head } = stored.chain
    const pages = this.pagesOf(stored.chain)
    const entries = pages.flatMap((page) => page.entries)
    const apart = Object.assign({}, ...pages.map((page) => page.apart)) as Page['apart']
    return this.reply({ genesis, count, head, entries, apart })
  }

  override async alarm(): Promise<void> {
    const stored = this.stored()
    if (stored === undefined) return
    const end = this.forgottenAt(stored)
    if (this.now() >= end) await this.ctx.storage.deleteAll()
    else await this.ctx.storage.setAlarm(end)
  }

  private end(stored: Stored, by: By): void {
    const after: Stored = { ...stored, ...ended(stored), refreshTokens: [] }
    this.save(this.recorded(after, [revocationDraft('grant', by)]))
  }

  /** A live grant that was claimed, for the client it belongs to. */
  private ownedBy(presenter: Presenter): Stored | 'foreign' | 'unknown' {
    const stored = this.stored()
    const isThere = stored?.lastUsedAt !== undefined && this.isLive(stored)
    if (stored?.issuer !== presenter.issuer || !isThere) return 'unknown'
    return this.of(presenter) ?? 'foreign'
  }

  private decide(
    issuer: Issuer,
    grant: Stored,
    about: {
      readonly order: TokenOrder
      readonly series: number
      readonly by: 'code' | 'refresh' | 'reissue'
      readonly refreshToken: boolean
    },
  ):
    | { readonly answer: Omit<Authorized, 'nonce' | 'managed'>; readonly draft: Draft }
    | { readonly refused: RefusedGrant } {
    const { order, series } = about
    const { consent } = grant
    if (consent === undefined) throw new Error('a live grant without consent')
    const entitled = entitle(issuer, consent, order)
    if (!entitled.ok) {
      const { code, description } = entitled.refusal
      // `entitle` refuses with these codes alone.
      return {
        refused: {
          status: 'refused',
          code: code as RefusedGrant['code'],
          why: description,
          description,
        },
      }
    }
    const home = {
      home: 'grant',
      objectId: this.ctx.id.toString(),
      epoch: grant.epoch,
      series,
    } as const
    const latest = Math.floor(grant.expiresAt / 1000)
    const token = {
      ...entitled.value,
      id: makeTokenId(home, order.random),
      expires: Math.min(order.issuedAt + order.lifetime, latest),
    }
    return {
      answer: { consent, series, token },
      draft: tokenDraft({ ...about, terms: token, consent }),
    }
  }

  /** The grant with a token taken back, once; undefined when it was never authorised. */
  private withheld(stored: Stored, random: string, why: string): Stored | undefined {
    const entries = this.lastEntries(stored)
    const isIt = ({ body }: Entry) => randomOf(String(body['jti'])) === random
    const token = entries.find((entry) => entry.kind === 'token' && isIt(entry))
    if (token === undefined) return undefined
    if (entries.some((entry) => entry.kind === 'withheld' && isIt(entry))) return stored
    const jti = String(token.body['jti'])
    const until = Number(token.body['exp']) * 1000
    const after = withoutToken(stored, { id: jti, until }, this.now())
    return this.recorded(after, [{ kind: 'withheld', body: { jti, why } }])
  }

  /** Entries of the newest two pages. */
  private lastEntries({ chain }: Stored): readonly Entry[] {
    if (chain === undefined) return []
    const before = this.read<Page>(pageKey(chain.pages - 1))?.entries ?? []
    return [...before, ...chain.recent.entries]
  }

  private pagesOf(chain: Chain): readonly Page[] {
    const full = Array.from({ length: chain.pages }, (_, page) => this.read<Page>(pageKey(page)))
    return [...full.filter((page) => page !== undefined), chain.recent]
  }

  /** The grant with entries added to its chain; a full page is written beside it. */
  private recorded(
    stored: Stored,
    drafts: readonly Draft[],
    options: { readonly asPage?: boolean } = {},
  ): Stored {
    if (drafts.length === 0) return stored
    const added = append(stored.chain ?? this.begun(stored), drafts, this.now())
    const full = options.asPage === true || added.recent.entries.length >= pageLength
    if (!full) return { ...stored, chain: added }
    const { chain, page } = turnPage(added)
    this.write(pageKey(added.pages), page)
    return { ...stored, chain }
  }

  /** The chain of a grant that is older than chains says so. */
  private begun(stored: Stored): Chain {
    const chain = beginChain(this.issuer(stored).url, this.ctx.id.toString())
    const draft = { kind: 'older', body: { created_at: stored.createdAt } } as const
    return append(chain, [draft], this.now())
  }

  private codeOf({ code, managed }: Approved, series: number): Code {
    const now = this.now()
    const { lifetime, ...rest } = code
    return {
      ...rest,
      series,
      issuedAt: now,
      expiresAt: now + lifetime,
      status: 'issued',
      ...(managed === undefined ? {} : { managed }),
    }
  }

  /** An update is for a claimed, live grant of the same client and person. */
  private mayUpdate(stored: Stored, { issuer, consent }: Approved): boolean {
    const before = stored.consent
    return (
      stored.issuer === issuer &&
      this.isLive(stored) &&
      stored.lastUsedAt !== undefined &&
      before?.clientId === consent.clientId &&
      before.generation === consent.generation &&
      before.accountId === consent.accountId
    )
  }

  private isLive(stored: Stored): boolean {
    return stored.status === 'active' && this.now() < stored.expiresAt
  }

  private summaryOf(stored: Stored): GrantSummary {
    const { consent, createdAt, updatedAt, expiresAt, lastUsedAt } = stored
    return {
      status: this.statusOf(stored),
      ...(consent === undefined ? {} : { consent }),
      createdAt,
      ...(updatedAt === undefined ? {} : { updatedAt }),
      expiresAt,
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    }
  }

  /** A grant nobody claimed while a code of it lived came to nothing. */
  private statusOf(stored: Stored): GrantSummary['status'] {
    if (stored.status === 'revoked') return 'revoked'
    if (this.now() >= stored.expiresAt) return 'expired'
    const open = stored.codes.some(({ expiresAt }) => this.now() < expiresAt + forgetGrace)
    return stored.lastUsedAt === undefined && !open ? 'unclaimed' : 'active'
  }

  /** When nothing of the grant is kept any longer (ms). */
  private forgottenAt(stored: Stored): number {
    return stored.expiresAt + remembered
  }

  private issuer(stored: Pick<Stored, 'issuer'>): Issuer {
    return configuredIssuer(this.env, stored.issuer)
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

const seriesOf = (stored: Stored): number => stored.series ?? stored.codes.length

/** Codes are kept while they may be redeemed or their tokens live; the first tells who made the grant. */
const isNeeded = (code: Code, { refreshTokens }: Stored, now: number): boolean =>
  code.series === 1 ||
  now < code.expiresAt + codesKept ||
  refreshTokens.some(({ series }) => series === code.series)

/** The grant with a token on its list of ended ones; the same when it is there or would be over. */
function withoutToken(
  stored: Stored,
  token: { readonly id: string; readonly until: number },
  now: number,
): Stored {
  const live = stored.revokedTokens.filter((one) => one.until + forgetGrace > now)
  const over = token.until + forgetGrace <= now || live.some(({ id }) => id === token.id)
  return over ? stored : { ...stored, revokedTokens: [...live, token] }
}

/** Why a redemption does not fit its code: redirect URI if sent, PKCE, sender key (RFC 9449 10). */
function mismatchOf(code: Code, input: Redemption): string | undefined {
  if (input.redirectUri !== undefined && input.redirectUri !== code.redirectUri) {
    return 'redirect_uri differs'
  }
  if (input.verifierHash !== code.codeChallenge) return 'code_verifier does not match'
  if (code.dpopJkt !== undefined && input.jkt !== code.dpopJkt) return 'the DPoP key differs'
  return undefined
}
