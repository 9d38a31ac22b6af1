/** What the training loop and the generator need of a network. */
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Operand, Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import type { Names } from '../options/known.js'

export interface TokenForwardOptions {
  /** By layer, what the first step gets. */
  state: readonly Readonly<Record<string, Operand>>[]
  /** One key for each dropout. Default: no dropout, as for everything but training. */
  dropoutKeys?: readonly Indices[]
  /** How many earlier steps a gradient flows back to. Default: all. */
  reach?: number
  /** Steps between the states that are kept; what lies between is computed anew on the way back: see `scan`. Default: all is kept. */
  recompute?: number
}

export const tokenForwardNames: Names<TokenForwardOptions> = { state: true, dropoutKeys: true, reach: true, recompute: true }

/** A network that reads token ids and predicts the next, with a state that is carried on. */
export interface TokenNetwork {
  readonly engine: Engine
  /** How many tokens there are. */
  readonly tokens: number
  readonly parameters: readonly Matrix[]
  /** The width of each carried matrix: by layer, by name. */
  readonly stateSizes: readonly Readonly<Record<string, number>>[]
  /** How many dropouts it has; each wants a key. */
  readonly dropouts: number
  /** ids, T·B of them, time-major → logits [T·B, tokens], and the state after the last step. */
  forward(
    g: Graph,
    ids: Indices,
    options: TokenForwardOptions,
  ): { logits: Value; state: readonly Readonly<Record<string, Value>>[] }
}
