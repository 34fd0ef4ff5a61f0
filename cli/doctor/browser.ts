import { judge, mediaType, type Answer, type Finding } from './finding.ts'

const oneYear = 365 * 86_400

/** FAPI2 SP 5.2.3: browsers are told never to come over plain http. */
export function checkHsts(answer: Answer): Finding {
  const header = answer.headers.get('strict-transport-security') ?? ''
  const age = Number(/(?:^|;)\s*max-age="?(\d+)"?/i.exec(header)?.[1] ?? 0)
  const remedy =
    'The Worker sends max-age of a year or more; look for a zone setting or rule that replaces it.'
  if (age > 0 && age < oneYear) {
    return { check: 'browser.hsts', outcome: 'warn', says: `HSTS lasts only ${age} s`, remedy }
  }
  return judge({
    check: 'browser.hsts',
    holds: age > 0,
    good: 'HSTS on the authorization endpoint',
    bad: 'No HSTS on the authorization endpoint',
    remedy,
  })
}

/** FAPI2 SP 5.2.3: scripts of other origins get nothing from the authorization endpoint. */
export function checkCors(answers: readonly Answer[]): Finding {
  const leaking = answers.flatMap((answer) =>
    [...answer.headers.keys()].filter((name) => name.startsWith('access-control-')),
  )
  return judge({
    check: 'browser.cors',
    holds: leaking.length === 0,
    good: 'No CORS on the authorization endpoint (GET and OPTIONS)',
    bad: `CORS headers on the authorization endpoint: ${[...new Set(leaking)].join(', ')}`,
    remedy: 'Remove the zone rule or middleware that adds CORS headers to every answer.',
  })
}

/** A request that names nothing sound ends on an error page, never anywhere else. */
export function checkErrorPage(answer: Answer): readonly Finding[] {
  const header = (name: string) => (answer.headers.get(name) ?? '').toLowerCase()
  const expected = [
    ['content-security-policy', /frame-ancestors\s+'none'/],
    ['cache-control', /no-store/],
    ['referrer-policy', /^no-referrer$/],
    ['x-content-type-options', /^nosniff$/],
  ] as const
  const missing = expected.filter(([name, form]) => !form.test(header(name)))
  return [
    judge({
      check: 'browser.redirect',
      holds: answer.status < 300 || answer.status >= 400,
      good: 'An unknown client is not redirected anywhere',
      bad: `An unknown client's request is redirected to ${answer.headers.get('location') ?? '?'}`,
      remedy: 'Nothing in front of the Worker may redirect /authorize.',
    }),
    judge({
      check: 'browser.page',
      holds: answer.status >= 400 && answer.status < 500 && mediaType(answer) === 'text/html',
      good: `An error page answers (status ${answer.status})`,
      bad: `No error page: status ${answer.status}, ${mediaType(answer) || 'no type'}`,
      remedy: 'A WAF or challenge page may stand in front of /authorize; see the security events.',
    }),
    judge({
      check: 'browser.headers',
      holds: missing.length === 0,
      good: 'The error page cannot be framed, stored, sniffed or leak its address',
      bad: `Security headers missing or weak: ${missing.map(([name]) => name).join(', ')}`,
      remedy: 'Remove the zone rule (Transform Rules, caching) that changes response headers.',
    }),
  ]
}

/** FAPI2 SP 5.2.1: nothing of the protocol is answered without TLS. */
export function checkPlainHttp(answer: Answer | undefined): Finding {
  return judge({
    check: 'tls.plain_http',
    holds: answer === undefined || answer.status >= 300,
    good: 'Plain http answers nothing of the protocol',
    bad: 'The metadata is served over plain http',
    remedy: 'Turn on Always Use HTTPS for the zone.',
  })
}
