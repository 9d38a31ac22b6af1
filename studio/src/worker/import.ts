/** Models out of files: this library's own, and those that RecurrentJS's page saved. */
import { LanguageModel, Matrix, Vocabulary, type Corpus } from 'unrolled'
import { SentenceModel } from 'unrolled/recurrentjs'
import type { Settings } from '../settings.js'
import { readable, type NamedText } from './texts.js'

export interface Imported {
  readonly model: LanguageModel
  readonly corpus: Corpus
  readonly settings: Settings
  readonly note: string
}

/** Throws a sentence for what is no model, or for a text that it cannot read at all. */
export function importModel(bytes: Uint8Array, source: string, named: NamedText, settings: Settings): Imported {
  return isJson(bytes) ? importSentences(bytes, source, named, settings) : importOwn(bytes, source, named, settings)
}

const isJson = (bytes: Uint8Array): boolean =>
  /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)).replace(/^\ufeff/, ''))

function importOwn(bytes: Uint8Array, source: string, named: NamedText, before: Settings): Imported {
  const model = LanguageModel.fromBytes(bytes, { source })
  const { cell, hidden, layers, embedding, dropout } = model.config
  const { vocabulary } = model
  const settings = {
    ...before,
    cell: cell as Settings['cell'],
    hidden,
    layers,
    embedding,
    dropout,
    tokens: vocabulary.kind,
    documents: vocabulary.start !== undefined,
  }
  const { corpus, note } = readable(named, settings, vocabulary)
  return { model, corpus, settings, note: `${source} is here: ${model}. ${note}` }
}

/**
 * RecurrentJS's network as one of ours. Its token 0 begins and ends a sentence; here those are two, of which the beginning is never
 * written. Layers of unequal sizes get units that stay at zero, whatever is learned: nothing leads into them or out of them.
 */
function importSentences(bytes: Uint8Array, source: string, named: NamedText, before: Settings): Imported {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes).replace(/^\ufeff/, ''))
  } catch (error) {
    throw new Error(`${source}: is not JSON that can be read (${(error as Error).message})`)
  }
  let saved: SentenceModel
  try {
    saved = SentenceModel.fromJSON(json)
  } catch (error) {
    throw new Error(`${source}: is no model of RecurrentJS's page: ${(error as Error).message}`)
  }
  const { generator, recurrent, letters, output } = saved.network
  const vocabulary = Vocabulary.fromJSON({
    kind: 'characters',
    lowerCase: false,
    unknown: false,
    documents: true,
    tokens: saved.letters.all,
  })
  const hidden = Math.max(...recurrent.hidden)
  const cell = generator === 'lstm' ? 'lstm' : 'rnn-relu'
  const shape = { cell, hidden, layers: recurrent.hidden.length, embedding: letters.weight.cols, dropout: 0 } as const
  const settings: Settings = { ...before, ...shape, tokens: 'characters', documents: true }
  const { corpus, note } = readable(named, settings, vocabulary)
  const model = LanguageModel.create({ corpus, ...shape })
  const { network } = model
  // Their token 0 stands for our 0 and 1.
  const theirs = (token: number): number => Math.max(0, token - 1)
  const { cols: width } = letters.weight
  const vectors = letters.weight.read()
  network.embedding.weight.write(filled(vocabulary.size, width, (token, k) => vectors[theirs(token) * width + k]))
  const parts = cell === 'lstm' ? 4 : 1
  recurrent.layers.forEach((from, layer) => {
    const units = recurrent.hidden[layer]
    for (const [name, matrix] of Object.entries<Matrix>(network.recurrent.layers[layer])) {
      const own = from[name]
      const values = own.read()
      const padded = filled(matrix.rows, parts * hidden, (row, column) => {
        const unit = column % hidden
        if (row >= own.rows || unit >= units) return 0
        return values[row * own.cols + Math.floor(column / hidden) * units + unit]
      })
      matrix.write(padded)
    }
  })
  const [weight, bias] = [output.weight.read(), output.bias.read()]
  const last = network.output
  if (last instanceof Matrix) throw new Error(`${source}: has weights that are tied`)
  last.weight.write(
    filled(hidden, vocabulary.size, (row, token) =>
      token === 0 || row >= output.weight.rows ? 0 : weight[row * output.weight.cols + theirs(token)],
    ),
  )
  last.bias.write(filled(1, vocabulary.size, (_, token) => (token === 0 ? never : bias[theirs(token)])))
  return { model, corpus, settings, note: `${source} is here, from RecurrentJS: ${model}. ${note}` }
}

/** The logit of what never comes. */
const never = -100

const filled = (rows: number, cols: number, value: (row: number, column: number) => number): Float32Array =>
  Float32Array.from({ length: rows * cols }, (_, i) => value(Math.floor(i / cols), i % cols))
