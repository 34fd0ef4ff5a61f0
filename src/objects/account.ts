import type { Reply } from '../observe/storage.ts'
import type { PasswordHash } from '../people/password.ts'
import type { Runtime } from '../call.ts'
import { configuredIssuer } from '../config.ts'
import { callFor } from '../make-call.ts'
import { note, noteFailure } from './account/activity.ts'
import type { ActivityEntry, Whence } from './account/activity.ts'
import { changeAccount } from './account/changes.ts'
import type { By, Change, ChangeAnswer } from './account/changes.ts'
import { welcome } from './account/delegated.ts'
import type { Welcome } from './account/delegated.ts'
import type { StoredCode } from './account/factors.ts'
import {
  confirmGrant,
  dropGrant,
  duePromises,
  endedBy,
  endingOf,
  entriesOf,
  lastAgreed,
  nextDue,
  promiseGrant,
  stands,
  strikeOff,
  takeBack,
  toBeEnded,
} from './account/grants.ts'
import type { Agreed, Anew, GrantEntry } from './account/grants.ts'
import { noticesOf, settleNotice } from './account/notices.ts'
import { accountOf, epochOf } from './account/person.ts'
import type { PersonClaims, StoredAccount } from './account/person.ts'
import {
  endSession,
  endSessions,
  liveSession,
  openSession,
  startSession,
  useForGrant,
} from './account/sessions.ts'
import type { NewSession, StartAnswer, StoredSession } from './account/sessions.ts'
import {
  beginSetup,
  dropSetup,
  makeLink,
  openSetup,
  readLink,
  resetFactors,
  voidLinks,
} from './account/setup.ts'
import type { SetupCookie, SetupKind } from './account/setup.ts'
import { pairwiseSalt, pairwiseSubject } from './account/subject.ts'
import { credentialOf, overviewOf, viewOf } from './account/view.ts'
import type { AccountOverview, AccountView, Credential } from './account/view.ts'
import { EdgeObject } from './edge-object.ts'
import { makeStubs } from './stubs.ts'

export type { GrantEntry } from './account/grants.ts'
export type { PersonClaims } from './account/person.ts'
export type { AccountView, Credential } from './account/view.ts'

/** A live session with what its next step is judged by. */
export type OpenSession = { readonly session: StoredSession; readonly credential: Credential }

/** By what a grant's owner signed in: the credential's epoch and the hash of the session's secret. */
export type Standing = {
  readonly epoch: number
  readonly session?: string
  /** The generation of the client that is given the grant. */
  readonly generation?: string
  /** The earlier grant that a silent answer rests on. */
  readonly restsOn?: string
}

/** Milliseconds until a failed alarm is tried again. */
const alarmAgainAfter = 60_000
/** Grants ended side by side. */
const portionSize = 100

/** A person: password, claims, and the list of grants they gave. */
export class Account extends EdgeObject {
  /** Creates the account, or changes what is given. Never re-enables. `unknown`: another issuer's. */
  put(input: {
    readonly issuer: string
    readonly username: string
    readonly sub: string
    readonly password?: PasswordHash
    /** The sealed secret of one-time codes. */
    readonly codeSealed?: string
    readonly claims?: PersonClaims
  }): Reply<'created' | 'changed' | 'unknown'> {
    const before = this.read<StoredAccount>('account')
    if (before !== undefined && before.issuer !== input.issuer) return this.reply('unknown')
    const account: StoredAccount = {
      format: 1,
      issuer: input.issuer,
      username: input.username,
      sub: input.sub,
      enabled: before?.enabled ?? true,
      claims: input.claims ?? before?.claims ?? {},
    }
    const password = input.password ?? before?.password
    const renewed = input.password !== undefined || input.codeSealed !== undefined
    const changed = before !== undefined && renewed
    if (input.codeSealed !== undefined) {
      const code: StoredCode = { sealed: input.codeSealed, lastStep: 0, addedAt: this.now() }
      this.write('code', code)
    }
    if (changed) {
      note(this.shelf, { kind: 'operator-changed' })
      voidLinks(this.shelf, 'new-credential')
      endSessions(this.shelf, before, {})
    }
    this.write('account', {
      ...account,
      ...(password === undefined ? {} : { password }),
      credentialEpoch: epochOf(before) + (changed ? 1 : 0),
    })
    return this.reply(before === undefined ? 'created' : 'changed')
  }

  /** What a sign-in is judged by. */
  credential(issuer: string): Reply<Credential | undefined> {
    const account = this.of(issuer)
    return this.reply(account && this.credentialOf(account))
  }

  /** Somebody another login vouches for: makes or renews the account. What a sign-in is judged by. */
  welcome(input: Welcome): Reply<Credential | undefined> {
    const account = welcome(this.shelf, input)
    return this.reply(account && this.credentialOf(account))
  }

  /** Starts a session: uses up the last proof and ends the session it takes the place of. */
  startSession(issuer: string, input: NewSession): Reply<StartAnswer> {
    const answer = startSession(this.shelf, this.of(issuer), input)
    // A set-up that was begun in this browser is over when its owner signs in.
    if (answer.status === 'started') dropSetup(this.shelf, input.browser)
    return this.reply(answer)
  }

  /** The session behind a cookie, if it lives and belongs to this browser. */
  openSession(
    issuer: string,
    cookie: { readonly secretHash: string; readonly browser: string },
  ): Reply<OpenSession | undefined> {
    const account = this.of(issuer)
    const session = account && openSession(this.shelf, account, cookie)
    if (account === undefined || session === undefined) return this.reply(undefined)
    return this.reply({ session, credential: this.credentialOf(account) })
  }

  /** Ends the session behind a cookie. */
  endSession(issuer: string, secretHash: string): Reply<boolean> {
    const account = this.of(issuer)
    const ended = account && endSession(this.shelf, account, secretHash)
    return this.reply(ended !== undefined)
  }

  /** What may be told to clients; undefined when the account is gone or disabled. */
  person(issuer: string): Reply<Pick<StoredAccount, 'username' | 'sub' | 'claims'> | undefined> {
    const account = this.of(issuer)
    if (account === undefined || !account.enabled) return this.reply(undefined)
    const { username, sub, claims } = account
    return this.reply({ username, sub, claims })
  }

  /** How the clients of a sector know this person; undefined when the account is another issuer's. */
  async pairwiseSubject(issuer: string, sector: string): Promise<Reply<string | undefined>> {
    if (this.of(issuer) === undefined) return this.reply(undefined)
    const subject = await pairwiseSubject(issuer, sector, pairwiseSalt(this.shelf))
    return this.reply(subject)
  }

  /** For the operator: no claims, no secrets. */
  overview(issuer: string): Reply<AccountOverview | undefined> {
    const account = this.of(issuer)
    return this.reply(account && overviewOf(this.shelf, account))
  }

  /** For its owner. */
  view(issuer: string): Reply<AccountView | undefined> {
    const account = this.of(issuer)
    return this.reply(account && viewOf(this.shelf, account))
  }

  /** A change its owner makes: judged and done in one turn. */
  change(issuer: string, by: By, change: Change): Reply<ChangeAnswer> {
    const account = this.of(issuer)
    if (account === undefined) return this.reply({ status: 'signed-out' })
    return this.reply(changeAccount(this.shelf, account, by, change))
  }

  /** Notes a failed sign-in. Done for the decoy too, so that both cost the same. */
  noteFailure(issuer: string, about: Whence & Pick<ActivityEntry, 'method'>): Reply<true> {
    if (this.of(issuer) !== undefined) noteFailure(this.shelf, about)
    return this.reply(true)
  }

  /**
   * Puts an operator's one-time link in the place of an older one; `reset` takes every factor away and
   * ends all sessions in the same turn. Answers when the link expires.
   */
  makeSetupLink(
    issuer: string,
    link: { readonly kind: SetupKind; readonly secretHash: string; readonly lifetime: number },
  ): Reply<number | undefined> {
    const account = this.of(issuer)
    if (account === undefined) return this.reply(undefined)
    if (link.kind === 'reset') resetFactors(this.shelf, account)
    return this.reply(makeLink(this.shelf, link))
  }

  /** Whether a link may still be used. Changes nothing. */
  readSetupLink(
    issuer: string,
    secretHash: string,
  ): Reply<{ readonly kind: SetupKind; readonly credential: Credential } | undefined> {
    const account = this.of(issuer)
    const kind = account && readLink(this.shelf, account, secretHash)
    if (account === undefined || kind === undefined) return this.reply(undefined)
    return this.reply({ kind, credential: this.credentialOf(account) })
  }

  /** Burns a link and starts its set-up session. False: it was burnt before. */
  beginSetup(issuer: string, given: Parameters<typeof beginSetup>[2]): Reply<boolean> {
    const account = this.of(issuer)
    return this.reply(account !== undefined && beginSetup(this.shelf, account, given))
  }

  /** What the set-up session behind a cookie is for; undefined when it has ended. */
  openSetup(issuer: string, cookie: SetupCookie): Reply<Credential | undefined> {
    const account = this.of(issuer)
    const setup = account && openSetup(this.shelf, account, cookie)
    return this.reply(account && setup && this.credentialOf(account))
  }

  /** Ends the set-up session behind a cookie. */
  endSetup(issuer: string, cookie: SetupCookie): Reply<boolean> {
    const account = this.of(issuer)
    const setup = account && openSetup(this.shelf, account, cookie)
    if (setup !== undefined) this.erase('setup')
    return this.reply(setup !== undefined)
  }

  /**
   * Promises a grant before it is made, so that none exists that its owner cannot see. Idempotent.
   * False when the credential changed since the sign-in, the session ended, the account is disabled, or
   * what a silent answer rests on was taken back.
   */
  addGrant(
    issuer: string,
    grant: Omit<GrantEntry, 'status' | 'createdAt'>,
    { epoch, session, generation, restsOn }: Standing = { epoch: 0 },
  ): Reply<boolean> {
    const account = this.of(issuer)
    if (account === undefined || !account.enabled || epochOf(account) !== epoch) {
      return this.reply(false)
    }
    const used = {
      secretHash: session ?? '',
      clientId: grant.clientId,
      ...(generation === undefined ? {} : { generation }),
    }
    if (restsOn !== undefined && !stands(this.shelf, restsOn, grant.clientId)) {
      return this.reply(false)
    }
    if (session !== undefined && !useForGrant(this.shelf, account, used)) return this.reply(false)
    if (promiseGrant(this.shelf, grant)) this.schedule()
    return this.reply(true)
  }

  /** The grant exists now. */
  confirmGrant(issuer: string, grantId: string, anew?: Anew): Reply<true> {
    if (this.of(issuer) !== undefined) confirmGrant(this.shelf, grantId, anew)
    return this.reply(true)
  }

  listGrants(issuer: string): Reply<readonly GrantEntry[]> {
    return this.reply(this.of(issuer) === undefined ? [] : entriesOf(this.shelf))
  }

  /** What was agreed to for a client the last time; undefined for the first time. */
  lastConsent(issuer: string, clientId: string): Reply<Agreed | undefined> {
    const known = this.of(issuer) !== undefined
    return this.reply(known ? lastAgreed(this.shelf, clientId) : undefined)
  }

  /**
   * Its owner takes a permission back: at once, or (`ending`) by the alarm where the grant cannot be
   * reached now.
   */
  async endGrant(issuer: string, by: By, grantId: string): Promise<Reply<EndAnswer>> {
    const account = this.of(issuer)
    const session = account && liveSession(this.shelf, account, by.secretHash)
    if (by.kind !== 'session' || session?.browser !== by.browser) return this.reply('signed-out')
    if (!takeBack(this.shelf, grantId, by)) return this.reply('unknown')
    this.schedule()
    const reached = await this.endGrants(issuer).then(
      () => true,
      () => false,
    )
    return this.reply(reached ? 'ended' : 'ending')
  }

  /**
   * Enables or disables. Disabling ends every grant, those still promised included; what could not be
   * reached is tried again by the alarm. Throws when a grant could not be ended now.
   */
  async setEnabled(issuer: string, enabled: boolean): Promise<Reply<boolean>> {
    const account = this.of(issuer)
    if (account === undefined) return this.reply(false)
    if (!enabled) endSessions(this.shelf, account, {})
    const credentialEpoch = epochOf(account) + (enabled ? 0 : 1)
    this.write('account', { ...account, enabled, credentialEpoch })
    if (account.enabled !== enabled) note(this.shelf, { kind: enabled ? 'enabled' : 'disabled' })
    if (!enabled) {
      voidLinks(this.shelf, 'disabled')
      toBeEnded(
        this.shelf,
        entriesOf(this.shelf).map(({ grantId }) => grantId),
      )
      this.schedule()
      await this.endGrants(issuer)
    }
    return this.reply(true)
  }

  override async alarm(): Promise<void> {
    const account = this.read<StoredAccount>('account')
    if (account === undefined) return
    // Set first, so that whatever fails below is tried again.
    this.wakeAt(this.now() + alarmAgainAfter)
    await this.endGrants(account.issuer).catch(() => undefined)
    const stubs = makeStubs(this.env, configuredIssuer(this.env, account.issuer))
    for (const entry of duePromises(this.shelf)) {
      const grant = stubs.grant(entry.grantId)
      const made = grant && (await grant.exists(account.issuer)).value
      if (made === false) {
        // A late click must not make a grant that is no longer on the list.
        await stubs.grant(entry.grantId)?.revoke(account.issuer, { forbid: true })
        dropGrant(this.shelf, entry.grantId)
      } else confirmGrant(this.shelf, entry.grantId)
    }
    await this.tellClients(account)
    if (!this.schedule()) await this.ctx.storage.deleteAlarm()
  }

  /** Tells clients of sessions that ended: what is due, each a few times. */
  private async tellClients({ issuer, sub }: StoredAccount): Promise<void> {
    const due = noticesOf(this.shelf).filter(({ dueAt }) => dueAt <= this.now())
    if (due.length === 0) return
    const { tellClients } = await import('../people/logout-notices.ts')
    const subjectOf = async (sector: string | undefined): Promise<string> =>
      sector === undefined ? sub : pairwiseSubject(issuer, sector, pairwiseSalt(this.shelf))
    for (const notice of due) {
      // Anew for each: those before may have kept us waiting, and its clock dates the tokens.
      const call = callFor(this.env, issuer, this.runtime(), (work) => this.ctx.waitUntil(work))
      const untold = await tellClients(call, notice, subjectOf).catch(() => notice.clients)
      const given = settleNotice(this.shelf, notice, untold)
      if (given.length > 0) call.log('logout.given_up', { clients: given.join(' ') })
    }
  }

  /** What a local runtime passes in. */
  protected runtime(): Partial<Runtime> {
    return { now: () => this.now() }
  }

  /**
   * Ends what is to be ended, in portions, and strikes off what has ended: what could not be reached
   * stays on the list. Throws when something did.
   */
  private async endGrants(issuer: string): Promise<void> {
    const stubs = makeStubs(this.env, configuredIssuer(this.env, issuer))
    const { ids } = endingOf(this.shelf)
    let missed = 0
    for (let at = 0; at < ids.length; at += portionSize) {
      const portion = ids.slice(at, at + portionSize)
      const calls = portion.map((id) =>
        stubs.grant(id)?.revoke(issuer, { forbid: true, by: endedBy(this.shelf, id) }),
      )
      const outcomes = await Promise.allSettled(calls)
      const ended = portion.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      missed += portion.length - ended.length
      strikeOff(this.shelf, ended)
    }
    if (missed > 0) throw new Error(`${missed} grants could not be ended yet`)
  }

  /** Sets the one alarm to the first thing that is due. False: nothing is. */
  private schedule(): boolean {
    const notices = noticesOf(this.shelf).map(({ dueAt }) => dueAt)
    const at = Math.min(nextDue(this.shelf), ...notices)
    if (at === Infinity) return false
    this.wakeAt(at)
    return true
  }

  private credentialOf(account: StoredAccount): Credential {
    return credentialOf(this.shelf, account)
  }

  private of(issuer: string): StoredAccount | undefined {
    return accountOf(this.shelf, issuer)
  }
}

/** What became of taking a permission back. */
export type EndAnswer = 'ended' | 'ending' | 'unknown' | 'signed-out'
