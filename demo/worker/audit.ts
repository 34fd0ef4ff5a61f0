/** Consumes the audit queue, as a deployment's own Worker would, and hands the records to this machine. */

type Bindings = { readonly FILE: Fetcher }

const consumer: ExportedHandler<Bindings> = {
  async queue(batch, env) {
    const lines = batch.messages.map(({ body }) => `${JSON.stringify(body)}\n`)
    const answer = await env.FILE.fetch('http://file/', { method: 'POST', body: lines.join('') })
    if (!answer.ok) throw new Error(`not written: ${answer.status}`)
  },
}

export default consumer
