/** Cells: what happens in one step of a recurrent network, as a plain expression. */
import type { Graph } from '../graph/graph.js'
import type { Operand, Value } from '../graph/value.js'
import type { Initializer } from './initializers.js'

export interface CellSizes {
  input: number
  hidden: number
}

/** The shape of a parameter, [rows, cols], and how it starts. Without `initial`: uniform in ±1/√hidden, as in PyTorch. */
export type ParameterSpec =
  | readonly [number, number]
  | { readonly shape: readonly [number, number]; readonly initial: Initializer }

/** What a cell is made of; its equations are `step`. */
export interface Cell<S extends string = string, P extends string = string> {
  /** What messages and files call it. Default `cell`. */
  readonly name?: string
  /** That it computes what PyTorch's layer computes, with parameters Wx, Wh, b (and bh) in PyTorch's order of gates. Default false. */
  readonly likePyTorch?: boolean
  /** The width of each carried matrix, by name. */
  state(sizes: CellSizes): Record<S, number>
  parameters(sizes: CellSizes): Record<P, ParameterSpec>
  /**
   * One step of B sequences: from the input [B, input] and the state to the next state and the output.
   * Recorded once, whatever the number of steps.
   */
  step(g: Graph, x: Value, state: Record<S, Value>, parameters: Record<P, Operand>): Record<S, Value> & { output: Value }
}

/**
 * A cell of one's own. Nothing is kept back for the built-in ones: the compiler hoists, fuses and differentiates this one just the same.
 */
export function defineCell<S extends string, P extends string>(cell: Cell<S, P>): Cell<S, P> {
  return cell
}

/**
 * How many numbers the parameters of layers of a cell have, and how many columns: about as many as the numbers that a step of training keeps
 * for the way back. And how many are carried from step to step.
 */
export function layerSizes(
  cell: Cell,
  { input, hidden, layers }: CellSizes & { layers: number },
): { parameters: number; columns: number; state: number } {
  const shapesOf = (from: number): (readonly [number, number])[] =>
    Object.values(cell.parameters({ input: from, hidden })).map((spec) => ('shape' in spec ? spec.shape : spec))
  const [first, other] = [shapesOf(input), shapesOf(hidden)]
  const sumOf = (measure: (rows: number, cols: number) => number): number => {
    const of = (shapes: typeof first): number => shapes.reduce((sum, [rows, cols]) => sum + measure(rows, cols), 0)
    return of(first) + (layers - 1) * of(other)
  }
  const carried = Object.values(cell.state({ input, hidden })).reduce((sum, width) => sum + width, 0)
  return { parameters: sumOf((rows, cols) => rows * cols), columns: sumOf((_, cols) => cols), state: layers * carried }
}
