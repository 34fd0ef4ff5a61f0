import { appendFileSync } from 'node:fs'
import type { MiniflareOptions } from 'miniflare'
import type { State } from './state.ts'

type WorkerConfig = MiniflareOptions['workers'][number]['config']
type Bindings = NonNullable<WorkerConfig['env']>

const name = 'evidence-anchors'

/** What `--anchor` binds to the server: a bucket in the state folder, and a queue. */
export const anchorBindings: Bindings = {
  EVIDENCE_BUCKET: { type: 'r2', name },
  EVIDENCE_QUEUE: { type: 'queue', name },
}

/** What the queue's consumer is given: its one way to the outside ends in `STATE/anchors.jsonl`. */
export function describeConsumer(state: State): Pick<WorkerConfig, 'triggers' | 'env'> {
  return {
    triggers: [{ type: 'queue', name, maxBatchSize: 10, maxBatchTimeout: 1 }],
    env: {
      KEEP: {
        type: 'fetcher',
        handler: async (request) => {
          const { Response } = await import('miniflare')
          appendFileSync(state.path('anchors.jsonl'), await request.text(), { mode: 0o600 })
          return new Response(null, { status: 204 })
        },
      },
    },
  }
}
