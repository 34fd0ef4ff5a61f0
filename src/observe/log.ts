/** Structured JSON logs. Ids only: never tokens, codes, assertions, proofs or personal data. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export type Log = (event: string, fields?: LogFields) => void

/** One JSON line per event; `base` fields (issuer, request id) are on every line. */
export function makeLog(base: LogFields, write: (line: string) => void = console.log): Log {
  return (event, fields = {}) => {
    write(JSON.stringify({ time: new Date().toISOString(), event, ...base, ...fields }))
  }
}
