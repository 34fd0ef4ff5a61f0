import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web site of somebody else, at the loopback address: another origin, and another site, than the server. */
export type Site = {
  readonly origin: string
  /** Every address that was asked for, in order. */
  readonly visits: readonly URL[]
  /** The next visit, or one that was there already, that is wanted. */
  readonly visit: (wanted: (url: URL) => boolean) => Promise<URL>
  /** What a path answers from now on: a whole page. */
  readonly serve: (path: string, html: string) => void
  readonly close: () => Promise<void>
}

/** Opens it on a free port. Paths that serve nothing answer a short page. */
export async function openSite(title: string): Promise<Site> {
  const pages = new Map<string, string>()
  const visits: URL[] = []
  const waiting: { wanted: (url: URL) => boolean; resolve: (url: URL) => void }[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin)
    const html = pages.get(url.pathname) ?? wholePage(title, `<h1 id="arrived">${title}</h1>`)
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
    visits.push(url)
    for (const { wanted, resolve } of waiting) if (wanted(url)) resolve(url)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    visits,
    visit: (wanted) => {
      const seen = visits.find(wanted)
      if (seen !== undefined) return Promise.resolve(seen)
      return new Promise((resolve) => waiting.push({ wanted, resolve }))
    },
    serve: (path, html) => void pages.set(path, html),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The icon is named so that no browser asks for one. */
export const wholePage = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><title>${title}</title><link rel="icon" href="data:,"></head><body>${body}</body></html>`
