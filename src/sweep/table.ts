/** The results of a sweep as rows, for a terminal and for a page. */
import type { TrialLine } from './sweep-folder.js'

export interface ResultTable {
  readonly head: readonly string[]
  /** As the results are: the best first. */
  readonly rows: readonly (readonly string[])[]
}

/** @param results the best first, as `sweep.results` gives them */
export function resultTable(results: readonly TrialLine[]): ResultTable {
  const options = [...new Set(results.flatMap(({ choice }) => Object.keys(choice)))]
  return {
    head: ['', 'trial', 'nats', 'bits/char', 'at step', 'steps', ...options, ''],
    rows: results.map(({ trial, nats, bitsPerCharacter, bestStep, step, choice, outcome, reason }, i) => [
      nats === null ? '–' : String(i + 1),
      String(trial),
      nats === null ? '–' : nats.toFixed(4),
      bitsPerCharacter === null ? '–' : bitsPerCharacter.toFixed(4),
      bestStep === null ? '–' : String(bestStep),
      String(step),
      ...options.map((name) => shown((choice as Record<string, unknown>)[name])),
      outcome === 'trained' ? '' : `${outcome}: ${reason ?? ''}`,
    ]),
  }
}

const shown = (value: unknown): string => (value === undefined ? '–' : String(value))

/**
 * ```
 *    trial    nats  bits/char  at step  steps   rate  hidden
 * 1      4  1.6319     2.3544      900    900  0.005     128
 * 2      1  1.7208     2.4826      900    900  0.002      64
 * ```
 */
export function tableText(results: readonly TrialLine[]): string {
  const { head, rows } = resultTable(results)
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (i === head.length - 1 ? 0 : row[i].length))))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i === head.length - 1 ? cell : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
