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
    this.write('account', password === undefined ? account : { ...account, password })
    return this.reply(before === undefined ? 'created' : 'changed')
  }

  /** What a sign-in is judged by. */
  credential(
    issuer: string,
  ): Reply<Pick<StoredAccount, 'enabled' | 'sub' | 'password'> | undefined> {
    const account = this.of(issuer)
    if (account === undefined) return this.reply(undefined)
    const { enabled, sub, password } = account
    return this.reply(password === undefined ? { enabled, sub } : { enabled, sub, password })
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

  /** Promises a grant before it is made, so that none exists that its owner cannot see. Idempotent. */
  addGrant(issuer: string, grant: Omit<GrantEntry, 'status' | 'createdAt'>): Reply<boolean> {
    const account = this.of(issuer)
    if (account === undefined || !account.enabled) return this.reply(false)
    const now = this.now()
    const key = grantKey(grant.grantId)
    if (this.read<GrantEntry>(key) === undefined) {
      this.prune(now)
      this.write(key, { ...grant, status: 'pending', createdAt: now })
      this.wakeAt(now + pendingFor)
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
    this.write('account', { ...account, enabled })
    if (!enabled) {
      this.write(
        'ending',
        this.entries().map((entry) => entry.grantId),
      )
      this.wakeAt(this.now() + 5_000)
      await this.endGrants(issuer)
    }
    return this.reply(true)
  }

  override async alarm(): Promise<void> {
    const account = this.read<StoredAccount>('account')
    if (account === undefined) return
    await this.endGrants(account.issuer)
    const stubs = makeStubs(this.env, configuredIssuer(this.env, account.issuer))
    const now = this.now()
    const pending = this.entries().filter((entry) => entry.status === 'pending')
    for (const entry of pending) {
      if (entry.createdAt + pendingFor > now) continue
      const answer = await stubs.grant(entry.grantId)?.summary(account.issuer)
      if (answer?.value.status === 'unknown') this.erase(grantKey(entry.grantId))
      else this.confirmGrant(account.issuer, entry.grantId)
    }
    const waiting = pending.filter((entry) => entry.createdAt + pendingFor > now)
    if (waiting.length > 0) {
      await this.ctx.storage.setAlarm(
        Math.min(...waiting.map((entry) => entry.createdAt)) + pendingFor,
      )
    }
  }

  private async endGrants(issuer: string): Promise<void> {
    const ending = this.read<readonly string[]>('ending') ?? []
    const stubs = makeStubs(this.env, configuredIssuer(this.env, issuer))
    await Promise.all(ending.map((id) => stubs.grant(id)?.revoke(issuer, { forbid: true })))
    if (ending.length > 0) this.erase('ending')
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

const grantKey = (grantId: string): string => `grant:${grantId}`
