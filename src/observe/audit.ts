/**
 * The audit stream: one structured record for each security-relevant event, with a stable name and the
 * fields the catalogue has for it. Ids only: never tokens, codes, assertions, proofs or personal data.
 */
import { randomText } from '../encoding.ts'
import type { EventName, FieldsOf } from './catalogue.ts'
import { deliver, hasSink } from './sinks.ts'
import type { AuditBindings } from './sinks.ts'
import { traceOf } from './trace.ts'

type Value = string | number | boolean | undefined

/** One record, as it is logged and sent on; its own fields lie flat beside these. */
export type AuditRecord = {
  readonly time: string
  readonly event: EventName
  readonly severity_text: Severity
  readonly severity_number: number
  readonly issuer?: string
  readonly request_id: string
  readonly trace_id: string
  readonly span_id: string
  readonly endpoint?: string
  readonly [field: string]: Value
}

type Severity = 'INFO' | 'WARN' | 'ERROR'

/**
 * Records an event: only one the catalogue knows, with what it has for it.
 *
 * @example call.log('consent.denied', { client_id: 'app' })
 */
export type Log = <E extends EventName>(event: E, fields: FieldsOf<E>) => void

/** What is known of a request once it is: on every record from then on. */
export type About = { readonly endpoint?: string; readonly client_id?: string }

export type Audit = {
  readonly requestId: string
  readonly log: Log
  readonly about: (known: About) => void
  /** The request is answered: what it recorded is sent on, in one batch. */
  readonly close: () => void
}

/** Records of one request, or of one piece of an object's work. */
export function openAudit(given: {
  readonly env: AuditBindings
  readonly issuer?: string
  readonly request?: Request
  readonly waitUntil: (work: Promise<unknown>) => void
}): Audit {
  const { env, issuer, request, waitUntil } = given
  const trace = traceOf(request?.headers.get('traceparent') ?? null)
  const common = {
    ...(issuer === undefined ? {} : { issuer }),
    request_id: idOf(request),
    trace_id: trace.traceId,
    span_id: trace.spanId,
  }
  let known: About = {}
  let waiting: AuditRecord[] = []
  // Without a request nobody says when it is over: each turn's records go together.
  let held = request !== undefined
  const make: Maker = (event, fields) => ({ ...describe(event), ...common, ...known, ...fields })

  const send = async (): Promise<void> => {
    const records = waiting
    waiting = []
    for (const { sink, reason } of await deliver(env, records)) {
      write(make('audit.failed', { sink, records: records.length, reason }))
    }
  }
  return {
    requestId: common.request_id,
    log: (event, fields) => {
      const record = make(event, fields)
      write(record)
      if (!hasSink(env)) return
      waiting.push(record)
      if (!held && waiting.length === 1) waitUntil(Promise.resolve().then(send))
    },
    about: (more) => {
      known = { ...known, ...more }
    },
    close: () => {
      held = false
      if (waiting.length > 0) waitUntil(send())
    },
  }
}

type Maker = <E extends EventName>(event: E, fields: FieldsOf<E>) => AuditRecord

const write = (record: AuditRecord): void => console.log(JSON.stringify(record))

/** The platform's id of a request, where it has one; nothing a caller made up. */
function idOf(request: Request | undefined): string {
  const ray = request?.headers.get('cf-ray') ?? ''
  return /^[0-9a-f]{16}(-[A-Z]{3})?$/.test(ray) ? ray : randomText(9)
}

function describe(event: EventName) {
  const severity = severityOf(event)
  const { text, number } = severities[severity]
  return {
    time: new Date().toISOString(),
    event,
    severity_text: text,
    severity_number: number,
  } as const
}

/** OpenTelemetry log data model, severity. */
const severities = {
  info: { text: 'INFO', number: 9 },
  warn: { text: 'WARN', number: 13 },
  error: { text: 'ERROR', number: 17 },
} as const

/** What an operator should look at. */
const errors: ReadonlySet<EventName> = new Set([
  'request.failed', 'start.refused', 'factor.unreadable', 'audit.failed',
]) // prettier-ignore
/** What an attacker, or a client that is broken, leaves behind. A missing nonce is how clients begin. */
const warnings: ReadonlySet<EventName> = new Set([
  'sign_in.refused', 'sign_in.throttled', 'account.change_refused', 'code.reused', 'assertion.replayed',
  'proof.replayed', 'proof.refused', 'client.refused', 'request_object.refused', 'grant.refused',
  'request.limited', 'access.refused', 'request.refused', 'key.revoked', 'evidence.head_failed', 'evidence.withhold_failed', 'logout.failed', 'logout.given_up',
  'logout.hint_ignored', 'client.jwks_failed', 'client.jwks_refused', 'upstream.metadata_failed',
  'start.notice',
]) // prettier-ignore

function severityOf(event: EventName): keyof typeof severities {
  if (errors.has(event)) return 'error'
  return warnings.has(event) ? 'warn' : 'info'
}
