/**
 * What a weight is before training. All of it is + − × ÷ √ on seeded random numbers, so that a seed gives the same weights,
 * to the bit, on every JavaScript engine.
 */
import { log, type Random } from './random.js'

/**
 * Fills a weight: rows × cols values, row-major. Weights are [in, out], so `rows` is the fan-in and `cols` the fan-out.
 */
export type Initializer = (rows: number, cols: number, random: Random) => Float64Array

/** Every value 0. */
export const zeros: Initializer = (rows, cols) => new Float64Array(rows * cols)

/** Every value the one given. */
export function constant(value: number): Initializer {
  if (!Number.isFinite(value)) throw new Error(`value: ${value}; must be a finite number`)
  return (rows, cols) => new Float64Array(rows * cols).fill(value)
}

/** Uniform in [−limit, limit). PyTorch's default for recurrent weights is a limit of 1/√hidden. */
export function uniform(limit: number): Initializer {
  positive('limit', limit)
  return (rows, cols, random) => new Float64Array(rows * cols).map(() => limit * (2 * random.uniform() - 1))
}

/** Normal with mean 0. */
export function normal(deviation: number): Initializer {
  positive('deviation', deviation)
  return (rows, cols, random) => new Float64Array(rows * cols).map(() => deviation * random.normal())
}

/**
 * Uniform with a variance of gain² · 2/(rows + cols), which keeps both the activations and the gradients of a layer at the
 * size they came in (Glorot & Bengio 2010).
 *
 * @param gain default 1
 */
export function xavierUniform(gain = 1): Initializer {
  positive('gain', gain)
  return (rows, cols, random) => uniform(gain * Math.sqrt(6 / (rows + cols)))(rows, cols, random)
}

/**
 * Normal with a variance of gain² · 2/(rows + cols) (Glorot & Bengio 2010).
 *
 * @param gain default 1
 */
export function xavierNormal(gain = 1): Initializer {
  positive('gain', gain)
  return (rows, cols, random) => normal(gain * Math.sqrt(2 / (rows + cols)))(rows, cols, random)
}

/**
 * A matrix that keeps lengths, each as likely as any other: its columns are orthonormal if it is tall, its rows if it is
 * wide, both if it is square (Saxe, McClelland & Ganguli 2014). Repeated T times, as in a recurrence, it neither blows up
 * nor fades.
 *
 * @param gain times this; default 1
 */
export function orthogonal(gain = 1): Initializer {
  positive('gain', gain)
  return (rows, cols, random) => {
    const length = Math.max(rows, cols)
    const vectors = orthonormal(Math.min(rows, cols), length, random)
    const matrix = new Float64Array(rows * cols)
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        matrix[row * cols + col] = gain * (rows < cols ? vectors[row][col] : vectors[col][row])
      }
    }
    return matrix
  }
}

/**
 * For the bias `b` of an LSTM or a GRU: each unit starts out keeping what it has for about as many steps as it draws from 1 to `steps`, and takes
 * in as little as that leaves room for ("chrono initialization", Tallec & Ollivier 2018). For memories longer than a few dozen steps, which an
 * untrained gate has lost before there is a gradient to learn from. All else is zero.
 *
 * @param steps how long the longest memory is, at least 2
 */
export function chrono(cell: 'lstm' | 'gru', steps: number): Initializer {
  if (cell !== 'lstm' && cell !== 'gru') throw new Error(`cell: '${String(cell)}'; must be 'lstm' or 'gru'`)
  if (!(steps >= 2 && steps < Infinity)) throw new Error(`steps: ${steps}; must be a number from 2`)
  const gates = cell === 'lstm' ? 4 : 3
  return (rows, cols, random) => {
    if (rows !== 1 || cols % gates !== 0)
      throw new Error(`chrono: [${rows}, ${cols}]; must be the bias b of ${gates} gates of an ${cell}`)
    const hidden = cols / gates
    const bias = new Float64Array(cols)
    for (let unit = 0; unit < hidden; unit++) {
      const value = log(1 + (steps - 2) * random.uniform())
      // The second gate, forget or update, keeps where it is open. A GRU takes in what it does not keep; an LSTM has a gate for that.
      bias[hidden + unit] = value
      if (cell === 'lstm') bias[unit] = -value
    }
    return bias
  }
}

/** Random directions, each made orthogonal to those before it (Gram–Schmidt) and of length 1. */
function orthonormal(n: number, length: number, random: Random): Float64Array[] {
  const vectors: Float64Array[] = []
  while (vectors.length < n) {
    const vector = normal(1)(1, length, random)
    let size = Math.sqrt(dot(vector, vector))
    let before: number
    // What is left after much has been taken away is mostly rounding error, so then it is done again: once the length
    // hardly changes, the result is orthogonal to the last bits (Daniel et al. 1976).
    do {
      before = size
      for (const other of vectors) subtract(vector, other, dot(vector, other))
      size = Math.sqrt(dot(vector, vector))
    } while (size < before / 2)
    vectors.push(vector.map((value) => value / size))
  }
  return vectors
}

// Four sums, because each addition to one sum has to wait for the one before.
function dot(a: Float64Array, b: Float64Array): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let i = 0
  for (; i + 3 < a.length; i += 4) {
    s0 += a[i] * b[i]
    s1 += a[i + 1] * b[i + 1]
    s2 += a[i + 2] * b[i + 2]
    s3 += a[i + 3] * b[i + 3]
  }
  for (; i < a.length; i++) s0 += a[i] * b[i]
  return s0 + s1 + (s2 + s3)
}

function subtract(vector: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < vector.length; i++) vector[i] -= factor * other[i]
}

function positive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new Error(`${name}: ${value}; must be a positive number`)
}
