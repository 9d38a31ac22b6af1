/** The report of a run: one HTML file with everything in it, from what the run wrote down. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { LogLine, RunConfig } from './log.js'
import { jumpy, measures, losses, readRun, spread, thin, type Run } from './report-data.js'
import { html, Markup, scriptJson } from './report-markup.js'
import { page, type PageData } from './report-page.js'
import {
  configuration,
  curves,
  events,
  facts,
  mostPoints,
  mostRows,
  samples,
  stateOf,
  subtitleOf,
  titleOf,
  validations,
} from './report-sections.js'
import { style } from './report-style.js'

// Of the attempts that were given up, the last ones are drawn.
const mostAttempts = 20
const mostAttemptPoints = 100

/**
 * The page that shows a run: its state, curves, samples, validations and configuration. It is one file that asks for nothing
 * else, also when opened from a disk; without scripts it lacks only the curves. Texts of the run cannot become markup in it.
 *
 * Its size does not grow with the run: curves have at most 2,000 points, spikes among them; of more than 500 samples, or 1,000
 * validations, as many are shown, evenly chosen, and the page says so; a sample ends after 10,000 characters.
 *
 * @param run.config the object of the run's config.json; what it lacks is left out
 * @param run.log the lines of its log.jsonl, as `parseLog` gives them; those of events that are not known are passed over
 */
export function reportHtml({ config, log }: { config: RunConfig; log: readonly LogLine[] }): string {
  const run = readRun(log)
  const [state] = stateOf(run)
  const title = titleOf(config)
  const styles = `${asset('uplot/dist/uPlot.min.css')}\n${style}`
  const script = `/*\n${asset('uplot/LICENSE')}*/\n${asset('uplot/dist/uPlot.iife.min.js')}
;(${page.toString()})(uPlot, JSON.parse(document.getElementById('data').textContent))\n`
  // Whatever else got into the page: nothing is loaded, and no script runs but this one.
  const policy = `default-src 'none'; img-src data:; style-src ${hashOf(styles)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}: ${state}</title>
        <link rel="icon" href="data:," />
        ${element('style', styles)}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="soft">${subtitleOf(config)}</p>
          ${facts(config, run)}
        </header>
        <main>
          ${[curves(run), samples(run.samples), validations(run.validations, run.final), events(run.marks), configuration(config)]}
        </main>
        <script type="application/json" id="data">
          ${scriptJson(dataOf(run))}
        </script>
        ${element('script', script)}
      </body>
    </html>`.text
}

const asset = (specifier: string) => readFileSync(createRequire(import.meta.url).resolve(specifier), 'utf8')

/** An element of our own text, to the letter: the policy has its hash. */
const element = (name: 'style' | 'script', text: string) => new Markup(`<${name}>${text}</${name}>`)
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function dataOf({ steps, undone, validations: measured, marks }: Run): PageData {
  const { rows, means } = thin(steps, mostPoints)
  const kept = measured.filter((row) => !row.undone)
  return {
    steps: columnsOf(rows, ['step', ...measures]),
    means,
    heldOut: columnsOf(spread(kept, mostPoints), ['step', ...losses]),
    undone: undone
      .slice(-mostAttempts)
      .map((attempt) => columnsOf(thin(attempt, mostAttemptPoints).rows, ['step', 'seconds', 'learningRate', ...jumpy])),
    marks: spread(marks, mostRows).map(({ line, seconds }) => ({ kind: line.event, step: line.step, seconds })),
  }
}

const columnsOf = <Name extends string>(rows: readonly Record<Name, number | null>[], names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]))
