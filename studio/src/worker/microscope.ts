/** A passage as the network sees it: surprisal, what it expected, its units, and which of them follow something with a name. */
import type { LanguageModel, Vocabulary } from 'unrolled'
import type { Look, RankedFeature } from '../protocol.js'
import { correlation, featuresOf } from './features.js'
import { concat, readPassage, type ReadPassage } from './passage.js'
import { Probe } from './probe.js'

const candidates = 5
const unitsRanked = 3

export class Microscope {
  readonly #model: LanguageModel
  readonly #probe: Probe
  readonly #reference: string

  /** @param reference text that units are ranked by, besides the passage: in a short one, chance looks like knowledge */
  constructor(model: LanguageModel, reference: string) {
    this.#model = model
    this.#probe = new Probe(model.network)
    this.#reference = reference
  }

  /** Throws a sentence for a passage that the vocabulary cannot spell. */
  look(passage: string, gateLayer: number): Look {
    const { vocabulary } = this.#model
    const read = readPassage(passage, vocabulary, this.#probe)
    const { texts, tokens, expected, layers } = read
    const { h: _, ...gates } = layers[gateLayer]
    return {
      tokens: texts,
      bits: Float32Array.from(expected, (before, t) => (before ? -Math.log2(Math.max(before[tokens[t]], 1e-38)) : NaN)),
      candidates: expected.map((before) => (before ? likeliest(before, vocabulary) : [])),
      activations: layers.map(({ h }) => h),
      ranked: this.#rank(read),
      gates,
    }
  }

  #rank(passage: ReadPassage): RankedFeature[] {
    const reference = readPassage(this.#reference, this.#model.vocabulary, this.#probe)
    const { hidden } = this.#model.network.recurrent
    const stacks = hidden.map((_, layer) => concat([passage, reference].map(({ layers }) => layers[layer].h)))
    return Object.entries(featuresOf([...passage.texts, ...reference.texts])).map(([name, feature]) => {
      const units = stacks.flatMap((stack, layer) =>
        Array.from({ length: hidden[layer] }, (_, unit) => ({
          layer,
          unit,
          correlation: correlation(stack, hidden[layer], unit, feature),
        })),
      )
      units.sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation))
      return { name, units: units.slice(0, unitsRanked).filter((unit) => unit.correlation !== 0) }
    })
  }
}

/** The most probable tokens, in order. */
function likeliest(probabilities: Float32Array, { tokens }: Vocabulary): Look['candidates'][number] {
  const best: number[] = []
  for (let token = 0; token < probabilities.length; token++) {
    if (best.length === candidates && probabilities[token] <= probabilities[best[candidates - 1]]) continue
    if (best.length === candidates) best.pop()
    let at = best.length
    while (at > 0 && probabilities[best[at - 1]] < probabilities[token]) at--
    best.splice(at, 0, token)
  }
  return best.map((token) => ({ text: tokens[token], probability: probabilities[token] }))
}
