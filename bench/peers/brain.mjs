/** brain.js's LSTM. Token 0 is its beginning and end of a sequence; it shifts the others by one. */
import brain from 'brain.js'
import { numbers, serve, versionOf, windows } from './serve.mjs'

const { recurrent } = brain

/** Of [inputs, outputs], some of the columns, as it has them: [outputs, inputs], row by row. */
function matrix(packed, from = 0, count = packed.shape[1]) {
  const [inputs, outputs] = packed.shape
  const values = numbers(packed)
  const weights = Array.from({ length: count * inputs }, (_, i) => values[(i % inputs) * outputs + from + Math.floor(i / inputs)])
  return { rows: count, columns: inputs, weights }
}

function networkOf({ tokens, embedding, hidden, layers, weights, learning = {} }) {
  const characters = Array.from({ length: tokens - 1 }, (_, i) => String.fromCharCode(33 + i))
  const indexTable = Object.fromEntries(characters.map((character, i) => [character, i]))
  const characterTable = Object.fromEntries(characters.map((character, i) => [i, character]))
  const gates = { input: 0, forget: 1, output: 3, cellActivation: 2 }
  const network = new recurrent.LSTM({ learningRate: learning.rate })
  network.fromJSON({
    type: 'LSTM',
    options: {
      inputSize: embedding,
      inputRange: tokens - 1,
      outputSize: tokens - 1,
      hiddenLayers: Array(layers).fill(hidden),
      regc: learning.l2,
      clipval: learning.clipValue,
      maxPredictionLength: 100,
      dataFormatter: { indexTable, characterTable, characters, specialIndexes: [] },
    },
    input: { rows: tokens, columns: embedding, weights: [...numbers(weights.embedding)] },
    hiddenLayers: Array.from({ length: layers }, (_, l) => {
      const layer = {}
      for (const [name, at] of Object.entries(gates)) {
        layer[`${name}Matrix`] = matrix(weights[`Wx.${l}`], at * hidden, hidden)
        layer[`${name}Hidden`] = matrix(weights[`Wh.${l}`], at * hidden, hidden)
        layer[`${name}Bias`] = matrix(weights[`b.${l}`], at * hidden, hidden)
      }
      return layer
    }),
    outputConnector: matrix(weights.output),
    output: matrix(weights.outputBias),
  })
  return network
}

/** What it calls an error, as nats a token. */
const nats = (error, length) => (Math.log(100 * error) * (length - 1)) / (length + 1)

const inputOf = ({ inputs }) => Array.from(inputs.subarray(1), (token) => token - 1)

await serve((statement) => {
  const network = networkOf(statement)
  const versions = `brain.js ${versionOf('brain.js')}, Node ${process.versions.node}`
  if (statement.kind === 'generation') {
    const input = inputOf(windows(statement).next().value)
    const { temperature } = statement.sampling
    return {
      versions,
      loss: nats(network.trainInput(input), input.length),
      // It writes whole texts, from the beginning to an end that it draws; that is a character too.
      step: () => ({ loss: 0, units: network.run([], true, temperature).length + 1 }),
    }
  }
  const source = windows(statement)
  return {
    versions,
    step() {
      const input = inputOf(source.next().value)
      return nats(network.trainPattern(input, true), input.length)
    },
  }
})
