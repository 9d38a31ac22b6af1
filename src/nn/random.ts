/**
 * Seeded random numbers that are the same to the bit on every JavaScript engine. They end up in weights, so they are made
 * with + − × ÷ √ and integers only: Math.log, sin and cos may differ in the last bit from one engine to the next.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** A stream of random numbers (xoroshiro128+, Blackman & Vigna 2018) that its seed determines. */
export class Random {
  #generator: ReturnType<typeof xoroshiro128plusFromState>

  /** @param seed any integer that a double holds exactly; neighbouring seeds give unrelated streams */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new Error(`seed: ${seed}; must be an integer of at most 2^53 − 1`)
    // pure-rand would take the seed as state, as it is, and then the first number is little more than the seed.
    this.#generator = xoroshiro128plusFromState(scramble([seed | 0, Math.floor(seed / 4294967296) | 0]))
  }

  /** A number in [0, 1), with 53 random bits. */
  uniform(): number {
    return uniformFloat64(this.#generator)
  }

  /** An integer from 0 to n − 1, each as likely as the others. */
  integer(n: number): number {
    if (!(Number.isSafeInteger(n) && n >= 1)) throw new Error(`n: ${n}; must be a positive integer`)
    return uniformInt(this.#generator, 0, n - 1)
  }

  /** A number from the normal distribution of mean 0 and deviation 1, by the polar method (Marsaglia & Bray 1964). */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1
      const y = 2 * this.uniform() - 1
      const square = x * x + y * y
      // y · √… would be a second one, for nothing; it is dropped, so that the state is the generator's and no more.
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * log(square)) / square)
    }
  }

  /**
   * An unrelated stream, determined by where this one stands and by the label. This one does not move on: forks with
   * different labels can be taken in any order, and a new one changes none of the others.
   */
  fork(label: string): Random {
    const fork = new Random(0)
    fork.#generator = xoroshiro128plusFromState(scramble([...this.state(), ...new TextEncoder().encode(label)]))
    return fork
  }

  /** Where the stream stands: four integers of 32 bits, which JSON keeps. */
  state(): number[] {
    return [...this.#generator.getState()]
  }

  /** Goes on from where another stream stood. Throws unless it is given what `state` gives. */
  restore(state: readonly number[]): void {
    const valid = Array.isArray(state) && state.length === 4 && state.every((word) => word === (word | 0))
    // From four zeros the generator would give zeros for ever.
    if (!valid || state.every((word) => word === 0)) {
      throw new Error(`random state: ${JSON.stringify(state)}; must be four 32-bit integers, not all 0`)
    }
    this.#generator = xoroshiro128plusFromState(state)
  }
}

/**
 * Four words that depend on every bit of the given ones: MurmurHash3 (Appleby 2011) from four different starts. Each of its
 * rounds is one-to-one in what came before, so the four differ and are never all zero.
 */
function scramble(words: readonly number[]): number[] {
  return [1, 2, 3, 4].map((start) => {
    let hash = start
    for (const word of words) {
      hash ^= Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
      hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  })
}

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits))

// ln 2 in two parts; the first has enough zeros at its end that its product with an exponent is exact.
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const bits = new DataView(new ArrayBuffer(8))

/**
 * The natural logarithm of a positive normal number to 5e-16, relative, with the same bits on every engine.
 * x = 2^k · m with m around 1, and log m = 2·atanh(s) = 2·(s + s³/3 + s⁵/5 + …) for s = (m − 1)/(m + 1), |s| < 0.172.
 */
export function log(x: number): number {
  bits.setFloat64(0, x)
  const high = bits.getUint32(0)
  let exponent = (high >>> 20) - 1023
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000)
  let mantissa = bits.getFloat64(0)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let series = 0
  for (let k = 21; k >= 3; k -= 2) series = square * (series + 1 / k)
  return exponent * LN2_HIGH + (2 * s + (2 * s * series + exponent * LN2_LOW))
}
