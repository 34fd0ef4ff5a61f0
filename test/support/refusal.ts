import type { Page } from './browser.ts'
import type { Answer } from './http.ts'

/**
 * Status and error code of a refusal as one text, e.g. `400 invalid_grant`. Demands the form that every
 * error answer has (RFC 6749 5.2): JSON that nobody stores, with a description in the allowed characters
 * and without anything that only successes carry.
 */
export function refusal(answer: Answer): string {
  const { status, headers, json, text } = answer
  const flaw = (what: string): never => {
    throw new Error(`${what}: ${status} ${text}`)
  }
  if (status < 400) return `${status}`
  if (headers.get('content-type') !== 'application/json') flaw('not JSON')
  if (headers.get('cache-control')?.includes('no-store') !== true) flaw('may be stored')
  const { error, error_description: description, ...others } = json
  if (typeof error !== 'string' || !/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(error)) flaw('no error')
  if (typeof description !== 'string' || !/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(description))
    flaw('the description has characters RFC 6749 does not allow')
  if (Object.keys(others).length > 0) flaw('more than an error')
  return `${status} ${String(error)}`
}

/** Status and error code of an error page. Demands that it is one: no form, no redirect. */
export function pageRefusal(page: Page): string {
  const code = page.element('error')
  if (page.redirectedTo !== undefined) return `redirect to ${page.redirectedTo.href}`
  if (code === undefined || page.forms.length > 0) return `${page.status} not an error page`
  return `${page.status} ${code}`
}

/** The estimate certification uses: Shannon entropy per character times length, in bits. */
export function shannonBits(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  const perCharacter = [...counts.values()].reduce((sum, count) => {
    const share = count / text.length
    return sum - share * Math.log2(share)
  }, 0)
  return perCharacter * text.length
}
