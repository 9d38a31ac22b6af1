// Draws the README's picture from the log of a training run:
//   npm start 2> run.log; node scripts/picture.mjs < run.log > docs/training.svg
import { readFileSync } from 'node:fs'

const log = readFileSync(0, 'utf8')
// Without what the build says.
const lines = log.split('\n').filter((line) => !line.startsWith('build/'))
const isMeasured = (line) => /^step [\d,]+: held out/.test(line)
const points = [...log.matchAll(/^step ([\d,]+): held out ([\d.]+) nats/gm)].map(([, step, nats]) => [
  Number(step.replaceAll(',', '')),
  Number(nats),
])
const last = lines.findLastIndex(isMeasured)
const first = lines.findIndex(isMeasured)

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const wrap = (text, width) => text.match(new RegExp(`.{1,${width}}`, 'g')) ?? ['']
const width = 100
const shown = [
  ['$ npm start', 'prompt'],
  ...lines
    .slice(0, 3)
    .flatMap((line) => wrap(line, width))
    .map((line) => [line, 'dim']),
  ['', ''],
  [wrap(lines[first], width)[0], 'step'],
  ...wrap(lines[first + 1], width)
    .slice(0, 1)
    .map((line) => [line, 'sample']),
  ['…', 'dim'],
  [wrap(lines[last], width)[0], 'step'],
  ...wrap(lines[last + 1], width)
    .slice(0, 5)
    .map((line) => [line, 'sample']),
  ['', ''],
  ...lines
    .filter((line) => line.startsWith('Ended'))
    .flatMap((line) => wrap(line, width))
    .map((line) => [line, 'dim']),
]

const row = 18
const plot = { x: 40, y: shown.length * row + 72, width: 760, height: 150 }
const [low, high] = [Math.min(...points.map(([, nats]) => nats)) - 0.05, Math.max(...points.map(([, nats]) => nats))]
const x = (step) => plot.x + (plot.width * step) / points.at(-1)[0]
const y = (nats) => plot.y + (plot.height * (high - nats)) / (high - low)
const curve = points.map(([step, nats], i) => `${i ? 'L' : 'M'}${x(step).toFixed(1)} ${y(nats).toFixed(1)}`).join(' ')
const height = plot.y + plot.height + 40

console.log(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 ${height}" width="840" height="${height}" role="img">
<title>A training run: held-out loss and samples</title>
<style>
  rect { fill: #14171c } text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #e6e6e6; white-space: pre }
  .dim { fill: #8b93a1 } .prompt { fill: #7fd1b9 } .step { fill: #f2c879 } .sample { fill: #e6e6e6 } path { fill: none; stroke: #f2c879; stroke-width: 2 }
  circle { fill: #f2c879 } .axis { font-size: 11px; fill: #8b93a1 }
</style>
<rect width="840" height="${height}" rx="8"/>
${shown.map(([text, kind], i) => `<text x="20" y="${30 + i * row}" class="${kind}">${escape(text)}</text>`).join('\n')}
<text x="20" y="${plot.y - 22}" class="axis">held-out loss, nats a character</text>
<path d="${curve}"/>
${points.map(([step, nats]) => `<circle cx="${x(step).toFixed(1)}" cy="${y(nats).toFixed(1)}" r="3"/><text x="${(x(step) - 14).toFixed(1)}" y="${(y(nats) - 9).toFixed(1)}" class="axis">${nats.toFixed(2)}</text>`).join('\n')}
<text x="${plot.x + plot.width - 60}" y="${plot.y + plot.height + 24}" class="axis">${points.at(-1)[0].toLocaleString('en')} steps</text>
</svg>`)
