/** Tasks that only a memory solves, as batches of sequences that a seed determines. */
/** What is drawn from: a `Random`. */
interface Draws {
  uniform(): number
  integer(n: number): number
}

export interface Batch {
  /** [T·B, input] */
  readonly inputs: Float32Array
  /** [T·B, 1] for classes, −1 where nothing is asked; [B, 1] for numbers. */
  readonly targets: Float32Array
}

export interface Task {
  readonly name: string
  /** Numbers that a step reads. */
  readonly input: number
  /** Classes that a step answers with; 1: one number, asked for at the end. */
  readonly classes: number
  /** Steps of a sequence. */
  readonly steps: number
  batch(size: number, random: Draws): Batch
}

/**
 * The adding problem (Hochreiter & Schmidhuber 1997): random numbers in [0, 1), two of them marked, one in each half; at the end their sum is
 * asked for. Whoever always answers 1 has a mean squared error of 1/6.
 */
export const adding = (steps: number): Task => ({
  name: `adding, T = ${steps}`,
  input: 2,
  classes: 1,
  steps,
  batch(size, random) {
    const inputs = new Float32Array(steps * size * 2)
    const targets = new Float32Array(size)
    const half = Math.floor(steps / 2)
    for (let b = 0; b < size; b++) {
      const marked = [random.integer(half), half + random.integer(steps - half)]
      for (let t = 0; t < steps; t++) {
        const value = random.uniform()
        inputs[2 * (t * size + b)] = value
        if (!marked.includes(t)) continue
        inputs[2 * (t * size + b) + 1] = 1
        targets[b] += value
      }
    }
    return { inputs, targets }
  },
})

/**
 * Copying (Hochreiter & Schmidhuber 1997): some symbols out of eight, then blanks, then a mark, from which on the symbols have to be given
 * again in their order.
 */
export const copying = (symbols: number, delay: number): Task => {
  const [kinds, blank, mark] = [8, 8, 9]
  const steps = 2 * symbols + delay
  return {
    name: `copying ${symbols} after ${delay}`,
    input: kinds + 2,
    classes: kinds,
    steps,
    batch(size, random) {
      const inputs = new Float32Array(steps * size * (kinds + 2))
      const targets = new Float32Array(steps * size).fill(-1)
      for (let b = 0; b < size; b++) {
        for (let t = 0; t < steps; t++) {
          const symbol = t < symbols ? random.integer(kinds) : t === symbols + delay - 1 ? mark : blank
          inputs[(t * size + b) * (kinds + 2) + symbol] = 1
          if (t < symbols) targets[(t + symbols + delay) * size + b] = symbol
        }
      }
      return { inputs, targets }
    },
  }
}

/** Parity: a bit a step, and at each step whether an odd number of ones has been read so far. */
export const parity = (steps: number): Task => ({
  name: `parity, T = ${steps}`,
  input: 1,
  classes: 2,
  steps,
  batch(size, random) {
    const inputs = new Float32Array(steps * size)
    const targets = new Float32Array(steps * size)
    for (let b = 0; b < size; b++) {
      let odd = 0
      for (let t = 0; t < steps; t++) {
        const bit = random.integer(2)
        odd ^= bit
        inputs[t * size + b] = bit
        targets[t * size + b] = odd
      }
    }
    return { inputs, targets }
  },
})
