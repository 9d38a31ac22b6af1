/** RecurrentJS's own API, op by op, on this library's engine: `import * as R from 'unrolled/recurrentjs'`. */
export { Mat, fillRand, RandMat, type MatJSON, type Numbers } from './mat.js'
export { Graph, softmax, softmaxColumns } from './graph.js'
export { Solver } from './solver.js'
export {
  forwardLSTM,
  forwardRNN,
  initLSTM,
  initRNN,
  type LSTMState,
  type Model,
  type Previous,
  type RNNState,
} from './networks.js'
export { assert, maxi, randf, randi, randn, samplei, seed } from './random.js'

// The sentence demo, natively
export { SentenceModel, type SentenceModelOptions, type TickReport } from './sentence-model.js'
export { SentenceNetwork, type SentenceNetworkOptions } from './sentence-network.js'
export type { SavedMat, SavedModel } from './saved.js'
