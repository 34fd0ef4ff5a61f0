import type { Reply } from '../observe/storage.ts'
import type { PasswordHash } from '../people/password.ts'
import { configuredIssuer } from '../config.ts'
import { EdgeObject } from './edge-object.ts'
import { makeStubs } from './stubs.ts'

/** Claims about a person under their OpenID Connect names (Core 5.1). */
export type PersonClaims = Readonly<
  Record<string, string | number | boolean | Readonly<Record<string, string>>>
>

type StoredAccount = {
  readonly format: 1
  readonly issuer: string
  readonly username: string
  readonly sub: string
  readonly enabled: boolean
  readonly password?: PasswordHash
  /** Raised by a new password and by disabling: sign-ins from before count no more. Absent: 0. */
  readonly credentialEpoch?: number
  readonly claims: PersonClaims
}

/** An entry of the account's list of grants; `pending` until the grant is known to exist. */
export type GrantEntry = {
  readonly grantId: string
  readonly clientId: string
  readonly status: 'pending' | 'authorized'
  readonly createdAt: number
  readonly endsAt: number
}

/** A pending entry whose grant was not authorised within this time (ms) is dropped. */
const pendingFor = 600_000
/** Milliseconds until grants that could not be ended are tried again, and until a failed alarm is. */
const retryAfter = 5_000
const alarmAgainAfter = 60_000
/** Grants ended side by side. */
const portionSize = 100
/** Ended grants stay on the list this long (ms). */
const remembered = 30 * 86_400_000

/** A person: password, claims, and the list of grants they gave. */
export class Account extends EdgeObject {
  /** Creates the account, or changes what is given. Never re-enables. `unknown`: another issuer's. */
  put(input: {
    readonly issuer: string
    readonly username: string
    readonly sub: string
    readonly password?: PasswordHash
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
    const changed = before !== undefined && input.password !== undefined
    this.write('account', {
      ...account,
      ...(password === undefined ? {} : { password }),
      credentialEpoch: epochOf(before) + (changed ? 1 : 0),
    })
    return this.reply(before === undefined ? 'created' : 'changed')
  }

  /** What a sign-in is judged by. */
  credential(
    issuer: string,
  ): Reply<
    (Pick<StoredAccount, 'enabled' | 'sub' | 'password'> & { readonly epoch: number }) | undefined
  > {
    const account = this.of(issuer)
    if (account === undefined) return this.reply(undefined)
    const { enabled, sub, password } = account
    const epoch = epochOf(account)
    return this.reply({ enabled, sub, epoch, ...(password === undefined ? {} : { password }) })
  }

  /** What may be told to clients; undefined when the account is gone or disabled. */
  person(issuer: string): Reply<Pick<StoredAccount, 'username' | 'sub' | 'claims'> | undefined> {
    const account = this.of(issuer)
    if (account === undefined || !account.enabled) return this.reply(undefined)
    const { username, sub, claims } = account
    return this.reply({ username, sub, claims })
  }

  /** For the operator: no claims, no password. */
  overview(issuer: string): Reply<Pick<StoredAccount, 'username' | 'sub' | 'enabled'> | undefined> {
    const account = this.of(issuer)
    return this.reply(
      account && { username: account.username, sub: account.sub, enabled: account.enabled },
    )
  }

  /**
   * Promises a grant before it is made, so that none exists that its owner cannot see. Idempotent.
   * `epoch` is the credential's at the sign-in; false when it changed since, or the account is disabled.
   */
  addGrant(
    issuer: string,
    grant: Omit<GrantEntry, 'status' | 'createdAt'>,
    epoch = 0,
  ): Reply<boolean> {
    const account = this.of(issuer)
    if (account === undefined || !account.enabled || epochOf(account) !== epoch) {
      return this.reply(false)
    }
    const now = this.now()
    const key = grantKey(grant.grantId)
    if (this.read<GrantEntry>(key) === undefined) {
      this.prune(now)
      this.write(key, { ...grant, status: 'pending', createdAt: now })
      this.schedule()
    }
    return this.reply(true)
  }

  /** The grant exists now. */
  confirmGrant(issuer: string, grantId: string): Reply<true> {
    const entry = this.of(issuer) && this.read<GrantEntry>(grantKey(grantId))
    if (entry?.status === 'pending')
      this.write(grantKey(grantId), { ...entry, status: 'authorized' })
    return this.reply(true)
  }

  listGrants(issuer: string): Reply<readonly GrantEntry[]> {
    return this.reply(this.of(issuer) === undefined ? [] : this.entries())
  }

  /**
   * Enables or disables. Disabling ends every grant, those still promised included; what could not be
   * reached is tried again by the alarm. Throws when a grant could not be ended now.
   */
  async setEnabled(issuer: string, enabled: boolean): Promise<Reply<boolean>> {
    const account = this.of(issuer)
    if (account === undefined) return this.reply(false)
    const credentialEpoch = epochOf(account) + (enabled ? 0 : 1)
    this.write('account', { ...account, enabled, credentialEpoch })
    if (!enabled) {
      const ids = [...this.ending().ids, ...this.entries().map((entry) => entry.grantId)]
      this.write('ending', { ids: [...new Set(ids)], retryAt: this.now() + retryAfter })
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
    const now = this.now()
    const due = this.entries().filter((entry) => entry.status === 'pending' && dueAt(entry) <= now)
    for (const entry of due) {
      const answer = await stubs.grant(entry.grantId)?.summary(account.issuer)
      if (answer?.value.status === 'unknown') {
        // A late click must not make a grant that is no longer on the list.
        await stubs.grant(entry.grantId)?.revoke(account.issuer, { forbid: true })
        this.erase(grantKey(entry.grantId))
      } else this.confirmGrant(account.issuer, entry.grantId)
    }
    if (!this.schedule()) await this.ctx.storage.deleteAlarm()
  }

  /**
   * Ends what is to be ended, in portions, and strikes off what has ended: what could not be reached
   * stays on the list. Throws when something did.
   */
  private async endGrants(issuer: string): Promise<void> {
    const stubs = makeStubs(this.env, configuredIssuer(this.env, issuer))
    const { ids } = this.ending()
    let missed = 0
    for (let at = 0; at < ids.length; at += portionSize) {
      const portion = ids.slice(at, at + portionSize)
      const calls = portion.map((id) => stubs.grant(id)?.revoke(issuer, { forbid: true }))
      const outcomes = await Promise.allSettled(calls)
      const ended = portion.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      missed += portion.length - ended.length
      this.strikeOff(ended)
    }
    if (missed > 0) throw new Error(`${missed} grants could not be ended yet`)
  }

  /** By the list as it is now: others may have been added meanwhile. */
  private strikeOff(ended: readonly string[]): void {
    const ids = this.ending().ids.filter((id) => !ended.includes(id))
    if (ids.length === 0) this.erase('ending')
    else this.write('ending', { ids, retryAt: this.now() + retryAfter })
  }

  private ending(): Ending {
    return this.read<Ending>('ending') ?? { ids: [], retryAt: Infinity }
  }

  /** Sets the one alarm to the first thing that is due. False: nothing is. */
  private schedule(): boolean {
    const pending = this.entries().filter((entry) => entry.status === 'pending')
    const at = Math.min(this.ending().retryAt, ...pending.map(dueAt))
    if (at === Infinity) return false
    this.wakeAt(at)
    return true
  }

  private of(issuer: string): StoredAccount | undefined {
    const account = this.read<StoredAccount>('account')
    return account?.issuer === issuer ? account : undefined
  }

  private entries(): readonly GrantEntry[] {
    return [...this.ctx.storage.kv.list<GrantEntry>({ prefix: 'grant:' })].map(([, entry]) => entry)
  }

  private prune(now: number): void {
    for (const entry of this.entries()) {
      if (entry.endsAt + remembered < now) this.erase(grantKey(entry.grantId))
    }
  }
}

const epochOf = (account: StoredAccount | undefined): number => account?.credentialEpoch ?? 0

/** Grants that are to be ended, and when to try again. */
type Ending = { readonly ids: readonly string[]; readonly retryAt: number }

const dueAt = (entry: GrantEntry): number => entry.createdAt + pendingFor

const grantKey = (grantId: string): string => `grant:${grantId}`
