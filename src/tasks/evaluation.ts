/** How good a model is, and simpler ones on the same data. */

export interface TaskEvaluation {
  /** What was measured: `50 sequences`. */
  readonly measured: string
  /** What the measures are, in the order of each model's `values`. */
  readonly measures: readonly Measured[]
  /** The network first. NaN: does not apply to it. */
  readonly models: readonly { readonly name: string; readonly values: readonly number[] }[]
  /** Which simpler models there are not, and why. */
  readonly notes: readonly string[]
}

export interface Measured {
  readonly name: string
  /** Whether it is a share, which people read in per cent. */
  readonly isShare: boolean
}

/** A table in plain text, the network first. */
export function evaluationTable({ measured, measures, models }: TaskEvaluation): string {
  const rows = [
    [measured, ...measures.map(({ name }) => name)],
    ...models.map(({ name, values }) => [name, ...values.map((value, i) => shown(value, measures[i]))]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = ([name, ...cells]: string[]): string =>
    [name.padEnd(widths[0]), ...cells.map((cell, i) => cell.padStart(widths[i + 1]))].join('  ')
  return rows.map(line).join('\n')
}

function shown(value: number, { isShare }: Measured): string {
  if (Number.isNaN(value)) return '–'
  return isShare ? `${(100 * value).toFixed(2)} %` : value.toPrecision(5)
}
