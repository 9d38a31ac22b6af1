/** What a network would have is what it has; what would not fit is refused before it is tried. */
import { describe, expect, test } from 'vitest'
import { createEngine, layerNormLstm, lstm, SequenceClassifier, SequenceTagger, Transducer } from '../../src/index.js'
import { labelSizes, transducerSizes } from '../../src/sequences/sizes.js'

const engine = createEngine({ kernels: 'reference' })
const sequences = ['abc', 'bca', 'cab', 'aab', 'bbc', 'ccab', 'a', 'bb']
const labelled = sequences.map((input, i) => ({ input, label: 'xyz'[i % 3] }))
const tagged = sequences.map((input) => ({ input, labels: [...input].map((letter) => letter.toUpperCase()) }))
const pairs = sequences.map((input) => ({ input, output: [...input, 'end'] }))
const sumOf = (parameters: readonly { size: number }[]): number => parameters.reduce((sum, { size }) => sum + size, 0)
const shapes = [
  { hidden: 5, layers: 1, bidirectional: true, embedding: 3, cell: lstm() },
  { hidden: 4, layers: 3, bidirectional: true, embedding: 2, cell: layerNormLstm() },
  { hidden: 7, layers: 2, bidirectional: false, embedding: 4, cell: lstm() },
]

describe.each(shapes)('the parameters of a network of $hidden units, $layers layers, both ways: $bidirectional', (shape) => {
  const read = { ...shape, tokens: 3, width: 0 }
  test.each(['last', 'attention'] as const)('that classifies, pooling %s, are counted', (pooling) => {
    const { network } = SequenceClassifier.training(labelled, { ...shape, pooling, heldOut: 0, engine }).model
    expect(labelSizes({ ...read, classes: 3, pooling }, 4).parameters).toBe(sumOf(network.parameters))
  })

  test.each(['additive', 'dot', 'general', 'none'] as const)('that transduces, attention %s, are counted', (attention) => {
    const { network } = Transducer.training(pairs, { ...shape, attention, heldOut: 0, engine }).model
    const { parameters } = transducerSizes({ ...read, outputs: 5, attention }, { steps: 4, written: 5 })
    expect(parameters).toBe(sumOf(network.parameters))
  })
})

test('what would not fit is refused by the name of what makes it so', () => {
  const long = [...'abc'.repeat(30_000)]
  expect(() => SequenceClassifier.training(labelled, { hidden: 20_000, heldOut: 0, engine })).toThrow(
    /^hidden: 20000; the model's [\d,]+ parameters would take [\d,]+ MB of memory, and there can be 2,048 MB$/,
  )
  expect(() => SequenceTagger.training(tagged, { layers: 2 ** 31, heldOut: 0, engine })).toThrow(
    /^layers: 2147483648; the model's/,
  )
  expect(() =>
    SequenceClassifier.training([...labelled, { input: long, label: 'x' }], { hidden: 512, heldOut: 0, engine }),
  ).toThrow(/^sequences: 9\d{4}; training [\d,]+ parameters in windows of 9\d,\d{3} × 9 steps would take about/)
  const words = { input: [...'ab'.repeat(200)], output: [...'ab'.repeat(200)] }
  const many = Array.from({ length: 900 }, () => words)
  expect(() => Transducer.training(many, { batch: 900, heldOut: 0, engine })).toThrow(/^batch: 900; training/)
})
