/** Reads tokens, and holds what the network expects next. */
import { Matrix } from '../graph/matrix.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { Strides } from './strides.js'

/** What a reader carries, as plain data: of every row, the state by layer and name, and the logits. */
export interface ReaderState {
  readonly state: readonly Readonly<Record<string, readonly number[]>>[]
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
    const copy = (to: Matrix, source: Matrix): void => {
      const { cols } = to
      const old = source.read()
      const values = new to.engine.Floats(to.size)
      for (let r = 0; r < this.batch; r++) values.set(old.subarray(rows[r] * cols, (rows[r] + 1) * cols), r * cols)
      to.write(values)
    }
    copy(this.logits, from.logits)
    this.#each((matrix, layer, name) => copy(matrix, from.#strides.state[layer][name]))
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
      state: this.#strides.state.map((layer) =>
        Object.fromEntries(Object.entries(layer).map(([name, matrix]) => [name, Array.from(matrix.read())])),
      ),
      logits: Array.from(this.logits.read()),
    }
  }

  /** Goes on from where another of the same network and batch stood when it was saved. Throws, having changed nothing, for anything else. */
  restore(saved: ReaderState): void {
    const check = (what: string, values: unknown, { size }: Matrix): void => {
      if (!Array.isArray(values) || values.length !== size || !values.every(Number.isFinite)) {
        throw new Error(
          `${what}: is not the ${size} numbers that this network carries; restore what was saved from the same model`,
        )
      }
    }
    check('logits', saved.logits, this.logits)
    this.#each((matrix, layer, name) => check(`state ${layer}.${name}`, saved.state?.[layer]?.[name], matrix))
    this.logits.write(saved.logits)
    this.#each((matrix, layer, name) => matrix.write(saved.state[layer][name]))
  }

  #each(visit: (matrix: Matrix, layer: number, name: string) => void): void {
    this.#strides.state.forEach((own, layer) => Object.entries(own).forEach(([name, matrix]) => visit(matrix, layer, name)))
  }
}
