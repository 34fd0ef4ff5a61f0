import type { Call } from '../call.ts'
import { sha256, toHex } from '../encoding.ts'
import { passkeyScript } from '../pages/passkey-script.ts'
import { postScript } from '../pages/post-script.ts'
import { makeStylesheet } from '../pages/style.ts'
import { readBase64 } from '../settings/branding.ts'
import type { Logo, LogoKind } from '../settings/branding.ts'
import type { Issuer } from '../types.ts'

/** A file that pages load. Its path holds its hash, so it can be kept for ever. */
export type Asset = {
  readonly path: string
  readonly type: string
  readonly body: string | Uint8Array<ArrayBuffer>
}

/** @example await makeAsset('style', 'css', 'text/css; charset=utf-8', stylesheet) */
export async function makeAsset(
  name: string,
  extension: string,
  type: string,
  body: Asset['body'],
): Promise<Asset> {
  const hash = toHex(await sha256(body)).slice(0, 16)
  return { path: `/assets/${name}-${hash}.${extension}`, type, body }
}

/** What the pages of one issuer load. */
export type Assets = {
  readonly style: Asset
  readonly passkey: Asset
  readonly post: Asset
  readonly logo?: Asset
}

const javascript = 'text/javascript; charset=utf-8'

/** Finished values only: one request must not wait for what another one started. */
const made = new WeakMap<Issuer, Assets>()

export async function assetsOf(issuer: Issuer): Promise<Assets> {
  const known = made.get(issuer)
  if (known !== undefined) return known
  const { paint, logo } = issuer.branding
  const style = await makeAsset('style', 'css', 'text/css; charset=utf-8', makeStylesheet(paint))
  const passkey = await makeAsset('passkey', 'js', javascript, passkeyScript)
  const post = await makeAsset('post', 'js', javascript, postScript)
  const assets = {
    style,
    passkey,
    post,
    ...(logo === undefined ? {} : { logo: await logoAsset(logo) }),
  }
  made.set(issuer, assets)
  return assets
}

const imageTypes: { readonly [kind in LogoKind]: string } = {
  png: 'image/png',
  webp: 'image/webp',
  svg: 'image/svg+xml',
}

async function logoAsset({ kind, data }: Logo): Promise<Asset> {
  const body = readBase64(data)
  if (body === undefined) throw new Error('the settings let a logo through that is not base64')
  return makeAsset('logo', kind, imageTypes[kind], body)
}

/** Serves what pages load, at its hashed path. */
export async function asset(call: Call): Promise<Response | undefined> {
  const assets = Object.values(await assetsOf(call.issuer))
  const found = assets.find(({ path }) => path === call.path)
  if (found === undefined) return undefined
  return new Response(found.body, {
    headers: {
      'content-type': found.type,
      'cache-control': 'public, max-age=31536000, immutable',
      // An SVG opened by itself is a document: nothing in it may run or load.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    },
  })
}
