/** A text as a network reads it: one stream, or documents with their marks; and what happened inside while it was read. */
import type { Vocabulary } from 'unrolled'
import type { Inside, Probe } from './probe.js'

/** Longer ones are cut: nobody looks at more, and every token has a place on the page. */
const mostTokens = 2000

/** One entry for each token of the text, the end of a document among them; its start is not shown. */
export interface ReadPassage {
  readonly texts: readonly string[]
  readonly tokens: readonly number[]
  /** By token: the probabilities that the network gave before it; undefined where nothing stands before it. */
  readonly expected: readonly (Float32Array | undefined)[]
  /** By layer, by name: [T, units], after each token. */
  readonly layers: readonly Inside[]
}

/** Throws a sentence for what the vocabulary cannot spell. */
export function readPassage(text: string, vocabulary: Vocabulary, probe: Probe): ReadPassage {
  const { start, end, size } = vocabulary
  const pieces = start === undefined ? [text] : text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const texts: string[] = []
  const tokens: number[] = []
  const expected: (Float32Array | undefined)[] = []
  const parts: Inside[][] = []
  for (const piece of pieces) {
    const spelt = vocabulary.encode(piece, 'passage').subarray(0, mostTokens - tokens.length)
    if (spelt.length === 0) continue
    const read = start === undefined ? spelt : Int32Array.of(start, ...spelt, end!)
    const skipped = start === undefined ? 0 : 1
    const { probabilities, layers } = probe.read(read)
    const decoder = vocabulary.decoder()
    for (let t = skipped; t < read.length; t++) {
      tokens.push(read[t])
      texts.push(read[t] === end ? '\n' : decoder.push(read[t]))
      expected.push(t === 0 ? undefined : probabilities.subarray((t - 1) * size, t * size))
    }
    const shown = (stack: Float32Array): Float32Array => stack.subarray((skipped * stack.length) / read.length)
    parts.push(layers.map((layer) => mapValues(layer, shown)))
  }
  if (tokens.length === 0) throw new Error('passage: is empty; type something that the network shall read')
  const layers = parts[0].map((layer, i) => mapValues(layer, (_, name) => concat(parts.map((part) => part[i][name]))))
  return { texts, tokens, expected, layers }
}

function mapValues(inside: Inside, change: (stack: Float32Array, name: string) => Float32Array): Inside {
  return Object.fromEntries(Object.entries(inside).map(([name, stack]) => [name, change(stack, name)]))
}

export function concat(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
