/** What a verification says. */

/** Something that is not as it must be. `where`: a path into the file. */
export type Fault = { readonly where: string; readonly what: string }

export type Standing = 'signed by client' | 'asserted by the server'

export type ItemState = 'disclosed' | 'erased' | 'withheld'

/** What the file proves of one entry. */
export type EntryFinding = {
  readonly n: number
  readonly kind: string
  /** Milliseconds. */
  readonly at: number
  readonly standing: Standing
  readonly anchored: boolean
  /** What is kept apart from it, by name. */
  readonly items: Readonly<Record<string, ItemState>>
  /** Sentences for whoever reads the finding. */
  readonly notes: readonly string[]
}

/** Where the public keys come from that a finding rests on. */
export type KeyStanding = 'confirmed' | 'the word of the file'

export type Verification = {
  /** No fault at all. */
  readonly sound: boolean
  readonly faults: readonly Fault[]
  readonly issuer?: string
  readonly grant?: string
  /** Milliseconds. */
  readonly exportedAt?: number
  readonly entries: readonly EntryFinding[]
  /** Every key a signature was verified with, clients' keys left out. */
  readonly keys: readonly { readonly kid: string; readonly standing: KeyStanding }[]
  /** Number of the newest anchored entry. */
  readonly anchoredTo?: number
  readonly notes: readonly string[]
}

/** Milliseconds in which the clocks of who asks, who decides and who signs may differ. */
export const clockDifference = 60_000

/** Collects faults. */
export type Faults = (where: string, what: string) => void
