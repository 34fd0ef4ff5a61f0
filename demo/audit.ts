import { appendFileSync } from 'node:fs'
import { bundleWorker } from './bundle.ts'
import type { WorkerConfig } from './workers.ts'

/** What the audit stream needs, where `--audit` asks for it. */
export type AuditParts = {
  /** For the server's `AUDIT_QUEUE`. */
  readonly queue: { readonly type: 'queue'; readonly name: string }
  /** The Worker that takes the records out of the queue. */
  readonly consumer: Pick<WorkerConfig, 'env' | 'triggers'>
  readonly contents: string
}

const queueName = 'audit'

/** A queue with a consumer that writes each record to a file, one JSON object per line. */
export async function describeAudit(path: string): Promise<AuditParts> {
  return {
    queue: { type: 'queue', name: queueName },
    contents: await bundleWorker('demo/worker/audit.ts'),
    consumer: {
      triggers: [{ type: 'queue', name: queueName, maxBatchSize: 100, maxBatchTimeout: 1 }],
      env: {
        FILE: {
          type: 'fetcher',
          handler: async (request) => {
            const { Response } = await import('miniflare')
            appendFileSync(path, await request.text(), { mode: 0o600 })
            return new Response(null, { status: 204 })
          },
        },
      },
    },
  }
}
