/** The tanh RNN of three of the systems, which differ in what stands before and behind it. */
import type { Engine, Graph, Indices, Matrix, TokenForwardOptions, TokenNetwork, Value } from 'unrolled'
import { read, written, type File, type Weight } from './fixture.js'

/** The names by which a system calls its parts; what it does not have is absent. */
export interface Parts {
  /** A row for each token: a one-hot vector times a matrix picks one. */
  readonly table: string
  /** From a token's row to the units; absent: the rows are as wide as there are units. */
  readonly input?: string
  readonly recurrent: string
  readonly recurrentBias?: string
  readonly output: string
  readonly outputBias?: string
}

export class Elman implements TokenNetwork {
  readonly dropouts = 0
  readonly matrices: Readonly<Record<string, Matrix>>

  /** @param stated the weights by name, [out, in] as the originals have them. Throws if they do not fit each other */
  constructor(
    readonly parts: Parts,
    readonly stated: File,
    readonly engine: Engine,
  ) {
    const names = Object.values<string>({ ...parts })
    const strange = Object.keys(stated).find((name) => !names.includes(name))
    if (strange) throw new Error(`${strange}: is no weight of this system; they are ${names.join(', ')}`)
    this.matrices = Object.fromEntries(names.map((name) => [name, read(stated, name, engine)]))
    this.#checkShapes()
  }

  get parameters(): Matrix[] {
    return Object.values(this.matrices)
  }

  get tokens(): number {
    return this.matrices[this.parts.table].rows
  }

  get stateSizes(): { h: number }[] {
    return [{ h: this.matrices[this.parts.recurrent].rows }]
  }

  forward(g: Graph, ids: Indices, { state, reach }: TokenForwardOptions): { logits: Value; state: Record<string, Value>[] } {
    const { matrices, parts } = this
    const biased = (value: Value, bias: string | undefined): Value => (bias ? g.add(value, matrices[bias]) : value)
    const rows = g.gather(matrices[parts.table], ids)
    const x = parts.input ? g.matmul(rows, matrices[parts.input]) : rows
    const scanned = g.scan({ inputs: x, state: { h: state[0].h }, reach }, (step, { h }) => {
      const next = g.tanh(biased(g.add(step, g.matmul(h, matrices[parts.recurrent])), parts.recurrentBias))
      return { h: next, output: next }
    })
    return { logits: biased(g.matmul(scanned.output, matrices[parts.output]), parts.outputBias), state: [scanned.state] }
  }

  /** The matrices, or what `source` has for each, by the system's names and in its shapes. */
  written(source: (matrix: Matrix) => Matrix = (matrix) => matrix): Record<string, Weight> {
    return Object.fromEntries(
      Object.entries(this.stated).map(([name, weight]) => [name, written(source(this.matrices[name]).read(), weight as Weight)]),
    )
  }

  #checkShapes(): void {
    const { matrices, parts, tokens } = this
    const hidden = matrices[parts.recurrent].rows
    const embedding = parts.input ? matrices[parts.table].cols : hidden
    const check = (name: string | undefined, out: number, inputs: number): void => {
      if (!name) return
      const { rows, cols } = matrices[name]
      if (cols === out && rows === inputs) return
      throw new Error(`${name}: is [${cols}, ${rows}], expected [${out}, ${inputs}]`)
    }
    const checkBias = (name: string | undefined, size: number): void => {
      if (name && matrices[name].size !== size) throw new Error(`${name}: has ${matrices[name].size} numbers, expected ${size}`)
    }
    check(parts.table, embedding, tokens)
    check(parts.input, hidden, embedding)
    check(parts.recurrent, hidden, hidden)
    checkBias(parts.recurrentBias, hidden)
    check(parts.output, tokens, hidden)
    checkBias(parts.outputBias, tokens)
  }
}
