import { describe, expect, it } from 'vitest'
import { palettes } from '../../../src/pages/palette.ts'
import { contrast } from '../../../src/settings/contrast.ts'
import { makeIssuer } from '../support/issuer.ts'
import { problem, sentence } from '../support/settings.ts'

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const padded = (bytes: Uint8Array, length: number) => {
  const all = new Uint8Array(length)
  all.set(bytes)
  return all
}
const logo = (type: string, bytes: string | Uint8Array) => ({
  logo: `data:image/${type};base64,${base64(bytes)}`,
})
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1v1z"/></svg>'
const refused = (branding: unknown) => problem({ branding })

describe('branding', () => {
  it('is the usual one when nothing is said', () => {
    expect(makeIssuer().branding).toEqual({
      paint: {},
      logo: undefined,
      language: 'en',
      supportUrl: undefined,
    })
  })

  it('may set a language and a place for help', () => {
    const branding = { default_language: 'de', support_url: 'https://bank.example/help' }
    expect(makeIssuer({ branding }).branding).toMatchObject({
      language: 'de',
      supportUrl: 'https://bank.example/help',
    })
    expect(refused({ default_language: 'fr' })).toEqual(sentence('must be one of en, de'))
    for (const support_url of ['http://bank.example', 'javascript:alert(1)', 'help']) {
      expect(refused({ support_url })).toEqual(sentence('support_url must be an https URL'))
    }
  })

  it('refuses what it does not know, at every depth', () => {
    expect(refused([])).toEqual(sentence('branding must be an object'))
    expect(refused({ color: '#000000' })).toEqual(sentence("unknown setting 'color'"))
    expect(refused({ colors: { dim: {} } })).toEqual(sentence("unknown setting 'dim'"))
    expect(refused({ colors: { light: { ink: '#000000' } } })).toEqual(
      sentence("unknown setting 'ink'"),
    )
  })
})

describe('brand colours', () => {
  const readable = '#1a6b3c'

  it('WCAG 1.4.3 are taken when text can be read on them and in them', () => {
    const colors = {
      light: { accent: readable },
      dark: { accent: '#8FD6A8', on_accent: '#00210f' },
    }
    const { light, dark } = makeIssuer({ branding: { colors } }).branding.paint
    expect(light).toMatchObject({ deep: readable, 'on-deep': '#ffffff' })
    expect(dark).toMatchObject({ deep: '#8fd6a8', 'on-deep': '#00210f' })
  })

  it('WCAG 1.4.3 lead to pairs that can all be read', () => {
    const accents = { light: ['#000000', '#7a0046', '#005a9c', readable], dark: ['#ffffff', '#ffd400', '#8fd6a8'] } // prettier-ignore
    for (const scheme of ['light', 'dark'] as const) {
      for (const accent of accents[scheme]) {
        const { paint } = makeIssuer({ branding: { colors: { [scheme]: { accent } } } }).branding
        const color = { ...palettes[scheme], ...paint[scheme] }
        for (const [text, ground] of [
          [color['on-deep'], color.deep],
          [color['on-deep'], color.hover],
          [color.deep, color.paper],
          [color.deep, color.tint],
          [color.ink, color.tint],
        ] as const) {
          expect(contrast(text, ground), `${accent}: ${text} on ${ground}`).toBeGreaterThanOrEqual(4.5) // prettier-ignore
        }
      }
    }
  })

  it('WCAG 1.4.3 are refused with the ratio when text could not be read', () => {
    expect(refused({ colors: { light: { accent: '#7fbcf5' } } })).toEqual(
      sentence('branding.colors.light: accent #7fbcf5 on the page #ffffff has a contrast of 2.0'),
    )
    const same = { accent: readable, on_accent: '#1a6b3d' }
    expect(refused({ colors: { light: same } })).toEqual(
      sentence(`on_accent #1a6b3d on accent ${readable} has a contrast of 1.00:1, but text needs at least 4.5:1 (WCAG 2.2, 1.4.3)`),
    ) // prettier-ignore
    expect(refused({ colors: { dark: { accent: readable } } })).toEqual(sentence('colors.dark'))
  })

  it.each(['green', '#1a6b3', '#1a6b3c80', '1a6b3c', '#1a6b3g', '', 5, null, 'red;}body{x:y'])(
    'are not %j',
    (accent) => {
      expect(refused({ colors: { light: { accent } } })).toEqual(
        sentence("'accent' must be a colour such as #0b4f8a"),
      )
    },
  )
})

describe('a logo', () => {
  it('is a PNG, WebP or SVG image of at most 32 KiB', () => {
    const webp = 'RIFF\x01\x02\x03\x04WEBPVP8 '
    for (const [type, kind, bytes] of [['png', 'png', png], ['webp', 'webp', webp], ['svg+xml', 'svg', svg]] as const) {
      expect(makeIssuer({ branding: logo(type, bytes) }).branding.logo).toEqual({ kind, data: base64(bytes) })
    }
    expect(refused(logo('png', padded(png, 32_768)))).toBeUndefined()
    expect(refused(logo('png', padded(png, 32_769)))).toEqual(sentence('has 32769 bytes; at most 32768 are taken'))
  }) // prettier-ignore

  it('ATK-A1-22 is what it says it is', () => {
    expect(refused(logo('png', svg))).toEqual(sentence('is not a PNG image'))
    expect(refused(logo('webp', png))).toEqual(sentence('is not a WebP image'))
    expect(refused(logo('svg+xml', png))).toEqual(sentence('is not an SVG image'))
    expect(refused(logo('svg+xml', '<html><svg></svg></html>'))).toEqual(
      sentence('is not an SVG image'),
    )
  })

  it.each([
    'https://cdn.example/logo.png',
    'data:text/html;base64,PHA+',
    'data:image/gif;base64,R0lGODlh',
    'data:image/png,abc',
    'data:image/png;base64,iVBO Rw==',
    'data:image/png;base64,iVBORw',
    '<svg/>',
  ])('comes from nowhere else and in no other form: %s', (text) => {
    expect(refused({ logo: text })).toEqual(sentence('logo must be a data: URL'))
  })

  it.each([
    '<svg><script>alert(1)</script></svg>',
    '<svg onload="alert(1)"></svg>',
    '<svg><a href="javascript:alert(1)"/></svg>',
    '<svg><foreignObject/></svg>',
    '<?xml version="1.0"?>\n<svg><!DOCTYPE x [<!ENTITY a "b">]></svg>',
  ])('ATK-A1-22 holds nothing that could act: %s', (text) => {
    expect(refused(logo('svg+xml', text))).toEqual(sentence('which an image does not need'))
  })
})

describe('words of an issuer', () => {
  const accounts = { title: 'Accounts', description: 'See.', data: ['IBAN'] }
  const de = { title: 'Konten', description: 'Sehen.', data: ['IBAN'] }
  const scoped = (translations: unknown) =>
    problem({ scopes: { accounts: { ...accounts, translations } } })

  it('are translated for scopes and resource servers', () => {
    const scopes = { accounts: { ...accounts, translations: { de } } }
    expect(makeIssuer({ scopes }).scopes).toEqual(scopes)
    const translations = { de: { name: 'Schnittstelle' } }
    const resource_servers = [{ identifier: 'https://api.example', name: 'API', translations }]
    expect(makeIssuer({ resource_servers }).resourceServers[0]).toMatchObject({ translations })
    const bare = { a: { description: 'See.', translations: { de: { description: 'Sehen.' } } } }
    expect(makeIssuer({ scopes: bare }).scopes['a']?.translations?.de?.title).toBe('a')
  })

  it('are translated as a whole, or a page would mix languages', () => {
    expect(scoped({ de: { title: 'Konten', data: ['IBAN'] } })).toEqual(
      sentence("translation 'de': 'description' is missing"),
    )
    expect(scoped({ de: { description: 'Sehen.', data: ['IBAN'] } })).toEqual(
      sentence("translation 'de': 'title' is missing"),
    )
    for (const data of [[], ['IBAN', 'Saldo']]) {
      expect(scoped({ de: { ...de, data } })).toEqual(sentence("must name as many 'data'"))
    }
  })

  it('are translated into languages that pages are written in', () => {
    expect(scoped({ fr: de })).toEqual(sentence("no pages in the language 'fr'; known are en, de"))
    expect(scoped([])).toEqual(sentence('translations must be an object'))
    expect(scoped({ de: 'Konten' })).toEqual(sentence("translation 'de' must be an object"))
    expect(scoped({ de: { ...de, detail: 'x' } })).toEqual(sentence("unknown setting 'detail'"))
  })
})
