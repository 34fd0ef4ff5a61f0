/** This application's own look: nobody should mistake it for the bank. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fff8ee; --paper: #fffdf9; --ink: #2b2118; --soft: #6b5a4a; --line: #eadcc8;
  --leaf: #1d6b4b; --on-leaf: #fff; --leaf-hover: #145239; --sun: #ffd98a; --bad: #9a3412; --bad-ground: #ffeadd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #1c1713; --paper: #26201a; --ink: #f6ebdd; --soft: #c3b19c; --line: #43382d;
    --leaf: #7fd4ab; --on-leaf: #0b2a1c; --leaf-hover: #a4e3c5; --sun: #5d4718; --bad: #ffb38a; --bad-ground: #45271a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.25rem 1.25rem 4rem; max-inline-size: 46rem;
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 1.0625rem/1.55 Georgia, 'Iowan Old Style', 'Noto Serif', serif;
}
header { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; margin-block-end: 2rem; }
header span, .small { color: var(--soft); font-size: .9375rem; }
.logo { font-size: 1.25rem; font-weight: 700; color: var(--leaf); text-decoration: none; }
h1 { font-size: clamp(2rem, 8vw, 3.25rem); line-height: 1.1; letter-spacing: -.02em; margin: 0 0 1rem; }
h2 { font-size: 1.0625rem; margin: 1.5rem 0 .5rem; }
.hero { padding: 2rem 1.5rem; border-radius: 1.5rem; background: var(--sun); }
.hero p { margin: .75rem 0; }
.hero .small { color: inherit; margin-block-end: 0; }
.hero a:not(.button), .done .small, .done code { color: inherit; }
.button { text-align: center; }
.button, button {
  display: inline-block; padding: .75rem 1.5rem; border: 2px solid var(--leaf); border-radius: 2rem;
  background: var(--leaf); color: var(--on-leaf); font: inherit; font-weight: 700; text-decoration: none; cursor: pointer;
}
:is(.button, button):hover { background: var(--leaf-hover); border-color: var(--leaf-hover); }
.quiet { background: transparent; color: var(--leaf); }
.quiet:hover { color: var(--on-leaf); }
:is(a, button, summary, input):focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
.points { list-style: none; padding: 0; margin: 2rem 0 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
.points li { padding-block-start: .75rem; border-block-start: 3px solid var(--leaf); }
.points b { display: block; }
.trouble { padding: 1rem 1.5rem; margin-block-end: 1.5rem; border-radius: 1rem; background: var(--bad-ground); }
.trouble h2 { margin: 0; color: var(--bad); }
.trouble p { margin: .25rem 0; }
.done { padding: 1rem 1.5rem; margin-block-end: 1.5rem; border-radius: 1rem; background: var(--sun); }
.done h2 { margin: 0; }
.done p { margin: .25rem 0; }
.pay { margin-block-start: 2rem; padding: .5rem 1.5rem 1rem; background: var(--paper); border: 1px solid var(--line); border-radius: 1.5rem; }
.pay form { display: grid; gap: 0 1rem; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); }
.pay p { margin: .5rem 0; }
.pay .small, .pay button { grid-column: 1 / -1; justify-self: start; }
.pay label { display: block; color: var(--soft); font-size: .9375rem; }
.pay input { inline-size: 100%; padding: .5rem .75rem; border: 2px solid var(--line); border-radius: .75rem; background: var(--ground); color: var(--ink); font: inherit; }
table { inline-size: 100%; border-collapse: collapse; }
th, td { padding: .75rem .5rem; text-align: start; vertical-align: baseline; border-block-end: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .875rem; font-weight: 400; }
small, code { font: .875rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
#accounts small { display: block; font-weight: 400; color: var(--soft); }
th.amount, td.amount { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
.claims th { inline-size: 8rem; font-weight: 400; color: var(--soft); }
.claims td, .claims th { padding: .375rem .5rem; }
.choices { display: flex; flex-wrap: wrap; gap: .75rem; margin-block: 1.5rem 0; }
details { margin-block-start: 1.5rem; padding: .25rem 1.25rem; background: var(--paper); border: 1px solid var(--line); border-radius: 1rem; }
summary { padding-block: .75rem; font-weight: 700; cursor: pointer; }
li span { color: var(--soft); }
ol li { margin-block: .375rem; }
`
