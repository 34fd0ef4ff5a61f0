import { decodeJwt } from 'jose'
import type { Answer } from '../../test/support/http.ts'
import type { Exchange } from './exchange.ts'

/** What an answer of success lacks; undefined: it holds all that it should. */
export function shortfall(exchange: Exchange, answer: Answer): string | undefined {
  const wanted = membersOf(exchange)
  const missing = wanted.filter((name) => !isThere(answer.json[name]))
  if (missing.length > 0) return missing.join(', ')
  return exchange.endpoint === 'token' ? tokenShortfall(exchange, answer) : undefined
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

function membersOf({ endpoint, claims, handed, sent }: Exchange): readonly string[] {
  switch (endpoint) {
    case 'par':
      return ['request_uri', 'expires_in']
    case 'token': {
      const always = ['access_token', 'token_type', 'expires_in', 'scope']
      if (claims.form.get('grant_type') !== 'authorization_code') return always
      const managed = handed.code?.managed === true ? ['grant_id'] : []
      return [...always, 'refresh_token', 'id_token', ...managed]
    }
    case 'grants':
      return sent.request.method === 'DELETE' ? [] : ['scopes', 'created_at']
    case 'userinfo':
      return ['sub']
    case 'accounts':
      return ['accounts']
    default:
      return []
  }
}

/** The token must be bound to what was proven, and say so. */
function tokenShortfall({ claims }: Exchange, { json }: Answer): string | undefined {
  const type = claims.proof === undefined ? 'Bearer' : 'DPoP'
  if (json['token_type'] !== type) return `token_type ${type}`
  const { cnf, jti, aud, sub } = decodeJwt(String(json['access_token']))
  const member = claims.proof === undefined ? 'x5t#S256' : 'jkt'
  if (!isThere((cnf as Readonly<Record<string, unknown>> | undefined)?.[member]))
    return `cnf.${member}`
  if (!isThere(jti) || !isThere(aud) || !isThere(sub)) return 'jti, aud or sub in the access token'
  return undefined
}
