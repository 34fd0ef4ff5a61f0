import { jsonOf, judge, mediaType, skip, type Answer, type Finding } from './finding.ts'

/** RFC 9126 2.3: only POST. */
export function checkParGet(answer: Answer): Finding {
  const allow = answer.headers.get('allow') ?? ''
  return judge({
    check: 'par.get',
    holds: answer.status === 405 && /\bPOST\b/.test(allow),
    good: 'GET is refused with 405 and Allow: POST',
    bad: `GET is answered with ${answer.status}${allow === '' ? ' without Allow' : ''}`,
    remedy: 'Something in front of the Worker answers for it; see rules and caching of the zone.',
  })
}

/** A request that proves no client gets nowhere, in the words of RFC 6749 5.2. */
export function checkUnauthenticated(
  answer: Answer,
  name: { readonly check: string; readonly what: string },
): Finding {
  const error = jsonOf(answer)?.['error']
  return judge({
    check: name.check,
    holds:
      (answer.status === 401 || answer.status === 400) &&
      mediaType(answer) === 'application/json' &&
      error === 'invalid_client',
    good: `${name.what} is refused: ${answer.status} invalid_client`,
    bad: `${name.what} is answered with ${answer.status} ${typeof error === 'string' ? error : mediaType(answer) || 'and no type'}`,
    remedy:
      'The Worker answers invalid_client in JSON; a WAF page or another service stands there.',
  })
}

/** Every answer hands out the next nonce, so that an honest client needs no extra round trip. */
export function checkNonce(answers: readonly Answer[], dpop: boolean): Finding {
  if (!dpop) return skip('dpop.nonce', 'DPoP is not offered: no nonces')
  const missing = answers.filter(
    // RFC 9449 8.1: exactly one, of NQCHAR.
    (answer) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(answer.headers.get('dpop-nonce') ?? ''),
  )
  const paths = [...new Set(missing.map((answer) => new URL(answer.url).pathname))]
  return judge({
    check: 'dpop.nonce',
    holds: missing.length === 0,
    good: 'Answers carry exactly one DPoP-Nonce',
    bad: `No sound DPoP-Nonce at ${paths.join(', ')}`,
    remedy: 'Remove the rule or cache that drops the DPoP-Nonce header.',
  })
}

/** RFC 6749 5.1: what holds secrets is not kept on the way. */
export function checkNoStore(answers: readonly Answer[]): Finding {
  const kept = answers.filter(
    (answer) => !/no-store/i.test(answer.headers.get('cache-control') ?? ''),
  )
  const paths = [...new Set(kept.map((answer) => new URL(answer.url).pathname))]
  return judge({
    check: 'back_channel.no_store',
    holds: kept.length === 0,
    good: 'Answers of PAR and token may not be stored',
    bad: `Answers may be stored: ${paths.join(', ')}`,
    remedy: 'Remove the cache rule of the zone that replaces Cache-Control.',
  })
}

/** The admin API is there and closed. */
export function checkAdmin(answer: Answer): Finding {
  return judge({
    check: 'admin.closed',
    holds: answer.status === 401,
    good: 'The admin API refuses a request without a token',
    bad: `The admin API answers ${answer.status} without a token`,
    remedy: 'It must answer 401; if it answers 200, take the deployment down.',
    mild: answer.status >= 400,
  })
}
