import { describe, expect, it } from 'vitest'
import { palettes } from '../../../src/pages/palette.ts'
import type { Palette } from '../../../src/pages/palette.ts'
import { makeStylesheet } from '../../../src/pages/style.ts'
import { contrast } from '../../../src/settings/contrast.ts'

const sheet = makeStylesheet()
type Name = keyof Palette

/** Text on its ground, and what must be seen beside it. */
const pairs: readonly (readonly [text: Name, ground: Name, least: number])[] = [
  ['ink', 'paper', 4.5],
  ['ink', 'ground', 4.5],
  ['ink', 'tint', 4.5],
  ['soft', 'paper', 4.5],
  ['deep', 'paper', 4.5],
  ['deep', 'tint', 4.5],
  ['on-deep', 'deep', 4.5],
  ['on-deep', 'hover', 4.5],
  ['bad', 'bad-tint', 4.5],
  ['good', 'good-tint', 4.5],
  ['warn', 'warn-tint', 4.5],
  ['bad', 'paper', 3],
  ['edge', 'paper', 3],
]

describe('the style sheet', () => {
  it.each(['light', 'dark'] as const)('WCAG 1.4.3 1.4.11 has enough contrast in the %s scheme', (scheme) => {
    const palette = palettes[scheme]
    for (const [text, ground, least] of pairs) {
      expect(contrast(palette[text], palette[ground]), `${text} on ${ground}`).toBeGreaterThanOrEqual(least)
    }
  }) // prettier-ignore

  it('WCAG 1.4.3 sets no text on a ground whose contrast is not looked at', () => {
    const rules = [...sheet.matchAll(/\{([^{}]*)\}/g)].map(([, body = '']) => body)
    const named = (body: string, property: string) =>
      new RegExp(`(?:^|[;\\s])${property}: var\\(--([a-z-]+)\\)`).exec(body)?.[1]
    const used = rules.flatMap((body) => {
      const text = named(body, 'color')
      const ground = named(body, 'background')
      return text === undefined || ground === undefined ? [] : [`${text} on ${ground}`]
    })
    const looked = pairs.map(([text, ground]) => `${text} on ${ground}`)
    expect(used.length).toBeGreaterThan(4)
    expect(used.filter((pair) => !looked.includes(pair))).toEqual([])
    expect(rules.flatMap((body) => /[^-]color: #/.exec(body) ?? [])).toEqual([])
  })

  it('uses every colour it names, and names every colour it uses', () => {
    const used = new Set([...sheet.matchAll(/var\(--([a-z-]+)\)/g)].map(([, name]) => name))
    expect([...used].sort()).toEqual(Object.keys(palettes.light).sort())
    expect(Object.keys(palettes.dark)).toEqual(Object.keys(palettes.light))
  })

  it('knows no left and right, so that it holds for scripts that run the other way', () => {
    expect(sheet).not.toMatch(/\b(?:left|right|float|(?<!-)direction)\b/)
    // Queries ask for the window's width; boxes have inline and block sizes.
    expect(sheet).not.toMatch(/(?<![-\w(])(?:min-|max-)?(?:width|height):/)
    expect(sheet).not.toMatch(/(?:margin|padding|border|inset)-(?:top|bottom|left|right)/)
    // Four values in a row would name the sides in turn.
    expect(sheet).not.toMatch(/(?:margin|padding|inset):(?: [^\s;]+){4};/)
    expect(sheet).toMatch(/margin-inline|padding-inline|border-inline/)
  })

  it('WCAG 2.4.7 2.4.11 shows where the focus is and takes no outline away', () => {
    expect(sheet).toMatch(/:focus-visible \{ outline: 3px solid var\(--deep\)/)
    expect(sheet).not.toMatch(/outline(?:-style)?: (?:none|0)/)
  })

  it('WCAG 2.5.8 gives everything one presses at least 24 pixels', () => {
    const heights = [...sheet.matchAll(/min-block-size: ([\d.]+)rem/g)].map(([, rem]) =>
      Number(rem),
    )
    expect(heights.length).toBeGreaterThan(3)
    for (const height of heights) expect(height * 16).toBeGreaterThanOrEqual(24)
  })

  it('moves only for those who have nothing against it, and holds in forced colours', () => {
    const [before = '', after = ''] = sheet.split('@media (prefers-reduced-motion: no-preference)')
    expect(before).not.toMatch(/transition|animation/)
    expect(after).toContain('transition')
    expect(sheet).toContain('@media (forced-colors: active)')
  })
})
