import type { Call } from '../call.ts'
import { ProtocolError, fail } from '../errors.ts'
import { demandAccess } from '../endpoints/protected.ts'
import { adminAudience } from '../tokens/audience.ts'
import { clientOperations } from './clients.ts'
import { evidenceOperations } from './evidence.ts'
import { grantOperations } from './grants.ts'
import { keyOperations } from './keys.ts'
import type { Operation } from './operation.ts'
import { userOperations } from './users.ts'

const operations: readonly Operation[] = [
  ...clientOperations,
  ...userOperations,
  ...grantOperations,
  ...evidenceOperations,
  ...keyOperations,
]

/**
 * The admin API: a DPoP-protected resource for operators of this issuer, who are known by
 * configuration only. Every operation is audited.
 */
export async function adminApi(call: Call): Promise<Response> {
  const { token } = await demandAccess(call, {
    scope: 'admin',
    audience: adminAudience(call.issuer),
  })
  // No other home can hold such a token; the check costs nothing and keeps it so.
  if (token.home.home !== 'operator') return fail('access_denied', 'This is for operators')
  const segments = pathSegments(call.path)
  const here = operations.filter((operation) => matches(operation.path, segments))
  const operation = here.find(({ method }) => method === call.request.method)
  if (operation === undefined) {
    return here.length > 0
      ? fail('method_not_allowed', 'This method is not for this address')
      : fail('not_found', 'There is no such operation')
  }
  const id = segments.find((_, index) => operation.path[index] === ':id') ?? ''
  const audit = (outcome: string) =>
    call.log('admin.operation', {
      operator: token.clientId,
      operation: `${operation.method} /${operation.path.join('/')}`,
      // User names are personal data and stay out of the log.
      ...(operation.path[0] === 'users' ? {} : { target: id }),
      outcome,
    })
  try {
    const response = await operation.run(call, id)
    audit(String(response.status))
    return response
  } catch (error) {
    audit(error instanceof ProtocolError ? error.refusal.code : 'failed')
    throw error
  }
}

function pathSegments(path: string): readonly string[] {
  const parts = path.split('/').slice(2)
  try {
    return parts.map(decodeURIComponent)
  } catch {
    return fail('invalid_request', 'The path is not valid percent-encoded UTF-8')
  }
}

const matches = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) => part === ':id' || part === segments[index])
