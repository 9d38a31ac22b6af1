/** Reads tokens, and holds what the network expects next. */
import { Matrix } from '../graph/matrix.js'
import { refuseOther, takeRows, type SavedState } from '../nn/held-state.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { Strides } from './strides.js'

/** What a reader carries, as plain data: of every row, the state by layer and name, and the logits. */
export interface ReaderState {
  readonly state: SavedState
  readonly logits: readonly number[]
}

/** A network that reads B sequences side by side, each from an empty state, through any number of calls. */
export class Reader {
  readonly network: TokenNetwork
  /** B */
  readonly batch: number
  /** [B, tokens], of the token after the last that was read; zeros before the first. */
  readonly logits: Matrix
  readonly #strides: Strides<void>

  /** @param batch sequences side by side; default 1 */
  constructor(network: TokenNetwork, batch = 1) {
    if (!Number.isInteger(batch) || batch < 1) throw new Error(`batch: ${batch}; must be a positive integer`)
    this.network = network
    this.batch = batch
    const logits = (this.logits = new Matrix(batch, network.tokens, undefined, { engine: network.engine }))
    // Only the last token's logits are wanted. What reads many tokens at once leaves them out, and with them the whole output layer.
    this.#strides = new Strides(network, batch, (g, all, steps) => {
      if (steps === 1) g.assign(logits, all)
    })
  }

  /** Reads T tokens of each row: T·B ids, time-major. All but the last are read in windows, all steps of one in one run. */
  read(ids: Int32Array): void {
    const { batch } = this
    if (ids.length % batch !== 0) throw new Error(`ids: ${ids.length} for ${batch} rows; must be equally many for each`)
    for (let at = 0; at < ids.length;) {
      const left = (ids.length - at) / batch
      const { graph, steps, ids: input } = this.#strides.fitting(Math.max(1, left - 1))
      const end = at + steps * batch
      input.set(ids.length === end - at ? ids : ids.subarray(at, end))
      graph.run()
      at = end
    }
  }

  /** Makes row r stand where row `rows[r]` of the other reader stands, which may be this one. */
  take(from: Reader, rows: ArrayLike<number>): void {
    takeRows(this.logits, from.logits, rows)
    this.#strides.state.take(from.#strides.state, rows)
  }

  /** As many rows as are wanted, each standing where the only row of this one stands. */
  repeated(batch: number): Reader {
    const reader = new Reader(this.network, batch)
    reader.take(this, new Int32Array(batch))
    return reader
  }

  /** Where it stands, as plain data that JSON keeps exactly. */
  save(): ReaderState {
    return {
      state: this.#strides.state.save(),
      logits: Array.from(this.logits.read()),
    }
  }

  /** Goes on from where another of the same network and batch stood when it was saved. Throws, having changed nothing, for anything else. */
  restore(saved: ReaderState): void {
    refuseOther('logits', saved.logits, this.logits)
    this.#strides.state.restore(saved.state)
    this.logits.write(saved.logits)
  }
}
