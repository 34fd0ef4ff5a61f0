import type { Page } from './browser.ts'
import type { Answer } from './http.ts'

/** What generated input is full of, and no answer may repeat as markup or in a header. */
export const mark = '<x-mark a="\'">'

/** Text that may be a stack, a path of the source or a failed assertion of the engine. */
const innards =
  /\bat [\w.<>]+ ?\(|\.tsx?:\d|node_modules|(Type|Range|Syntax|Reference)Error|stack|\[object /

/**
 * Demands what every answer to bad input must be: not the server's fault, without a look inside. Returns
 * the status.
 */
export function honest(answer: Pick<Answer | Page, 'status' | 'text'>): number {
  if (answer.status >= 500) throw new Error(`the server failed: ${answer.status} ${answer.text}`)
  if (innards.test(answer.text)) throw new Error(`the answer shows innards: ${answer.text}`)
  return answer.status
}

/**
 * What is wrong with an answer to any input: the server's fault, innards, markup that was sent, JSON that is
 * none, a description no client may be sent. Undefined: nothing.
 */
export function soberProblem(answer: Answer): string | undefined {
  try {
    honest(answer)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const type = answer.headers.get('content-type') ?? ''
  const isPage = type.startsWith('text/html')
  if (isPage && answer.text.includes('<x-mark')) return 'the page repeats markup'
  if ([...answer.headers].some(([, value]) => value.includes('<x-mark'))) {
    return 'a header repeats markup'
  }
  if (type === 'application/json' && answer.text !== '' && !isJson(answer.text)) {
    return 'the body is not the JSON it is said to be'
  }
  const description = answer.json['error_description']
  const sound =
    description === undefined ||
    (typeof description === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(description))
  return sound ? undefined : 'error_description has characters it may not have (RFC 6749 5.2)'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
