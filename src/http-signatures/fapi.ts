/**
 * The rules of FAPI 2.0 HTTP Signatures as data: tags, what each signature covers, and the four
 * operations that follow them.
 */
import { component, createSignature } from 'http-message-sig'
import type { SignatureComponent, Signer } from 'http-message-sig'
import { refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { contentDigest, matchesDigest } from './digest.ts'
import { describeRequest, describeResponse, isCoverable, pickSignature } from './message.ts'
import type { Pick, RequestMessage, ResponseMessage } from './message.ts'
import { invalidSignature, verifyMessage } from './verify.ts'
import type { VerifiedSignature, VerifierFinder } from './verify.ts'

export const requestTag = 'fapi-2-request'
export const responseTag = 'fapi-2-response'

type Row<Facts> = {
  readonly covers: (facts: Facts) => readonly SignatureComponent[]
  readonly when?: (facts: Facts) => boolean
}

type RequestFacts = { readonly headers: Headers; readonly hasContent: boolean }
type ResponseFacts = RequestFacts & {
  readonly request: RequestMessage
  /** Label of the request's signature, when it had one. */
  readonly label: string | undefined
}

const hasDigest = ({ headers, hasContent }: RequestFacts) =>
  hasContent || headers.has('content-digest')

/** 5.3.1: what a request's signature covers. */
const requestRows: readonly Row<RequestFacts>[] = [
  { covers: () => ['@method', '@target-uri', 'authorization'] },
  { covers: () => ['dpop'], when: ({ headers }) => headers.has('dpop') },
  { covers: () => ['content-digest'], when: hasDigest },
]

const ofRequest = (name: string) => component(name, { req: true })

/** 5.3.2: what a response's signature covers, and how it is tied to its request. */
const responseRows: readonly Row<ResponseFacts>[] = [
  { covers: () => ['@status'] },
  { covers: () => ['content-digest'], when: hasDigest },
  { covers: () => [ofRequest('@method'), ofRequest('@target-uri')] },
  {
    covers: () => [ofRequest('content-digest')],
    when: ({ request }) => isCoverable(request.headers, 'content-digest'),
  },
  {
    covers: ({ label = '' }) =>
      ['signature', 'signature-input'].map((name) => component(name, { req: true, key: label })),
    when: ({ label }) => label !== undefined,
  },
]

const covered = <Facts>(rows: readonly Row<Facts>[], facts: Facts): readonly SignatureComponent[] =>
  rows
    .filter(({ when }) => when === undefined || when(facts))
    .flatMap(({ covers }) => covers(facts))

/** Who signs, and when. */
export type Signing = {
  readonly signer: Signer
  readonly keyId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Makes two signatures of one message in one second differ. */
  readonly nonce?: string
}

const label = 'sig1'

type WithContent = { readonly content: Uint8Array }

/** How each kind of message is signed: its tag, what is covered, and what the signature sees of it. */
const asRequest = (request: RequestMessage & WithContent, headers: Headers) => ({
  tag: requestTag,
  components: covered(requestRows, { headers, hasContent: request.content.length > 0 }),
  message: describeRequest({ ...request, headers }),
})
const asResponse = (response: ResponseMessage & WithContent, headers: Headers) => ({
  tag: responseTag,
  components: covered(responseRows, responseFacts(response, headers)),
  message: describeResponse({ ...response, headers }),
})

/** Signs a request: the headers to send in place of its own. */
export async function signRequest(
  request: RequestMessage & WithContent,
  signing: Signing,
): Promise<Headers> {
  const headers = await withDigest(request.headers, request.content)
  return withSignature(headers, asRequest(request, headers), signing)
}

/** Verifies a request's signature over all that the profile demands. Errors: `invalid_signature`. */
export async function verifyRequest(
  request: RequestMessage & WithContent,
  given: Verifying,
): Promise<Result<VerifiedSignature>> {
  return verify(request, asRequest(request, request.headers), given)
}

/** Signs a response to a request: the headers to send in place of its own. */
export async function signResponse(
  response: ResponseMessage & WithContent,
  signing: Signing,
): Promise<Headers> {
  const headers = await withDigest(response.headers, response.content)
  return withSignature(headers, asResponse(response, headers), signing)
}

/** Verifies a response's signature with the request it must answer. Errors: `invalid_signature`. */
export async function verifyResponse(
  response: ResponseMessage & WithContent,
  given: Verifying,
): Promise<Result<VerifiedSignature>> {
  return verify(response, asResponse(response, response.headers), given)
}

type Signed = ReturnType<typeof asRequest> | ReturnType<typeof asResponse>
type Verifying = { readonly keys: VerifierFinder; readonly now: number }

async function verify(
  { headers, content }: WithContent & { readonly headers: Headers },
  { tag, components, message }: Signed,
  given: Verifying,
): Promise<Result<VerifiedSignature>> {
  const picked = pickSignature(headers, tag)
  if (picked.kind !== 'label')
    return refuse('invalid_signature', invalidSignature, reasonOf(picked))
  const verified = await verifyMessage(message, { ...given, label: picked.label, components })
  if (!verified.ok) return verified
  return (await contentFits(headers, content)) ? verified : wrongDigest
}

/** Whether a request carries, or tries to carry, a signature for this profile. */
export const isSigned = (headers: Headers): boolean =>
  pickSignature(headers, requestTag).kind !== 'none'

/** What of such a request a client should sign (RFC 9421 5.1): a hint beside a refusal. */
export function acceptSignature(headers: Headers, hasContent: boolean): string {
  const names = covered(requestRows, { headers, hasContent }).map((name) => `"${String(name)}"`)
  return `${label}=(${names.join(' ')});created;tag="${requestTag}"`
}

const wrongDigest = refuse(
  'invalid_signature',
  invalidSignature,
  'Content-Digest is not the content’s',
)

const responseFacts = (
  { content, request }: ResponseMessage & { readonly content: Uint8Array },
  headers: Headers,
): ResponseFacts => ({
  headers,
  hasContent: content.length > 0,
  request,
  label: labelOf(request),
})

/** A digest that is there must be right, with content or without. */
async function contentFits(headers: Headers, content: Uint8Array): Promise<boolean> {
  const field = headers.get('content-digest')
  return field === null ? content.length === 0 : matchesDigest(field, content)
}

function labelOf(request: RequestMessage): string | undefined {
  const picked = pickSignature(request.headers, requestTag)
  return picked.kind === 'label' ? picked.label : undefined
}

const reasonOf = (picked: Exclude<Pick, { kind: 'label' }>): string =>
  picked.kind === 'none' ? 'no signature has the tag' : picked.why

function parametersOf({ keyId, now, nonce }: Signing, tag: string) {
  const created = Math.floor(now / 1000)
  return { created, ...(nonce === undefined ? {} : { nonce }), keyid: keyId, tag }
}

async function withDigest(headers: Headers, content: Uint8Array): Promise<Headers> {
  const whole = new Headers(headers)
  if (content.length === 0) whole.delete('content-digest')
  else whole.set('content-digest', await contentDigest(content))
  return whole
}

async function withSignature(
  headers: Headers,
  { tag, components, message }: Signed,
  signing: Signing,
): Promise<Headers> {
  const parameters = parametersOf(signing, tag)
  const { signer } = signing
  const fields = await createSignature(message, { label, components, parameters, signer })
  headers.set('signature', fields.signature)
  headers.set('signature-input', fields.signatureInput)
  return headers
}
