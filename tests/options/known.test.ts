/** What is mistyped is refused, with what was meant, by every call of the toolkit that takes options. */
import { describe, expect, test } from 'vitest'
import {
  adam,
  assess,
  Bidirectional,
  createEngine,
  CorpusBuilder,
  csvColumn,
  DocumentBatches,
  Embedding,
  evaluate,
  Graph,
  gru,
  importModel,
  KneserNey,
  LanguageModel,
  layerNormLstm,
  Linear,
  loadEngine,
  lstm,
  Matrix,
  Optimizer,
  Recurrent,
  rmsprop,
  rnn,
  schedules,
  SentenceBatches,
  Streams,
  textReader,
  Vocabulary,
} from '../../src/index.js'
import { importRun, loadModel, loadNativeEngine, readCorpus, Run } from '../../src/node/index.js'

const engine = createEngine({ kernels: 'reference' })
const model = LanguageModel.create({ text: 'abcabcabc', hidden: 2, layers: 1, embedding: 2, engine })
const corpus = model.corpus!
const session = model.session()
const { tokens } = corpus
const documents = { tokens: Int32Array.of(0, 1, 2), offsets: Uint32Array.of(0, 3) }

/** A call with an option that there is not, and what was meant by it. */
const calls: Record<string, [call: (options: never) => unknown, mistyped: string, meant: string]> = {
  create: [(options) => LanguageModel.create(Object.assign(options, { text: 'ab' })), 'hiden', 'hidden'],
  train: [(options) => model.training(options), 'learningrate', 'learningRate'],
  restore: [(options) => model.training({ heldOut: 0 }).restore(new Uint8Array(0), options), 'patience', 'patienceAnew'],
  fromBytes: [(options) => LanguageModel.fromBytes(new Uint8Array(0), options), 'sauce', 'source'],
  load: [(options) => LanguageModel.load('none', options), 'txt', 'text'],
  generate: [(options) => model.generate(options).next(), 'promt', 'prompt'],
  stream: [(options) => model.stream(options).next(), 'topk', 'topK'],
  samples: [(options) => model.samples(options), 'temprature', 'temperature'],
  beams: [(options) => model.beams(options), 'with', 'width'],
  session: [(options) => model.session(options), 'sead', 'seed'],
  'session.generate': [(options) => session.generate(options).next(), 'lenght', 'length'],
  'session.streamSamples': [(options) => session.streamSamples(options).next(), 'counts', 'count'],
  'session.beams': [(options) => session.beams(options), 'alfa', 'alpha'],
  'session.fork': [(options) => session.fork(options), 'sed', 'seed'],
  assess: [(options) => assess(model, corpus, options), 'trained', 'trainedOn'],
  evaluate: [(options) => evaluate(model.network, tokens, options), 'stream', 'streams'],
  importModel: [(options) => importModel(new Uint8Array(0), options), 'vocabulery', 'vocabulary'],
  fromText: [(options) => Vocabulary.fromText('ab', options), 'lowercase', 'lowerCase'],
  CorpusBuilder: [(options) => new CorpusBuilder(options), 'document', 'documents'],
  csvColumn: [(options) => csvColumn('a\nb', options), 'colum', 'column'],
  textReader: [(options) => textReader(new CorpusBuilder(), 'text', options), 'fromat', 'format'],
  Streams: [(options) => new Streams(tokens, options), 'windows', 'window'],
  DocumentBatches: [(options) => new DocumentBatches(documents, options), 'batches', 'batch'],
  SentenceBatches: [(options) => new SentenceBatches([tokens as Int32Array], options), 'bach', 'batch'],
  KneserNey: [(options) => new KneserNey(corpus, options), 'odrer', 'order'],
  Optimizer: [(options) => new Optimizer(model.network.parameters, adam(), options), 'clipnorm', 'clipNorm'],
  adam: [(options) => adam(options), 'beta', 'beta1'],
  rmsprop: [(options) => rmsprop(options), 'centered', 'centred'],
  cosine: [(options) => schedules.cosine(options), 'warmup', 'warmUp'],
  Graph: [(options) => new Graph(options), 'value', 'values'],
  Matrix: [(options) => new Matrix(1, 1, undefined, options), 'engin', 'engine'],
  'Matrix.from': [(options) => Matrix.from([[1]], options), 'nam', 'name'],
  Embedding: [(options) => new Embedding(2, 2, options), 'initials', 'initial'],
  Linear: [(options) => new Linear(2, 2, options), 'randon', 'random'],
  Recurrent: [(options) => new Recurrent(lstm(), Object.assign(options, { input: 2, hidden: 2 })), 'layer', 'layers'],
  Bidirectional: [(options) => new Bidirectional(lstm(), Object.assign(options, { input: 2, hidden: 2 })), 'drop', 'dropout'],
  rnn: [(options) => rnn(options), 'activate', 'activation'],
  lstm: [(options) => lstm(options), 'forgetbias', 'forgetBias'],
  gru: [(options) => gru(options), 'resets', 'reset'],
  layerNormLstm: [(options) => layerNormLstm(options), 'forgetBia', 'forgetBias'],
  createEngine: [(options) => createEngine(options), 'kernel', 'kernels'],
  loadEngine: [(options) => loadEngine(options), 'kernal', 'kernels'],
  readCorpus: [(options) => readCorpus('none', options), 'headers', 'header'],
  loadModel: [(options) => loadModel('none', options), 'engin', 'engine'],
  loadNativeEngine: [(options) => loadNativeEngine(options), 'libary', 'library'],
  importRun: [(options) => importRun('none', options), 'kernel', 'kernels'],
  'Run.create': [(options) => Run.create(options), 'keeps', 'keep'],
  'Run.resume': [(options) => Run.resume('none', options), 'kernel', 'kernels'],
}

describe('an option that there is not', () => {
  test.each(Object.entries(calls))('is refused by %s', async (name, [call, mistyped, meant]) => {
    const own = name === 'Matrix.from' ? 'Matrix' : name.split('.').at(-1)
    const act = async (): Promise<unknown> => call({ [mistyped]: 1 } as never)
    await expect(act()).rejects.toThrow(`${own}: '${mistyped}' is not an option; did you mean '${meant}'?`)
  })

  test('is refused without a guess where none is near', () => {
    expect(() => adam({ momentum: 0.9 } as object)).toThrow(/^adam: 'momentum' is not an option$/)
  })
})
