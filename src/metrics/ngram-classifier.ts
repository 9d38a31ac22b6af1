/** Logistic regression on the n-grams of a text's characters: what a network that classifies texts has to beat. */
import { refuseUnknown } from '../options/known.js'
import { Random } from '../nn/random.js'

export interface NgramClassifierOptions {
  /** The longest n-grams; all shorter ones count too. Default 3. */
  order?: number
  /** What is taken off each weight, as a share of rate and weight, at each step that touches it. Default 1e-4. */
  decay?: number
  /** Passes over the examples. Default 20. */
  epochs?: number
  /** Decides the order of the examples. Default 1. */
  seed?: number
}

export interface NgramClassifier {
  readonly labels: readonly string[]
  /** How many n-grams there are. */
  readonly features: number
  classify(text: string): { label: string; probabilities: Record<string, number> }
}

/**
 * Softmax over weights of the n-grams that occur, start and end of the text marked, by stochastic gradient descent with rates as Adagrad has
 * them (Duchi et al. 2011). n-grams that the training part does not have say nothing. Throws if there are fewer than two labels.
 */
export function ngramClassifier(
  examples: readonly { readonly input: string; readonly label: string }[],
  options: NgramClassifierOptions = {},
): NgramClassifier {
  refuseUnknown('ngramClassifier', options, { order: true, decay: true, epochs: true, seed: true })
  const { order = 3, decay = 1e-4, epochs = 20, seed = 1 } = options
  const labels = [...new Set(examples.map(({ label }) => label))].sort()
  if (labels.length < 2) throw new Error(`examples: all of label '${labels.join()}'; must be of at least two labels`)
  const places = new Map<string, number>()
  const all = examples.map(({ input, label }) => {
    const features = ngrams(input, order).map((ngram) => {
      const place = places.get(ngram) ?? places.size
      places.set(ngram, place)
      return place
    })
    return { features, target: labels.indexOf(label) }
  })
  const classes = labels.length
  // The last row is the bias.
  const weights = new Float64Array((places.size + 1) * classes)
  const squares = new Float64Array(weights.length).fill(1e-8)
  const bias = places.size
  const probabilitiesOf = (features: readonly number[]): Float64Array => {
    const scores = new Float64Array(classes)
    for (const feature of [...features, bias]) {
      for (let c = 0; c < classes; c++) scores[c] += weights[feature * classes + c]
    }
    const most = Math.max(...scores)
    const powers = scores.map((score) => Math.exp(score - most))
    const sum = powers.reduce((total, power) => total + power, 0)
    return powers.map((power) => power / sum)
  }
  const random = new Random(seed)
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = all.length - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      ;[all[i], all[j]] = [all[j], all[i]]
    }
    for (const { features, target } of all) {
      const errors = probabilitiesOf(features)
      errors[target] -= 1
      for (const feature of [...features, bias]) {
        for (let c = 0; c < classes; c++) {
          const at = feature * classes + c
          const gradient = errors[c] + (feature === bias ? 0 : decay * weights[at])
          squares[at] += gradient * gradient
          weights[at] -= (0.1 * gradient) / Math.sqrt(squares[at])
        }
      }
    }
  }
  return {
    labels,
    features: places.size,
    classify(text) {
      const known = ngrams(text, order).flatMap((ngram) => places.get(ngram) ?? [])
      const probabilities = probabilitiesOf(known)
      const best = probabilities.indexOf(Math.max(...probabilities))
      return { label: labels[best], probabilities: Object.fromEntries(labels.map((label, c) => [label, probabilities[c]])) }
    },
  }
}

/** Every n-gram of a text once, in lower case, with marks where it begins and ends. */
function ngrams(text: string, order: number): string[] {
  const signs = ['\u0002', ...text.toLowerCase(), '\u0003']
  const found = new Set<string>()
  for (let at = 0; at < signs.length; at++) {
    for (let n = 1; n <= order && at + n <= signs.length; n++) found.add(signs.slice(at, at + n).join(''))
  }
  return [...found]
}
