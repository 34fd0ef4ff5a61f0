import { fromBase64Url, isRecord } from '../encoding.ts'
import { languageNames } from '../pages/languages.ts'
import type { Language } from '../pages/languages.ts'
import { palettes } from '../pages/palette.ts'
import type { Palette, Scheme } from '../pages/palette.ts'
import { contrast, isColor, mix } from './contrast.ts'
import { contradiction, oneOf, onlyKnown, optionalText } from './readers.ts'

/** How an issuer's pages look and speak. Its name is a setting of its own. */
export type Branding = {
  /** The colours that differ from the usual ones. */
  readonly paint: { readonly [scheme in Scheme]?: Partial<Palette> }
  readonly logo: Logo | undefined
  /** For people whose own languages are not there. */
  readonly language: Language
  readonly supportUrl: string | undefined
}

export type LogoKind = 'png' | 'webp' | 'svg'
export type Logo = {
  readonly kind: LogoKind
  /** base64. */
  readonly data: string
}

type Settings = Readonly<Record<string, unknown>>

/** Reads `branding`. Throws `Contradiction`. */
export function readBranding(entry: Settings, issuer: string): Branding {
  const value = entry['branding'] ?? {}
  if (!isRecord(value)) return contradiction(`${issuer}: branding must be an object.`)
  const where = `${issuer}: branding`
  onlyKnown(value, ['colors', 'logo', 'default_language', 'support_url'], where)
  const supportUrl = optionalText(value, 'support_url', where)
  if (supportUrl !== undefined && !isHttps(supportUrl)) {
    contradiction(`${where}.support_url must be an https URL.`)
  }
  return Object.freeze({
    paint: readPaint(value, where),
    logo: readLogo(value, where),
    language: oneOf(value, 'default_language', where, languageNames, 'en'),
    supportUrl,
  })
}

const isHttps = (url: string): boolean => URL.canParse(url) && new URL(url).protocol === 'https:'

function readPaint(value: Settings, where: string): Branding['paint'] {
  const colors = value['colors'] ?? {}
  if (!isRecord(colors)) return contradiction(`${where}.colors must be an object.`)
  onlyKnown(colors, ['light', 'dark'], `${where}.colors`)
  return Object.freeze({
    ...readScheme(colors, 'light', where),
    ...readScheme(colors, 'dark', where),
  })
}

/** Text needs this much (WCAG 2.2, 1.4.3). */
const enough = 4.5

/** The accent of a scheme, and the colours made of it. Refused unless all text on them can be read. */
function readScheme(colors: Settings, scheme: Scheme, branding: string): Branding['paint'] {
  const value = colors[scheme]
  if (value === undefined) return {}
  const where = `${branding}.colors.${scheme}`
  if (!isRecord(value)) return contradiction(`${where} must be an object.`)
  onlyKnown(value, ['accent', 'on_accent'], where)
  const { paper, ink } = palettes[scheme]
  const accent = readColor(value, 'accent', where)
  const onAccent =
    value['on_accent'] === undefined
      ? better(accent, '#ffffff', '#10161d')
      : readColor(value, 'on_accent', where)
  const darkText = contrast(onAccent, '#000000') < contrast(onAccent, '#ffffff')
  const tint = mix(paper, accent, 0.09)
  const pairs = [
    ['on_accent', onAccent, 'accent', accent],
    ['accent', accent, 'the page', paper],
    ['accent', accent, 'its own tint', tint],
    ['text', ink, "the accent's tint", tint],
  ] as const
  for (const [name, color, ground, groundColor] of pairs) {
    const ratio = contrast(color, groundColor)
    if (ratio >= enough) continue
    // Rounded down: 4.496 is not 4.5.
    const shown = (Math.floor(ratio * 100) / 100).toFixed(2)
    contradiction(
      `${where}: ${name} ${color} on ${ground} ${groundColor} has a contrast of ${shown}:1, but text needs at least ${enough}:1 (WCAG 2.2, 1.4.3).`,
    )
  }
  const paint = {
    deep: accent,
    'on-deep': onAccent,
    // Away from the text on it, so that it is read at least as well.
    hover: mix(accent, darkText ? '#ffffff' : '#000000', 0.22),
    tint,
  }
  return { [scheme]: Object.freeze(paint) }
}

const better = (ground: string, one: string, other: string): string =>
  contrast(ground, one) >= contrast(ground, other) ? one : other

function readColor(value: Settings, name: string, where: string): string {
  const color = value[name]
  if (isColor(color)) return color.toLowerCase()
  return contradiction(`${where}: '${name}' must be a colour such as #0b4f8a.`)
}

const largestLogo = 32 * 1024
const logoForm = /^data:image\/(png|webp|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})$/

/** A logo given as a `data:` URL. It is never put into a page, but served as an image of its own. */
function readLogo(value: Settings, where: string): Logo | undefined {
  const text = optionalText(value, 'logo', where)
  if (text === undefined) return undefined
  const [, type, data = ''] = logoForm.exec(text) ?? []
  const bytes = type === undefined ? undefined : readBase64(data)
  if (type === undefined || bytes === undefined) {
    return contradiction(
      `${where}.logo must be a data: URL of image/png, image/webp or image/svg+xml in base64.`,
    )
  }
  if (bytes.length > largestLogo) {
    contradiction(`${where}.logo has ${bytes.length} bytes; at most ${largestLogo} are taken.`)
  }
  const kind: LogoKind = type === 'png' || type === 'webp' ? type : 'svg'
  const problem = problemWithImage(kind, bytes)
  if (problem !== undefined) contradiction(`${where}.logo ${problem}.`)
  return Object.freeze({ kind, data })
}

/** Standard base64 with its padding (RFC 4648 4). */
export function readBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined
  return fromBase64Url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'))
}

function problemWithImage(kind: LogoKind, bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12))
  if (kind === 'png')
    return start.startsWith('\x89PNG\r\n\x1a\n') ? undefined : 'is not a PNG image'
  if (kind === 'webp') return /^RIFF[^]{4}WEBP$/.test(start) ? undefined : 'is not a WebP image'
  const text = new TextDecoder().decode(bytes)
  if (!/^(?:<\?xml[^>]*\?>)?\s*<svg[\s>]/.test(text)) return 'is not an SVG image'
  // An image has no use for any of these; served in a sandbox, none of them would work.
  return /<!(?:DOCTYPE|ENTITY)|<script|<foreignObject|\son[a-z]+\s*=|javascript:/i.test(text)
    ? 'holds a document type, script or foreign content, which an image does not need'
    : undefined
}
