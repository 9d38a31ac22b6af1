/** Simpler models that label sequences, or their steps. */
import { measureClassification, type ClassificationMeasure } from '../metrics/classification.js'
import { ngramClassifier } from '../metrics/ngram-classifier.js'
import { thresholdRule } from '../metrics/threshold-rule.js'
import type { ClassifiedExample } from '../sequences/classifier.js'
import type { TaggedExample } from '../sequences/tagger.js'
import type { SequenceInput } from '../series/sequences.js'

export interface LabelBaseline {
  readonly name: string
  readonly measure: ClassificationMeasure
}

/** The label that most have; of equally frequent ones the first. */
function mostFrequent(labels: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0]
}

const isText = ({ input }: { input: SequenceInput }): boolean => typeof input === 'string'

/** Always the most frequent label; of texts, a logistic regression on character trigrams. Both know what the network was trained on. */
export function classifiedBaselines(
  training: readonly ClassifiedExample[],
  test: readonly ClassifiedExample[],
  labels: readonly string[],
): LabelBaseline[] {
  const actual = test.map(({ label }) => label)
  const most = mostFrequent(training.map(({ label }) => label))
  const found = [always(most, actual, labels)]
  if (training.every(isText) && test.every(isText)) {
    const texts = training.map(({ input, label }) => ({ input: input as string, label }))
    const simple = ngramClassifier(texts)
    const told = test.map(({ input }) => simple.classify(input as string).label)
    found.unshift({ name: 'trigram logistic regression', measure: measureClassification(actual, told, labels) })
  }
  return found
}

/** Always the most frequent label; of numbers with two labels, the best threshold on one of the numbers of a step. */
export function taggedBaselines(
  training: readonly TaggedExample[],
  test: readonly TaggedExample[],
  labels: readonly string[],
): LabelBaseline[] {
  const labelsOf = (examples: readonly TaggedExample[]): string[] => examples.flatMap((one) => one.labels)
  const actual = labelsOf(test)
  const known = labelsOf(training)
  const most = mostFrequent(known)
  const found = [always(most, actual, labels)]
  const [rows, tested] = [training, test].map((examples) => examples.flatMap(({ input }) => numbersOf(input)))
  const rare = labels.find((label) => label !== most)
  if (labels.length === 2 && rare !== undefined && rows.length === known.length && tested.length === actual.length) {
    const rule = thresholdRule(
      rows,
      known.map((label) => label === rare),
    )
    const told = tested.map((row) => (rule.isPositive(row) ? rare : most))
    found.unshift({ name: 'threshold', measure: measureClassification(actual, told, labels) })
  }
  return found
}

function always(label: string, actual: readonly string[], labels: readonly string[]): LabelBaseline {
  const told = actual.map(() => label)
  return { name: `always '${label}'`, measure: measureClassification(actual, told, labels) }
}

/** The numbers of each step; none where there are tokens too. */
function numbersOf(input: SequenceInput): ArrayLike<number>[] {
  if (typeof input === 'string' || 'tokens' in input) return []
  const list: readonly unknown[] = Array.from(input as ArrayLike<unknown>)
  if (typeof list[0] === 'string') return []
  return list.map((step) => (typeof step === 'number' ? [step] : (step as ArrayLike<number>)))
}
