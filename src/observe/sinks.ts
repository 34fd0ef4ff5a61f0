import type { AuditRecord } from './audit.ts'

/** Where records go beside the log, if a deployment binds it. */
export type AuditBindings = {
  readonly AUDIT_QUEUE?: Pick<Queue, 'sendBatch'>
  readonly AUDIT_DATASET?: Pick<AnalyticsEngineDataset, 'writeDataPoint'>
}

/** Messages of one batch, and data points of one request, as the platform limits them. */
const mostMessages = 100
const mostPoints = 250

export const hasSink = (env: AuditBindings): boolean =>
  env.AUDIT_QUEUE !== undefined || env.AUDIT_DATASET !== undefined

type Failure = { readonly sink: 'queue' | 'dataset'; readonly reason: string }

/** Sends records on. Never throws: says what failed. */
export async function deliver(
  env: AuditBindings,
  records: readonly AuditRecord[],
): Promise<readonly Failure[]> {
  const { AUDIT_QUEUE: queue, AUDIT_DATASET: dataset } = env
  const outcomes = await Promise.all([
    queue && attempt('queue', () => enqueue(queue, records)),
    dataset && attempt('dataset', async () => writePoints(dataset, records)),
  ])
  return outcomes.filter((outcome) => outcome !== undefined)
}

async function enqueue(
  queue: Pick<Queue, 'sendBatch'>,
  records: readonly AuditRecord[],
): Promise<void> {
  for (let at = 0; at < records.length; at += mostMessages) {
    const portion = records.slice(at, at + mostMessages)
    await queue.sendBatch(portion.map((body) => ({ body, contentType: 'json' as const })))
  }
}

/** The layout of a data point; see docs/events.md. */
function writePoints(
  dataset: Pick<AnalyticsEngineDataset, 'writeDataPoint'>,
  records: readonly AuditRecord[],
): void {
  for (const record of records.slice(0, mostPoints)) {
    const { time, event, severity_text, severity_number, issuer, ...rest } = record
    const { request_id, trace_id, span_id, endpoint, client_id, ...fields } = rest
    dataset.writeDataPoint({
      indexes: [issuer ?? ''],
      blobs: [
        event, severity_text, request_id, trace_id, span_id, endpoint ?? '', String(client_id ?? ''),
        JSON.stringify(fields),
      ],
      doubles: [Date.parse(time), severity_number],
    }) // prettier-ignore
  }
}

async function attempt(
  sink: Failure['sink'],
  work: () => Promise<void>,
): Promise<Failure | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return { sink, reason: error instanceof Error ? error.message : 'unknown' }
  }
}
