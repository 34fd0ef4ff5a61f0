import type { Reply } from '../observe/storage.ts'
import { EdgeObject } from './edge-object.ts'

export type NamedAccount = {
  readonly username: string
  readonly sub: string
  readonly accountId: string
}

/**
 * Which clients and accounts exist, one object per issuer. Asked on listing, on a miss of the KV copy
 * and at sign-in. Knows names only; whether they may do anything is decided by their own objects.
 */
export class Directory extends EdgeObject<unknown> {
  /** Registers a client id. False: a person's `sub` has this form of name (FAPI2 SP 6.7). */
  addClient(clientId: string): Reply<boolean> {
    this.prepare()
    if (this.rows('SELECT 1 FROM accounts WHERE sub = ?', clientId) > 0) return this.reply(false)
    this.sql('INSERT INTO clients (client_id) VALUES (?) ON CONFLICT DO NOTHING', clientId)
    return this.reply(true)
  }

  removeClient(clientId: string): Reply<true> {
    if (this.prepared()) this.sql('DELETE FROM clients WHERE client_id = ?', clientId)
    return this.reply(true)
  }

  hasClient(clientId: string): Reply<boolean> {
    return this.reply(
      this.prepared() && this.rows('SELECT 1 FROM clients WHERE client_id = ?', clientId) > 0,
    )
  }

  /** Client ids in order, after `after`. */
  listClients(after: string, most: number): Reply<readonly string[]> {
    if (!this.prepared()) return this.reply([])
    const rows = this.sql<{ client_id: string }>(
      'SELECT client_id FROM clients WHERE client_id > ? ORDER BY client_id LIMIT ?',
      after,
      most,
    )
    return this.reply(rows.map((row) => row.client_id))
  }

  /** Registers a person, or answers the one who is registered under this name. */
  addAccount(account: NamedAccount): Reply<NamedAccount | 'sub-taken'> {
    this.prepare()
    const known = this.find(account.username)
    if (known !== undefined) return this.reply(known)
    const taken =
      this.rows('SELECT 1 FROM accounts WHERE sub = ?', account.sub) > 0 ||
      this.rows('SELECT 1 FROM clients WHERE client_id = ?', account.sub) > 0
    if (taken) return this.reply('sub-taken')
    const { username, sub, accountId } = account
    this.sql(
      'INSERT INTO accounts (username, sub, account_id) VALUES (?, ?, ?)',
      username,
      sub,
      accountId,
    )
    return this.reply(account)
  }

  findAccount(username: string): Reply<NamedAccount | undefined> {
    return this.reply(this.prepared() ? this.find(username) : undefined)
  }

  /** The account of this name, or the issuer's decoy (whose name is empty) in its place. */
  findForSignIn(username: string): Reply<NamedAccount | undefined> {
    return this.reply(this.prepared() ? (this.find(username) ?? this.find('')) : undefined)
  }

  /** People in order of their names, after `after`. */
  listAccounts(after: string, most: number): Reply<readonly NamedAccount[]> {
    if (!this.prepared()) return this.reply([])
    const rows = this.sql<AccountRow>(
      'SELECT username, sub, account_id FROM accounts WHERE username > ? ORDER BY username LIMIT ?',
      after,
      most,
    )
    return this.reply(rows.map(fromRow))
  }

  private find(username: string): NamedAccount | undefined {
    const [row] = this.sql<AccountRow>(
      'SELECT username, sub, account_id FROM accounts WHERE username = ?',
      username,
    )
    return row === undefined ? undefined : fromRow(row)
  }

  private rows(query: string, value: string): number {
    return this.sql(query, value).length
  }

  private prepared(): boolean {
    return (
      this.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", 'accounts') > 0
    )
  }

  private prepare(): void {
    if (this.prepared()) return
    this.sql('CREATE TABLE clients (client_id TEXT PRIMARY KEY) WITHOUT ROWID')
    this.sql(
      'CREATE TABLE accounts (username TEXT PRIMARY KEY, sub TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL) WITHOUT ROWID',
    )
    this.sql('CREATE TABLE format (version INTEGER PRIMARY KEY) WITHOUT ROWID')
    this.sql('INSERT INTO format (version) VALUES (1)')
  }
}

type AccountRow = { username: string; sub: string; account_id: string }

const fromRow = (row: AccountRow): NamedAccount => ({
  username: row.username,
  sub: row.sub,
  accountId: row.account_id,
})
