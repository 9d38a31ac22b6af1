/** Sequences of numbers, of tokens, or of both, as a network reads them. What they are made of is learned from the training part. */
import { refuseUnknown } from '../options/known.js'
import { graphemes } from '../text/graphemes.js'
import { checkScaling, learnScaling, scaled, type Scaling, type ScalingKind } from './scaling.js'

/**
 * - a text: its characters;
 * - texts: tokens;
 * - numbers: one a step; NaN is a gap;
 * - lists of numbers: several a step, as many in each;
 * - both: as many steps of each.
 */
export type SequenceInput =
  | string
  | readonly string[]
  | NumberSequence
  | { readonly tokens: string | readonly string[]; readonly numbers: NumberSequence }
export type NumberSequence = readonly number[] | Float32Array | Float64Array | readonly ArrayLike<number>[]

export interface EncodedSequence {
  /** Steps. */
  readonly length: number
  /** One a step; −1 for a token that training did not have. Empty where there are none. */
  readonly tokens: Int32Array
  /** [length, width], row-major: scaled, 0 at a gap; behind each number, 1 at a gap and 0 elsewhere. Empty where there are none. */
  readonly numbers: Float64Array
  /** How many of the tokens were not there in training. */
  readonly unknown: number
  /** How many of the numbers are gaps. */
  readonly gaps: number
}

interface Taken {
  readonly length: number
  readonly tokens: readonly string[] | undefined
  readonly rows: readonly ArrayLike<number>[] | undefined
}

export class SequenceEncoder {
  /** Sorted; empty where sequences have none. */
  readonly tokens: readonly string[]
  /** One for each number of a step; empty where sequences have none. */
  readonly scalings: readonly Scaling[]
  readonly #places: ReadonlyMap<string, number>

  private constructor(tokens: readonly string[], scalings: readonly Scaling[]) {
    this.tokens = tokens
    this.scalings = scalings
    this.#places = new Map(tokens.map((token, i) => [token, i]))
  }

  /** From the sequences that are trained on. Throws for none, for an empty one, and where they are not all of one kind. */
  static learn(inputs: readonly SequenceInput[], options: { scaling?: ScalingKind } = {}): SequenceEncoder {
    refuseUnknown('learn', options, { scaling: true })
    const { scaling = 'standard' } = options
    if (inputs.length === 0) throw new Error('sequences: none; must be at least one')
    const taken = inputs.map((input, i) => take(input, sequence(i)))
    const [first] = taken
    const width = first.rows?.[0].length ?? 0
    taken.forEach((one, i) => refuseOther(one, { tokens: first.tokens !== undefined, width }, sequence(i)))
    const tokens = new Set<string>()
    for (const one of taken) for (const token of one.tokens ?? []) tokens.add(token)
    const scalings = Array.from({ length: width }, (_, column) => {
      const values = taken.flatMap(({ rows }) => rows!.map((row) => row[column]))
      return learnScaling(width === 1 ? 'sequences' : `sequences, number ${column + 1} of a step`, values, scaling)
    })
    return new SequenceEncoder([...tokens].sort(), scalings)
  }

  /** How many numbers a step has, gaps' marks included. */
  get width(): number {
    return 2 * this.scalings.length
  }

  /**
   * Throws for a sequence of another kind than those of training, and for an empty one.
   *
   * @param where what messages call it
   */
  encode(input: SequenceInput, where = 'sequence'): EncodedSequence {
    const { scalings, width } = this
    const one = take(input, where)
    refuseOther(one, { tokens: this.tokens.length > 0, width: scalings.length }, where)
    const tokens = Int32Array.from(one.tokens ?? [], (token) => this.#places.get(token) ?? -1)
    const numbers = new Float64Array(one.length * width)
    let gaps = 0
    one.rows?.forEach((row, t) => {
      scalings.forEach((scaling, column) => {
        const at = t * width + 2 * column
        const isGap = Number.isNaN(row[column])
        numbers[at] = isGap ? 0 : scaled(scaling, row[column])
        numbers[at + 1] = Number(isGap)
        gaps += Number(isGap)
      })
    })
    return { length: one.length, tokens, numbers, unknown: tokens.filter((token) => token < 0).length, gaps }
  }

  toJSON(): { tokens: readonly string[]; scalings: readonly Scaling[] } {
    return { tokens: this.tokens, scalings: this.scalings }
  }

  /** Throws unless it is what `toJSON` gives. */
  static fromJSON(value: unknown): SequenceEncoder {
    const { tokens, scalings } = (value ?? {}) as { tokens: unknown; scalings: unknown }
    const isTokens = Array.isArray(tokens) && tokens.every((token) => typeof token === 'string')
    if (!isTokens || new Set(tokens).size !== tokens.length || !Array.isArray(scalings)) {
      throw new Error('sequences must have a list of different tokens, and a list of scalings')
    }
    return new SequenceEncoder(tokens, scalings.map(checkScaling))
  }
}

/**
 * How many steps a sequence has. Throws for what is none, and for an empty one.
 *
 * @param where what messages call it
 */
export const lengthOf = (input: SequenceInput, where: string): number => take(input, where).length

const sequence = (i: number): string => `sequence ${(i + 1).toLocaleString('en-US')}`

function take(input: SequenceInput, where: string): Taken {
  const isBoth = typeof input === 'object' && input !== null && 'tokens' in input
  const tokens = isBoth ? tokensOf(input.tokens) : isTokens(input) ? tokensOf(input) : undefined
  const numbers = isBoth ? input.numbers : tokens ? undefined : (input as NumberSequence)
  if (!tokens && !Array.isArray(numbers) && !ArrayBuffer.isView(numbers)) {
    throw new Error(
      `${where}: ${numbers === null ? 'null' : typeof numbers}; must be a text, tokens, numbers, or both as { tokens, numbers }`,
    )
  }
  const list = numbers && Array.from(numbers as ArrayLike<number | ArrayLike<number>>)
  const rows = list?.map((row) => (typeof row === 'number' ? [row] : row))
  const length = tokens?.length ?? rows!.length
  if (length === 0) throw new Error(`${where}: has no steps; must have at least one`)
  if (tokens && rows && rows.length !== length) {
    throw new Error(`${where}: has ${length} tokens and numbers for ${rows.length} steps; must be as many`)
  }
  return { length, tokens, rows }
}

const isTokens = (input: unknown): input is string | readonly string[] =>
  typeof input === 'string' || (Array.isArray(input) && typeof input[0] === 'string')

const tokensOf = (tokens: string | readonly string[]): readonly string[] =>
  typeof tokens === 'string' ? graphemes(tokens) : tokens

function refuseOther({ tokens, rows }: Taken, wanted: { tokens: boolean; width: number }, where: string): void {
  const kindOf = (hasTokens: boolean, hasNumbers: boolean): string =>
    hasTokens && hasNumbers ? 'tokens and numbers' : hasTokens ? 'tokens' : 'numbers'
  const [here, there] = [kindOf(tokens !== undefined, rows !== undefined), kindOf(wanted.tokens, wanted.width > 0)]
  if (here !== there) throw new Error(`${where}: is of ${here}; must be of ${there}, as the others`)
  const stray = tokens?.findIndex((token) => typeof token !== 'string') ?? -1
  if (stray >= 0) throw new Error(`${where}: its step ${stray + 1} is ${typeof tokens![stray]}; must be a text`)
  rows?.forEach((row, t) => {
    if (row?.length !== wanted.width) {
      throw new Error(`${where}: its step ${t + 1} has ${row?.length ?? 'no'} numbers; must have ${wanted.width}, as the others`)
    }
    const infinite = Array.from(row).find((value) => !Number.isFinite(value) && !Number.isNaN(value))
    if (infinite !== undefined) throw new Error(`${where}: its step ${t + 1} is ${infinite}; must be a number, or NaN for a gap`)
  })
}
