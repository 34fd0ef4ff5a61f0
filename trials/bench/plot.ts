/** Plots as SVG, by hand: bars, and lines over a scale of tens or of ones. */

export type Bar = {
  readonly name: string
  readonly value: number
  readonly least: number
  readonly most: number
}

export type Line = {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const width = 720
const left = 190
const right = 90
const colors = ['#1f5fa8', '#c2571a', '#3b7d3b', '#7a4a9e']

/** Horizontal bars with a whisker from the least to the most. */
export function bars(title: string, unit: string, list: readonly Bar[]): string {
  const step = 34
  const height = 60 + list.length * step
  const most = Math.max(...list.map((bar) => bar.most))
  const x = (value: number) => left + (value / most) * (width - left - right)
  const rows = list.map((bar, at) => {
    const y = 50 + at * step
    const middle = y + 10
    return [
      text(left - 10, y + 14, bar.name, 'end'),
      `<rect x="${left}" y="${y}" width="${fixed(x(bar.value) - left)}" height="20" fill="${colorOf(at)}"/>`,
      `<path d="M${fixed(x(bar.least))} ${middle}H${fixed(x(bar.most))}" stroke="#222"/>`,
      text(x(bar.most) + 8, y + 14, `${fixed(bar.value)} ${unit}`),
    ].join('')
  })
  return svg(height, title, rows)
}

/** Lines over x; `log`: each step of the scale is ten times the one before. */
export function lines(
  title: string,
  axes: { readonly x: string; readonly y: string; readonly log?: boolean },
  list: readonly Line[],
): string {
  const height = 320
  const bottom = height - 50
  const all = list.flatMap(({ points }) => points)
  const scale = (value: number) => (axes.log === true ? Math.log10(Math.max(1, value)) : value)
  const [low, high] = [
    Math.min(...all.map(([x]) => scale(x))),
    Math.max(...all.map(([x]) => scale(x))),
  ]
  const most = Math.max(...all.map(([, y]) => y)) * 1.1
  const x = (value: number) => 70 + ((scale(value) - low) / (high - low || 1)) * (width - 70 - 130)
  const y = (value: number) => bottom - (value / most) * (bottom - 50)
  const ticks = [...new Set(all.map(([value]) => value))]
  const frame = [
    `<path d="M70 50V${bottom}H${width - 130}" fill="none" stroke="#222"/>`,
    ...ticks.map((tick) => text(x(tick), bottom + 18, tick.toLocaleString('en-US'), 'middle')),
    ...[0, most / 2, most].map((tick) => text(62, y(tick) + 4, fixed(tick), 'end')),
    text((width - 60) / 2, height - 10, axes.x, 'middle'),
    text(70, 42, axes.y),
  ]
  const drawn = list.map(({ name, points }, at) => {
    const path = points
      .map(([a, b], n) => `${n === 0 ? 'M' : 'L'}${fixed(x(a))} ${fixed(y(b))}`)
      .join('')
    const dots = points.map(
      ([a, b]) => `<circle cx="${fixed(x(a))}" cy="${fixed(y(b))}" r="3" fill="${colorOf(at)}"/>`,
    )
    const [, end] = points.at(-1) ?? [0, 0]
    return `<path d="${path}" fill="none" stroke="${colorOf(at)}" stroke-width="2"/>${dots.join('')}${text(width - 124, y(end) + 4, name)}`
  })
  return svg(height, title, [...frame, ...drawn])
}

const colorOf = (at: number): string => colors[at % colors.length] ?? '#222'

const fixed = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2))

const text = (x: number, y: number, words: string, anchor = 'start'): string =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escape(words)}</text>`

const escape = (words: string): string =>
  words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

const svg = (height: number, title: string, content: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="13" fill="#222"><title>${escape(title)}</title><rect width="${width}" height="${height}" fill="#fff"/><text x="16" y="24" font-size="15" font-weight="bold">${escape(title)}</text>${content.join('\n')}</svg>\n`
