/** What the five systems' files have in common: matrices as lists of rows, and how many losses to print. */
import { Matrix, type Engine } from 'unrolled'

type Rows = readonly (readonly number[])[]
/** A matrix, or a bias as a plain list. */
export type Weight = Rows | readonly number[]

/** What a run prints. */
export interface Outcome {
  readonly loss: readonly number[]
  readonly firstGradients: Readonly<Record<string, unknown>>
  readonly finalWeights: Readonly<Record<string, unknown>>
}

/** How many losses are wanted: the `iterations` that the file or its configuration asks for, else as many as it tells of. */
export function countOf(file: Readonly<Record<string, unknown>>, otherwise: number | undefined): number {
  const { iterations, config } = file as { iterations?: number; config?: { iterations?: number } }
  const count = iterations ?? config?.iterations ?? otherwise
  if (!Number.isSafeInteger(count) || count! < 1) {
    throw new Error(`iterations: ${String(count)}; must be a positive integer, how many losses to print`)
  }
  return count!
}

/** What stands under a name. */
export function stated<T>(file: Readonly<Record<string, unknown>>, name: string): T {
  const value = Object.hasOwn(file, name) ? file[name] : undefined
  if (value === undefined || value === null) throw new Error(`${name}: is missing`)
  return value as T
}

const isRows = (weight: Weight): weight is Rows => Array.isArray(weight[0])

/** The originals' matrices are [out, in], ours [in, out]: each is the other's transpose. A bias is a row of ours. */
export function read(weights: Readonly<Record<string, Weight>>, name: string, engine: Engine): Matrix {
  const weight = stated<Weight>(weights, name)
  if (!isRows(weight)) return new Matrix(1, weight.length, weight, { engine, name })
  const [out, inputs] = [weight.length, weight[0].length]
  const ragged = weight.find(({ length }) => length !== inputs)
  if (ragged) throw new Error(`${name}: has rows of ${inputs} and of ${ragged.length}; all must be as long`)
  const values = Array.from({ length: inputs * out }, (_, i) => weight[i % out][Math.floor(i / out)])
  return new Matrix(inputs, out, values, { engine, name })
}

/** The other way, in the shape in which it was stated. */
export function written(values: ArrayLike<number>, like: Weight): Weight {
  if (!isRows(like)) return Array.from(values)
  return like.map((row, r) => row.map((_, c) => values[c * like.length + r]))
}
