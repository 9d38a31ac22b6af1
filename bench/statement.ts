/** A task in plain numbers, for peers: which network with which weights, what it reads, and how it learns. See peers/README.md. */
import { createEngine, LanguageNetwork, Reader, type Engine, type Matrix, type Sampling, type TextBatches } from 'unrolled'
import type { Elman } from '../originals/elman.js'
import type { Work } from './tasks.js'

/** Numbers by rows, as bytes in base64, in the byte order of nearly every machine: the little one. */
export interface Packed {
  readonly shape: readonly number[]
  readonly float32?: string
  readonly int32?: string
}

export interface Statement {
  readonly kind: Work['kind']
  readonly cell: 'rnn' | 'lstm'
  readonly tokens: number
  /** Width of a token's row. */
  readonly embedding: number
  readonly hidden: number
  readonly layers: number
  /** T and B. */
  readonly window: number
  readonly streams: number
  /**
   * [inputs, outputs] each: `embedding`; of each layer l `Wx.l`, `Wh.l`, `b.l`, an LSTM's gates in PyTorch's order; `output` and
   * `outputBias`. Without `Wx.0` the token's row is added as it is; without a bias there is none.
   */
  readonly weights: Readonly<Record<string, Packed>>
  /** [windows, T, B]: what each step reads, and the tokens that follow. */
  readonly inputs: Packed
  readonly targets: Packed
  /** What is never trained on, read from zeros, the state carried on. */
  readonly heldOut?: Pick<Statement, 'inputs' | 'targets'>
  readonly learning?: {
    readonly rule: string
    readonly rate: number
    /** What the gradient is taken of: a mean over tokens, or a sum over time and mean over streams. */
    readonly lossPer: 'token' | 'sequence'
    readonly clipValue?: number
    readonly clipNorm?: number
    readonly l2?: number
    readonly reach?: number
  }
  readonly sampling?: Partial<Sampling>
  /** Whether the point is a cell of one's own: who has a ready one writes it by hand. */
  readonly custom?: boolean
}

/** How many tokens a generator reads to show that it is the same network. */
const prompt = 32

/** Its windows are those of an epoch. */
export function statementOf(work: Work): Statement {
  const engine = createEngine({ kernels: 'plain' })
  const network = work.network(engine)
  const weights = network instanceof LanguageNetwork ? ofLanguage(network) : ofElman(network as Elman)
  const { embedding, hidden, layers = 1, window, streams = 1 } = work.sizes
  const { rule, rate, clipValue, clipNorm, l2, reach } = work.learning ?? {}
  const learning = rule && {
    rule: rule.name,
    rate: rate!,
    lossPer: work.kind === 'sentences' ? ('sequence' as const) : ('token' as const),
    ...(typeof clipValue === 'number' ? { clipValue } : {}),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(typeof l2 === 'number' ? { l2 } : {}),
    ...(reach === undefined ? {} : { reach }),
  }
  return {
    kind: work.kind,
    cell: weights.cell,
    tokens: network.tokens,
    embedding,
    hidden,
    layers,
    window,
    streams,
    weights: Object.fromEntries(Object.entries(weights.matrices).map(([name, matrix]) => [name, packed(matrix)])),
    ...(work.batches ? dataOf(work.batches) : promptOf(network.tokens)),
    ...(learning ? { learning } : {}),
    ...(work.heldOut ? { heldOut: dataOf(work.heldOut) } : {}),
    ...(work.sizes.cell?.name === 'custom' ? { custom: true } : {}),
    ...(work.sampling ? { sampling: work.sampling } : {}),
  }
}

type Weights = { cell: 'rnn' | 'lstm'; matrices: Record<string, { rows: number; cols: number; values: Float32Array }> }

function ofLanguage({ embedding, recurrent, output }: LanguageNetwork): Weights {
  const matrices: Weights['matrices'] = { embedding: numbersOf(embedding.weight) }
  recurrent.layers.forEach((layer, l) => {
    // The cell that the benchmark defines has its own names, and its own order of gates.
    const own = recurrent.cell.name === 'custom'
    for (const [name, matrix] of Object.entries(layer)) {
      const known = own ? { input: 'Wx', recurrent: 'Wh', bias: 'b' }[name]! : name
      matrices[`${known}.${l}`] = own ? lastTwoSwapped(numbersOf(matrix)) : numbersOf(matrix)
    }
  })
  if ('weight' in output) Object.assign(matrices, { output: numbersOf(output.weight), outputBias: numbersOf(output.bias) })
  return { cell: recurrent.cell.name?.startsWith('rnn') ? 'rnn' : 'lstm', matrices }
}

function ofElman({ matrices, parts }: Elman): Weights {
  const { table, recurrent, output } = parts
  return {
    cell: 'rnn',
    matrices: {
      embedding: numbersOf(matrices[table]),
      'Wh.0': numbersOf(matrices[recurrent]),
      output: numbersOf(matrices[output]),
    },
  }
}

const numbersOf = (matrix: Matrix): Weights['matrices'][string] => ({
  rows: matrix.rows,
  cols: matrix.cols,
  values: Float32Array.from(matrix.read()),
})

/** Of the columns' four quarters, the third and the fourth change places. */
function lastTwoSwapped({ rows, cols, values }: Weights['matrices'][string]): Weights['matrices'][string] {
  const quarter = cols / 4
  const from = (col: number): number => (col < 2 * quarter ? col : col < 3 * quarter ? col + quarter : col - quarter)
  return { rows, cols, values: values.map((_, i) => values[i - (i % cols) + from(i % cols)]) }
}

const packed = ({ rows, cols, values }: Weights['matrices'][string]): Packed => ({
  shape: [rows, cols],
  float32: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
})

const packedTokens = (shape: readonly number[], tokens: Int32Array): Packed => ({
  shape,
  int32: Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength).toString('base64'),
})

function dataOf(batches: TextBatches): Pick<Statement, 'inputs' | 'targets'> {
  const count = batches.windowsPerEpoch
  const { steps } = batches.window(0)
  const shape = [count, steps, batches.batch]
  const all = { inputs: new Int32Array(count * steps * batches.batch), targets: new Int32Array(count * steps * batches.batch) }
  for (let i = 0; i < count; i++) {
    const window = batches.window(i)
    for (const part of ['inputs', 'targets'] as const) all[part].set(window[part], i * window[part].length)
  }
  return { inputs: packedTokens(shape, all.inputs), targets: packedTokens(shape, all.targets) }
}

function promptOf(tokens: number): Pick<Statement, 'inputs' | 'targets'> {
  // It begins and ends with 0: some know no other beginnings and ends.
  const all = Int32Array.from({ length: prompt + 1 }, (_, i) => (i === prompt ? 0 : (i * i * 7) % tokens))
  const shape = [1, prompt, 1]
  return { inputs: packedTokens(shape, all.slice(0, prompt)), targets: packedTokens(shape, all.slice(1)) }
}

/** What a generator makes of the prompt, in nats a token: what peers have to agree with. */
export function promptLoss(work: Work, engine: Engine): number {
  const network = work.network(engine)
  const { inputs, targets } = promptOf(network.tokens)
  const [read, follow] = [inputs, targets].map(
    ({ int32 }) => new Int32Array(Uint8Array.from(Buffer.from(int32!, 'base64')).buffer),
  )
  const reader = new Reader(network)
  const losses = Array.from(read, (token, i) => {
    reader.read(Int32Array.of(token))
    const logits = Array.from(reader.logits.read())
    const highest = Math.max(...logits)
    return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) - logits[follow[i]]
  })
  return losses.reduce((a, b) => a + b) / prompt
}
