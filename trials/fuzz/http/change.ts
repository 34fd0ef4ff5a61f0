import fc from 'fast-check'
import { mark } from '../../../test/support/sober.ts'
import { anyJson, mangled } from '../support/mangle.ts'
import type { Draft, Jwt, Members, Pair, Rendered } from './draft.ts'

/** One thing that is done to a sound request, as data: the same seed gives the same changes. */
export type Change = {
  readonly part: (typeof parts)[number]
  readonly how: 'drop' | 'value' | 'near' | 'twice' | 'name' | 'add'
  readonly pick: number
  readonly at: number
  readonly value: unknown
  readonly text: string
}

const parts = ['form', 'form', 'form', 'query', 'query', 'headers', 'assertion', 'assertion', 'request', 'request', 'proof', 'proof', 'json', 'json', 'json', 'method', 'path', 'body', 'nothing'] as const // prettier-ignore

const words = [
  '', ' ', '0', '-1', '1e999', 'null', 'true', '[]', '{}', '[{}]', '{"type":"a"}', 'none', 'login consent', 'openid', 'openid admin', 'S256', 'plain', 'code', 'jwt', 'query', 'form_post',
  'client_id', 'request', 'request_uri', 'claims', 'authorization_details', 'resource', 'scope', 'grant_id', 'grant_management_action', 'max_age', 'id_token_hint', 'ui_locales', 'acr_values', 'interaction', 'form', 'action',
  'urn:ietf:params:oauth:request_uri:x', 'https://web.example/cb', 'http://[::1', 'javascript:alert(1)', '../..', '%00', '%2e%2e', '%', '\u0000', '\r\nx: y', mark, '__proto__', 'constructor', 'é', '\ud800', '😀', 'x'.repeat(3_000), 'a'.repeat(70),
  'authorization_code', 'refresh_token', 'client_credentials', 'DPoP', 'Bearer x', 'client-web', 'client-second', 'operator', 'alice', 'A'.repeat(87), 'eyJhbGciOiJub25lIn0.e30.',
] // prettier-ignore
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...words) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.json({ maxDepth: 3 }),
  fc.base64String({ maxLength: 120 }),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
)
const value = fc.oneof(
  text,
  anyJson(),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text, anyJson(1), { maxKeys: 3, noNullPrototype: true }),
  fc.constantFrom<unknown>(1e308, -1, 0.5, 2 ** 53, 1e21, [[[[[[[[[]]]]]]]]]),
)
const change: fc.Arbitrary<Change> = fc.record({
  part: fc.constantFrom(...parts),
  how: fc.constantFrom('drop', 'value', 'value', 'near', 'near', 'twice', 'name', 'add'),
  pick: fc.nat({ max: 999 }),
  at: fc.nat({ max: 9_999 }),
  value,
  text,
})

/** One change mostly, now and then two. */
export const changes = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(change) },
  fc.tuple(change, change),
)

/** The draft with one part changed; a part it does not have gives way to one it has. */
export function changed(draft: Draft, one: Change): Draft {
  switch (one.part) {
    case 'form':
      if (draft.form !== undefined) return { ...draft, form: pairsChanged(draft.form, one) }
      return draft.query === undefined ? headersChanged(draft, one) : changed(draft, { ...one, part: 'query' }) // prettier-ignore
    case 'query':
      return { ...draft, query: pairsChanged(draft.query ?? [], one) }
    case 'headers':
      return headersChanged(draft, one)
    case 'assertion':
    case 'request':
    case 'proof': {
      const jwt = draft[one.part]
      if (jwt !== undefined) return { ...draft, [one.part]: jwtChanged(jwt, one) }
      return changed(draft, { ...one, part: 'form' })
    }
    case 'json':
      if (draft.json === undefined) return changed(draft, { ...one, part: 'form' })
      return { ...draft, json: jsonChanged(draft.json, one) }
    case 'method': {
      const methods = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']
      return { ...draft, method: methods[one.pick % methods.length] ?? 'GET' }
    }
    case 'path':
      return { ...draft, url: pathChanged(draft.url, one) }
    case 'body':
    case 'nothing':
      return draft
    default:
      return one.part satisfies never
  }
}

/** What is done to the bytes that go out: flipped, cut, grown. */
export function bytesChanged(rendered: Rendered, one: Change): Rendered {
  const { body } = rendered
  if (one.part !== 'body' || body === undefined) return rendered
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const [other = bytes] = fc.sample(mangled(fc.constant(bytes)), { seed: one.at, numRuns: 1 })
  return { ...rendered, body: other }
}

function pairsChanged(pairs: readonly Pair[], { how, pick, at, text }: Change): readonly Pair[] {
  if (how === 'add' || pairs.length === 0) return [...pairs, [text, String(at)]]
  const place = pick % pairs.length
  const [name, value] = pairs[place] ?? ['', '']
  const put = (...those: Pair[]) => [...pairs.slice(0, place), ...those, ...pairs.slice(place + 1)]
  switch (how) {
    case 'drop':
      return put()
    case 'value':
      return put([name, text])
    case 'near':
      return put([name, nearly(value, at, text)])
    case 'twice':
      return put([name, value], [name, at % 2 === 0 ? value : text])
    case 'name':
      return put([text, value])
    default:
      return how satisfies never
  }
}

/** A text with one place changed. */
function nearly(value: string, at: number, text: string): string {
  const place = value.length === 0 ? 0 : at % value.length
  const stray = text.slice(0, 1 + (at % 3))
  return value.slice(0, place) + stray + value.slice(place + (at % 2))
}

const spare = ['origin', 'sec-fetch-site', 'accept', 'accept-language', 'x-forwarded-host', 'x-fapi-interaction-id', 'client-cert', 'if-none-match', 'authorization', 'dpop', 'cookie', 'content-type', 'signature-input', 'signature', 'content-digest', 'transfer'] // prettier-ignore

function headersChanged(draft: Draft, one: Change): Draft {
  const { headers = [] } = draft
  if (one.how !== 'add' && one.how !== 'name' && headers.length > 0)
    return { ...draft, headers: pairsChanged(headers, one) }
  const name = spare[one.pick % spare.length] ?? 'accept'
  return { ...draft, headers: [...headers, [name, one.text]] }
}

function membersChanged(members: Members, one: Change): Members {
  const names = Object.keys(members)
  const name = names[one.pick % Math.max(1, names.length)] ?? 'x'
  const rest = Object.fromEntries(Object.entries(members).filter(([other]) => other !== name))
  if (one.how === 'drop') return rest
  if (one.how === 'name') return { ...rest, [one.text]: members[name] }
  if (one.how === 'add') return { ...members, [one.text]: one.value }
  const old = members[name]
  if (one.how === 'near' && typeof old === 'string')
    return { ...members, [name]: nearly(old, one.at, one.text) }
  if (one.how === 'near' && typeof old === 'number')
    return { ...members, [name]: old + ((one.at % 2) * 2 - 1) * 10 ** (one.at % 12) }
  return { ...members, [name]: one.how === 'twice' ? [old, old] : one.value }
}

/** The algorithm stays one that can be signed with: others are tried by the texts themselves. */
function jwtChanged(jwt: Jwt, one: Change): Jwt {
  if (one.at % 3 > 0) return { ...jwt, claims: membersChanged(jwt.claims, one) }
  const { alg } = jwt.header
  const { crit: _crit, b64: _b64, ...header } = membersChanged(jwt.header, one)
  return { ...jwt, header: { ...header, alg } }
}

/** A member at some depth: `pick` leads the way down. */
function jsonChanged(json: unknown, one: Change): unknown {
  if (Array.isArray(json)) {
    const list = json as readonly unknown[]
    if (one.how === 'twice') return [...list, ...list]
    if (list.length === 0 || one.at % 3 === 0) return one.value
    const place = one.pick % list.length
    return list.map((item, index) => (index === place ? jsonChanged(item, one) : item))
  }
  if (typeof json !== 'object' || json === null) return one.value
  const members = json as Members
  const inner = Object.keys(members)[one.pick % Math.max(1, Object.keys(members).length)] ?? ''
  const value = members[inner]
  const deeper = typeof value === 'object' && value !== null && one.at % 4 > 0
  return deeper
    ? { ...members, [inner]: jsonChanged(value, { ...one, pick: one.pick + 7 }) }
    : membersChanged(members, one)
}

function pathChanged(url: string, { how, at, text }: Change): string {
  const { origin, pathname } = new URL(url)
  const safe = encodeURIComponent(text.toWellFormed()).slice(0, 200)
  if (how === 'add') return `${origin}${pathname}/${safe}`
  if (how === 'drop') return `${origin}${pathname.slice(0, Math.max(1, at % pathname.length))}`
  if (how === 'twice') return `${origin}/${pathname}`
  if (how === 'name') return `${origin}${pathname.toUpperCase()}`
  const segments = pathname.split('/')
  segments[1 + (at % Math.max(1, segments.length - 1))] = how === 'near' ? '%2e%2e' : safe
  return `${origin}${segments.join('/')}`
}
