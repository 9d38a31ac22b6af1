/** A model's numbers on a text, beside those of simpler models. */
import { baselines, uniformBaseline, type Baselines } from '../metrics/baselines.js'
import { coverage } from '../metrics/coverage.js'
import { measure, type Measure } from '../metrics/measure.js'
import type { TokenText } from '../metrics/token-text.js'
import type { Vocabulary } from '../text/vocabulary.js'
import { evaluate } from '../train/evaluate.js'
import { measuredBatches, predictedCharacters, type MeasuredText } from './reading.js'
import type { LanguageNetwork } from './network.js'
import { refuseUnknown } from '../options/known.js'

export interface Assessment extends Measure {
  /** Share of the text's tokens that the vocabulary knows. */
  readonly coverage: number
  /** What simpler models reach on the same tokens: the uniform one always, those that have to be trained where there is a training text. */
  readonly baselines: Pick<Baselines, 'uniform'> & Partial<Baselines>
}

/**
 * Measures how well a model predicts a text: each token but the first of a stream, each but the start of a document.
 *
 * @param text encoded by the model's vocabulary
 * @param options.trainedOn what the model was trained on, for the n-gram models; without it there is only the uniform one
 */
export function assess(
  { network, vocabulary }: { readonly network: LanguageNetwork; readonly vocabulary: Vocabulary },
  text: MeasuredText,
  options: { trainedOn?: TokenText } = {},
): Assessment {
  refuseUnknown('assess', options, { trainedOn: true })
  const { trainedOn } = options
  const { nats, tokens } = evaluate(network, measuredBatches(text))
  const characters = predictedCharacters(text, vocabulary)
  const { size } = vocabulary
  return {
    ...measure({ nats: nats * tokens, tokens, characters }),
    coverage: coverage(text.tokens, vocabulary),
    baselines: trainedOn
      ? baselines(trainedOn, text, { size, characters })
      : { uniform: uniformBaseline(text, { size, characters }) },
  }
}
