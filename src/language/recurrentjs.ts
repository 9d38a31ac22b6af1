/** A language model from what RecurrentJS's sentence demo saved. */
import { recurrentTensors, toTensors, transpose } from '../formats/pytorch.js'
import { encodeSafetensors, type NamedTensor } from '../formats/safetensors.js'
import { SentenceModel } from '../recurrentjs/sentence-model.js'
import type { Engine } from '../run/engine.js'
import { Vocabulary } from '../text/vocabulary.js'
import { modelMetadata } from './file.js'
import { LanguageModel } from './model.js'

// Its probability is 0 in any precision; −∞ would be no weight that a file may have.
const never = -10_000

/**
 * Its mark 0 stands both for the start and for the end of a sentence: read, it is the start, predicted, the end. Here these are two tokens.
 * So both are read as its mark is; the end is predicted as its mark was, and the start never.
 */
export function fromRecurrentJS(json: unknown, { source, engine }: { source: string; engine?: Engine }): LanguageModel {
  try {
    const { network, letters } = SentenceModel.fromJSON(json, { engine })
    const { generator, recurrent } = network
    const [hidden] = recurrent.hidden
    if (recurrent.hidden.some((units) => units !== hidden)) {
      throw new Error(
        `hidden_sizes: [${recurrent.hidden.join(', ')}]; a LanguageModel has layers of one size. SentenceModel of unrolled/recurrentjs runs it`,
      )
    }
    const vocabulary = Vocabulary.fromJSON({ ...documents, tokens: letters.all })
    const embedding = network.letters.weight.cols
    const [table, weight, bias] = [network.letters.weight, network.output.weight, network.output.bias].map((matrix) =>
      matrix.read(),
    )
    const tensors: NamedTensor[] = [
      {
        name: 'embedding.weight',
        shape: [vocabulary.size, embedding],
        data: shifted(table, embedding, (i) => table[i]),
      },
      ...toTensors(recurrentTensors(recurrent, 'rnn')),
      {
        name: 'output.weight',
        shape: [vocabulary.size, hidden],
        data: shifted(transpose(weight, hidden, letters.size), hidden, () => 0),
      },
      { name: 'output.bias', shape: [vocabulary.size], data: shifted(bias, 1, () => never) },
    ]
    const cell = generator === 'lstm' ? 'lstm' : 'rnn-relu'
    const config = { cell, hidden, layers: recurrent.hidden.length, embedding, dropout: 0, tied: false }
    const metadata = modelMetadata({ config, vocabulary, trainedWith: '', history: [] })
    return LanguageModel.fromBytes(encodeSafetensors(tensors, metadata), { engine })
  } catch (error) {
    throw new Error(`${source}: ${(error as Error).message}`)
  }
}

/** Rows of `width`, with one in front of them. */
function shifted(rows: ArrayLike<number>, width: number, first: (i: number) => number): Float32Array {
  const result = Float32Array.from({ length: width + rows.length }, (_, i) => (i < width ? first(i) : 0))
  result.set(rows, width)
  return result
}

const documents = { kind: 'characters', lowerCase: false, unknown: false, documents: true }
