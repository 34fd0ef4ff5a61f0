import type { Child } from 'hono/jsx'
import { endpointUrl } from '../call.ts'
import type { Call } from '../call.ts'
import { toHex, sha256 } from '../encoding.ts'
import { statusFor } from '../errors.ts'
import type { Refusal } from '../errors.ts'
import { ErrorPage } from '../pages/error.tsx'
import type { Frame } from '../pages/layout.tsx'
import { stylesheet } from '../pages/style.ts'

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

/** What every page of an issuer has in common. */
export async function frame(call: Call, _uiLocales?: readonly string[]): Promise<Frame> {
  const { issuer } = call
  return {
    stylesheet: endpointUrl(issuer, 'main', await styleSheetPath()),
    brand: { name: issuer.name },
  }
}

/**
 * A page: never stored, never framed, no script. A form whose answer can end at the client names that
 * client's origin, because browsers enforce `form-action` across redirects.
 */
export function page(
  body: Child,
  options: { readonly status: number; readonly endsAt?: string },
): Response {
  const target = options.endsAt === undefined ? '' : ` ${formTarget(new URL(options.endsAt))}`
  return new Response(String(body), {
    status: options.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
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

const titles: { readonly [code in Refusal['code']]?: string } = {
  invalid_request_uri: 'This link cannot be used',
  access_denied: 'This did not work',
  temporarily_unavailable: 'Please try again in a moment',
  server_error: 'Something went wrong on our side',
  not_found: 'There is no such page',
}

const advice: { readonly [code in Refusal['code']]?: string } = {
  temporarily_unavailable: 'Nothing was changed. Wait a few seconds and reload this page.',
}

/** The error page: what happened, what to do, and a way back where that is safe. */
export async function errorPage(
  call: Call,
  refusal: Refusal,
  reference: string,
): Promise<Response> {
  const { code, description, back } = refusal
  const body = (
    <ErrorPage
      {...await frame(call)}
      title={titles[code] ?? 'This request cannot be completed'}
      message={[`${description}.`, advice[code]].filter(Boolean).join(' ')}
      code={code}
      reference={reference}
      {...(back === undefined ? {} : { back })}
    />
  )
  // A person's browser cannot do anything with 401, which would ask for a challenge.
  const status = statusFor(refusal)
  return page(body, { status: status === 401 ? 400 : status })
}
