/** What the five systems' files have in common, and how one is told what is wrong with them. See README.md. */
import { Matrix, type Engine } from 'unrolled'

/** A file's content: nothing is known of it. */
export type File = Readonly<Record<string, unknown>>

type Rows = readonly (readonly number[])[]
/** A matrix, or a bias as a plain list. */
export type Weight = Rows | readonly number[]

/** What a run prints. */
export interface Outcome {
  readonly loss: readonly number[]
  readonly firstGradients: Readonly<Record<string, unknown>>
  readonly finalWeights: Readonly<Record<string, unknown>>
}

export const show = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 60)

const isThere = (file: File, name: string): boolean =>
  Object.hasOwn(file, name) && file[name] !== null && file[name] !== undefined

/** What stands under a name. */
function stated(file: File, name: string): unknown {
  if (!isThere(file, name)) throw new Error(`${name}: is missing`)
  return file[name]
}

export function objectAt(file: File, name: string): File {
  const value = stated(file, name)
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${name}: ${show(value)}; must be an object`)
  return value as File
}

export function textAt(file: File, name: string): string {
  const value = stated(file, name)
  if (typeof value !== 'string') throw new Error(`${name}: ${show(value)}; must be a string`)
  return value
}

/** A finite number. @param options.least the least that it may be @param options.whole whether it must be an integer */
export function numberAt(file: File, name: string, { least = -Infinity, whole = false } = {}): number {
  const value = stated(file, name)
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least || (whole && !Number.isInteger(value))) {
    throw new Error(
      `${name}: ${show(value)}; must be a ${whole ? 'whole ' : ''}number${least > -Infinity ? ` from ${least}` : ''}`,
    )
  }
  return value
}

/** A list of strings, or of nothing where it may be absent. */
export function stringsAt(file: File, name: string, { optional = false } = {}): string[] {
  if (optional && !isThere(file, name)) return []
  const value = stated(file, name)
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new Error(`${name}: ${show(value)}; must be a list of strings`)
  }
  return value
}

/** A list of whole numbers from 0 to below a limit. */
export function indicesIn(value: unknown, name: string, limit: number): number[] {
  if (!Array.isArray(value)) throw new Error(`${name}: ${show(value)}; must be a list of whole numbers`)
  value.forEach((index: unknown, i) => {
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= limit) {
      throw new Error(`${name}: number ${i} is ${show(index)}; must be a whole number from 0 to ${limit - 1}`)
    }
  })
  return value as number[]
}

/** How many losses are wanted: the `iterations` that the file or its configuration asks for, else as many as it tells of. */
export function countOf(file: File, otherwise: number | undefined): number {
  const from = [file, objectAt(file, 'config')].find((part) => isThere(part, 'iterations'))
  if (from) return numberAt(from, 'iterations', { least: 1, whole: true })
  if (otherwise === undefined) throw new Error('iterations: is missing; how many losses to print')
  return otherwise
}

const isRows = (weight: Weight): weight is Rows => Array.isArray(weight[0])

/** The originals' matrices are [out, in], ours [in, out]: each is the other's transpose. A bias is a row of ours. */
export function read(weights: File, name: string, engine: Engine): Matrix {
  const weight: unknown = stated(weights, name)
  if (!Array.isArray(weight) || weight.length === 0)
    throw new Error(`${name}: ${show(weight)}; must be a list of rows or of numbers`)
  const rows = (Array.isArray(weight[0]) ? weight : weight.map((value: unknown) => [value])) as Rows
  const [out, inputs] = [rows.length, rows[0].length]
  rows.forEach((row, r) => {
    if (!Array.isArray(row) || row.length !== inputs)
      throw new Error(`${name}: row ${r} is ${show(row)}; must be ${inputs} numbers`)
    const bad = row.find((value) => typeof value !== 'number' || !Number.isFinite(value))
    if (bad !== undefined) throw new Error(`${name}: ${show(bad)} in row ${r}; must be finite numbers`)
  })
  const values = Array.from({ length: inputs * out }, (_, i) => rows[i % out][Math.floor(i / out)])
  return new Matrix(inputs, out, values, { engine, name })
}

/** The other way, in the shape in which it was stated. */
export function written(values: ArrayLike<number>, like: Weight): Weight {
  if (!isRows(like)) return Array.from(values)
  return like.map((row, r) => row.map((_, c) => values[c * like.length + r]))
}
