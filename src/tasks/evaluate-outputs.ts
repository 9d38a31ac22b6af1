/** A simpler model that makes sequences of others. */
import { errorRates, type ErrorRates } from '../metrics/edit-distance.js'
import { jointNgram } from '../metrics/joint-ngram.js'
import { inWords } from '../sequences/model.js'
import { inputKey, outputTokensOf } from '../sequences/output-tokens.js'
import type { Transducer, TransducedExample } from '../sequences/transducer.js'

/**
 * An n-gram model of pairs of what is read and what is written, that knows what the network was trained on. Undefined where sequences have
 * numbers, which it cannot read.
 */
export function jointBaseline(
  { config }: Transducer,
  training: readonly TransducedExample[],
  test: readonly TransducedExample[],
): { name: string; rates: ErrorRates } | undefined {
  const { encoder, tokens, outputTokens } = config
  if (encoder.tokens.length === 0 || encoder.scalings.length > 0) return undefined
  const read = ({ input }: TransducedExample) => inWords(input, tokens) as string | readonly string[]
  const simple = jointNgram(training.map((one) => ({ input: read(one), output: outputTokensOf(one.output, outputTokens) })))
  const cases = new Map<string, { wanted: string[][]; found: string[] }>()
  for (const one of test) {
    const key = inputKey(one.input)
    const known = cases.get(key) ?? { wanted: [], found: simple.transduce(read(one)) }
    known.wanted.push(outputTokensOf(one.output, outputTokens))
    cases.set(key, known)
  }
  return { name: 'joint 6-gram', rates: errorRates([...cases.values()]) }
}
