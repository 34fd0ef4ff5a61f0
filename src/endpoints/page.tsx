import type { Child } from 'hono/jsx'
import { endpointUrl } from '../call.ts'
import type { Call } from '../call.ts'
import { statusFor } from '../errors.ts'
import type { Refusal } from '../errors.ts'
import { ErrorPage } from '../pages/error.tsx'
import type { Frame } from '../pages/layout.tsx'
import { chooseSpeech } from '../pages/words.ts'
import type { Words } from '../pages/words/en.ts'
import { asset, assetsOf } from './assets.ts'

/** Serves what pages load. */
export const style = asset

/**
 * What every page of an issuer has in common, in the language of whoever reads it. `uiLocales`: of the
 * request that brought the person here, where there is one.
 */
export async function frame(call: Call, uiLocales?: readonly string[]): Promise<Frame> {
  const { issuer, request } = call
  const { branding } = issuer
  const { style, passkey, post, logo } = await assetsOf(issuer)
  const acceptLanguage = request.headers.get('accept-language')
  const url = (path: string) => endpointUrl(issuer, 'main', path)
  return {
    ...chooseSpeech({ uiLocales, acceptLanguage, otherwise: branding.language }),
    stylesheet: url(style.path),
    passkeyScript: url(passkey.path),
    postScript: url(post.path),
    brand: {
      name: issuer.name,
      ...(logo === undefined ? {} : { logo: url(logo.path) }),
      ...(branding.supportUrl === undefined ? {} : { support: branding.supportUrl }),
    },
  }
}

type PageOptions = {
  readonly status: number
  /** The frame the page was made with. */
  readonly frame: Frame
  /** Where a form's answer can end: the client's redirect URI. */
  readonly endsAt?: string
  /** What the page's script asks of `navigator.credentials`. */
  readonly passkeys?: 'get' | 'create'
  /** Its script posts its form, which goes to the client and nowhere else. */
  readonly posts?: boolean
}

/**
 * A page: never stored, never framed, no script but the one for passkeys and the one that posts a response. A form whose answer can end at the client names that
 * client's origin, because browsers enforce `form-action` across redirects.
 *
 * @example
 * const shown = await frame(call, request.uiLocales)
 * return page(<LoginPage {...shown} … />, { frame: shown, status: 200, endsAt: request.redirectUri })
 */
export function page(body: Child, options: PageOptions): Response {
  return new Response(String(body), {
    status: options.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-language': options.frame.lang,
      'cache-control': 'no-store',
      'content-security-policy': policy(options),
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': permissions(options),
    },
  })
}

/** Also inside a page: only the passkey pages reach for passkeys, each for its own purpose. */
function permissions({ passkeys }: PageOptions): string {
  const allowed = (ceremony: PageOptions['passkeys']) => (passkeys === ceremony ? 'self' : '')
  return [
    'camera=()',
    'geolocation=()',
    'microphone=()',
    'payment=()',
    `publickey-credentials-create=(${allowed('create')})`,
    `publickey-credentials-get=(${allowed('get')})`,
  ].join(', ')
}

function policy({ frame: shown, endsAt, passkeys, posts }: PageOptions): string {
  const own = posts === true ? [] : ["'self'"]
  const targets = [...own, ...(endsAt === undefined ? [] : [formTarget(new URL(endsAt))])]
  return [
    "default-src 'none'",
    ...(passkeys === undefined && posts !== true ? [] : ["script-src 'self'"]),
    "style-src 'self'",
    ...(shown.brand.logo === undefined ? [] : ["img-src 'self'"]),
    `form-action ${targets.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** A source list has no form for IPv6 addresses: for those it is the scheme alone. */
const formTarget = (url: URL): string => (url.hostname.startsWith('[') ? url.protocol : url.origin)

/** What a person reads of a refusal; the rest of it is for developers. */
function saying({ told, code }: Refusal, { errors }: Words): Words['errors']['otherwise'] {
  if (told !== undefined) return errors.told[told]
  const codes: { readonly [known in Refusal['code']]?: Words['errors']['otherwise'] } = errors.codes
  return codes[code] ?? errors.otherwise
}

/** The error page: what happened, what to do, and a way back where that is safe. */
export async function errorPage(
  call: Call,
  refusal: Refusal,
  reference: string,
): Promise<Response> {
  const { code, description, back, again } = refusal
  const shown = await frame(call)
  const body = (
    <ErrorPage
      {...shown}
      {...saying(refusal, shown.words)}
      code={code}
      reference={reference}
      technical={description}
      {...(back === undefined ? {} : { back })}
      {...(again === undefined ? {} : { again: { href: again } })}
    />
  )
  // A person's browser cannot do anything with 401, which would ask for a challenge.
  const status = statusFor(refusal)
  const endsAt = back?.post === undefined ? {} : { endsAt: back.href }
  return page(body, { frame: shown, status: status === 401 ? 400 : status, ...endsAt })
}
