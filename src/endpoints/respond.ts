/** Answers of the back-channel endpoints. */

/** JSON that nobody stores (RFC 6749 5.1, FAPI2 SP 5.3.2.2-2). */
export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...unstored, ...headers },
  })
}

/** A JWT that nobody stores (OIDC Core 5.3.2). */
export function jwtResponse(body: string, type = 'jwt'): Response {
  return new Response(body, { headers: { 'content-type': `application/${type}`, ...unstored } })
}

const unstored = { 'cache-control': 'no-cache, no-store', pragma: 'no-cache' }
