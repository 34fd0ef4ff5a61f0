import type { Call } from '../call.ts'
import { readBody } from '../authorization/parameters.ts'
import { isRecord, parseJson } from '../encoding.ts'
import { demand, fail } from '../errors.ts'

/** One operation of the admin API. `:id` stands for one path segment. */
export type Operation = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: readonly string[]
  readonly run: (call: Call, id: string) => Promise<Response>
}

/** Entries of one page of a list. */
export const pageSize = 100

/** Reads a JSON object from the body. Throws `ProtocolError`. */
export async function readJson(call: Call): Promise<Readonly<Record<string, unknown>>> {
  const type = (call.request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    return fail('invalid_request', 'The body must be application/json')
  const value = parseJson(demand(await readBody(call.request)))
  return isRecord(value) ? value : fail('invalid_request', 'The body is not a JSON object')
}

/** Where a listing goes on: `?after=`. */
export const listAfter = (call: Call): string =>
  new URL(call.request.url).searchParams.get('after')?.slice(0, 256) ?? ''

export const ifAbsent = (call: Call): boolean => call.request.headers.get('if-none-match') === '*'
