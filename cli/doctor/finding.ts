/** What one look at the server showed. */
export type Finding = {
  /** Stable name, for scripts. */
  readonly check: string
  readonly outcome: 'pass' | 'fail' | 'warn' | 'skip'
  /** What is so, in a few words. */
  readonly says: string
  /** One line: what to do about it. */
  readonly remedy?: string
}

/** A check with the words for both of its ends. */
export type Verdict = {
  readonly check: string
  readonly holds: boolean
  readonly good: string
  readonly bad: string
  readonly remedy: string
  /** A doubt only, where the standard says should. */
  readonly mild?: boolean
}

export function judge({ check, holds, good, bad, remedy, mild }: Verdict): Finding {
  if (holds) return { check, outcome: 'pass', says: good }
  return { check, outcome: mild === true ? 'warn' : 'fail', says: bad, remedy }
}

export const skip = (check: string, says: string): Finding => ({ check, outcome: 'skip', says })

export const warn = (check: string, says: string, remedy: string): Finding => ({
  check,
  outcome: 'warn',
  says,
  remedy,
})

/** One HTTP answer as plain data: what the checks judge. */
export type Answer = {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** The body as a JSON object, or undefined. */
export function jsonOf(answer: Answer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(answer.body)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

export const mediaType = (answer: Answer): string =>
  (answer.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

/** A list of texts, or undefined when the value is anything else. */
export const texts = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined

/** FAPI2 SP 5.4.1: the only signature algorithms. */
export const allowedAlgorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

export const isSubset = (values: readonly string[], of: readonly string[]): boolean =>
  values.every((value) => of.includes(value))
