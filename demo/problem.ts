/** Why the local runtime cannot start, as one sentence for the person who started it. */
export class StartProblem extends Error {}

/** Stops the start with a sentence. */
export const stop = (sentence: string): never => {
  throw new StartProblem(sentence)
}

/** The text of whatever was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** The same without its full stop, to end a sentence with. */
export const reasonOf = (error: unknown): string => messageOf(error).replace(/\.+$/, '')

/** The code of a system error (`EADDRINUSE`), or undefined. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
