/** What the control endpoint can change: a moved clock and faults of storage. */
export type Control = {
  /** Seconds by which the deciding clocks are ahead of the machine's. */
  readonly offset_s: number
  /** Each storage call waits this long first. */
  readonly storage_delay_ms: number
  /** The share of storage calls that fail, 0 to 1. */
  readonly fail_rate: number
  /** KV reads may answer what they answered up to this many seconds ago. */
  readonly kv_stale_s: number
  /** Faults of single calls by name, e.g. `Grant.redeem` or `KV.get`. */
  readonly calls: Readonly<Record<string, CallFault>>
}

/** What becomes of one kind of storage call. */
export type CallFault = {
  /** `before`: it never takes effect; `after`: it did, and its reply is lost. */
  readonly fail?: 'before' | 'after'
  /** The share of these calls that fail, 0 to 1. */
  readonly rate: number
  /** Each of them waits this long first. */
  readonly delay_ms: number
}

/** The control header: who speaks, and which setting is newer when requests overtake each other. */
export type ControlHeader = Control & { readonly token: string; readonly revision: number }

export const noControl: Control = {
  offset_s: 0,
  storage_delay_ms: 0,
  fail_rate: 0,
  kv_stale_s: 0,
  calls: {},
}
