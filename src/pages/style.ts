import { palettes } from './palette.ts'
import type { Palette, Scheme } from './palette.ts'

/** What an issuer's brand changes. */
export type Paint = { readonly [scheme in Scheme]?: Partial<Palette> }

/**
 * The one style sheet, served under a name that contains its hash. Small on purpose: system fonts, no
 * images, logical properties (so it holds for right-to-left scripts), both colour schemes.
 */
export function makeStylesheet(paint: Paint = {}): string {
  return `:root { color-scheme: light dark; ${variables({ ...palettes.light, ...paint.light })} }
@media (prefers-color-scheme: dark) {
  :root { ${variables({ ...palettes.dark, ...paint.dark })} }
}
${rules}`
}

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(' ')

const rules = `*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { background: var(--paper); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.25rem 1.25rem 2.5rem; max-inline-size: 32rem;
  color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
h1, h2, h3, p, ul, ol, dl, dd { margin: 0; }
h1 { font-size: 1.625rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
h2, h3, dt { font-size: 1rem; font-weight: 650; }
h2 { margin-block: 1.75rem .75rem; }
a { color: var(--deep); text-underline-offset: .15em; }
a:hover { text-decoration-thickness: 2px; }
.brand { display: flex; align-items: center; gap: .625rem; font-weight: 600; margin-block-end: 2rem; }
.mark {
  flex: none; inline-size: 2rem; block-size: 2rem; line-height: 2rem; text-align: center;
  border-radius: .5rem; background: var(--deep); color: var(--on-deep); font-weight: 700;
}
.logo { flex: none; block-size: 2rem; max-inline-size: 10rem; object-fit: contain; }
.lead { color: var(--soft); margin-block-start: .375rem; font-size: 1.0625rem; }
.lead + .lead { margin-block-start: 0; }
.next { margin-block-start: 1rem; }
.name { color: var(--ink); font-weight: 600; }
h1 .name { font-weight: inherit; }
:is(a, button) .name { color: inherit; }
form { margin-block-start: 1.75rem; }
label { display: block; font-weight: 600; margin-block: 1.125rem .375rem; }
.hint { color: var(--soft); font-size: .9375rem; margin-block-start: .5rem; }
h2 + .hint { margin-block: -.5rem .75rem; }
input {
  display: block; inline-size: 100%; min-block-size: 3rem; padding: .5rem .875rem;
  font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--edge); border-radius: .625rem;
}
.pick { display: flex; gap: .625rem; align-items: baseline; margin: 0; }
.pick input {
  flex: none; inline-size: 1.25rem; block-size: 1.25rem; min-block-size: 0; padding: 0; margin: 0;
  align-self: center; accent-color: var(--deep);
}
.pick span { flex: 1; }
.choose .pick { padding-block: .5rem; font-weight: 400; }
.choose .aside { display: block; color: var(--soft); }
.choose { margin: .75rem 0 0; padding: 0; border: 0; }
.choose legend { padding: 0; font-weight: 600; color: var(--ink); }
input.code { font-size: 1.25rem; letter-spacing: .2em; font-variant-numeric: tabular-nums; }
input[aria-invalid] { border: 2px solid var(--bad); padding-inline: calc(.875rem - 1px); }
.problem, .done {
  padding: .75rem 1rem; border-radius: .625rem; border-inline-start: 4px solid; font-weight: 500;
}
.problem { background: var(--bad-tint); color: var(--bad); }
.problem:empty { padding: 0; border: 0; }
.choices + .problem:not(:empty) { margin-block-start: 1rem; }
.done { background: var(--good-tint); color: var(--good); margin-block-start: 1rem; }
.choices form { margin: 0; }
.choices { display: flex; flex-direction: column; gap: .75rem; margin-block-start: 1.75rem; }
button, .button {
  display: flex; align-items: center; justify-content: center; min-block-size: 3rem;
  padding: .5rem 1.25rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none;
  color: var(--deep); background: transparent; cursor: pointer; overflow-wrap: break-word;
  border: 1px solid var(--edge); border-radius: .625rem;
}
.even > button { border: 2px solid var(--deep); }
:is(button, .button):hover { background: var(--tint); }
.primary { color: var(--on-deep); background: var(--deep); border-color: var(--deep); }
.primary:hover { color: var(--on-deep); background: var(--hover); border-color: var(--hover); }
:is(a, button, input, summary):focus-visible { outline: 3px solid var(--deep); outline-offset: 2px; }
.note {
  margin-block-start: 1.75rem; padding-block-start: 1.25rem; border-block-start: 1px solid var(--line);
  color: var(--soft); font-size: .9375rem;
}
.note p + p, details { margin-block-start: .75rem; }
summary { inline-size: fit-content; min-block-size: 1.5rem; cursor: pointer; }
.host, code { font-weight: 600; color: var(--ink); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
.secret { display: block; padding: .75rem 1rem; border-radius: .625rem; background: var(--tint); font-size: 1.0625rem; }
.qr { display: block; margin-block: 1rem; border-radius: .625rem; background: #fff; }
.codes { padding-inline-start: 2rem; margin-block-start: 1rem; columns: 14rem 2; column-gap: 2rem; }
.codes code { white-space: nowrap; }
.codes li { padding-block: .25rem; break-inside: avoid; }
.badge {
  display: inline-block; padding: .0625rem .5625rem; border: 1px solid transparent; border-radius: 1rem;
  background: var(--tint); color: var(--deep); font-size: .8125rem; font-weight: 600; white-space: nowrap;
}
.badge.good { background: var(--good-tint); color: var(--good); }
.badge.warn { background: var(--warn-tint); color: var(--warn); }
.client {
  display: flex; flex-wrap: wrap; align-items: center; gap: .375rem .75rem;
  margin-block: .75rem; color: var(--soft); font-size: .9375rem;
}
.client .badge { white-space: normal; border-radius: .75rem; padding: .125rem .625rem; }
.next + .rows, .problem + .rows { margin-block-start: .75rem; }
.rows { padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .75rem; }
.rows > li { padding: .875rem 1rem; }
.rows > li + li { border-block-start: 1px solid var(--line); }
.rows p, dd { color: var(--soft); }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: .125rem .5rem; font-weight: 650; }
.data { display: flex; flex-wrap: wrap; gap: .375rem; padding: 0; margin-block-start: .625rem; list-style: none; }
.data li { padding: .125rem .625rem; border-radius: 1rem; background: var(--tint); font-size: .875rem; }
.meta { font-size: .9375rem; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
.row > div { flex: 1 1 14rem; min-inline-size: 0; }
.row form { margin: 0; }
button.small, .button.small { min-block-size: 2.5rem; padding: .25rem .875rem; font-size: .9375rem; }
.empty { color: var(--soft); }
section + section { margin-block-start: 2.25rem; }
dt { margin-block-start: 1.25rem; }
.aside { font-size: .9375rem; }
.aside .host { font-weight: 400; color: inherit; }
@media (min-width: 40rem) {
  html { background: var(--ground); }
  body { padding-block: 4rem; }
  body.wide { max-inline-size: 44rem; }
  .brand { margin-block-end: 1.25rem; padding-inline: .25rem; }
  main {
    padding: 2.25rem 2.5rem; background: var(--paper); border: 1px solid var(--line);
    border-radius: 1rem; box-shadow: 0 1px 2px rgb(0 0 0 / .05), 0 8px 24px rgb(0 0 0 / .06);
  }
  .choices { flex-flow: row wrap; }
  .choices > * { flex: 0 1 auto; min-inline-size: 8rem; }
  .choices.even > * { flex: 1 1 0; }
}
@media (prefers-color-scheme: dark) {
  .logo { padding: .25rem; border-radius: .5rem; background: #fff; }
}
@media (prefers-reduced-motion: no-preference) {
  button, .button { transition: background-color .12s, border-color .12s; }
}
@media (forced-colors: active) {
  .badge, .data li, .problem, .done, .mark { border: 1px solid; }
  .primary { border: 2px solid; }
}
`
