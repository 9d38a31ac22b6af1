/** The tanh RNN of three of the systems, which differ in what stands before and behind it. */
import { Optimizer, Trainer } from 'unrolled'
import type {
  Engine,
  Graph,
  Indices,
  Matrix,
  Rule,
  TextBatches,
  TokenForwardOptions,
  TokenNetwork,
  TrainerOptions,
  Value,
} from 'unrolled'
import { read, written, type Weight } from './fixture.js'

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

  constructor(
    readonly parts: Parts,
    readonly stated: Readonly<Record<string, Weight>>,
    readonly engine: Engine,
  ) {
    const strange = Object.keys(stated).find((name) => !Object.values<string>({ ...parts }).includes(name))
    if (strange) throw new Error(`${strange}: is no weight of this system; they are ${Object.values({ ...parts }).join(', ')}`)
    this.matrices = Object.fromEntries(Object.values<string>({ ...parts }).map((name) => [name, read(stated, name, engine)]))
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
      Object.entries(this.stated).map(([name, weight]) => [name, written(source(this.matrices[name]).read(), weight)]),
    )
  }

  /** The gradients of the first step, before clipping. */
  firstGradients(batches: TextBatches, options: Partial<TrainerOptions>): Record<string, Weight> {
    const optimizer = new Optimizer(this.parameters, remembering)
    new Trainer(this, { ...options, batches, optimizer, schedule: { rate: () => 0 } }).step()
    return this.written((matrix) => optimizer.slots[optimizer.parameters.indexOf(matrix)].gradient)
  }
}

/** Changes no weight, and keeps the gradient. */
export const remembering: Rule = {
  name: 'remembering',
  slots: ['gradient'],
  update: (g, { weight, raw }) => ({ weight: g.add(weight, 0), slots: { gradient: g.add(raw, 0) } }),
}
