import type { KeyHost } from './key-host.ts'

/** A client's back-channel logout address: takes what is posted, and answers as it is told. */
export type LogoutReceiver = {
  readonly uri: string
  /** The next logout token that was or will be posted. */
  readonly next: () => Promise<string>
  /** Everything posted and not taken yet. */
  readonly waiting: () => readonly string[]
  /** Statuses of the next answers; afterwards 200. */
  readonly answerWith: (...statuses: readonly number[]) => void
}

export function receiveLogouts(host: KeyHost, path: string): LogoutReceiver {
  const tokens: string[] = []
  const takers: ((token: string) => void)[] = []
  let statuses: readonly number[] = []
  host.serve(path, (response, request) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const [status = 200, ...rest] = statuses
      statuses = rest
      response.writeHead(status, { 'cache-control': 'no-store' }).end()
      const form = request.headers['content-type'] === 'application/x-www-form-urlencoded'
      const sent = `${request.method} ${form} ${body}`
      const token = /^POST true logout_token=([^&]+)$/.exec(sent)?.[1] ?? sent
      const taker = takers.shift()
      if (taker === undefined) tokens.push(token)
      else taker(token)
    })
  })
  return {
    uri: `${host.origin}${path}`,
    next: () => {
      const token = tokens.shift()
      if (token !== undefined) return Promise.resolve(token)
      return new Promise((resolve) => takers.push(resolve))
    },
    waiting: () => [...tokens],
    answerWith: (...next) => {
      statuses = next
    },
  }
}
