/** One object's storage as its parts see it: every access is one synchronous step of the same turn. */
export type Shelf = {
  /** The deciding clock, in milliseconds since the epoch. */
  readonly now: () => number
  readonly read: <T>(key: string) => T | undefined
  readonly write: (key: string, value: unknown) => void
  readonly erase: (key: string) => void
  /** Has the object's alarm go off then; it finds what is due and when the next is. Milliseconds. */
  readonly wakeAt: (at: number) => void
  /** Entries whose keys begin with `prefix`, in the order of their keys. */
  readonly list: <T>(prefix: string) => readonly (readonly [string, T])[]
}
