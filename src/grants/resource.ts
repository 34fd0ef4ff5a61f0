import { all } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'

/** The one resource a token request may name (RFC 8707 2.2). Errors: `invalid_target`. */
export function oneResource(parameters: Parameters): Result<string | undefined> {
  const [resource, ...others] = new Set(all(parameters, 'resource'))
  if (others.length > 0) return refuse('invalid_target', 'A token is for one resource')
  return accept(resource)
}
