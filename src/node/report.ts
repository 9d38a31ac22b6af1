/** The report of a run: one HTML file with everything in it, from what the run wrote down. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AnyRunConfig, LogLine } from './log.js'
import { jumpy, measures, losses, readRun, spread, thin, type Run } from './report-data.js'
import { documentHtml } from './report-document.js'
import { html, scriptJson } from './report-markup.js'
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
export function reportHtml({ config, log }: { config: AnyRunConfig; log: readonly LogLine[] }): string {
  const run = readRun(log)
  const [state] = stateOf(run)
  const title = titleOf(config)
  const script = `/*\n${asset('uplot/LICENSE')}*/\n${asset('uplot/dist/uPlot.iife.min.js')}
;(${page.toString()})(uPlot, JSON.parse(document.getElementById('data').textContent))\n`
  return documentHtml({
    title: `${title}: ${state}`,
    styles: `${asset('uplot/dist/uPlot.min.css')}\n${style}`,
    body: html`<header>
        <h1>${title}</h1>
        <p class="soft">${subtitleOf(config)}</p>
        ${facts(config, run)}
      </header>
      <main>
        ${[
          curves(run, config),
          samples(run.samples),
          validations(run.validations, run.final, config),
          events(run.marks),
          configuration(config),
        ]}
      </main>
      <script type="application/json" id="data">
        ${scriptJson(dataOf(run))}
      </script>`,
    script,
  })
}

const asset = (specifier: string) => readFileSync(createRequire(import.meta.url).resolve(specifier), 'utf8')

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
