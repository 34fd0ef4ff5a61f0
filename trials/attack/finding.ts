import type { Page } from '../../test/support/browser.ts'
import type { Answer } from '../../test/support/http.ts'

/**
 * What one step showed. For an attack `good` means that it was refused as it should be; for a twin that it
 * succeeded; for a check that nothing was harmed. `saw` never carries more than status, code and addresses.
 */
export type Finding = { readonly good: boolean; readonly saw: string }

/** A finding from a condition, in words for either case. */
export const finding = (good: boolean, saw: string): Finding => ({ good, saw })

/** Status and error code of an answer: `400 invalid_grant`, or `201`. */
export function told({ status, json, headers }: Answer): string {
  const error =
    json['error'] ?? /error="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1] ?? ''
  const location = headers.get('location')
  const to = location === null ? '' : `to ${originOf(location)}`
  return [status, String(error), to].filter((part) => part !== '').join(' ')
}

/** Status of a page, where it sent the browser, and what it offers. */
export function shown(page: Page): string {
  if (page.redirectedTo !== undefined) {
    const { origin, pathname, searchParams } = page.redirectedTo
    const error = searchParams.get('error')
    const carried = searchParams.has('code') ? 'with a code' : (error ?? 'with nothing')
    return `${page.status} to ${origin}${pathname} ${carried}`
  }
  return `${page.status} ${page.forms.length > 0 ? 'a form' : (page.element('error') ?? 'a page')}`
}

/**
 * Whether an answer is one of these refusals, each a status and an error code: `400 invalid_grant`. `4xx`
 * stands for any of them, a missing code for any code. A redirect is never one, nor a token beside.
 */
export function refusedAs(answer: Answer, ...expected: readonly string[]): Finding {
  const { status, json, headers } = answer
  const error = told(answer).split(' ')[1] ?? ''
  const matches = expected.some((one) => {
    const [wanted = '', code] = one.split(' ')
    const fits = wanted === '4xx' ? status >= 400 && status < 500 : String(status) === wanted
    return fits && (code === undefined || code === error)
  })
  const leaked = ['access_token', 'refresh_token', 'id_token', 'request_uri', 'code'].filter(
    (name) => json[name] !== undefined,
  )
  const clean = leaked.length === 0 && headers.get('location') === null
  return finding(
    matches && clean,
    clean ? told(answer) : `${told(answer)} with ${leaked.join(', ') || 'a redirect'}`,
  )
}

/** Whether a page refuses in place: 4xx, no redirect, nothing to go on with. */
export function refusedPage(page: Page): Finding {
  const { status, redirectedTo, forms } = page
  const good = status >= 400 && status < 500 && redirectedTo === undefined && forms.length === 0
  return finding(good, shown(page))
}

/** Whether an answer has this status. */
export const answered = (answer: Answer, ...statuses: readonly number[]): Finding =>
  finding(statuses.includes(answer.status), told(answer))

/** Whether an address a person was sent to carries a code for the client. */
export function carriesCode(callback: URL | undefined): Finding {
  const code = callback?.searchParams.get('code') ?? ''
  const error = callback?.searchParams.get('error') ?? 'nothing'
  return finding(code !== '', code === '' ? `a response with ${error}` : 'a response with a code')
}

/** The first finding that is not good; otherwise that all were. */
export function allOf(findings: readonly Finding[], saw?: string): Finding {
  const bad = findings.find(({ good }) => !good)
  return bad ?? finding(true, saw ?? findings.at(-1)?.saw ?? 'nothing')
}

function originOf(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : 'a path'
}
