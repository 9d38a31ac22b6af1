/** Bodies of scans, usual and odd, that tests run as a loop and written out step by step. */
import type { Graph } from '../../src/graph/graph.js'
import type { Matrix } from '../../src/graph/matrix.js'
import type { Indices, Operand, Value } from '../../src/graph/value.js'

export type Shape = readonly [rows: number, cols: number]

/** What a body can ask for besides its inputs and state. */
export interface Help {
  /** Dropout whose mask differs from step to step. */
  dropout(value: Operand, rate: number): Value
  /** Rows of the batch. */
  batch: number
}

export interface Body {
  name: string
  /** Columns of each stack that it reads, or how many different indices are in it. */
  inputs: Readonly<Record<string, number | { below: number }>>
  /** Columns of each state. */
  state: Readonly<Record<string, number>>
  parameters(batch: number): Readonly<Record<string, Shape>>
  step(
    g: Graph,
    x: Record<string, Value>,
    s: Record<string, Value>,
    p: Record<string, Matrix>,
    help: Help,
  ): Record<string, Value> & { output: Value }
}

const n = 3
const h = 4

/** Where a body's input is indices, it says so. */
const indices = (x: unknown): Indices => x as Indices

export const rnn: Body = {
  name: 'an RNN',
  inputs: { x: n },
  state: { h },
  parameters: () => ({ Wx: [n, h], Wh: [h, h], b: [1, h] }),
  step(g, { x }, s, { Wx, Wh, b }) {
    const next = g.tanh(g.add(g.matmul(x, Wx), g.matmul(s.h, Wh), b))
    return { h: next, output: next }
  },
}

export const lstm: Body = {
  name: 'an LSTM',
  inputs: { x: n },
  state: { h, c: h },
  parameters: () => ({ Wx: [n, 4 * h], Wh: [h, 4 * h], b: [1, 4 * h] }),
  step(g, { x }, s, { Wx, Wh, b }) {
    const [i, f, candidate, o] = g.split(g.add(g.matmul(x, Wx), g.matmul(s.h, Wh), b), 4)
    const c = g.add(g.mul(g.sigmoid(f), s.c), g.mul(g.sigmoid(i), g.tanh(candidate)))
    const output = g.mul(g.sigmoid(o), g.tanh(c))
    return { h: output, c, output }
  },
}

/** PyTorch's form: the reset gate comes after the recurrent product, which has a bias of its own. */
export const gru: Body = {
  name: 'a GRU',
  inputs: { x: n },
  state: { h },
  parameters: () => ({ Wx: [n, 3 * h], Wh: [h, 3 * h], bx: [1, 3 * h], bh: [1, 3 * h] }),
  step(g, { x }, s, { Wx, Wh, bx, bh }) {
    const [xr, xz, xn] = g.split(g.add(g.matmul(x, Wx), bx), 3)
    const [hr, hz, hn] = g.split(g.add(g.matmul(s.h, Wh), bh), 3)
    const z = g.sigmoid(g.add(xz, hz))
    const candidate = g.tanh(g.add(xn, g.mul(g.sigmoid(g.add(xr, hr)), hn)))
    const next = g.add(g.mul(g.sub(1, z), candidate), g.mul(z, s.h))
    return { h: next, output: next }
  },
}

export const minimalGatedUnit: Body = {
  name: 'a minimal gated unit',
  inputs: { x: n },
  state: { h },
  parameters: () => ({ Wf: [n, h], Uf: [h, h], bf: [1, h], Wh: [n, h], Uh: [h, h], bh: [1, h] }),
  step(g, { x }, s, p) {
    const f = g.sigmoid(g.add(g.matmul(x, p.Wf), g.matmul(s.h, p.Uf), p.bf))
    const candidate = g.tanh(g.add(g.matmul(x, p.Wh), g.matmul(g.mul(f, s.h), p.Uh), p.bh))
    const next = g.add(g.mul(g.sub(1, f), s.h), g.mul(f, candidate))
    return { h: next, output: next }
  },
}

const odd: Body[] = [
  {
    name: 'carries that only delay',
    inputs: { x: n },
    state: { once: n, twice: n },
    parameters: () => ({ W: [n, h] }),
    step: (g, { x }, { once, twice }, { W }) => ({ once: x, twice: once, output: g.matmul(g.add(g.mul(x, once), twice), W) }),
  },
  {
    name: 'a carry that delays a sum over rows',
    inputs: { x: n },
    state: { q: n },
    parameters: () => ({ W: [n, n] }),
    step: (g, { x }, { q }, { W }) => ({ q: g.add(g.mul(x, 0), g.sumRows(g.mul(x, W.rows))), output: g.matmul(g.add(q, x), W) }),
  },
  {
    name: 'a carry that delays a product with a transposed operand',
    inputs: { x: n, y: 2 },
    state: { q: n },
    parameters: (batch) => ({ W: [n, h], V: [2, batch] }),
    step: (g, { x, y }, { q }, { W, V }) => ({ q: g.matmul(g.transpose(g.matmul(y, V)), x), output: g.matmul(q, W) }),
  },
  {
    name: 'swapped carries',
    inputs: { x: n },
    state: { a: n, b: n },
    parameters: () => ({ W: [n, n] }),
    step: (g, { x }, { a, b }, { W }) => ({ a: b, b: a, output: g.tanh(g.add(g.matmul(a, W), g.mul(b, x))) }),
  },
  {
    name: 'three carries in a ring, one of them changed',
    inputs: { x: n },
    state: { a: n, b: n, c: n },
    parameters: () => ({ W: [n, n] }),
    step: (g, { x }, { a, b, c }, { W }) => ({ a: b, b: c, c: g.tanh(g.add(g.matmul(a, W), x)), output: g.mul(b, c) }),
  },
  {
    name: 'a carry that stays as it is',
    inputs: { x: n },
    state: { a: n, s: n },
    parameters: () => ({ W: [n, n] }),
    step(g, { x }, { a, s }, { W }) {
      const next = g.tanh(g.add(g.matmul(s, W), g.mul(a, x)))
      return { a, s: next, output: g.add(next, a) }
    },
  },
  {
    name: 'a carry whose next is a constant, another whose next is a parameter',
    inputs: { x: n },
    state: { zero: n, weight: n, s: n },
    parameters: (batch) => ({ W: [n, n], P: [batch, n] }),
    step(g, { x }, { zero, weight, s }, { W, P }, { batch }) {
      const next = g.tanh(g.add(g.matmul(s, W), zero, g.mul(weight, x)))
      return { zero: g.expand(0.5, batch, n), weight: g.mul(P, 1), s: next, output: next }
    },
  },
  {
    name: 'a carry whose next is the next of another',
    inputs: { x: n },
    state: { a: n, b: n },
    parameters: () => ({ W: [n, n] }),
    step(g, { x }, { a, b }, { W }) {
      const next = g.tanh(g.add(g.matmul(a, W), g.mul(b, x)))
      return { a: next, b: next, output: g.sub(a, b) }
    },
  },
  {
    name: 'two layers',
    inputs: { x: n },
    state: { a: h, b: 2 },
    parameters: () => ({ Wa: [n, h], Ua: [h, h], Wb: [h, 2], Ub: [2, 2], bb: [1, 2] }),
    step(g, { x }, { a, b }, { Wa, Ua, Wb, Ub, bb }) {
      const first = g.tanh(g.add(g.matmul(x, Wa), g.matmul(a, Ua)))
      const second = g.sigmoid(g.add(g.matmul(first, Wb), g.matmul(b, Ub), bb))
      return { a: first, b: second, output: second }
    },
  },
  {
    name: 'two layers that look back at each other',
    inputs: { x: n },
    state: { a: h, b: 2 },
    parameters: () => ({ Wa: [n, h], Ua: [2, h], Wb: [h, 2], Ub: [2, 2] }),
    step(g, { x }, { a, b }, { Wa, Ua, Wb, Ub }) {
      const first = g.tanh(g.add(g.mul(a, 0.5), g.matmul(x, Wa), g.matmul(b, Ua)))
      const second = g.sigmoid(g.add(g.matmul(first, Wb), g.matmul(b, Ub)))
      return { a: first, b: second, output: g.concatCols(first, second) }
    },
  },
  {
    name: 'a state packed in one matrix',
    inputs: { x: n },
    state: { packed: 2 * h },
    parameters: () => ({ Wx: [n, 4 * h], Wh: [h, 4 * h] }),
    step(g, { x }, { packed }, { Wx, Wh }) {
      const [before, cell] = g.split(packed, 2)
      const [i, f, candidate, o] = g.split(g.add(g.matmul(x, Wx), g.matmul(before, Wh)), 4)
      const c = g.add(g.mul(g.sigmoid(f), cell), g.mul(g.sigmoid(i), g.tanh(candidate)))
      const output = g.mul(g.sigmoid(o), g.tanh(c))
      return { packed: g.concatCols(output, c), output }
    },
  },
  {
    name: 'a next state that is a slice',
    inputs: { x: n },
    state: { s: 2 },
    parameters: () => ({ Wx: [n, 4], Ws: [2, 4] }),
    step(g, { x }, { s }, { Wx, Ws }) {
      const both = g.tanh(g.add(g.matmul(x, Wx), g.matmul(s, Ws)))
      return { s: g.sliceCols(both, 1, 3), output: g.sliceCols(both, 2, 4) }
    },
  },
  {
    name: 'recurrent dropout',
    inputs: { x: n },
    state: { h },
    parameters: () => ({ Wx: [n, h], Wh: [h, h] }),
    step(g, { x }, s, { Wx, Wh }, { dropout }) {
      const next = g.tanh(g.add(g.matmul(dropout(x, 0.3), Wx), g.matmul(dropout(s.h, 0.5), Wh)))
      return { h: next, output: dropout(next, 0.2) }
    },
  },
  {
    name: 'a product of two values of the loop, on the circle',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n] }),
    step(g, { x }, { s }, { W }) {
      const keys = g.tanh(g.add(g.matmul(s, W), x))
      const scores = g.matmul(s, g.transpose(keys))
      const next = g.tanh(g.matmul(scores, keys))
      return { s: next, output: g.add(next, x) }
    },
  },
  {
    name: 'products of values of the loop, on no circle',
    inputs: { x: n, y: n },
    state: { s: n },
    parameters: () => ({ W: [n, n] }),
    step(g, { x, y }, { s }, { W }) {
      const next = g.tanh(g.add(g.matmul(s, W), x))
      const scores = g.softmax(g.matmul(next, g.transpose(g.tanh(y))))
      return { s: next, output: g.add(g.matmul(scores, g.tanh(y)), g.matmul(g.transpose(scores), next)) }
    },
  },
  {
    name: 'attention over blocks of rows, on the circle',
    inputs: { x: n },
    state: { s: n },
    parameters: (batch) => ({ keys: [3 * batch, n], W: [n, n], v: [n, 1] }),
    step(g, { x }, { s }, { keys, W, v }) {
      const scores = g.matmul(g.tanh(g.add(keys, g.repeat(g.matmul(s, W), 3))), v)
      const context = g.sumBlocks(g.mul(g.softmaxBlocks(scores, 3), keys), 3)
      const next = g.tanh(g.add(x, context))
      return { s: next, output: g.mul(next, context) }
    },
  },
  {
    name: 'attention over blocks of rows, on no circle',
    inputs: { x: n },
    state: { s: n },
    parameters: (batch) => ({ keys: [3 * batch, n], W: [n, n] }),
    step(g, { x }, { s }, { keys, W }) {
      const next = g.tanh(g.add(x, g.matmul(s, W)))
      const shares = g.softmaxBlocks(g.sumCols(g.mul(keys, g.repeat(next, 3))), 3)
      return { s: next, output: g.sumBlocks(g.mul(shares, keys), 3) }
    },
  },
  {
    name: 'the largest of blocks, and the row of a table for the largest of a row, fed back',
    inputs: { x: n },
    state: { s: n, fed: n },
    parameters: () => ({ W: [n, n], table: [n, n] }),
    step(g, { x }, { s, fed }, { W, table }) {
      const next = g.tanh(g.add(g.matmul(s, W), g.maxBlocks(g.concatRows(x, fed), 2)))
      const chosen = g.greaterEqual(next, g.maxCols(next))
      return { s: next, fed: g.matmul(chosen, table), output: g.add(next, fed) }
    },
  },
  {
    name: 'a fast weight, the product of two values of the loop',
    inputs: { x: n, y: 2 },
    state: { s: n },
    parameters: (batch) => ({ W: [n, n], V: [2, batch] }),
    step(g, { x, y }, { s }, { W, V }) {
      const mixing = g.tanh(g.matmul(g.matmul(y, V), s))
      const next = g.tanh(g.add(g.matmul(mixing, W), g.mul(s, x)))
      return { s: next, output: mixing }
    },
  },
  {
    name: 'sums, softmax and layer normalization on the circle',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n], gain: [1, n], bias: [1, n] }),
    step(g, { x }, { s }, { W, gain, bias }) {
      const normal = g.layerNorm(g.add(g.matmul(s, W), x), gain, bias, 0.1)
      const next = g.add(g.softmax(normal), g.mul(g.tanh(g.sumRows(s)), 0.3), g.mul(g.sumCols(g.logSoftmax(s)), 0.01))
      return { s: next, output: g.add(next, g.mul(g.tanh(g.sum(next)), g.sumSquares(s))) }
    },
  },
  {
    name: 'sums, softmax and layer normalization on no circle',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n], gain: [1, n], bias: [1, n] }),
    step(g, { x }, { s }, { W, gain, bias }) {
      const next = g.tanh(g.add(g.matmul(s, W), x))
      const normal = g.layerNorm(next, gain, bias, 0.1)
      const sums = g.add(g.mul(g.sumRows(x), g.sumCols(next)), g.mul(g.sum(x), g.sumSquares(next)))
      return { s: next, output: g.add(g.softmax(normal), sums, g.mul(g.sumRows(gain), g.logSoftmax(s))) }
    },
  },
  {
    name: 'one row for all of a step, added to every row',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n], V: [n, n] }),
    step(g, { x }, { s }, { W, V }) {
      const row = g.matmul(g.tanh(g.sumRows(x)), W)
      const next = g.tanh(g.add(g.matmul(s, V), row, g.matmul(x, V)))
      return { s: next, output: g.add(row, x) }
    },
  },
  {
    name: 'products of which both operands are transposed',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n], V: [n, n] }),
    step(g, { x }, { s }, { W, V }) {
      const columns = g.tanh(g.matmul(g.transpose(W), g.transpose(x)))
      const next = g.tanh(g.add(g.matmul(s, V), g.transpose(columns)))
      return { s: next, output: g.matmul(next, columns) }
    },
  },
  {
    name: 'transposed weights',
    inputs: { x: n },
    state: { s: h },
    parameters: () => ({ Wx: [h, n], Ws: [h, h] }),
    step(g, { x }, { s }, { Wx, Ws }) {
      const next = g.tanh(g.add(g.matmul(x, g.transpose(Wx)), g.matmul(s, g.transpose(Ws)), g.matmul(s, Ws)))
      return { s: next, output: next }
    },
  },
  {
    name: 'a bias that depends on parameters alone, and other work that no step changes',
    inputs: { x: n },
    state: { s: n },
    parameters: (batch) => ({ W: [n, n], P: [1, n], Q: [batch, n] }),
    step(g, { x }, { s }, { W, P, Q }) {
      const bias = g.tanh(g.matmul(P, g.square(W)))
      const next = g.tanh(g.add(bias, g.matmul(s, g.softmax(W)), g.mul(x, g.sigmoid(Q)), g.matmul(Q, W)))
      return { s: next, output: g.add(next, g.sumCols(Q)) }
    },
  },
  {
    name: 'several uses of one weight',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n], b: [1, n] }),
    step(g, { x }, { s }, { W, b }) {
      const first = g.tanh(g.add(g.matmul(x, W), g.matmul(s, W), b))
      const next = g.tanh(g.add(g.matmul(first, W), b))
      return { s: next, output: g.mul(g.matmul(next, W), b) }
    },
  },
  {
    name: 'indices that gather in the body',
    inputs: { token: { below: 5 } },
    state: { s: n },
    parameters: () => ({ table: [5, n], W: [n, n] }),
    step(g, { token }, { s }, { table, W }) {
      const next = g.tanh(g.add(g.gather(table, indices(token)), g.matmul(s, W)))
      return { s: next, output: next }
    },
  },
  {
    name: 'a table that the state is looked up in',
    inputs: { token: { below: 3 } },
    state: { s: n },
    parameters: () => ({ V: [3, 2], W: [n, n] }),
    step(g, { token }, { s }, { V, W }) {
      const table = g.matmul(V, g.matmul(g.transpose(V), g.softmax(W)))
      const next = g.tanh(g.add(g.gather(table, indices(token)), s))
      return { s: next, output: next }
    },
  },
  {
    name: 'targets of each step',
    inputs: { x: n, target: { below: 4 } },
    state: { s: n },
    parameters: () => ({ W: [n, n], V: [n, 4] }),
    step(g, { x, target }, { s }, { W, V }) {
      const next = g.tanh(g.add(g.matmul(s, W), x))
      return { s: next, output: g.crossEntropyRows(g.matmul(next, V), indices(target)) }
    },
  },
  {
    name: 'targets of each step whose loss the next step sees',
    inputs: { x: n, target: { below: 4 } },
    state: { s: n, loss: 1 },
    parameters: () => ({ W: [n, n], V: [n, 4] }),
    step(g, { x, target }, { s, loss }, { W, V }) {
      const next = g.tanh(g.add(g.mul(g.matmul(s, W), loss), x))
      const rows = g.crossEntropyRows(g.matmul(next, V), indices(target))
      return { s: next, loss: rows, output: rows }
    },
  },
  {
    name: 'outputs that do not use the state',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n], V: [n, 2] }),
    step: (g, { x }, { s }, { W, V }) => ({ s: g.tanh(g.add(g.matmul(s, W), x)), output: g.matmul(g.tanh(x), V) }),
  },
  {
    name: 'outputs that are the state before',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n] }),
    step: (g, { x }, { s }, { W }) => ({ s: g.tanh(g.add(g.matmul(s, W), x)), output: s }),
  },
  {
    name: 'an output that is the input, a slice of the state, and their concat',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n] }),
    step(g, { x }, { s }, { W }) {
      const next = g.tanh(g.add(g.matmul(s, W), x))
      return { s: next, output: g.concatCols(x, g.sliceCols(next, 1, 2), s) }
    },
  },
  {
    name: 'a matrix that every step uses as it is',
    inputs: { x: n },
    state: { s: n },
    parameters: (batch) => ({ W: [n, n], C: [batch, n], c: [batch, 1] }),
    step(g, { x }, { s }, { W, C, c }) {
      const next = g.tanh(g.add(g.matmul(s, W), g.mul(x, C), C, c))
      return { s: next, output: g.add(g.mul(g.sub(C, x), c), g.div(next, g.add(g.square(C), 1))) }
    },
  },
  {
    name: 'rows of the state that are cut and joined',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, n] }),
    step(g, { x }, { s }, { W }, { batch }) {
      const next = g.tanh(g.add(g.matmul(s, W), x))
      const turned = batch === 1 ? next : g.concatRows(g.sliceRows(next, 1, batch), g.sliceRows(next, 0, 1))
      return { s: turned, output: g.add(turned, g.sliceRows(next, batch - 1, batch)) }
    },
  },
  {
    name: 'a state that grows by what it sees',
    inputs: { x: n },
    state: { sum: n, least: n },
    parameters: () => ({ b: [1, n] }),
    step(g, { x }, { sum, least }, { b }) {
      const next = g.add(sum, g.mul(x, b))
      return { sum: next, least: g.min(least, x), output: g.sub(next, least) }
    },
  },
  {
    name: 'gates made from slices that overlap',
    inputs: { x: n },
    state: { s: n },
    parameters: () => ({ W: [n, 5], V: [n, 5] }),
    step(g, { x }, { s }, { W, V }) {
      const all = g.add(g.matmul(x, W), g.matmul(s, V))
      const next = g.mul(g.sigmoid(g.sliceCols(all, 0, 3)), g.tanh(g.add(g.sliceCols(all, 2, 5), s)))
      return { s: next, output: g.mul(g.sliceCols(all, 1, 4), next) }
    },
  },
]

export const bodies: readonly Body[] = [rnn, lstm, gru, minimalGatedUnit, ...odd]
