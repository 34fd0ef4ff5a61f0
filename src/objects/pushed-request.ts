import type { ReceivedRequest } from '../evidence/drafts.ts'
import type { Reply } from '../observe/storage.ts'
import type { AuthorizationRequest, ResponseMode } from '../types.ts'
import { EdgeObject } from './edge-object.ts'

/** Who asks: every method compares it with what was stored at creation. */
export type PushedRequestKey = { readonly issuer: string; readonly secretHash: string }

export type NewPushedRequest = PushedRequestKey & {
  readonly clientId: string
  readonly generation: string
  readonly request: AuthorizationRequest
  readonly received?: ReceivedRequest
  /** Location hint of the pushing caller; the grant is created there. */
  readonly hint: DurableObjectLocationHint
  /** Milliseconds the request may be opened, and a signed-in interaction may finish. */
  readonly openFor: number
  readonly finishWithin: number
}

/** What is left for a late person: enough for a way back to the client, nothing more. */
export type Stub = {
  readonly clientId: string
  readonly redirectUri: string
  readonly responseMode?: ResponseMode
  readonly state?: string
}

type Stored = PushedRequestKey & {
  readonly format: 1
  readonly clientId: string
  readonly generation: string
  readonly hint: DurableObjectLocationHint
  readonly openUntil: number
  readonly finishUntil: number
  readonly stub: Stub
  /** Both gone once the interaction can no longer finish. */
  readonly request?: AuthorizationRequest
  readonly received?: ReceivedRequest
  readonly completion?: Completion
}

type Completion = { readonly outcome: string; readonly at: number }

export type PushedRequestReading =
  | {
      readonly status: 'live'
      readonly clientId: string
      readonly generation: string
      readonly request: AuthorizationRequest
      readonly hint: DurableObjectLocationHint
      readonly finishUntil: number
      /** As it was received, for the evidence of what comes of it. */
      readonly received?: ReceivedRequest
    }
  | { readonly status: 'expired' | 'completed'; readonly stub: Stub }
  | { readonly status: 'unknown' }

/** A double click within this time (ms) gets the same answer again. */
const repeatable = 60_000
const stubFor = 24 * 3_600_000

/**
 * One pushed authorization request: may be opened by any browser, is completed at most once (first to
 * complete wins), bound to the client that pushed it.
 */
export class PushedRequest extends EdgeObject<unknown> {
  /** Create or fail; an id is used once. */
  create(input: NewPushedRequest): Reply<boolean> {
    if (this.stored() !== undefined) return this.reply(false)
    const now = this.now()
    const { request, received } = input
    const stored: Stored = {
      format: 1,
      issuer: input.issuer,
      secretHash: input.secretHash,
      clientId: input.clientId,
      generation: input.generation,
      hint: input.hint,
      openUntil: now + input.openFor,
      finishUntil: now + input.finishWithin,
      stub: {
        clientId: input.clientId,
        redirectUri: request.redirectUri,
        ...(request.responseMode === undefined ? {} : { responseMode: request.responseMode }),
        ...(request.state === undefined ? {} : { state: request.state }),
      },
      request,
      ...(received === undefined ? {} : { received }),
    }
    this.write('request', stored)
    this.wakeAt(stored.finishUntil + repeatable)
    return this.reply(true)
  }

  /**
   * `opening`: a browser arrives. `finishing`: a signed-in interaction goes on, past the opening time.
   * `outcome`: the answer about to be given; a repeated click finds the request as it was.
   */
  open(
    key: PushedRequestKey,
    purpose: 'opening' | 'finishing',
    outcome?: string,
  ): Reply<PushedRequestReading> {
    const stored = this.matching(key)
    if (stored === undefined) return this.reply({ status: 'unknown' })
    const { stub } = stored
    if (stored.completion !== undefined && !this.repeats(stored.completion, outcome)) {
      return this.reply({ status: 'completed', stub })
    }
    const until = purpose === 'opening' ? stored.openUntil : stored.finishUntil
    if (stored.request === undefined || this.now() >= until)
      return this.reply({ status: 'expired', stub })
    const { clientId, generation, request, received, hint, finishUntil } = stored
    const live = { clientId, generation, request, hint, finishUntil }
    return this.reply({ status: 'live', ...live, ...(received === undefined ? {} : { received }) })
  }

  /**
   * Completes the request once. `outcome` is the grant id, or `denied`. Idempotent for the same
   * outcome within a minute.
   */
  complete(
    key: PushedRequestKey,
    outcome: string,
  ): Reply<'completed' | 'completed-before' | 'expired' | 'unknown'> {
    const stored = this.matching(key)
    if (stored === undefined) return this.reply('unknown')
    const now = this.now()
    if (stored.completion !== undefined) {
      return this.reply(this.repeats(stored.completion, outcome) ? 'completed' : 'completed-before')
    }
    if (stored.request === undefined || now >= stored.finishUntil) return this.reply('expired')
    this.write('request', { ...stored, completion: { outcome, at: now } })
    return this.reply('completed')
  }

  override async alarm(): Promise<void> {
    const stored = this.stored()
    if (stored === undefined) return
    const stubUntil = stored.finishUntil + stubFor
    if (this.now() >= stubUntil) return this.ctx.storage.deleteAll()
    const { request, received: _received, ...rest } = stored
    if (request !== undefined && this.now() >= stored.finishUntil) this.write('request', rest)
    await this.ctx.storage.setAlarm(stubUntil)
  }

  private repeats(completion: Completion, outcome: string | undefined): boolean {
    return completion.outcome === outcome && this.now() < completion.at + repeatable
  }

  private stored(): Stored | undefined {
    return this.read<Stored>('request')
  }

  private matching(key: PushedRequestKey): Stored | undefined {
    const stored = this.stored()
    const same = stored?.issuer === key.issuer && stored.secretHash === key.secretHash
    return same ? stored : undefined
  }
}
