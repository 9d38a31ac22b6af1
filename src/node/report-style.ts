/** How a report looks. Colours are variables, since the curves on the canvases take theirs from here too. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fcfbf9; --panel: #f4f2ed; --ink: #1f1e1b; --soft: #6b6860; --rule: #e2dfd7;
  --first: #2a62a8; --first-faint: #b4c8e2; --second: #bd4f14; --second-faint: #ecc5ae;
  --undone: #c49a9a; --divergence: #c22f3d; --resumed: #6c7d3a; --accent: #2a62a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #181816; --panel: #21211e; --ink: #e9e6df; --soft: #a19d92; --rule: #34332f;
    --first: #7fb0ee; --first-faint: #3c5677; --second: #f0935a; --second-faint: #6f452b;
    --undone: #8f6a6a; --divergence: #f0707a; --resumed: #a9bd6b; --accent: #7fb0ee;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 2.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 76rem;
  background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
h1, h2 { font-family: ui-serif, Charter, 'Iowan Old Style', Georgia, serif; font-weight: 500; line-height: 1.2; margin: 0; }
h1 { font-size: clamp(1.7rem, 1.2rem + 2.4vw, 2.6rem); letter-spacing: -0.01em; }
h2 { font-size: 1.4rem; margin-bottom: 1rem; }
h3 { font-size: 0.9rem; font-weight: 600; margin: 0 0 0.4rem; }
section { margin-top: 3.5rem; }
p { margin: 0.4rem 0 0; max-width: 62rem; }
.soft, .note, caption, dt, figcaption span { color: var(--soft); }
.note { font-size: 0.875rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); gap: 1.2rem 2rem; margin: 2rem 0 0; padding-top: 1.2rem; border-top: 1px solid var(--rule); }
dt { font-size: 0.8rem; }
dd { margin: 0; font-size: 1.25rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.more { font-size: 0.875rem; color: var(--soft); }
dd b { font-weight: 600; }
b.running { color: var(--resumed); }
b.diverged { color: var(--divergence); }

.controls { display: flex; flex-wrap: wrap; gap: 0.7rem 2rem; align-items: center; margin-bottom: 1.2rem; font-size: 0.9rem; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.3rem 0.9rem; }
legend { float: left; margin-right: 0.9rem; color: var(--soft); }
label { display: inline-flex; align-items: center; gap: 0.4rem; }
input { accent-color: var(--accent); margin: 0; }
input[type='range'] { min-width: 0; max-width: 100%; }
output { font-variant-numeric: tabular-nums; min-width: 3em; }
button { font: inherit; color: var(--accent); background: none; border: 1px solid var(--rule); border-radius: 4px; padding: 0.2rem 0.8rem; cursor: pointer; }
button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 2rem; }
figure { margin: 0; min-width: 0; }
figure:first-child { grid-column: 1 / -1; }
figcaption { font-size: 0.9rem; font-weight: 600; display: flex; flex-wrap: wrap; gap: 0 1.2rem; }
figcaption span { font-weight: 400; }
.key::before { content: ''; display: inline-block; height: 1em; margin-right: 0.45em; vertical-align: -0.15em; border-left: 1.5px solid var(--undone); }
.key.divergence::before { border-color: var(--divergence); }
.key.resumed::before { border-left-style: dashed; border-color: var(--resumed); }
.chart { min-width: 0; overflow: hidden; }
.uplot, .u-legend { font-family: inherit; }
.u-legend { font-size: 0.82rem; text-align: left; margin: 0 0 0 52px; color: var(--soft); font-variant-numeric: tabular-nums; }
.charts .u-legend { min-height: 3.4em; }
.u-legend th { font-weight: 400; }
.u-legend .u-value { color: var(--ink); min-width: 3.6em; }
.u-legend .u-marker { width: 0.9em; height: 0; border-width: 1px !important; }
.u-inline tr { margin-right: 0.8rem; }
.u-series > * { padding: 2px; }
@media (max-width: 40rem) { .u-legend { margin-left: 0; } }
.u-select { background: color-mix(in srgb, var(--accent) 14%, transparent); }
.u-hz .u-cursor-x, .u-hz .u-cursor-y { border-color: var(--soft); }

pre {
  margin: 0; padding: 1rem 1.2rem; background: var(--panel); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4;
  font: 0.875rem/1.6 ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, monospace;
}
#samples section { margin: 0 0 1.4rem; }
#samples pre + p { margin-top: 0.8rem; }
#shown { min-height: 14rem; }
.slide { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.9rem; align-items: center; margin-bottom: 1.2rem; }
summary { cursor: pointer; color: var(--accent); margin-bottom: 1rem; }

.scroll { max-width: 100%; max-height: 26rem; overflow: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.scroll th, .scroll td { padding: 0.3rem 1.4rem 0.3rem 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
.scroll thead th { position: sticky; top: 0; background: var(--paper); color: var(--soft); font-weight: 400; }
.scroll .text { text-align: left; white-space: normal; min-width: 12rem; }
.scroll .best { color: var(--second); }
.scroll .undone { color: var(--soft); }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 2rem 3rem; align-items: start; }
.tables table { width: 100%; table-layout: fixed; }
.tables caption { text-align: left; padding-bottom: 0.4rem; }
.tables th, .tables td { text-align: left; vertical-align: top; padding: 0.3rem 0; border-top: 1px solid var(--rule); font-weight: 400; }
.tables th { color: var(--soft); padding-right: 1rem; }
`
