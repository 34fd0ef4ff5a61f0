/**
 * The one style sheet, served under a name that contains its hash. Small on purpose: system fonts, no
 * images, logical properties (so it holds for right-to-left scripts), both colour schemes; every pair
 * of text and ground has at least 4.5:1 (WCAG 2.2, 1.4.3), borders of fields 3:1 (1.4.11).
 */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #eef1f5; --paper: #fff; --ink: #16202c; --soft: #4a5768; --line: #d5dce5;
  --edge: #75849a; --deep: #0b4f8a; --on-deep: #fff; --hover: #083c6a; --tint: #e9f1f9;
  --bad: #9b1c1c; --bad-tint: #fdeeee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e141b; --paper: #18212b; --ink: #e9eef4; --soft: #a9b6c6; --line: #2d3a49;
    --edge: #7688a0; --deep: #7fbcf5; --on-deep: #08243f; --hover: #a5d1fa; --tint: #203244;
    --bad: #ffb4ab; --bad-tint: #43201f;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { background: var(--paper); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.25rem 1.25rem 2.5rem; max-inline-size: 32rem;
  color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
h1, h2, p, ul, dl, dd { margin: 0; }
h1 { font-size: 1.625rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
h2, dt { font-size: 1rem; font-weight: 650; }
.brand { display: flex; align-items: center; gap: .625rem; font-weight: 600; margin-block-end: 2rem; }
.mark {
  flex: none; inline-size: 2rem; block-size: 2rem; line-height: 2rem; text-align: center;
  border-radius: .5rem; background: var(--deep); color: var(--on-deep); font-weight: 700;
}
.lead { color: var(--soft); margin-block-start: .375rem; font-size: 1.0625rem; }
.next { margin-block-start: 1rem; }
.name { color: var(--ink); font-weight: 600; }
h1 .name { font-weight: inherit; }
.button .name { color: inherit; }
form { margin-block-start: 1.75rem; }
label { display: block; font-weight: 600; margin-block: 1.125rem .375rem; }
input {
  display: block; inline-size: 100%; min-block-size: 3rem; padding: .5rem .875rem;
  font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--edge); border-radius: .625rem;
}
[aria-invalid] { border: 2px solid var(--bad); padding-inline: calc(.875rem - 1px); }
.problem {
  padding: .75rem 1rem; border-radius: .625rem; border-inline-start: 4px solid var(--bad);
  background: var(--bad-tint); color: var(--bad); font-weight: 600;
}
.choices { display: flex; flex-direction: column; gap: .75rem; margin-block-start: 1.75rem; }
button, .button {
  display: flex; align-items: center; justify-content: center; min-block-size: 3rem;
  padding: .5rem 1.25rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none;
  color: var(--deep); background: transparent; cursor: pointer;
  border: 1px solid var(--edge); border-radius: .625rem;
}
:is(button, .button):hover { background: var(--tint); }
.primary, .primary:hover { color: var(--on-deep); background: var(--deep); border-color: var(--deep); }
.primary:hover { background: var(--hover); border-color: var(--hover); }
:is(a, button, input):focus-visible { outline: 3px solid var(--deep); outline-offset: 2px; }
.note {
  margin-block-start: 1.75rem; padding-block-start: 1.25rem; border-block-start: 1px solid var(--line);
  color: var(--soft); font-size: .9375rem;
}
.host, code { font-weight: 600; color: var(--ink); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
h2 { margin-block: 1.75rem .75rem; }
.asks { padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .75rem; }
.asks > li { padding: .875rem 1rem; }
.asks > li + li { border-block-start: 1px solid var(--line); }
.asks p, dd { color: var(--soft); }
.data { display: flex; flex-wrap: wrap; gap: .375rem; padding: 0; margin-block-start: .625rem; list-style: none; }
.data li { padding: .125rem .625rem; border-radius: 1rem; background: var(--tint); font-size: .875rem; }
dt { margin-block-start: 1.25rem; }
.aside { font-size: .9375rem; }
.aside .host { font-weight: 400; color: inherit; }
@media (min-width: 40rem) {
  html { background: var(--ground); }
  body { padding-block: 4rem; }
  .brand { margin-block-end: 1.25rem; padding-inline: .25rem; }
  main {
    padding: 2.25rem 2.5rem; background: var(--paper); border: 1px solid var(--line);
    border-radius: 1rem; box-shadow: 0 1px 2px rgb(0 0 0 / .05), 0 8px 24px rgb(0 0 0 / .06);
  }
  .choices { flex-direction: row; }
  .choices > * { flex: 0 1 auto; min-inline-size: 8rem; }
  .choices.even > * { flex: 1 1 0; }
}
`
