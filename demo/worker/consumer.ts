/*
 * The consumer of a queue on this machine: what comes is written to a file that the server does not write
 * to. In production it is a Worker of the operator's own; for anchors of another account, or another company.
 */

type Bindings = { readonly KEEP: Fetcher }

export default {
  async queue(batch: MessageBatch, { KEEP }: Bindings): Promise<void> {
    const lines = batch.messages.map(({ body }) => `${JSON.stringify(body)}\n`)
    const answer = await KEEP.fetch('http://keep.localhost/', {
      method: 'POST',
      body: lines.join(''),
    })
    if (!answer.ok) throw new Error(`${batch.queue} could not be kept: ${answer.status}`)
  },
}
