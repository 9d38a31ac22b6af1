/** The report of a sweep: one HTML file with everything in it. */
import type { SettingName } from '../node/settings.js'
import type { TrainSettings } from '../node/train-settings.js'
import { readRun, spread } from '../node/report-data.js'
import { documentHtml } from '../node/report-document.js'
import { html, type Markup } from '../node/report-markup.js'
import { style } from '../node/report-style.js'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { intactLines } from '../node/log.js'
import { lineChart, pointChart, type Axis, type Line, type Point } from './charts.js'
import type { Dimension, Range } from './space.js'
import type { SweepFolder, TrialLine } from './sweep-folder.js'
import { resultTable } from './table.js'

/** The most points of a curve, and the most curves. */
const [mostPoints, mostCurves] = [200, 300]

const charts = `
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem; }
.plots figure:first-child { grid-column: auto; }
.plots svg { font-size: 16px; }
svg text { fill: var(--soft); }
svg line { stroke: var(--rule); }
svg polyline { fill: none; stroke: var(--first-faint); stroke-width: 1.5; }
svg circle { fill: var(--first-faint); stroke: var(--paper); }
svg polyline.best { stroke: var(--second); stroke-width: 2.5; }
svg circle.best { fill: var(--second); }
svg polyline:hover { stroke: var(--first); stroke-width: 3; }
svg circle:hover { fill: var(--first); }
`

/**
 * The page that shows a sweep: its trials in a table, their curves, and the loss against each option. It is one file that asks for nothing
 * else, and has no script.
 *
 * @param results the best first
 */
export function sweepReport(folder: SweepFolder, results: readonly TrialLine[]): string {
  const { plan, corpus, kernels } = folder.record
  const [best] = results
  const title = `Sweep: ${plan.method}, ${count(plan.trials)} trials`
  const known = `${corpus.sources.join(', ')} · ${count(corpus.tokens)} tokens · ${kernels} kernels`
  const measured = results.filter(({ nats }) => nats !== null)
  return documentHtml({
    title,
    styles: `${style}${charts}`,
    body: html`<header>
        <h1>${title}</h1>
        <p class="soft">${known}</p>
        <dl class="facts">
          ${fact('Trials', `${count(results.length)} of ${count(plan.trials)}`, 'have been measured')}
          ${fact(
            'Best held-out loss',
            best?.nats === null || best === undefined ? '–' : `${best.nats.toFixed(4)} nats`,
            best?.nats === null || best === undefined ? 'none yet' : `trial ${best.trial}, at step ${count(best.bestStep ?? 0)}`,
          )}
        </dl>
      </header>
      <main>
        ${measured.length > 0 && html`${curves(folder, measured)} ${options(plan.space, measured)}`} ${trials(results)}
        ${plan.budgets.length > 0 && rungs(plan.budgets, plan.eta)} ${configuration(plan.options)}
      </main>`,
  })
}

const count = (n: number): string => n.toLocaleString('en')

const fact = (name: string, value: string, more: string): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
    <dd class="more">${more}</dd>
  </div>`

const nameOf = ({ trial, nats, choice }: TrialLine): string =>
  `trial ${trial}: ${nats!.toFixed(4)} nats; ${Object.entries(choice)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}`

function curves(folder: SweepFolder, results: readonly TrialLine[]): Markup {
  const lines = results.slice(0, mostCurves).flatMap((result, i): Line[] => {
    const log = join(folder.trialFolder(result.trial), 'log.jsonl')
    const { validations } = readRun(existsSync(log) ? intactLines(readFileSync(log, 'utf8')) : [])
    const rows = validations.filter((row) => !row.undone && row.nats !== null)
    const points = spread(rows, mostPoints).map((row): Point => ({ x: row.step, y: row.nats! }))
    return points.length > 0 ? [{ label: nameOf(result), points, best: i === 0 }] : []
  })
  const few = results.length > mostCurves && `The best ${count(mostCurves)} are drawn.`
  return html`<section id="curves">
    <h2>Held-out loss over steps</h2>
    <p class="note">A line for each trial, in nats a token; the best stands out. Point at one to see its options. ${few}</p>
    ${lines.length > 0 && lineChart(lines, 'Held-out loss of each trial over steps')}
  </section>`
}

/** The loss against each option that was varied. */
function options(space: Readonly<Record<string, Dimension>>, results: readonly TrialLine[]): Markup {
  return html`<section id="options">
    <h2>Loss against each option</h2>
    <p class="note">The lowest held-out loss of each trial, in nats a token. All other options differ too.</p>
    <div class="plots">
      ${Object.entries(space).map(([name, dimension]) => {
        const axis = axisOf(dimension)
        const points = results.map((result, i): Point => {
          const value = result.choice[name as SettingName]!
          const x = 'names' in axis ? axis.names.indexOf(String(value)) : Number(value)
          return { x, y: result.nats!, label: nameOf(result), best: i === 0 }
        })
        return html`<figure>
          <figcaption>${name}</figcaption>
          ${pointChart(points, axis, `Held-out loss against ${name}`)}
        </figure>`
      })}
    </div>
  </section>`
}

function axisOf(dimension: Dimension): Axis {
  if (Array.isArray(dimension)) return { names: dimension.map(String) }
  return { scale: (dimension as Range).scale }
}

function trials(results: readonly TrialLine[]): Markup {
  const { head, rows } = resultTable(results)
  const last = head.length - 1
  return html`<section id="trials">
    <h2>Trials</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Trials">
      <table>
        <thead>
          <tr>
            ${head.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, i) =>
              html`<tr class="${i === 0 && results[0].nats !== null ? 'best' : ''}">
                ${row.map((cell, column) => html`<td class="${column === last ? 'text' : ''}">${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}

const rungs = (budgets: readonly number[], eta: number): Markup =>
  html`<section id="rungs">
    <h2>Rungs</h2>
    <p>
      Measured after ${budgets.map(count).join(', ')} steps; each time one trial of ${eta} went on, those with the lowest held-out
      loss so far.
    </p>
  </section>`

function configuration(common: TrainSettings): Markup {
  return html`<section id="configuration">
    <h2>What all trials have in common</h2>
    <div class="tables">
      <table>
        <tbody>
          ${Object.entries(common).map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${String(value)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">All else is as in unrolled train.</p>
  </section>`
}
