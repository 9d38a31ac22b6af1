/** A decoder that writes about one source: a network that reads tokens and predicts the next, for whoever samples or searches. */
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Indices, Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import type { Encoded, SequenceDecoder } from './sequence-decoder.js'
import type { SavedState } from './held-state.js'
import { tokenForwardNames, type TokenForwardOptions, type TokenNetwork } from './token-network.js'
import { refuseUnknown } from '../options/known.js'

export class ConditionedDecoder implements TokenNetwork {
  readonly decoder: SequenceDecoder
  /** Where a reader has to begin: its `restore` takes this, with logits of zeros. */
  readonly initial: SavedState
  readonly #states: Matrix | undefined
  readonly #compared: Matrix | undefined

  /**
   * Reads what there is to know of the source, by running the graph that encodes it.
   *
   * @param g a graph that keeps all values
   * @param encoded one sequence, without a mask: batch 1
   */
  constructor(decoder: SequenceDecoder, g: Graph, encoded: Encoded) {
    const { batch = 1, mask, output } = encoded
    if (batch !== 1) throw new Error(`batch: ${batch}; a source is one sequence`)
    if (mask) throw new Error('mask: of a single source; leave out what lies behind its end')
    this.decoder = decoder
    const { attention, engine } = decoder
    const held = (value: Value): Matrix => new Matrix(value.rows, value.cols, value.read(), { engine })
    if (attention) {
      const compared = attention.compared(g, output)
      this.#states = held(output)
      this.#compared = compared === output ? this.#states : held(compared as Value)
    }
    this.initial = decoder
      .initialState(g, encoded)
      .map((layer) => Object.fromEntries(Object.entries(layer).map(([name, value]) => [name, Array.from(value.read())])))
  }

  get engine(): Engine {
    return this.decoder.engine
  }
  get tokens(): number {
    return this.decoder.tokens
  }
  get parameters(): Matrix[] {
    return this.decoder.parameters
  }
  get stateSizes(): Readonly<Record<string, number>>[] {
    return this.decoder.stateSizes
  }
  get dropouts(): number {
    return this.decoder.dropouts
  }

  forward(g: Graph, ids: Indices, options: TokenForwardOptions): { logits: Value; state: Record<string, Value>[] } {
    refuseUnknown('forward', options, tokenForwardNames)
    const { state, ...others } = options
    const { attention } = this.decoder
    const batch = g.node(Object.values(state[0])[0]).rows
    const [states, compared] = [this.#states, this.#compared]
    if (!attention || !states || !compared) return this.decoder.write(g, ids, { state, attend: undefined }, batch, others)
    // Every row looks at the same source.
    const all = (matrix: Matrix): Matrix | Value =>
      batch === 1
        ? matrix
        : g.gather(
            matrix,
            Int32Array.from({ length: matrix.rows * batch }, (_, i) => Math.floor(i / batch)),
          )
    const spread = all(states)
    const attend = attention.among(g, compared === states ? spread : all(compared), spread, { batch })
    return this.decoder.write(g, ids, { state, attend }, batch, others)
  }
}
