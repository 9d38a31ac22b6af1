/** Recurrent networks in TypeScript. The public face of the package. */

// A language model in a few lines
export type { CellName, NormalizedCellName } from './nn/named-cells.js'
export {
  LanguageModel,
  type LanguageModelOptions,
  type LoadOptions,
  type NetworkOptions,
  type PromptOptions,
  type TrainingText,
} from './language/model.js'
export { Training, type TrainingProgress, type Validation } from './language/training.js'
export type { ScheduleName, TrainOptions } from './train/train-options.js'
export { usualShards } from './train/usual-shards.js'
export { assess, type Assessment } from './language/assess.js'
export type { MeasuredText } from './language/reading.js'
export type { TokenScore } from './language/score.js'
export {
  Session,
  type Beam,
  type BeamOptions,
  type Sample,
  type SampleOptions,
  type SessionState,
  type StreamOptions,
} from './language/session.js'
export { LanguageNetwork, type LanguageNetworkOptions } from './language/network.js'

// Forecasts of series
export { Forecaster, type Backtested, type Forecast, type Observation } from './forecast/forecaster.js'
export { ForecastTraining, type ForecastProgress, type ForecastValidation } from './forecast/training.js'
export type { ForecastOptions } from './forecast/options.js'
export { ForecastNetwork, type ForecastNetworkOptions, type HeadName } from './forecast/network.js'
export type { Position } from './forecast/position.js'
export type { Band } from './forecast/reader.js'

// Sequences told apart, step by step or whole
export { SequenceClassifier, type ClassifiedExample, type ClassifierOptions } from './sequences/classifier.js'
export { SequenceTagger, type TaggedExample } from './sequences/tagger.js'
export { Transducer, type Transduced, type TransducedExample, type TransduceOptions } from './sequences/transducer.js'
export type { ShareSchedule, TransducerConfig, TransducerOptions } from './sequences/transducer-options.js'
export { TransducerNetwork, type TransducerNetworkOptions } from './sequences/transducer-network.js'
export type { PairWindow } from './sequences/pair-windows.js'
export { LabelModel, type LabelConfig, type SequenceStep, type Told } from './sequences/label-model.js'
export { LabelStream } from './sequences/label-stream.js'
export { LabelNetwork, type LabelNetworkOptions } from './sequences/label-network.js'
export type { LabelTrainingOptions } from './sequences/label-training.js'
export type { LabelWindow } from './sequences/label-windows.js'
export { SequenceModel, type SequenceModelKind, type SequenceNetwork } from './sequences/model.js'
export type { SequenceConfig, SequenceOptions, TextTokens } from './sequences/options.js'
export { ReadingLayers, type PackedInputs, type ReadingLayersOptions } from './sequences/reading-layers.js'
export type { Packed, PackedShape } from './sequences/packing.js'
export { SequenceTraining, type SequenceProgress, type SequenceValidation } from './sequences/training.js'

// Tasks by name, as files of options have them
export { taskNames, type TaskColumns, type TaskName, type TaskOptions } from './tasks/task.js'
export { taskTraining, type TaskModel, type TaskProgress, type TaskSetup, type TaskTraining } from './tasks/training.js'
export { taskModelFromBytes, taskOf, taskOfFile } from './tasks/model.js'
export { readTable } from './tasks/table.js'
export { predictor, type PredictOptions } from './tasks/predict.js'
export { evaluateTask, type TaskEvaluationOptions } from './tasks/evaluate.js'
export { evaluationTable, type Measured, type TaskEvaluation } from './tasks/evaluation.js'
export type { Answer, Predictor } from './tasks/answers.js'
export { csvLine } from './text/csv-line.js'

// Tables, series, sequences
export { Table, type NumberColumn, type TableData, type TableOptions } from './series/table.js'
export type { CellValue, ColumnKind } from './series/cells.js'
export { TimeSeries, type SeriesColumns, type SeriesData } from './series/time-series.js'
export type { Calendar, CalendarPart } from './series/calendar.js'
export { learnScaling, scaled, unscaled, type Scaling, type ScalingKind } from './series/scaling.js'
export type { ForecastBase, ForecastSpec } from './series/forecast-spec.js'
export { SequenceEncoder, type EncodedSequence, type NumberSequence, type SequenceInput } from './series/sequences.js'
export { Buckets, type Bucket, type BucketOptions } from './series/buckets.js'
export { Labels, stratifiedSplit, type ClassWeights, type Split } from './series/labels.js'

// Graphs
export type { BackwardOptions } from './graph/backward.js'
export { Graph, type GraphOptions } from './graph/graph.js'
export { runTogether } from './graph/together.js'
export { Matrix, type MatrixOptions } from './graph/matrix.js'
export { Indices, Input, Value, type Operand } from './graph/value.js'
export { maskOf, type Scanned, type ScanOptions, type Stacks, type Steps } from './graph/scan.js'
export type { CrossEntropyOptions, LossOptions } from './graph/losses.js'

// Cells and layers
export { defineCell, type Cell, type CellSizes, type ParameterSpec } from './nn/cell.js'
export { gru, lstm, rnn } from './nn/cells.js'
export { layerNormGru, layerNormLstm, layerNormRnn } from './nn/normalized-cells.js'
export { Embedding, Linear, type LayerOptions } from './nn/layers.js'
export { Recurrent, type ForwardOptions, type RecurrentOptions } from './nn/recurrent.js'
export { Bidirectional, type BidirectionalForwardOptions } from './nn/bidirectional.js'
export { Attention, weightsByRow, type Attended, type AttentionOptions, type AttentionScore } from './nn/attention.js'
export { Pooling, type PooledLayers, type PoolingKind, type PoolingOptions } from './nn/pooling.js'
export {
  ownTokens,
  SequenceDecoder,
  type DecoderForwardOptions,
  type DecoderSource,
  type Encoded,
  type Encoder,
  type SequenceDecoderOptions,
} from './nn/sequence-decoder.js'
export { ConditionedDecoder } from './nn/conditioned.js'
export { Stream, type StreamedNetwork, type StreamState } from './nn/stream.js'
export type { SavedState, Stateful } from './nn/held-state.js'
export { GaussianHead } from './nn/heads.js'
export { firstStep, lastStep, maxOverSteps, meanOverSteps, type SequenceShape } from './nn/steps.js'
export * as initializers from './nn/initializers.js'
export type { Initializer } from './nn/initializers.js'
export { Random } from './nn/random.js'

// What is wrong with an option
export { OptionError } from './options/option-error.js'

// Optimizers
export { NonFiniteGradient, Optimizer, type OptimizerOptions } from './optim/optimizer.js'
export {
  adagrad,
  adam,
  adamw,
  recurrentjsRmsprop,
  rmsprop,
  sgd,
  type Rule,
  type Update,
  type UpdateContext,
} from './optim/rules.js'
export { optimizers, type OptimizerName } from './optim/named.js'
export * as schedules from './optim/schedules.js'
export type { Schedule } from './optim/schedules.js'

// Text and training
export type { TextBatches, TextWindow } from './text/batches.js'
export { SentenceBatches } from './text/sentence-batches.js'
export { splitHeldOut, Streams, type StreamsOptions } from './text/streams.js'
export { CorpusBuilder, type Corpus, type CorpusOptions } from './text/corpus.js'
export { Vocabulary } from './text/vocabulary.js'
export type { TokenKind, VocabularyOptions } from './text/vocabulary-options.js'
export type { Decoder } from './text/decoder.js'
export type { TokenArray } from './text/token-array.js'
export { decodeCorpus, encodeCorpus } from './text/corpus-file.js'
export type { TextFormat, TextFormatOptions } from './text/text-format.js'
export { textReader, type TextReader } from './text/text-reader.js'
export { Utf8Reader } from './text/utf8.js'
export { DocumentBatches, type DocumentBatchesOptions } from './text/document-batches.js'
export { splitDocuments } from './text/documents.js'
export { csvColumn, type CsvOptions } from './text/csv.js'
export { splitSentences } from './text/sentences.js'
export { splitWords } from './text/words.js'
export { WordVocabulary, type WordCounts, type WordMarks } from './text/word-vocabulary.js'
export type { Batches, Learner, Recorded, RecordOptions, Window } from './train/learner.js'
export type { LossPer } from './train/token-learner.js'
export { SteppedTraining, type KeptModel, type SteppedProgress } from './train/stepped-training.js'
export { Divergence, Trainer, type StepReport, type TrainerOptions } from './train/trainer.js'
export {
  TrainingLoop,
  type EndReason,
  type Limits,
  type LoopOptions,
  type LoopReport,
  type LoopState,
  type Recovery,
  type Validated,
} from './train/loop.js'
export type { Snapshot } from './train/snapshot.js'
export { evaluate, type Evaluation } from './train/evaluate.js'
export { evaluateSentences, type SentenceEvaluation } from './train/evaluate-sentences.js'
export { CarriedState } from './nn/carried-state.js'
export type { TokenForwardOptions, TokenNetwork } from './nn/token-network.js'

// Generation
export { predict, surprisals } from './generate/along.js'
export { decodingDefaults, type DecodingOptions, type WritingOptions } from './generate/decoding.js'
export type { Filters } from './generate/filters.js'
export { Reader, type ReaderState } from './generate/reader.js'
export { Sampler, type Alternative } from './generate/sampler.js'
export type { Sampling } from './generate/sampling.js'
export type { Spelling } from './generate/spelling.js'
export type { Ending, WrittenToken } from './generate/write.js'

// How well a model predicts
export { baselines, type Baselines } from './metrics/baselines.js'
export { comparisonTable } from './metrics/comparison.js'
export { coverage, type SpecialTokens } from './metrics/coverage.js'
export { KneserNey, type KneserNeyOptions } from './metrics/kneser-ney.js'
export { measure, type Measure } from './metrics/measure.js'
export type { TokenText } from './metrics/token-text.js'

// How well series are forecast, sequences told apart, and the simple models that do it too
export {
  bandCoverage,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  pinballLoss,
  rootMeanSquaredError,
  seasonalScale,
  symmetricPercentageError,
} from './metrics/forecast-errors.js'
export { measureClassification, type ClassificationMeasure, type ClassMeasure } from './metrics/classification.js'
export { editDistance, errorRates, type ErrorRates } from './metrics/edit-distance.js'
export { drift, naive, seasonalNaive, type ForecastRule } from './metrics/naive-forecasts.js'
export { holtWinters, type HoltWinters, type HoltWintersRates } from './metrics/holt-winters.js'
export { linearAutoregression, type AutoregressionOptions, type LinearAutoregression } from './metrics/linear-autoregression.js'
export { ngramClassifier, type NgramClassifier, type NgramClassifierOptions } from './metrics/ngram-classifier.js'
export { thresholdRule, type ThresholdRule } from './metrics/threshold-rule.js'
export { jointNgram, type JointNgram, type JointNgramOptions } from './metrics/joint-ngram.js'

// Files
export { decodeSafetensors, encodeSafetensors, type NamedTensor, type Safetensors } from './formats/safetensors.js'
export { onnxMetadata } from './formats/onnx.js'
export { importModel, type ImportOptions } from './language/import.js'
export { toOnnx } from './language/onnx.js'
export { toPyTorch } from './language/pytorch.js'

// Engines
export {
  createEngine,
  defaultEngine,
  loadEngine,
  useEngine,
  useThreads,
  type EngineCreateOptions,
  type EngineLoadOptions,
  type EngineOptions,
} from './run/engines.js'
export type { ProductLibrary } from './run/products.js'
export type { Engine, Fault, Floats } from './run/engine.js'
export { dropoutKey } from './run/dropout.js'
