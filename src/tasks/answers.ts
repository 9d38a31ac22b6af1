/** What a model says of a table, as it is written down: an object for JSON, rows for CSV. */

export interface Answer {
  readonly json: Readonly<Record<string, unknown>>
  /** As `names` of the predictor has them. */
  readonly rows: readonly (readonly (string | number)[])[]
}

/** Answers a table whose text comes in pieces; a sequence, or a row, as soon as it is complete. */
export interface Predictor {
  /** The names of the columns of what it answers. */
  readonly names: readonly string[]
  push(text: string): Answer[]
  end(): Answer[]
}

/** A number of a network, in as many digits as float32 has. */
export const figure = (value: number): number => Number(value.toPrecision(7))
