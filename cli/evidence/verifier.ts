/**
 * The Worker's own verification, run here: it needs no server.
 *
 * The specifiers are not literals: the Worker's sources are type checked against the types of
 * workerd, this folder against those of Node.
 */
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../src/evidence/${file}`, import.meta.url).href)

export type Fault = { readonly where: string; readonly what: string }

/** What a verification says; see `src/evidence/verify/finding.ts`. */
export type Verification = {
  readonly sound: boolean
  readonly faults: readonly Fault[]
  readonly issuer?: string
  readonly grant?: string
  readonly exportedAt?: number
  readonly entries: readonly {
    readonly n: number
    readonly kind: string
    readonly at: number
    readonly standing: string
    readonly anchored: boolean
    readonly items: Readonly<Record<string, string>>
    readonly notes: readonly string[]
  }[]
  readonly keys: readonly { readonly kid: string; readonly standing: string }[]
  readonly anchoredTo?: number
  readonly notes: readonly string[]
}

type Verifier = {
  readonly readEvidence: (
    text: string,
  ) => { readonly file: unknown } | { readonly problem: string; readonly where: string }
  readonly verifyEvidence: (
    value: unknown,
    options: { readonly issuerKeys?: readonly unknown[]; readonly anchors?: readonly unknown[] },
  ) => Promise<Verification>
  readonly readAnchors: (text: string) => readonly unknown[] | undefined
  readonly readKeySets: (sets: readonly unknown[]) => readonly unknown[] | string
}

export async function loadVerifier(): Promise<Verifier> {
  const parts = await Promise.all(
    ['file.ts', 'verify.ts', 'verify/anchors.ts', 'verify/keys.ts'].map(load),
  )
  return Object.assign({}, ...parts) as Verifier
}
