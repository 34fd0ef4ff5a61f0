import type { FieldOccurrence, RequestDescriptor, ResponseDescriptor } from 'http-message-sig'
import { isInnerList, parseDictionary } from 'structured-headers'
import type { InnerList } from 'structured-headers'

/** A request as its signature sees it. */
export type RequestMessage = {
  readonly method: string
  /** The whole URL, query included (RFC 9421 2.2.2). */
  readonly targetUri: string
  readonly headers: Headers
}

/** A response as its signature sees it, with the request it answers. */
export type ResponseMessage = {
  readonly status: number
  readonly headers: Headers
  readonly request: RequestMessage
}

/** Longest Signature and Signature-Input, and most components: a base is built before a key is known. */
const mostCharacters = 8_192
const mostComponents = 50

export function describeRequest({ method, targetUri, headers }: RequestMessage): RequestDescriptor {
  return { kind: 'request', method, targetUri, fields: fieldsOf(headers) }
}

export function describeResponse({
  status,
  headers,
  request,
}: ResponseMessage): ResponseDescriptor {
  return { kind: 'response', status, fields: fieldsOf(headers), request: describeRequest(request) }
}

/** A base is ASCII (RFC 9421 2.5): a field that is not cannot be covered, and is as good as absent. */
function fieldsOf(headers: Headers): readonly FieldOccurrence[] {
  return [...headers]
    .map(([name, value]) => ({ name, value }))
    .filter(({ value }) => isAscii(value))
}

const isAscii = (value: string): boolean => /^[\t\x20-\x7e]*$/.test(value)

/** Whether a signature can cover a field: it is there, and in ASCII. */
export function isCoverable(headers: Headers, name: string): boolean {
  const value = headers.get(name)
  return value !== null && isAscii(value)
}

export type Pick =
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'label'; readonly label: string; readonly signature: Uint8Array }

const unusable = (why: string): Pick => ({ kind: 'unusable', why })

/**
 * The signature that a message carries for a purpose: the one label whose `tag` names it (RFC 9421 3.2).
 * Others are passed over: gateways sign too. Nothing of it is verified yet.
 */
export function pickSignature(headers: Headers, tag: string): Pick {
  const input = headers.get('signature-input')
  const field = headers.get('signature') ?? ''
  if (input === null) return { kind: 'none' }
  if (input.length + field.length > mostCharacters)
    return unusable('the signature fields are too long')
  try {
    const tagged = [...parseDictionary(input)].flatMap(([label, member]) =>
      isInnerList(member) && member[1].get('tag') === tag ? [{ label, list: member }] : [],
    )
    const [found, ...others] = tagged
    if (found === undefined) return { kind: 'none' }
    if (others.length > 0) return unusable('two labels have the tag')
    const picked = pickLabel(found.label, found.list, field)
    // Both are well-formed by now.
    return hasNewValues(input) || hasNewValues(field)
      ? unusable('it has values of RFC 9651')
      : picked
  } catch {
    return unusable('Signature-Input or Signature is malformed')
  }
}

/** Dates and display strings (RFC 9651): no signature of RFC 9421 holds them, and none can cover them. */
const hasNewValues = (text: string): boolean => /@|%"/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, '"'))

function pickLabel(label: string, list: InnerList, field: string): Pick {
  if (list[0].length > mostComponents) return unusable('too many components')
  const member = parseDictionary(field).get(label)
  const bytes = member === undefined || isInnerList(member) ? undefined : member[0]
  if (!(bytes instanceof ArrayBuffer)) return unusable('the label has no signature')
  const signature = new Uint8Array(bytes)
  // One text for one signature: base64 with other bits in its padding says the same.
  const text = btoa(String.fromCharCode(...signature))
  return field.includes(`:${text}:`)
    ? { kind: 'label', label, signature }
    : unusable('the signature is not in canonical base64')
}
