/** Small models to test with, and what they are asked. */
import { createEngine, SequenceClassifier, SequenceTagger, type SequenceInput } from '../../src/index.js'
import type { ClassifierOptions } from '../../src/index.js'

export const reference = createEngine({ kernels: 'reference' })

/** Inputs of each kind, of unlike lengths: the text's first sign, or the first number's sign, is what is to be told. */
export const kinds: Readonly<Record<string, (i: number) => { input: SequenceInput; label: string }>> = {
  text: (i) => ({ input: `${'ab'[i % 2]}${'xyz'.slice(0, i % 4)}`, label: i % 2 ? 'second' : 'first' }),
  tokens: (i) => ({ input: ['one', 'two', 'three'].slice(i % 3), label: String(i % 3) }),
  numbers: (i) => ({ input: [i % 2 ? 3 : -3, ...Array<number>(i % 5).fill(0.5), NaN], label: i % 2 ? 'up' : 'down' }),
  both: (i) => ({
    input: {
      tokens: 'abc'.slice(i % 3),
      numbers: [
        [1, i % 2],
        [2, 0],
        [3, 1],
      ].slice(i % 3),
    },
    label: String(i % 2),
  }),
}

export const examplesOf = (kind: string, n = 24): { input: SequenceInput; label: string }[] =>
  Array.from({ length: n }, (_, i) => kinds[kind](i))

export const small = { hidden: 6, batch: 8, epochs: 1, seed: 3 } satisfies ClassifierOptions

export const classifierOf = (kind: string, options: ClassifierOptions = {}): Promise<SequenceClassifier> =>
  SequenceClassifier.train(examplesOf(kind), { ...small, ...options })

export const tagged = (text: string): { input: string; labels: string[] } => ({
  input: text,
  labels: [...text].map((sign) => ('aeiou'.includes(sign) ? 'vowel' : 'consonant')),
})
export const taggerOf = (options: ClassifierOptions = {}): Promise<SequenceTagger> =>
  SequenceTagger.train(['abacus', 'banana', 'cab', 'u', 'obi', 'mesa', 'tip', 'unit'].map(tagged), {
    ...small,
    heldOut: 0.2,
    ...options,
  })
