/** Which tokens of an output stand for which of an input, where nobody has said. */
import { NgramTable } from './ngram-table.js'

/** Numbers of tokens, each from 0. */
export interface NumberedPair {
  readonly input: ArrayLike<number>
  readonly output: ArrayLike<number>
}

/** At most so many tokens of an output stand for one of the input. */
export const mostPerToken = 2

/**
 * In order, each token of an input stands for none, one or two of the output. How likely each is to stand for which is what makes the pairs
 * likeliest, as far as expectation–maximization (Dempster, Laird & Rubin 1977) from all alike finds it; then each pair gets its likeliest
 * alignment.
 *
 * @param iterations of expectation–maximization
 * @returns for each pair, how many tokens stand for each of its input; undefined where the output is more than twice as long
 */
export function align(pairs: readonly NumberedPair[], iterations: number): (Uint8Array | undefined)[] {
  // What stands for a token: nothing, one token, or two; a number for each.
  const chunks = new NgramTable(1024)
  const kinds = new NgramTable(4096)
  const fitting = pairs.map((pair) => pair.output.length <= mostPerToken * pair.input.length)
  let probabilities: Float64Array = new Float64Array(0)
  const kindOf = (token: number, { output }: NumberedPair, from: number, count: number): number =>
    kinds.add(token, chunks.add(count > 0 ? output[from] + 1 : 0, count > 1 ? output[from + 1] + 1 : 0))
  // Once, so that all kinds are known.
  pairs.forEach((pair, i) => {
    if (fitting[i]) forEachStep(pair, (at, from, count) => void kindOf(pair.input[at], pair, from, count))
  })
  probabilities = new Float64Array(kinds.length).fill(1 / kinds.length)
  for (let iteration = 0; iteration < iterations; iteration++) {
    const counts = new Float64Array(kinds.length)
    pairs.forEach((pair, i) => {
      if (fitting[i]) expect(pair, (...step) => kindOf(...step), probabilities, counts)
    })
    const total = counts.reduce((sum, count) => sum + count, 0)
    probabilities = counts.map((count) => count / total)
  }
  return pairs.map((pair, i) => (fitting[i] ? likeliest(pair, (...step) => kindOf(...step), probabilities) : undefined))
}

type KindOf = (token: number, pair: NumberedPair, from: number, count: number) => number

/** Every step that some alignment of a pair takes: the token at `at` stands for `count` of the output from `from` on. */
function forEachStep({ input, output }: NumberedPair, visit: (at: number, from: number, count: number) => void): void {
  for (let at = 0; at < input.length; at++) {
    // What is left of the output has to fit what is left of the input.
    const least = Math.max(0, output.length - mostPerToken * (input.length - at))
    for (let from = least; from <= Math.min(output.length, mostPerToken * at); from++) {
      const needed = output.length - from - mostPerToken * (input.length - at - 1)
      for (let count = Math.max(0, needed); count <= Math.min(mostPerToken, output.length - from); count++) {
        // The last token stands for all that is left.
        if (at < input.length - 1 || from + count === output.length) visit(at, from, count)
      }
    }
  }
}

/** Adds how often each kind is expected in a pair: forward and backward over all alignments. */
function expect(pair: NumberedPair, kindOf: KindOf, probabilities: Float64Array, counts: Float64Array): void {
  const { input, output } = pair
  const width = output.length + 1
  const steps: [at: number, from: number, to: number, kind: number][] = []
  forEachStep(pair, (at, from, count) => steps.push([at, from, from + count, kindOf(input[at], pair, from, count)]))
  const ahead = new Float64Array((input.length + 1) * width)
  const back = new Float64Array(ahead.length)
  ahead[0] = 1
  back[back.length - 1] = 1
  // Each row is scaled to a sum of 1 when it is complete, so that long sequences do not vanish.
  const scaled = (values: Float64Array, row: number): void => {
    const own = values.subarray(row * width, (row + 1) * width)
    const sum = own.reduce((all, value) => all + value, 0)
    if (sum > 0) own.forEach((value, j) => (own[j] = value / sum))
  }
  steps.forEach(([at, from, to, kind], i) => {
    ahead[(at + 1) * width + to] += ahead[at * width + from] * probabilities[kind]
    if (steps[i + 1]?.[0] !== at) scaled(ahead, at + 1)
  })
  for (let i = steps.length - 1; i >= 0; i--) {
    const [at, from, to, kind] = steps[i]
    back[at * width + from] += back[(at + 1) * width + to] * probabilities[kind]
    if (steps[i - 1]?.[0] !== at) scaled(back, at)
  }
  const share = ([at, from, to, kind]: (typeof steps)[number]): number =>
    ahead[at * width + from] * probabilities[kind] * back[(at + 1) * width + to]
  // Every alignment takes one step at each token.
  const sums = new Float64Array(input.length)
  for (const step of steps) sums[step[0]] += share(step)
  for (const step of steps) if (sums[step[0]] > 0) counts[step[3]] += share(step) / sums[step[0]]
}

/** How many tokens stand for each of the input in the likeliest alignment. */
function likeliest(pair: NumberedPair, kindOf: KindOf, probabilities: Float64Array): Uint8Array {
  const { input, output } = pair
  const width = output.length + 1
  const best = new Float64Array((input.length + 1) * width).fill(-Infinity)
  const taken = new Uint8Array(best.length)
  best[0] = 0
  forEachStep(pair, (at, from, count) => {
    const score = best[at * width + from] + Math.log(probabilities[kindOf(input[at], pair, from, count)])
    const to = (at + 1) * width + from + count
    if (score > best[to]) [best[to], taken[to]] = [score, count]
  })
  const counts = new Uint8Array(input.length)
  for (let at = input.length, to = output.length; at > 0; at--) {
    counts[at - 1] = taken[at * width + to]
    to -= counts[at - 1]
  }
  return counts
}
