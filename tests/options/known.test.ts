/** What is mistyped is refused, with what was meant, by every call of the package that takes options. */
import { expect, describe, test } from 'vitest'
import * as U from '../../src/index.js'
import * as N from '../../src/node/index.js'
import * as R from '../../src/recurrentjs/index.js'
import { connect, redisExecutor, SweepWorker } from '../../src/redis/index.js'
import { localExecutor, Sweep } from '../../src/sweep/index.js'
import { optionsParameters } from './exported.js'

const engine = U.createEngine({ kernels: 'reference' })
const model = U.LanguageModel.create({ text: 'abcabcabc', hidden: 2, layers: 1, embedding: 2, engine })
const corpus = model.corpus!
const session = model.session()
const { tokens } = corpus
const documents = { tokens: Int32Array.of(0, 1, 2), offsets: Uint32Array.of(0, 3) }

const g = new U.Graph({ engine })
const stack = g.input(4, 2)
const ids = g.indices(Int32Array.of(0, 1))
const sizes = { input: 2, hidden: 2, engine }
const layers = new U.Recurrent(U.gru(), sizes)
const both = new U.Bidirectional(U.gru(), sizes)
const attention = new U.Attention({ query: 2, states: 2, engine })
const parts = { cell: U.gru(), encoder: layers, tokens: 3, embedding: 2, hidden: 2 }
const decoder = new U.SequenceDecoder(parts)
const read = layers.forward(g, stack)
const state = decoder.initialState(g, { ...read, batch: 1 })
const reading = {
  cell: U.gru(),
  hidden: 2,
  layers: 1,
  residual: false,
  dropout: 0,
  bidirectional: false,
  random: new U.Random(1),
  engine,
}
const packed = { tokens: 3, width: 0, embedding: 2 }
const nothing = new Uint8Array(0)

const series = Array.from({ length: 60 }, (_, i) => i % 5)
const few = { hidden: 2, steps: 1, engine } as const
const forecaster = U.Forecaster.training(series, { horizon: 2, ...few }).finish()
const classified = ['ab', 'ba', 'aab', 'bba'].map((input) => ({ input, label: input[0] }))
const tagged = classified.map(({ input }) => ({ input, labels: [...input] }))
const pairs = classified.map(({ input }) => ({ input, output: input }))
const classifier = U.SequenceClassifier.training(classified, { heldOut: 0, ...few })
const transducer = U.Transducer.training(pairs, { heldOut: 0, ...few }).finish()
const forecastNetwork = {
  inputs: 1,
  ahead: 1,
  targets: 1,
  horizon: 2,
  head: 'point',
  quantiles: [],
  cell: U.gru(),
  hidden: 2,
  engine,
} as const

const sentences = R.SentenceModel.create({ sentences: ['ab'], hiddenSizes: [2], engine })

type Call = [call: (options: never) => unknown, mistyped: string, meant: string | undefined, name?: string]

/** A call with an option that there is not, what was meant by it, and what the message calls it where that is not its last name. */
const calls: Record<string, Call> = {
  'LanguageModel.create': [(options) => U.LanguageModel.create(Object.assign(options, { text: 'ab' })), 'hiden', 'hidden'],
  'LanguageModel#train': [(options) => model.train(options).next(), 'learningrate', 'learningRate'],
  'LanguageModel#training': [(options) => model.training(options), 'learningrate', 'learningRate', 'train'],
  'LanguageModel.fromBytes': [(options) => U.LanguageModel.fromBytes(nothing, options), 'sauce', 'source'],
  'LanguageModel.load': [(options) => U.LanguageModel.load('none', options), 'txt', 'text'],
  'LanguageModel#generate': [(options) => model.generate(options).next(), 'promt', 'prompt'],
  'LanguageModel#stream': [(options) => model.stream(options).next(), 'topk', 'topK'],
  'LanguageModel#samples': [(options) => model.samples(options), 'temprature', 'temperature'],
  'LanguageModel#beams': [(options) => model.beams(options), 'with', 'width'],
  'LanguageModel#session': [(options) => model.session(options), 'sead', 'seed'],
  'new Training': [(options) => new U.Training(model, corpus, options), 'step', 'steps', 'train'],
  'Training#restore': [(options) => model.training({ heldOut: 0 }).restore(nothing, options), 'patience', 'patienceAnew'],
  'Session#generate': [(options) => session.generate(options).next(), 'lenght', 'length'],
  'Session#stream': [(options) => session.stream(options).next(), 'topp', 'topP'],
  'Session#streamSamples': [(options) => session.streamSamples(options).next(), 'counts', 'count'],
  'Session#samples': [(options) => session.samples(options), 'frist', 'first'],
  'Session#beams': [(options) => session.beams(options), 'alfa', 'alpha'],
  'Session#fork': [(options) => session.fork(options), 'sed', 'seed'],
  assess: [(options) => U.assess(model, corpus, options), 'trained', 'trainedOn'],
  'new LanguageNetwork': [(options) => new U.LanguageNetwork(options), 'token', 'tokens'],
  'LanguageNetwork#forward': [(options) => model.network.forward(g, ids, options), 'rech', 'reach'],
  evaluate: [(options) => U.evaluate(model.network, tokens, options), 'stream', 'streams'],
  evaluateSentences: [(options) => U.evaluateSentences(model.network, [tokens as Int32Array], options), 'bach', 'batch'],
  importModel: [(options) => U.importModel(nothing, options), 'vocabulery', 'vocabulary'],
  decodeSafetensors: [(options) => U.decodeSafetensors(nothing, 'file', options), 'allowNonfinite', 'allowNonFinite'],

  'Forecaster.train': [(options) => U.Forecaster.train(series, options), 'hiden', 'hidden'],
  'Forecaster.training': [(options) => U.Forecaster.training(series, options), 'horizn', 'horizon', 'train'],
  'new ForecastTraining': [(options) => new U.ForecastTraining(() => forecaster, series, options), 'shard', undefined, 'train'],
  'ForecastTraining#restore': [
    (options) => U.Forecaster.training(series, { horizon: 2, ...few }).restore(nothing, options),
    'sourse',
    'source',
  ],
  'Forecaster.fromBytes': [(options) => U.Forecaster.fromBytes(nothing, options), 'cel', 'cell'],
  'Forecaster.load': [(options) => U.Forecaster.load('none', options), 'cel', 'cell'],
  'Forecaster#forecast': [(options) => forecaster.forecast(2, options), 'seeds', 'seed'],
  'Forecaster#backtest': [(options) => forecaster.backtest(series, options), 'form', 'from'],
  'Forecaster#calibrate': [(options) => forecaster.calibrate(series, options), 'form', 'from'],
  'new ForecastNetwork': [(options) => new U.ForecastNetwork(options), 'input', 'inputs'],
  'ForecastNetwork#encode': [
    (options) => new U.ForecastNetwork({ ...forecastNetwork, layers: 1, dropout: 0, seed: 1 }).encode(g, stack, options),
    'rech',
    'reach',
  ],
  linearAutoregression: [(options) => U.linearAutoregression(series, options), 'lag', 'lags'],
  jointNgram: [(options) => U.jointNgram([], options), 'bream', 'beam'],
  ngramClassifier: [(options) => U.ngramClassifier([], options), 'oder', 'order'],

  'SequenceClassifier.train': [(options) => U.SequenceClassifier.train(classified, options), 'poling', 'pooling'],
  'SequenceClassifier.training': [(options) => U.SequenceClassifier.training(classified, options), 'poling', 'pooling', 'train'],
  'SequenceClassifier.fromBytes': [(options) => U.SequenceClassifier.fromBytes(nothing, options), 'sauce', 'source'],
  'SequenceClassifier.load': [(options) => U.SequenceClassifier.load('none', options), 'cel', 'cell'],
  'SequenceTagger.train': [(options) => U.SequenceTagger.train(tagged, options), 'classWeight', 'classWeights'],
  'SequenceTagger.training': [(options) => U.SequenceTagger.training(tagged, options), 'classWeight', 'classWeights', 'train'],
  'SequenceTagger.fromBytes': [(options) => U.SequenceTagger.fromBytes(nothing, options), 'sauce', 'source'],
  'SequenceTagger.load': [(options) => U.SequenceTagger.load('none', options), 'cel', 'cell'],
  'Transducer.train': [(options) => U.Transducer.train(pairs, options), 'atention', 'attention'],
  'Transducer.training': [(options) => U.Transducer.training(pairs, options), 'atention', 'attention', 'train'],
  'Transducer.fromBytes': [(options) => U.Transducer.fromBytes(nothing, options), 'sauce', 'source'],
  'Transducer.load': [(options) => U.Transducer.load('none', options), 'cel', 'cell'],
  'Transducer#transduce': [(options) => transducer.transduce('ab', options), 'beams', 'beam'],
  'Transducer#transduceAll': [(options) => transducer.transduceAll(['ab'], options), 'lenght', 'length'],
  'Transducer#evaluate': [(options) => transducer.evaluate(pairs, options), 'beams', 'beam'],
  'SequenceTraining#restore': [(options) => classifier.restore(nothing, options), 'sauce', 'source'],
  'new ReadingLayers': [(options) => new U.ReadingLayers(Object.assign(options, packed, reading)), 'widht', 'width'],
  'new LabelNetwork': [
    (options) => new U.LabelNetwork(Object.assign(options, packed, reading, { classes: 2, pooling: undefined })),
    'class',
    'classes',
  ],
  'new TransducerNetwork': [
    (options) => new U.TransducerNetwork(Object.assign(options, packed, reading, { outputs: 3, attention: 'none' })),
    'output',
    'outputs',
  ],
  'ReadingLayers#read': [
    (options) => {
      const own = new U.ReadingLayers({ ...packed, ...reading })
      return own.read(g, own.inputs(g, { batch: 1, steps: 2 }), options)
    },
    'dropoutKey',
    'dropoutKeys',
  ],
  'LabelNetwork#forward': [
    (options) => {
      const own = new U.LabelNetwork({ ...packed, ...reading, classes: 2, pooling: undefined })
      return own.forward(g, own.reading.inputs(g, { batch: 1, steps: 2 }), options)
    },
    'recomputed',
    'recompute',
  ],
  'TransducerNetwork#encode': [
    (options) => transducer.network.encode(g, transducer.network.reading.inputs(g, { batch: 1, steps: 2 }), options),
    'recomputed',
    'recompute',
  ],
  'new SteppedTraining': [(options) => new U.SteppedTraining(undefined as never, classifier.loop, options), 'step', 'steps'],
  'SteppedTraining#restore': [(options) => model.training({ heldOut: 0 }).restore(nothing, options), 'lastgood', 'lastGood'],
  'new Trainer': [(options) => new U.Trainer(model.network, options), 'batch', 'batches'],
  'new TrainingLoop': [(options) => new U.TrainingLoop(classifier.loop.trainer, options), 'limit', 'limits'],

  'Table.fromCsv': [(options) => U.Table.fromCsv('a\n1\n', options), 'headers', 'header'],
  'Table.fromJsonLines': [(options) => U.Table.fromJsonLines('{"a":1}\n', options), 'sauce', 'source'],
  'Table.from': [(options) => U.Table.from({ columns: { a: [1] } } as never, options), 'sauce', 'source'],
  'new TimeSeries': [(options) => new U.TimeSeries(series, options), 'targets', 'target'],
  'SequenceEncoder.learn': [(options) => U.SequenceEncoder.learn(['ab'], options), 'scale', 'scaling'],
  'new Buckets': [(options) => new U.Buckets([1, 2], options), 'bach', 'batch'],

  'new Graph': [(options) => new U.Graph(options), 'value', 'values'],
  'Graph#crossEntropy': [(options) => g.crossEntropy(stack, [0, 1, 0, 1], options), 'classweight', 'classWeights'],
  'Graph#binaryCrossEntropy': [(options) => g.binaryCrossEntropy(stack, stack, options), 'masks', 'mask'],
  'Graph#meanSquaredError': [(options) => g.meanSquaredError(stack, stack, options), 'reducton', 'reduction'],
  'Graph#meanAbsoluteError': [(options) => g.meanAbsoluteError(stack, stack, options), 'masks', 'mask'],
  'Graph#gaussian': [(options) => g.gaussian(stack, stack, stack, options), 'masks', 'mask'],
  'Graph#pinball': [(options) => g.pinball(stack, stack, [0.5], options), 'masks', 'mask'],
  'Graph#huber': [(options) => g.huber(stack, stack, options), 'dleta', 'delta'],
  'Graph#scan': [
    (options) => g.scan(Object.assign(options, { inputs: stack, state: { h: 0 } }), (_, { h }) => ({ h, output: h })),
    'reversed',
    'reverse',
  ],
  'Graph#backward': [(options) => g.backward(undefined, options), 'inot', 'into'],
  'new Matrix': [(options) => new U.Matrix(1, 1, undefined, options), 'engin', 'engine'],
  'Matrix.from': [(options) => U.Matrix.from([[1]], options), 'nam', 'name', 'Matrix'],

  'new Embedding': [(options) => new U.Embedding(2, 2, options), 'initials', 'initial'],
  'new Linear': [(options) => new U.Linear(2, 2, options), 'randon', 'random'],
  'new GaussianHead': [(options) => new U.GaussianHead(2, 2, options), 'flor', 'floor'],
  'new Recurrent': [(options) => new U.Recurrent(U.lstm(), Object.assign(options, sizes)), 'layer', 'layers'],
  'Recurrent#forward': [(options) => layers.forward(g, stack, options), 'revers', 'reverse'],
  'Recurrent#last': [(options) => layers.last(g, stack, options), 'bach', 'batch'],
  'new Bidirectional': [(options) => new U.Bidirectional(U.lstm(), Object.assign(options, sizes)), 'drop', 'dropout'],
  'Bidirectional#forward': [(options) => both.forward(g, stack, options), 'dropoutKey', 'dropoutKeys'],
  'Bidirectional#last': [(options) => both.last(g, stack, options), 'masks', 'mask'],
  'new Attention': [(options) => new U.Attention(options), 'scores', 'score'],
  'Attention#over': [(options) => attention.over(g, stack, options), 'bach', 'batch'],
  'Attention#among': [(options) => attention.among(g, stack, stack, options), 'bach', 'batch'],
  'new Pooling': [(options) => new U.Pooling('attention', layers, options), 'unit', 'units'],
  'Pooling#forward': [(options) => new U.Pooling('mean', layers).forward(g, stack, options), 'bach', 'batch'],
  'new SequenceDecoder': [(options) => new U.SequenceDecoder(Object.assign(options, parts)), 'atention', 'attention'],
  'SequenceDecoder#forward': [(options) => decoder.forward(g, ids, read, options), 'weight', 'weights'],
  'SequenceDecoder#write': [(options) => decoder.write(g, ids, { state, attend: undefined }, 1, options), 'owns', 'own'],
  'ConditionedDecoder#forward': [
    (options) => new U.ConditionedDecoder(decoder, g, read).forward(g, ids, options),
    'rech',
    'reach',
  ],
  firstStep: [(options) => U.firstStep(g, stack, options), 'bach', 'batch'],
  lastStep: [(options) => U.lastStep(g, stack, options), 'bach', 'batch'],
  maxOverSteps: [(options) => U.maxOverSteps(g, stack, options), 'bach', 'batch'],
  meanOverSteps: [(options) => U.meanOverSteps(g, stack, options), 'bach', 'batch'],
  rnn: [(options) => U.rnn(options), 'activate', 'activation'],
  lstm: [(options) => U.lstm(options), 'forgetbias', 'forgetBias'],
  gru: [(options) => U.gru(options), 'resets', 'reset'],
  layerNormLstm: [(options) => U.layerNormLstm(options), 'forgetBia', 'forgetBias'],

  'new Optimizer': [(options) => new U.Optimizer(model.network.parameters, U.adam(), options), 'clipnorm', 'clipNorm'],
  adagrad: [(options) => U.adagrad(options), 'epsilom', 'epsilon'],
  adam: [(options) => U.adam(options), 'beta', 'beta1'],
  adamw: [(options) => U.adamw(options), 'weightdecay', 'weightDecay'],
  recurrentjsRmsprop: [(options) => U.recurrentjsRmsprop(options), 'decays', 'decay'],
  rmsprop: [(options) => U.rmsprop(options), 'centered', 'centred'],
  sgd: [(options) => U.sgd(options), 'momentun', 'momentum'],
  'schedules.stepDecay': [(options) => U.schedules.stepDecay(options), 'facter', 'factor'],
  'schedules.cosine': [(options) => U.schedules.cosine(options), 'warmup', 'warmUp'],
  'schedules.halveOnRise': [(options) => U.schedules.halveOnRise(options), 'rates', 'rate'],

  'new SentenceBatches': [(options) => new U.SentenceBatches([tokens as Int32Array], options), 'bach', 'batch'],
  'new Streams': [(options) => new U.Streams(tokens, options), 'windows', 'window'],
  'new DocumentBatches': [(options) => new U.DocumentBatches(documents, options), 'batches', 'batch'],
  'new CorpusBuilder': [(options) => new U.CorpusBuilder(options), 'document', 'documents'],
  'Vocabulary.fromText': [(options) => U.Vocabulary.fromText('ab', options), 'lowercase', 'lowerCase'],
  'WordVocabulary.fromSentences': [(options) => U.WordVocabulary.fromSentences([['a']], options), 'ends', 'end'],
  textReader: [(options) => U.textReader(new U.CorpusBuilder(), 'text', options), 'fromat', 'format'],
  csvColumn: [(options) => U.csvColumn('a\nb', options), 'colum', 'column'],
  'new Sampler': [(options) => new U.Sampler(new U.Reader(model.network), [new U.Random(1)], options), 'topk', 'topK'],
  'new KneserNey': [(options) => new U.KneserNey(corpus, options), 'odrer', 'order'],
  baselines: [(options) => U.baselines(corpus, corpus, options), 'character', 'characters'],

  createEngine: [(options) => U.createEngine(options), 'product', 'products'],
  loadEngine: [(options) => U.loadEngine(options), 'thread', 'threads'],
  useThreads: [(options) => U.useThreads(1, options), 'kernel', 'kernels'],

  taskTraining: [(options) => U.taskTraining(undefined as never, options), 'colums', 'columns'],
  taskModelFromBytes: [(options) => U.taskModelFromBytes(nothing, options), 'sauce', 'source'],
  predictor: [(options) => U.predictor(forecaster, options), 'beams', 'beam'],
  evaluateTask: [(options) => U.evaluateTask(forecaster, undefined as never, options), 'beams', 'beam'],

  loadTaskModel: [(options) => N.loadTaskModel('none', options), 'cel', 'cell'],
  'TaskRun.create': [(options) => N.TaskRun.create(options), 'colums', 'columns'],
  'TaskRun.resume': [(options) => N.TaskRun.resume('none', options), 'kernel', 'kernels'],
  readCorpus: [(options) => N.readCorpus('none', options), 'headers', 'header'],
  loadModel: [(options) => N.loadModel('none', options), 'engin', 'engine'],
  loadNativeEngine: [(options) => N.loadNativeEngine(options), 'libary', 'library'],
  examineMachine: [(options) => N.examineMachine(options), 'wideVector', 'wideVectors'],
  useWideVectors: [(options) => N.useWideVectors(options), 'kernel', 'kernels'],
  importRun: [(options) => N.importRun('none', options), 'kernel', 'kernels'],
  checkTrainingConfig: [(options) => N.checkTrainingConfig(options), 'stesp', 'steps', 'train'],
  'Run.check': [(options) => N.Run.check(model, corpus, options), 'stesp', 'steps', 'train'],
  'Run.create': [(options) => N.Run.create(options), 'keeps', 'keep'],
  'Run.resume': [(options) => N.Run.resume('none', options), 'kernel', 'kernels'],

  localExecutor: [(options) => localExecutor(undefined as never, 1, options), 'wideVector', 'wideVectors'],
  'Sweep.open': [(options) => Sweep.open(options), 'plans', 'plan'],
  connect: [(options) => connect(options), 'ulr', 'url'],
  redisExecutor: [(options) => redisExecutor(undefined as never, undefined as never, options), 'worker', 'workers'],
  'new SweepWorker': [(options) => new SweepWorker(undefined as never, options), 'cash', 'cache'],

  'SentenceModel.create': [(options) => R.SentenceModel.create(options), 'sentence', 'sentences'],
  'SentenceModel.fromJSON': [(options) => R.SentenceModel.fromJSON(sentences.toJSON(), options), 'learningrate', 'learningRate'],
  'SentenceModel#generate': [(options) => sentences.generate(options), 'temprature', 'temperature'],
  'new SentenceNetwork': [(options) => new R.SentenceNetwork(options), 'token', 'tokens'],
  'SentenceNetwork#forward': [(options) => sentences.network.forward(g, ids, options), 'rech', 'reach'],
}

/** What is no choice of whoever calls: data, parts that are handed over, and what a trainer asks of a learner. */
const data = [
  /^Cell\b/,
  /^(string \| )?(Pick<)?(Corpus|TokenText|MeasuredText)\b/,
  /^(Pick<)?Baselines\b/,
  /^(Encoded|Node|Rule|Spelling|SpecialTokens)$/,
  /^(Error|Divergence)$/,
  /\bLearner\b/,
  /^RecordOptions$/,
  /^Previous\b/,
  /^(RunConfig|SweepPlan|TrialLine|Pick<Setting, "parse">)$/,
  // By the names of the table of settings, among what a command or a sweep has besides.
  /^(TrainSettings|TaskSettings)$/,
]

/** Constructors that are private, or that only the package calls. */
const internal = new Set([
  'KeptRun',
  'Run',
  'TaskRun',
  'SentenceModel',
  'Forecaster',
  'SequenceClassifier',
  'SequenceTagger',
  'Transducer',
  'LabelModel',
])

const isProtected = /^\w*Run#(log|measured)$/

test('every call of the package that takes options is among those that are tried', () => {
  const found = optionsParameters()
    .filter(({ type }) => !data.some((pattern) => pattern.test(type)))
    .map(({ call }) => call)
    .filter((call) => !(call.startsWith('new ') && internal.has(call.slice(4))) && !isProtected.test(call))
  expect([...new Set(found)].sort()).toEqual(Object.keys(calls).sort())
})

describe('an option that there is not', () => {
  test.each(Object.entries(calls))('is refused by %s', async (name, [call, mistyped, meant, called]) => {
    const own = called ?? name.split(/[.# ]/).at(-1)
    const act = async (): Promise<unknown> => call({ [mistyped]: 1 } as never)
    const guess = meant ? `; did you mean '${meant}'?` : ''
    await expect(act()).rejects.toThrow(new RegExp(`^${own}: '${mistyped}' is not an option${guess.replaceAll('?', '\\?')}$`))
  })

  test('is refused without a guess where none is near', () => {
    expect(() => U.adam({ momentum: 0.9 } as object)).toThrow(/^adam: 'momentum' is not an option$/)
  })

  test('is refused within what an option holds', () => {
    expect(() => U.Forecaster.training(series, { horizon: 2, base: { season: 1 } as object, ...few })).toThrow(
      "base: 'season' is not an option; did you mean 'seasons'?",
    )
    expect(() => U.Transducer.training(pairs, { teacherForcing: { from: 1, too: 0, over: 9 } as never, ...few })).toThrow(
      "teacherForcing: 'too' is not an option; did you mean 'to'?",
    )
  })
})
