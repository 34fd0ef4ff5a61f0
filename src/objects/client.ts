import type { ClientMetadata } from '../clients/metadata.ts'
import { configuredIssuer } from '../config.ts'
import { randomText } from '../encoding.ts'
import type { Reply } from '../observe/storage.ts'
import { EdgeObject } from './edge-object.ts'
import { forgetGrace } from './forget-grace.ts'
import { copyKeys } from './names.ts'
import { makeStubs } from './stubs.ts'
import { ReplaySlots } from './replay-slots.ts'

/** What a client-authenticated request learns from the client's own object. */
export type ClientStanding =
  | {
      readonly status: 'enabled' | 'disabled'
      readonly version: number
      readonly generation: string
      /** Access tokens of client_credentials carry it; raising it ends all earlier ones. */
      readonly epoch: number
    }
  | { readonly status: 'unknown' }

export type AssertionUse = {
  readonly standing: ClientStanding
  readonly use: 'fresh' | 'used' | 'late'
}

/** The client as its object stores it, and as the KV copy repeats it. `format` is the layout. */
export type StoredClient = {
  readonly format: 1
  readonly issuer: string
  readonly clientId: string
  readonly version: number
  readonly generation: string
  readonly enabled: boolean
  readonly epoch: number
  readonly metadata: ClientMetadata
}

type ClientName = Pick<StoredClient, 'issuer' | 'clientId'>
type Standing = Pick<StoredClient, 'version' | 'generation' | 'enabled' | 'epoch'>
/** What a shard knows of its client; the count survives the client. */
type Mirror = { readonly news: number; readonly standing: Standing | undefined }
type ShardName = { readonly shards: number; readonly shard: number }
/** Milliseconds until the alarm tells again what could not be told. */
const retryAfter = 5_000

type RevokedToken = { readonly id: string; readonly until: number }

/**
 * Decides about one client: its metadata, whether it is enabled, each assertion `jti` once, and its
 * client_credentials tokens. The only writer of the client's KV copy. A busy client's assertions may
 * be spread over shards: objects of this class that hold a mirror of the client's standing.
 */
export class Client extends EdgeObject {
  private readonly slots = new ReplaySlots(
    (statement, ...values) => this.sql(statement, ...values),
    // An alarm that is to tell news again comes first; it sweeps as well.
    (at) => this.wakeAt(this.read('untold') === undefined ? at : this.now() + retryAfter),
    this.shelf,
  )

  /** Takes an assertion `jti` (hashed) once and tells the client's standing. `validUntil` in ms. */
  use(jti: string, validUntil: number): Reply<AssertionUse> {
    const standing = this.standing()
    // Nothing is written for a client that is not there: touching must not create.
    if (standing.status === 'unknown') return this.reply({ standing, use: 'late' })
    return this.reply({ standing, use: this.slots.use(jti, validUntil, this.now()) })
  }

  /** As `use`, for an operator: known by configuration, so its object holds nothing but used `jti`s. */
  useAsOperator(jti: string, validUntil: number): Reply<AssertionUse> {
    const standing = {
      status: 'enabled',
      version: 0,
      generation: 'operator',
      epoch: this.epoch(),
    } as const
    return this.reply({ standing, use: this.slots.use(jti, validUntil, this.now()) })
  }

  /** Tells the client's standing: for certificates, authorize and consent. */
  check(): Reply<ClientStanding> {
    return this.reply(this.standing())
  }

  /** The whole record; undefined when there is no such client. */
  load(): Reply<StoredClient | undefined> {
    return this.reply(this.read<StoredClient>('client'))
  }

  /**
   * Creates or changes the client; never re-enables it. `exists` when `ifAbsent` is set and it does.
   */
  async put(change: {
    readonly issuer: string
    readonly clientId: string
    readonly metadata: ClientMetadata
    readonly ifAbsent: boolean
  }): Promise<
    Reply<{ readonly status: 'created' | 'changed' | 'exists'; readonly client: StoredClient }>
  > {
    const before = this.read<StoredClient>('client')
    if (before !== undefined && change.ifAbsent)
      return this.reply({ status: 'exists', client: before })
    const client: StoredClient = {
      format: 1,
      issuer: change.issuer,
      clientId: change.clientId,
      version: (before?.version ?? 0) + 1,
      generation: before?.generation ?? randomText(16),
      enabled: before?.enabled ?? true,
      epoch: before?.epoch ?? this.epoch(),
      metadata: change.metadata,
    }
    await this.publish(client)
    return this.reply({ status: before === undefined ? 'created' : 'changed', client })
  }

  /**
   * Enables or disables. Disabling ends everything: the client's own tokens by the epoch, and by a new
   * generation all that people granted and all that was pushed.
   */
  async setEnabled(enabled: boolean): Promise<Reply<StoredClient | undefined>> {
    const before = this.read<StoredClient>('client')
    if (before === undefined) return this.reply(undefined)
    const ended = enabled ? {} : { epoch: before.epoch + 1, generation: randomText(16) }
    const client = { ...before, ...ended, enabled, version: before.version + 1 }
    await this.publish(client)
    return this.reply(client)
  }

  /** Records whether the operator knows whose client this is. Ends nothing. */
  async setVerified(verified: boolean): Promise<Reply<StoredClient | undefined>> {
    const before = this.read<StoredClient>('client')
    if (before === undefined) return this.reply(undefined)
    const metadata = { ...before.metadata, operator_verified: verified }
    const client = { ...before, metadata, version: before.version + 1 }
    await this.publish(client)
    return this.reply(client)
  }

  /** Deletes the client. Used assertions are kept until they expire, should the id be made again. */
  async remove(): Promise<Reply<boolean>> {
    const before = this.read<StoredClient>('client')
    if (before === undefined) return this.reply(false)
    this.write('epoch', before.epoch + 1)
    this.erase('client')
    this.remembered = undefined
    await this.spread(before)
    return this.reply(true)
  }

  /** Makes an object of this class one of this client's shards and gives it the client's standing. */
  async openShards(shards: number, shard: number): Promise<Reply<boolean>> {
    const client = this.read<StoredClient>('client')
    if (client === undefined) return this.reply(false)
    const before = this.read<readonly ShardName[]>('shards') ?? []
    const known = before.some((one) => one.shards === shards && one.shard === shard)
    if (!known) this.write('shards', [...before, { shards, shard }])
    // Only this one has news to hear; it is on the list for the next.
    const stubs = makeStubs(this.env, configuredIssuer(this.env, client.issuer))
    const news = this.read<number>('news') ?? 0
    await stubs.clientShard(client.clientId, shards, shard).mirror(news, standingOf(client))
    return this.reply(true)
  }

  /**
   * Sets a shard's mirror; called by the client's main object alone. `news` counts what it tells:
   * calls may overtake each other, and older news change nothing. No standing: the client is gone.
   */
  mirror(news: number, standing: Standing | undefined): Reply<true> {
    const before = this.read<Mirror>('mirror')
    if (before === undefined || before.news <= news) this.write('mirror', { news, standing })
    this.remembered = undefined
    return this.reply(true)
  }

  /** Whether a client_credentials token is alive. */
  tokenAlive(token: {
    readonly id: string
    readonly epoch: number
    readonly operator: boolean
  }): Reply<boolean> {
    const standing = this.standing()
    const enabled = token.operator || standing.status === 'enabled'
    const revoked = this.read<readonly RevokedToken[]>('revoked') ?? []
    const alive =
      enabled && token.epoch === this.epoch() && !revoked.some(({ id }) => id === token.id)
    return this.reply(alive)
  }

  /** Ends one client_credentials token. `until` (ms): when it expires anyway. */
  revokeToken(id: string, until: number): Reply<true> {
    const now = this.now()
    const revoked = (this.read<readonly RevokedToken[]>('revoked') ?? []).filter(
      (one) => one.until + forgetGrace > now,
    )
    if (until + forgetGrace > now && !revoked.some((one) => one.id === id))
      this.write('revoked', [...revoked, { id, until }])
    return this.reply(true)
  }

  override async alarm(): Promise<void> {
    const untold = this.read<ClientName>('untold')
    if (untold !== undefined) await this.spread(untold)
    const next = this.slots.sweep(this.now())
    // News that came meanwhile has set its own alarm, which sweeps as well.
    if (next !== undefined && this.read('untold') === undefined) {
      await this.ctx.storage.setAlarm(next)
    }
  }

  /** Kept in memory, since every request asks and only this object changes it. */
  private remembered: ClientStanding | undefined

  private standing(): ClientStanding {
    this.remembered ??= this.readStanding()
    return this.remembered
  }

  private readStanding(): ClientStanding {
    const known = this.read<StoredClient>('client') ?? this.read<Mirror>('mirror')?.standing
    if (known === undefined) return { status: 'unknown' }
    const { version, generation, enabled, epoch } = known
    return { status: enabled ? 'enabled' : 'disabled', version, generation, epoch }
  }

  /** Survives deletion, so that tokens of a deleted client do not revive with its id. */
  private epoch(): number {
    return this.read<StoredClient>('client')?.epoch ?? this.read<number>('epoch') ?? 0
  }

  /** Stores the client and spreads the news; what could not be told is told again by the alarm. */
  private async publish(client: StoredClient): Promise<void> {
    this.write('client', client)
    this.remembered = undefined
    await this.spread(client)
  }

  /**
   * Tells shards, directory and KV what is stored, one telling after the other: each tells the state of
   * its own time, so an older one can never overwrite a newer one. Throws when somebody could not be
   * told; the alarm tells again.
   */
  private async spread({ issuer, clientId }: ClientName): Promise<void> {
    this.write('news', (this.read<number>('news') ?? 0) + 1)
    this.write('untold', { issuer, clientId })
    this.wakeAt(this.now() + retryAfter)
    const tell = async () => {
      const news = this.read<number>('news') ?? 0
      const client = this.read<StoredClient>('client')
      const stubs = makeStubs(this.env, configuredIssuer(this.env, issuer))
      const shards = (this.read<readonly ShardName[]>('shards') ?? []).map((name) =>
        stubs.clientShard(clientId, name.shards, name.shard).mirror(news, standingOf(client)),
      )
      const directory = stubs.directory()
      const key = copyKeys.client(issuer, clientId)
      await Promise.all([
        ...shards,
        client === undefined ? directory.removeClient(clientId) : directory.addClient(clientId),
        client === undefined
          ? this.env.COPIES.delete(key)
          : this.env.COPIES.put(key, JSON.stringify(client)),
      ])
      if (this.read<number>('news') === news) this.erase('untold')
    }
    await this.inOrder(tell)
  }
}

const standingOf = (client: StoredClient | undefined): Standing | undefined => {
  if (client === undefined) return undefined
  const { version, generation, enabled, epoch } = client
  return { version, generation, enabled, epoch }
}
