import type { Child } from 'hono/jsx'
import { endpointUrl } from '../call.ts'
import type { Call } from '../call.ts'
import { toHex, sha256 } from '../encoding.ts'
import { statusFor } from '../errors.ts'
import type { Refusal } from '../errors.ts'
import { ErrorPage } from '../pages/error.tsx'
import type { Frame } from '../pages/layout.tsx'
import { makeStylesheet } from '../pages/style.ts'
import { chooseSpeech } from '../pages/words.ts'
import type { Words } from '../pages/words/en.ts'

const stylesheet = makeStylesheet()

/** The style sheet's path holds its hash, so it can be kept for ever. Computed once. */
let stylePath: string | undefined

async function styleSheetPath(): Promise<string> {
  stylePath ??= `/assets/style-${toHex(await sha256(stylesheet)).slice(0, 16)}.css`
  return stylePath
}

/** Serves the style sheet at its hashed path. */
export async function style(call: Call): Promise<Response | undefined> {
  if (call.path !== (await styleSheetPath())) return undefined
  return new Response(stylesheet, {
    headers: {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    },
  })
}

/**
 * What every page of an issuer has in common, in the language of whoever reads it. `uiLocales`: of the
 * request that brought the person here, where there is one.
 */
export async function frame(call: Call, uiLocales?: readonly string[]): Promise<Frame> {
  const { issuer, request } = call
  return {
    ...chooseSpeech({ uiLocales, acceptLanguage: request.headers.get('accept-language') }),
    stylesheet: endpointUrl(issuer, 'main', await styleSheetPath()),
    brand: { name: issuer.name },
  }
}

type PageOptions = {
  readonly status: number
  /** The frame the page was made with. */
  readonly frame?: Frame
  /** Where a form's answer can end: the client's redirect URI. */
  readonly endsAt?: string
}

/**
 * A page: never stored, never framed, no script. A form whose answer can end at the client names that
 * client's origin, because browsers enforce `form-action` across redirects.
 *
 * @example
 * const shown = await frame(call, request.uiLocales)
 * return page(<LoginPage {...shown} … />, { frame: shown, status: 200, endsAt: request.redirectUri })
 */
export function page(body: Child, options: PageOptions): Response {
  const target = options.endsAt === undefined ? '' : ` ${formTarget(new URL(options.endsAt))}`
  return new Response(String(body), {
    status: options.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      ...(options.frame === undefined ? {} : { 'content-language': options.frame.lang }),
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self'${target}; frame-ancestors 'none'; base-uri 'none'`,
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    },
  })
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
  const { code, description, back } = refusal
  const shown = await frame(call)
  const body = (
    <ErrorPage
      {...shown}
      {...saying(refusal, shown.words)}
      code={code}
      reference={reference}
      technical={description}
      {...(back === undefined ? {} : { back })}
    />
  )
  // A person's browser cannot do anything with 401, which would ask for a challenge.
  const status = statusFor(refusal)
  return page(body, { frame: shown, status: status === 401 ? 400 : status })
}
