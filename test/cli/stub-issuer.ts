import http from 'node:http'
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify, type JWK } from 'jose'
import { bodyOf, listen } from './support.ts'

export type StubIssuer = {
  readonly issuer: string
  /** `POST /token 400`, `GET /admin/keys 200`, … in the order they were answered. */
  readonly log: readonly string[]
  /** Forgets the nonces handed out so far, as a new time slot does. */
  readonly newNonce: () => void
}

type Answer = {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/**
 * As much of an issuer as an admin client meets: metadata, a token endpoint that demands a DPoP
 * nonce (400), and an API that demands it too (401). Proofs and assertions are really verified.
 */
export async function stubIssuer(options: {
  readonly operator: JWK
  readonly lifetime?: number
  readonly api?: (method: string, path: string, body: unknown) => Answer
}): Promise<StubIssuer> {
  const log: string[] = []
  let nonce = 'nonce-1'
  let issuer = ''
  const seen = new Set<string>()

  const checkProof = async (request: http.IncomingMessage): Promise<string | undefined> => {
    const proof = String(request.headers['dpop'])
    const { jwk } = decodeProtectedHeader(proof)
    if (jwk === undefined) return undefined
    const { payload } = await jwtVerify(proof, await importJWK(jwk, 'ES256'), { typ: 'dpop+jwt' })
    if (payload['nonce'] !== nonce) return undefined
    if (seen.has(String(payload.jti))) throw new Error('a proof was sent twice')
    seen.add(String(payload.jti))
    return calculateJwkThumbprint(jwk)
  }

  const tokens = async (request: http.IncomingMessage): Promise<Answer> => {
    const form = new URLSearchParams(await bodyOf(request))
    const assertion = await jwtVerify(
      String(form.get('client_assertion')),
      await importJWK(options.operator),
      { issuer: 'operator.ann', subject: 'operator.ann' },
    )
    if (assertion.payload.aud !== issuer) return { status: 401, body: { error: 'invalid_client' } }
    if (form.get('resource') !== `${issuer}/admin` || form.get('scope') !== 'admin') {
      return { status: 400, body: { error: 'invalid_target' } }
    }
    const jkt = await checkProof(request)
    if (jkt === undefined) return { status: 400, body: { error: 'use_dpop_nonce' } }
    const life = options.lifetime ?? 300
    const body = { access_token: `at-${jkt}`, token_type: 'DPoP', expires_in: life }
    return { status: 200, body }
  }

  const api = async (request: http.IncomingMessage, path: string): Promise<Answer> => {
    const jkt = await checkProof(request)
    if (jkt === undefined) {
      const challenge = 'DPoP error="use_dpop_nonce"'
      return { status: 401, headers: { 'www-authenticate': challenge } }
    }
    if (request.headers.authorization !== `DPoP at-${jkt}`) return { status: 401 }
    const text = await bodyOf(request)
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    return options.api?.(String(request.method), path, body) ?? { status: 200, body: {} }
  }

  const answer = (request: http.IncomingMessage, path: string): Promise<Answer> => {
    if (path === '/token') return tokens(request)
    if (path.startsWith('/admin/')) return api(request, path)
    const metadata = { issuer, token_endpoint: `${issuer}/token` }
    return Promise.resolve({ status: 200, body: metadata })
  }

  const server = http.createServer((request, response) => {
    const path = String(request.url)
    void answer(request, path)
      .catch((error: unknown) => ({ status: 500, body: { error: String(error) }, headers: {} }))
      .then(({ status, body, headers = {} }) => {
        log.push(`${request.method} ${path} ${status}`)
        response.writeHead(status, {
          'content-type': 'application/json',
          'dpop-nonce': nonce,
          ...headers,
        })
        response.end(body === undefined ? '' : JSON.stringify(body))
      })
  })
  issuer = `http://127.0.0.1:${await listen(server)}`
  return { issuer, log, newNonce: () => void (nonce = `nonce-${seen.size + 2}`) }
}
