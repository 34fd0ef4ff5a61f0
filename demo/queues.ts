import { appendFileSync } from 'node:fs'
import type { MiniflareOptions } from 'miniflare'
import type { Options } from './options.ts'
import type { State } from './state.ts'

type WorkerConfig = MiniflareOptions['workers'][number]['config']
type Bindings = NonNullable<WorkerConfig['env']>

/** The queues of this machine: what they are called, and the file in the state folder where each ends. */
const queues = {
  anchors: { name: 'evidence-anchors', file: 'anchors.jsonl' },
  audit: { name: 'audit', file: 'audit.jsonl' },
} as const

export type QueueName = keyof typeof queues

export const wantedQueues = ({ anchor, audit }: Options): readonly QueueName[] => [
  ...(anchor ? (['anchors'] as const) : []),
  ...(audit ? (['audit'] as const) : []),
]

/** What the server is given: `--anchor` binds a bucket and a queue, `--audit` a queue. */
export const queueBindings: Readonly<Record<QueueName, Bindings>> = {
  anchors: {
    EVIDENCE_BUCKET: { type: 'r2', name: queues.anchors.name },
    EVIDENCE_QUEUE: { type: 'queue', name: queues.anchors.name },
  },
  audit: { AUDIT_QUEUE: { type: 'queue', name: queues.audit.name } },
}

/** What a queue's consumer is given: its one way to the outside ends in a file. */
export function describeConsumer(
  queue: QueueName,
  state: State,
): Pick<WorkerConfig, 'triggers' | 'env'> {
  const { name, file } = queues[queue]
  return {
    triggers: [{ type: 'queue', name, maxBatchSize: 100, maxBatchTimeout: 1 }],
    env: {
      KEEP: {
        type: 'fetcher',
        handler: async (request) => {
          const { Response } = await import('miniflare')
          appendFileSync(state.path(file), await request.text(), { mode: 0o600 })
          return new Response(null, { status: 204 })
        },
      },
    },
  }
}
