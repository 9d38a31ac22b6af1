/**
 * Two tasks of the benchmark written out by hand: straight calls and loops over fixed sizes, no records, no interpreter, no graph. AssemblyScript
 * with the engine's own products and vector functions, so that the arithmetic is the same; only what goes around it is not there.
 *
 * Columns of the output layer are filled up to 68, so that rows are whole vectors: with a bias of −1e30 these have no share in anything.
 */
import { gemm } from '../../src/kernels/as/gemm'
import { rowTimes, rowTimesTransposed } from '../../src/kernels/as/gemv'
import { constant, EXP, exp, log, madd, sigmoid, TANH, tanh } from '../../src/kernels/as/math'
import { GemmFlag } from '../../src/kernels/opcodes'
export { keepSums } from '../../src/kernels/as/sums'

const tokens: i32 = 65
const outputs: i32 = 68
const outputBytes: i32 = outputs * 4

/** What a step reads: ids and, after them, targets. */
const idBlock: usize = memory.data(128 * 4, 16)
const targetBlock: usize = memory.data(128 * 4, 16)

export function ids(): usize {
  return idBlock
}
export function targets(): usize {
  return targetBlock
}

function zero(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes)
}

/** out[n] = Σ over rows of x [rows, n]. */
function sumRows(rows: i32, bytes: i32, x: usize, out: usize): void {
  for (let j: i32 = 0; j < bytes; j += 16) {
    let sum = v128.load(x + j)
    let at = x + j + bytes
    for (let r = 1; r < rows; r++, at += bytes) sum = f32x4.add(sum, v128.load(at))
    v128.store(out + j, sum)
  }
}

function lanesMax(v: v128): f32 {
  return max(max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)))
}

function lanesSum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
}

// Of a row, constants loaded before the loop: see math.ts.

/** y = tanh(x) for so many bytes. */
function tanhRow(x: usize, y: usize, bytes: i32): void {
  const k0 = constant(TANH, 0)
  const k1 = constant(TANH, 1)
  const k2 = constant(TANH, 2)
  const k3 = constant(TANH, 3)
  const k4 = constant(TANH, 4)
  const k5 = constant(TANH, 5)
  const k6 = constant(TANH, 6)
  const k7 = constant(TANH, 7)
  const k8 = constant(TANH, 8)
  const k9 = constant(TANH, 9)
  let j: i32 = 0
  do {
    v128.store(y + j, tanh(v128.load(x + j), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9))
    j += 16
  } while (j < bytes)
}

/** x = sigmoid(x) */
function sigmoidRow(x: usize, bytes: i32): void {
  const k0 = constant(EXP, 0)
  const k1 = constant(EXP, 1)
  const k2 = constant(EXP, 2)
  const k3 = constant(EXP, 3)
  const k4 = constant(EXP, 4)
  const k5 = constant(EXP, 5)
  const k6 = constant(EXP, 6)
  const k7 = constant(EXP, 7)
  const k8 = constant(EXP, 8)
  const k9 = constant(EXP, 9)
  const k10 = constant(EXP, 10)
  const k11 = constant(EXP, 11)
  const k12 = constant(EXP, 12)
  let j: i32 = 0
  do {
    v128.store(x + j, sigmoid(v128.load(x + j), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12))
    j += 16
  } while (j < bytes)
}

/** x = exp(x − shift); returns the sum. */
function expRow(x: usize, bytes: i32, shift: f32): f32 {
  const k0 = constant(EXP, 0)
  const k1 = constant(EXP, 1)
  const k2 = constant(EXP, 2)
  const k3 = constant(EXP, 3)
  const k4 = constant(EXP, 4)
  const k5 = constant(EXP, 5)
  const k6 = constant(EXP, 6)
  const k7 = constant(EXP, 7)
  const k8 = constant(EXP, 8)
  const k9 = constant(EXP, 9)
  const k10 = constant(EXP, 10)
  const k11 = constant(EXP, 11)
  const k13 = constant(EXP, 13)
  const k14 = constant(EXP, 14)
  const shifts = f32x4.splat(shift)
  let sum = f32x4.splat(0)
  let j: i32 = 0
  do {
    const shifted = f32x4.sub(v128.load(x + j), shifts)
    const e = exp(shifted, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k13, k14)
    v128.store(x + j, e)
    sum = f32x4.add(sum, e)
    j += 16
  } while (j < bytes)
  return lanesSum(sum)
}

/** Softmax cross-entropy of every row, summed; `logits` becomes its gradient times `scale`. */
function crossEntropy(rows: i32, logits: usize, scale: f32): f32 {
  let loss: f32 = 0
  for (let r: i32 = 0; r < rows; r++, logits += outputBytes) {
    let most = v128.load(logits)
    for (let j: i32 = 16; j < outputBytes; j += 16) most = f32x4.pmax(most, v128.load(logits + j))
    const top = lanesMax(most)
    const target = logits + (load<i32>(targetBlock + (r << 2)) << 2)
    const own = load<f32>(target)
    const total = expRow(logits, outputBytes, top)
    loss += f32x4.extract_lane(log(f32x4.splat(total)), 0) + top - own
    const share = f32x4.splat(scale / total)
    for (let j: i32 = 0; j < outputBytes; j += 16) v128.store(logits + j, f32x4.mul(v128.load(logits + j), share))
    store<f32>(target, load<f32>(target) - scale)
  }
  return loss
}

// min-char-rnn: tanh RNN of 100 units on gathered rows, 25 steps, the state carried; Adagrad, gradients clipped at 5.

const charSteps: i32 = 25
const units: i32 = 100
const unitBytes: i32 = units * 4
/** Embedding, recurrent weights, bias, output weights, output bias. */
const charRecurrent: i32 = tokens * unitBytes
const charBias: i32 = charRecurrent + units * unitBytes
const charOutput: i32 = charBias + unitBytes
const charOutputBias: i32 = charOutput + units * outputBytes
const charBytes: i32 = charOutputBias + outputBytes
const charWeights: usize = memory.data(charBytes, 16)
const charGradients: usize = memory.data(charBytes, 16)
const charSquares: usize = memory.data(charBytes, 16)
const charHidden: usize = memory.data((charSteps + 1) * unitBytes, 16)
const charLogits: usize = memory.data(charSteps * outputBytes, 16)
const charBack: usize = memory.data(charSteps * unitBytes, 16)
const charNext: usize = memory.data(unitBytes, 16)

export function charParameters(): usize {
  return charWeights
}

/** Takes a step, and returns the loss a token. */
export function charStep(rate: f32): f32 {
  const recurrent = charWeights + charRecurrent
  const one = f32x4.splat(1)
  for (let t: i32 = 0; t < charSteps; t++) {
    const before = charHidden + t * unitBytes
    const h = before + unitBytes
    rowTimes(units, units, before, 4, recurrent, unitBytes, h, charWeights + load<i32>(idBlock + (t << 2)) * unitBytes)
    for (let j: i32 = 0; j < unitBytes; j += 16) {
      v128.store(h + j, f32x4.add(v128.load(h + j), v128.load(charWeights + charBias + j)))
    }
    tanhRow(h, h, unitBytes)
  }
  const last = charHidden + unitBytes
  // oxfmt-ignore
  gemm(charSteps, outputs, units, <i32>last, unitBytes, <i32>(charWeights + charOutput), outputBytes, <i32>charLogits, outputBytes, <i32>(charWeights + charOutputBias), 0, 0)
  const loss = crossEntropy(charSteps, charLogits, 1 / <f32>charSteps)
  // oxfmt-ignore
  gemm(charSteps, units, outputs, <i32>charLogits, outputBytes, <i32>(charWeights + charOutput), outputBytes, <i32>charBack, unitBytes, 0, 0, GemmFlag.TransposeB)
  zero(charGradients, charRecurrent)
  zero(charNext, unitBytes)
  for (let t: i32 = charSteps - 1; t >= 0; t--) {
    const h = charHidden + (t + 1) * unitBytes
    const z = charBack + t * unitBytes
    const row = charGradients + load<i32>(idBlock + (t << 2)) * unitBytes
    for (let j: i32 = 0; j < unitBytes; j += 16) {
      const y = v128.load(h + j)
      const grad = f32x4.mul(f32x4.add(v128.load(z + j), v128.load(charNext + j)), f32x4.sub(one, f32x4.mul(y, y)))
      v128.store(z + j, grad)
      v128.store(row + j, f32x4.add(v128.load(row + j), grad))
    }
    if (t > 0) rowTimesTransposed(units, units, z, recurrent, unitBytes, charNext, 0)
  }
  // oxfmt-ignore
  gemm(units, units, charSteps, <i32>charHidden, unitBytes, <i32>charBack, unitBytes, <i32>(charGradients + charRecurrent), unitBytes, 0, 0, GemmFlag.TransposeA)
  sumRows(charSteps, unitBytes, charBack, charGradients + charBias)
  // oxfmt-ignore
  gemm(units, outputs, charSteps, <i32>last, unitBytes, <i32>charLogits, outputBytes, <i32>(charGradients + charOutput), outputBytes, 0, 0, GemmFlag.TransposeA)
  sumRows(charSteps, outputBytes, charLogits, charGradients + charOutputBias)
  const limit = f32x4.splat(5)
  const least = f32x4.splat(-5)
  const epsilon = f32x4.splat(1e-10)
  const descent = f32x4.splat(-rate)
  let j: i32 = 0
  do {
    const g = f32x4.pmin(f32x4.pmax(v128.load(charGradients + j), least), limit)
    const squares = madd(g, g, v128.load(charSquares + j))
    v128.store(charSquares + j, squares)
    const direction = f32x4.div(g, f32x4.add(f32x4.sqrt(squares), epsilon))
    v128.store(charWeights + j, madd(direction, descent, v128.load(charWeights + j)))
    j += 16
  } while (j < charBytes)
  memory.copy(charHidden, charHidden + charSteps * unitBytes, unitBytes)
  return loss / <f32>charSteps
}

// RecurrentJS's demo: two layers of LSTM 20 on an embedding of 5, 70 steps from zeros; its RMSProp, clipped at 5, L2 1e-6.

const demoSteps: i32 = 70
const width: i32 = 5
const cells: i32 = 20
const cellBytes: i32 = cells * 4
const gateBytes: i32 = 4 * cellBytes
/** Embedding (filled up to a whole vector), and of each layer input weights, recurrent weights and bias; output weights and bias. */
const demoInput1: i32 = 328 * 4
const demoRecurrent1: i32 = demoInput1 + width * gateBytes
const demoBias1: i32 = demoRecurrent1 + cells * gateBytes
const demoInput2: i32 = demoBias1 + gateBytes
const demoRecurrent2: i32 = demoInput2 + cells * gateBytes
const demoBias2: i32 = demoRecurrent2 + cells * gateBytes
const demoOutput: i32 = demoBias2 + gateBytes
const demoOutputBias: i32 = demoOutput + cells * outputBytes
const demoBytes: i32 = demoOutputBias + outputBytes
const demoWeights: usize = memory.data(demoBytes, 16)
const demoGradients: usize = memory.data(demoBytes, 16)
const demoSquares: usize = memory.data(demoBytes, 16)
const read: usize = memory.data(demoSteps * width * 4 + 16, 16)
const readBack: usize = memory.data(demoSteps * width * 4 + 16, 16)
const demoLogits: usize = memory.data(demoSteps * outputBytes, 16)
/** Of each layer: h and c from before the first step on, tanh c, gates; and on the way back what comes from above, and of the gates. */
const h1: usize = memory.data((demoSteps + 1) * cellBytes, 16)
const c1: usize = memory.data((demoSteps + 1) * cellBytes, 16)
const tanh1: usize = memory.data(demoSteps * cellBytes, 16)
const gates1: usize = memory.data(demoSteps * gateBytes, 16)
const h2: usize = memory.data((demoSteps + 1) * cellBytes, 16)
const c2: usize = memory.data((demoSteps + 1) * cellBytes, 16)
const tanh2: usize = memory.data(demoSteps * cellBytes, 16)
const gates2: usize = memory.data(demoSteps * gateBytes, 16)
const above: usize = memory.data(demoSteps * cellBytes, 16)
const gateBack: usize = memory.data(demoSteps * gateBytes, 16)
const nextH: usize = memory.data(cellBytes, 16)
const nextC: usize = memory.data(cellBytes, 16)

export function demoParameters(): usize {
  return demoWeights
}

/** Steps of one layer. `gates` holds what the input gives, and the gates afterwards. */
function forward(recurrent: usize, gates: usize, h: usize, c: usize, tanhs: usize): void {
  zero(h, cellBytes)
  zero(c, cellBytes)
  for (let t: i32 = 0; t < demoSteps; t++, gates += gateBytes, h += cellBytes, c += cellBytes, tanhs += cellBytes) {
    rowTimes(4 * cells, cells, h, 4, recurrent, gateBytes, gates, gates)
    sigmoidRow(gates, 2 * cellBytes)
    tanhRow(gates + 2 * cellBytes, gates + 2 * cellBytes, cellBytes)
    sigmoidRow(gates + 3 * cellBytes, cellBytes)
    for (let j: i32 = 0; j < cellBytes; j += 16) {
      const kept = f32x4.mul(v128.load(gates + cellBytes + j), v128.load(c + j))
      v128.store(c + cellBytes + j, madd(v128.load(gates + j), v128.load(gates + 2 * cellBytes + j), kept))
    }
    tanhRow(c + cellBytes, tanhs, cellBytes)
    for (let j: i32 = 0; j < cellBytes; j += 16) {
      v128.store(h + cellBytes + j, f32x4.mul(v128.load(gates + 3 * cellBytes + j), v128.load(tanhs + j)))
    }
  }
}

/** The way back through a layer, from `above`; leaves the gradients of its gates in `gateBack`. */
function backward(recurrent: usize, gates: usize, c: usize, tanhs: usize): void {
  const one = f32x4.splat(1)
  zero(nextH, cellBytes)
  zero(nextC, cellBytes)
  for (let t: i32 = demoSteps - 1; t >= 0; t--) {
    const own = gates + t * gateBytes
    const z = gateBack + t * gateBytes
    for (let j: i32 = 0; j < cellBytes; j += 16) {
      const i = v128.load(own + j)
      const f = v128.load(own + cellBytes + j)
      const candidate = v128.load(own + 2 * cellBytes + j)
      const o = v128.load(own + 3 * cellBytes + j)
      const squashed = v128.load(tanhs + t * cellBytes + j)
      const h = f32x4.add(v128.load(above + t * cellBytes + j), v128.load(nextH + j))
      const memory = f32x4.add(f32x4.mul(f32x4.mul(h, o), f32x4.sub(one, f32x4.mul(squashed, squashed))), v128.load(nextC + j))
      v128.store(nextC + j, f32x4.mul(memory, f))
      v128.store(z + j, f32x4.mul(f32x4.mul(memory, candidate), f32x4.mul(i, f32x4.sub(one, i))))
      const kept = f32x4.mul(memory, v128.load(c + t * cellBytes + j))
      v128.store(z + cellBytes + j, f32x4.mul(kept, f32x4.mul(f, f32x4.sub(one, f))))
      v128.store(z + 2 * cellBytes + j, f32x4.mul(f32x4.mul(memory, i), f32x4.sub(one, f32x4.mul(candidate, candidate))))
      v128.store(z + 3 * cellBytes + j, f32x4.mul(f32x4.mul(h, squashed), f32x4.mul(o, f32x4.sub(one, o))))
    }
    if (t > 0) rowTimesTransposed(cells, 4 * cells, z, recurrent, gateBytes, nextH, 0)
  }
}

/** The gradients of a layer's weights, from `gateBack`; they lie one after the other, as the weights do. */
function weightGradients(inputs: i32, x: usize, h: usize, into: usize): void {
  const recurrent = into + inputs * gateBytes
  // oxfmt-ignore
  gemm(inputs, 4 * cells, demoSteps, <i32>x, inputs * 4, <i32>gateBack, gateBytes, <i32>into, gateBytes, 0, 0, GemmFlag.TransposeA)
  // oxfmt-ignore
  gemm(cells, 4 * cells, demoSteps, <i32>h, cellBytes, <i32>gateBack, gateBytes, <i32>recurrent, gateBytes, 0, 0, GemmFlag.TransposeA)
  sumRows(demoSteps, gateBytes, gateBack, recurrent + cells * gateBytes)
}

/** Takes a step, and returns the loss a token. */
export function demoStep(rate: f32): f32 {
  const w = demoWeights
  for (let t: i32 = 0; t < demoSteps; t++) {
    const row = w + load<i32>(idBlock + (t << 2)) * width * 4
    memory.copy(read + t * width * 4, row, width * 4)
  }
  // oxfmt-ignore
  gemm(demoSteps, 4 * cells, width, <i32>read, width * 4, <i32>(w + demoInput1), gateBytes, <i32>gates1, gateBytes, <i32>(w + demoBias1), 0, 0)
  forward(w + demoRecurrent1, gates1, h1, c1, tanh1)
  // oxfmt-ignore
  gemm(demoSteps, 4 * cells, cells, <i32>(h1 + cellBytes), cellBytes, <i32>(w + demoInput2), gateBytes, <i32>gates2, gateBytes, <i32>(w + demoBias2), 0, 0)
  forward(w + demoRecurrent2, gates2, h2, c2, tanh2)
  const last = h2 + cellBytes
  // oxfmt-ignore
  gemm(demoSteps, outputs, cells, <i32>last, cellBytes, <i32>(w + demoOutput), outputBytes, <i32>demoLogits, outputBytes, <i32>(w + demoOutputBias), 0, 0)
  const loss = crossEntropy(demoSteps, demoLogits, 1)
  const g = demoGradients
  // oxfmt-ignore
  gemm(demoSteps, cells, outputs, <i32>demoLogits, outputBytes, <i32>(w + demoOutput), outputBytes, <i32>above, cellBytes, 0, 0, GemmFlag.TransposeB)
  // oxfmt-ignore
  gemm(cells, outputs, demoSteps, <i32>last, cellBytes, <i32>demoLogits, outputBytes, <i32>(g + demoOutput), outputBytes, 0, 0, GemmFlag.TransposeA)
  sumRows(demoSteps, outputBytes, demoLogits, g + demoOutputBias)
  backward(w + demoRecurrent2, gates2, c2, tanh2)
  weightGradients(cells, h1 + cellBytes, h2, g + demoInput2)
  // oxfmt-ignore
  gemm(demoSteps, cells, 4 * cells, <i32>gateBack, gateBytes, <i32>(w + demoInput2), gateBytes, <i32>above, cellBytes, 0, 0, GemmFlag.TransposeB)
  backward(w + demoRecurrent1, gates1, c1, tanh1)
  weightGradients(width, read, h1, g + demoInput1)
  // oxfmt-ignore
  gemm(demoSteps, width, 4 * cells, <i32>gateBack, gateBytes, <i32>(w + demoInput1), gateBytes, <i32>readBack, width * 4, 0, 0, GemmFlag.TransposeB)
  zero(g, demoInput1)
  for (let t: i32 = 0; t < demoSteps; t++) {
    const row = g + load<i32>(idBlock + (t << 2)) * width * 4
    for (let j: i32 = 0; j < width * 4; j += 4) store<f32>(row + j, load<f32>(row + j) + load<f32>(readBack + t * width * 4 + j))
  }
  const limit = f32x4.splat(5)
  const least = f32x4.splat(-5)
  const decay = f32x4.splat(0.999)
  const rest = f32x4.splat(1 - 0.999)
  const epsilon = f32x4.splat(1e-8)
  const l2 = f32x4.splat(1e-6)
  const descent = f32x4.splat(-rate)
  let j: i32 = 0
  do {
    const raw = v128.load(g + j)
    const squares = madd(f32x4.mul(raw, rest), raw, f32x4.mul(v128.load(demoSquares + j), decay))
    v128.store(demoSquares + j, squares)
    const clipped = f32x4.pmin(f32x4.pmax(raw, least), limit)
    const step = f32x4.div(f32x4.mul(clipped, descent), f32x4.sqrt(f32x4.add(squares, epsilon)))
    const weight = v128.load(w + j)
    v128.store(w + j, f32x4.add(weight, f32x4.sub(step, f32x4.mul(weight, l2))))
    j += 16
  } while (j < demoBytes)
  return loss / <f32>demoSteps
}
