import type { SignedHead } from './file.ts'

export const anchorFormat = 'fapi-edge/anchor/1'

/** A signed head as it is put into a bucket or a queue, outside of the server. */
export type Anchor = SignedHead & {
  readonly format: typeof anchorFormat
  /** The issuer identifier. */
  readonly issuer: string
  readonly grant: string
}
