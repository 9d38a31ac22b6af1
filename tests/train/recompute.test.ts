// That `recompute` arrives at the scans of whatever is trained: its loops go over that many steps, and a step computes the same loss.
import { expect, test } from 'vitest'
import {
  createEngine,
  Forecaster,
  LanguageModel,
  SequenceClassifier,
  SequenceTagger,
  Transducer,
  type TrainOptions,
} from '../../src/index.js'

const engine = createEngine({ kernels: 'reference' })
const words = [
  'abacusbanana',
  'bananaabacus',
  'mesabananacab',
  'unitabacusobi',
  'cabmesaunitobi',
  'obitipmesaunit',
  'tipunitcabmesa',
  'usabanacatip',
]
const small = { hidden: 6, batch: 4, steps: 2, heldOut: 0, seed: 3, dropout: 0.2, engine }

interface Trained {
  next(): { readonly loss: number }
  readonly loop: { readonly trainer: { toString(): string } }
}

const trainings: Readonly<Record<string, (own: Pick<TrainOptions, 'recompute'>) => Trained>> = {
  'a language model': (own) => {
    const model = LanguageModel.create({ text: words.join(' ').repeat(4), hidden: 6, layers: 2, dropout: 0.2, engine })
    return model.training({ steps: 2, streams: 3, window: 12, heldOut: 0, shards: 2, ...own })
  },
  'a forecaster': (own) => {
    const data = Array.from({ length: 80 }, (_, t) => t % 7)
    return Forecaster.training(data, { horizon: 2, hidden: 6, window: 12, streams: 2, steps: 2, heldOut: 0, engine, ...own })
  },
  'a classifier': (own) =>
    SequenceClassifier.training(
      words.map((input, i) => ({ input, label: String(i % 2) })),
      { ...small, ...own },
    ),
  'a tagger': (own) =>
    SequenceTagger.training(
      words.map((input) => ({ input, labels: [...input].map((sign) => String('aeiou'.includes(sign))) })),
      { ...small, ...own },
    ),
  'a transducer': (own) =>
    Transducer.training(
      words.map((input) => ({ input, output: [...input].reverse().join('') })),
      { ...small, ...own },
    ),
}

test.each(Object.entries(trainings))('%s', (_, start) => {
  const [kept, anew] = [start({}), start({ recompute: 5 })]
  const losses = [kept, anew].map((training) => [training.next().loss, training.next().loss])
  expect(losses[1][0]).toBe(losses[0][0])
  // Gradients are summed in another order.
  expect(losses[1][1]).toBeCloseTo(losses[0][1], 10)
  const stepsOf = ({ loop }: Trained): number[] =>
    [...String(loop.trainer).matchAll(/^loop (\d+) steps/gm)].map(([, n]) => Number(n))
  expect(Math.max(...stepsOf(kept))).toBeGreaterThan(10)
  expect(Math.max(...stepsOf(anew))).toBe(5)
})
