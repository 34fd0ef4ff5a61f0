import type { BrowserContext } from 'playwright-core'

export type Violations = {
  readonly list: () => readonly string[]
  /** Takes what was seen so far, where a test wants it to be seen. */
  readonly take: () => readonly string[]
}

/** Chromium says so of every page that answers 4xx: the tests judge statuses themselves. */
const failedToLoad = 'Failed to load resource: the server responded with a status of'

/**
 * Listens to everything a browser complains of: violations of the content security policy (as the page
 * is told them, and as the console shows them, which needs no script), errors in scripts, and any other
 * error on the console.
 */
export async function watchViolations(context: BrowserContext): Promise<Violations> {
  let seen: string[] = []
  context.on('console', (message) => {
    const text = message.text()
    const policy = /content security policy|refused to/i.test(text)
    if ((message.type() !== 'error' && !policy) || text.startsWith(failedToLoad)) return
    seen.push(`${message.location().url}: ${text}`)
  })
  context.on('weberror', (error) => seen.push(`script error: ${error.error().message}`))
  await context.exposeBinding('reportViolation', ({ page }, what: unknown) => {
    seen.push(`${page.url()}: ${String(what)}`)
  })
  // Not bound by the page's policy: it comes from the browser's own tools.
  await context.addInitScript(`
    addEventListener('securitypolicyviolation', (event) =>
      window.reportViolation(event.violatedDirective + ' ' + event.blockedURI))
  `)
  return {
    list: () => seen,
    take: () => {
      const taken = seen
      seen = []
      return taken
    },
  }
}
