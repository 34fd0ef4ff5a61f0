/**
 * The colours of the pages by name. Text on its ground has at least 4.5:1 (WCAG 2.2, 1.4.3), borders
 * that show where a field or button is have 3:1 (1.4.11). `deep` is the accent an issuer may choose.
 */
const light = {
  ground: '#eef1f5',
  paper: '#ffffff',
  ink: '#16202c',
  soft: '#4a5768',
  line: '#d5dce5',
  edge: '#75849a',
  deep: '#0b4f8a',
  'on-deep': '#ffffff',
  hover: '#083c6a',
  tint: '#e9f1f9',
  bad: '#9b1c1c',
  'bad-tint': '#fdeeee',
  good: '#1b6336',
  'good-tint': '#e7f4ec',
  warn: '#734800',
  'warn-tint': '#fcf1da',
}

export type Palette = Readonly<typeof light>
export type Scheme = 'light' | 'dark'

const dark: Palette = {
  ground: '#0e141b',
  paper: '#18212b',
  ink: '#e9eef4',
  soft: '#a9b6c6',
  line: '#2d3a49',
  edge: '#7688a0',
  deep: '#7fbcf5',
  'on-deep': '#08243f',
  hover: '#a5d1fa',
  tint: '#203244',
  bad: '#ffb4ab',
  'bad-tint': '#43201f',
  good: '#93d9ad',
  'good-tint': '#17362a',
  warn: '#f0c676',
  'warn-tint': '#3a2d14',
}

export const palettes: { readonly [scheme in Scheme]: Palette } = { light, dark }
