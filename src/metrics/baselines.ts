/** What a network's loss has to be compared with: simpler models of the same text. */
import { refuseUnknown } from '../options/known.js'
import { KneserNey, kneserNeyNames, type KneserNeyOptions } from './kneser-ney.js'
import { measure, type Measure } from './measure.js'
import { forEachPrediction, predictionsOf, type TokenText } from './token-text.js'

export interface Baselines {
  /** Every token of the vocabulary is as likely as any other: what a network does before it has learnt. */
  readonly uniform: Measure
  /**
   * Each token as likely as it was among the predicted tokens of the training text, whatever comes before it. One is added to
   * every count (Laplace), so that unseen tokens have a probability.
   */
  readonly unigram: Measure
  /** The n-gram model, `KneserNey`. */
  readonly kneserNey: Measure
  /** The length of its longest n-grams. */
  readonly order: number
}

/**
 * Trains simple models on the tokens that a network is trained on, and measures them on the tokens that it is measured on. They
 * predict exactly what a network predicts: every token of a stream but the first, and every token of a document but its start,
 * each from those before it. Unlike a network's state, what an n-gram model sees ends after a few tokens.
 *
 * A million characters take about a second, two million words a few; see `KneserNey` for the memory.
 *
 * Throws if an option or a token is out of range, or if a document, or a stream, has fewer than 2 tokens.
 *
 * @param options.size how many tokens the vocabulary has, special ones included
 * @param options.characters how many characters the predicted tokens of `heldOut` stand for, as for `measure`
 * @param options.order the length of the longest n-grams, 1 to 8; default 5
 */
export function baselines(training: TokenText, heldOut: TokenText, all: KneserNeyOptions & { characters: number }): Baselines {
  refuseUnknown('baselines', all, { ...kneserNeyNames, characters: true })
  const { characters, ...options } = all
  const model = new KneserNey(training, options)
  const kneserNey = model.nats(heldOut, 'held out').reduce((a, b) => a + b, 0)
  const tokens = predictionsOf(heldOut)
  const measured = (nats: number): Measure => measure({ nats, tokens, characters })
  return {
    uniform: uniformBaseline(heldOut, { size: options.size, characters }),
    unigram: measured(unigramNats(training, heldOut, options.size)),
    kneserNey: measured(kneserNey),
    order: model.order,
  }
}

/** What can be said without a training text; see `Baselines`. */
export function uniformBaseline(text: TokenText, { size, characters }: { size: number; characters: number }): Measure {
  const tokens = predictionsOf(text)
  return measure({ nats: tokens * Math.log(size), tokens, characters })
}

function unigramNats(training: TokenText, heldOut: TokenText, size: number): number {
  const counts = new Float64Array(size).fill(1)
  forEachPrediction(training, (i) => counts[training.tokens[i]]++)
  const total = predictionsOf(training) + size
  let nats = 0
  forEachPrediction(heldOut, (i) => (nats += Math.log(total / counts[heldOut.tokens[i]])))
  return nats
}
