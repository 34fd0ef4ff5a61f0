/** What ends a command: one sentence for the person at the terminal, and the exit status. */
export class Failure extends Error {
  readonly exitCode: 1 | 2
  /** What the server answered, for `--json`. */
  readonly answer: unknown

  constructor(
    sentence: string,
    options: {
      readonly exitCode?: 1 | 2
      readonly answer?: unknown
      readonly cause?: unknown
    } = {},
  ) {
    super(sentence, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
    this.answer = options.answer
  }
}

/** The command was typed wrongly: exit status 2. */
export const misuse = (sentence: string): Failure => new Failure(sentence, { exitCode: 2 })

/**
 * Turns a fault of the network, or anything else thrown, into words.
 *
 * Node and the OAuth library wrap causes; the innermost known code says most.
 */
export function explain(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : ''
    const known = Object.hasOwn(networkFaults, code) ? networkFaults[code] : undefined
    if (known !== undefined) return known
    if (at.cause instanceof Response) return `${at.message} (${at.cause.status})`
    if (code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL')) return `TLS failed (${code})`
  }
  return innermost(error)
}

const networkFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'the connection timed out',
  OAUTH_TIMEOUT: 'no answer came in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name its CA with --ca FILE',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is not trusted; name its CA with --ca FILE',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; name its CA with --ca FILE',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not trusted; name its CA with --ca FILE',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
}

function innermost(error: unknown): string {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return at instanceof Error ? at.message : String(at)
}
