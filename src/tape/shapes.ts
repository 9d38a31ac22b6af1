/** Shapes in words, for the errors of the op table. */
import type { Node } from './node.js'

export const shapeOf = ({ rows, cols }: { rows: number; cols: number }): string => `[${rows}, ${cols}]`

export const shapesOf = (nodes: readonly Node[]): string => nodes.map(shapeOf).join(' and ')

/** The shape that several operands broadcast to: each has the result's rows or 1, and its columns or 1. */
export function broadcast(op: string, inputs: readonly Node[]): readonly [number, number] {
  const rows = extent(op, inputs, 'rows')
  const cols = extent(op, inputs, 'cols')
  return [rows, cols]
}

function extent(op: string, inputs: readonly Node[], axis: 'rows' | 'cols'): number {
  let size = 1
  for (const input of inputs) {
    if (input[axis] === 1 || input[axis] === size) continue
    if (size !== 1) {
      const word = axis === 'rows' ? 'row' : 'column'
      throw new Error(`${op}: ${shapesOf(inputs)}; ${word} counts must agree or be 1 (${size} ≠ ${input[axis]})`)
    }
    size = input[axis]
  }
  return size
}
