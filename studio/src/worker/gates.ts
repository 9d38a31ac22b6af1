/** What the gates of a cell are, by their equations. */
import type { Graph, Operand, Value } from 'unrolled'

/** By cell: which of the parts of its product are gates, in the order of the cell's parameters. */
const gates: Readonly<Record<string, { readonly parts: number; readonly names: Readonly<Record<string, number>> }>> = {
  lstm: { parts: 4, names: { input: 0, forget: 1, output: 3 } },
  gru: { parts: 3, names: { reset: 0, update: 1 } },
  'gru-reset-before': { parts: 3, names: { reset: 0, update: 1 } },
}

/** The gates of all steps, by name: σ(x·Wx + h·Wh + b), h the state before each step. None for a cell without gates. */
export function gatesOf(
  g: Graph,
  cell: string | undefined,
  x: Value,
  earlier: Value,
  { Wx, Wh, b }: Readonly<Record<string, Operand>>,
): Record<string, Value> {
  const own = cell === undefined ? undefined : gates[cell]
  if (!own) return {}
  const parts = g.split(g.add(g.matmul(x, Wx), g.matmul(earlier, Wh), b), own.parts)
  return Object.fromEntries(Object.entries(own.names).map(([name, part]) => [name, g.sigmoid(parts[part])]))
}
