/** The training step of RecurrentJS's character demo on the package recurrent-js, which is RecurrentJS in TypeScript. */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import recurrent from 'recurrent-js'

const { Graph, LSTM, Mat } = recurrent

/** Yields the loss before any update, then takes a step and yields its loss, for ever. */
function* train({ weights, sentences, learningRate }) {
  const embedding = Mat.fromJSON(weights.Wil)
  const hiddenUnits = []
  for (let layer = 0; `bi${layer}` in weights; layer++) hiddenUnits.push(weights[`bi${layer}`].n)
  const network = new LSTM({ architecture: { inputSize: weights.Wil.d, hiddenUnits, outputSize: weights.Whd.n } })
  const mats = [embedding, ...setWeights(network.model, weights)]
  const caches = mats.map(({ w }) => new Float64Array(w.length))

  const forward = (graph, sentence) => {
    let loss = 0
    let state = null
    for (let t = 0; t <= sentence.length; t++) {
      // 0 stands before the first character and behind the last.
      const [source, target] = [sentence[t - 1] ?? 0, sentence[t] ?? 0]
      state = network.forward(graph.rowPluck(embedding, source), state, graph)
      const { w, dw } = state.output
      softmax(w, dw)
      loss -= Math.log(dw[target])
      dw[target] -= 1
    }
    return loss
  }

  yield forward(new Graph(), sentences[0])
  for (;;) {
    for (const sentence of sentences) {
      const graph = new Graph()
      graph.memorizeOperationSequence(true)
      const loss = forward(graph, sentence)
      graph.backward()
      mats.forEach((mat, i) => rmsprop(mat, caches[i], learningRate))
      yield loss
    }
  }
}

/** Writes RecurrentJS's weights, by their names there, into the model; returns its matrices. */
function setWeights({ hidden, decoder }, weights) {
  const named = [
    ['Whd', decoder.Wh],
    ['bd', decoder.b],
  ]
  for (const gate of ['input', 'forget', 'output', 'cell']) {
    const { Wx, Wh, bh } = hidden[gate]
    const letter = gate[0]
    Wx.forEach((mat, layer) => named.push([`W${letter}x${layer}`, mat]))
    Wh.forEach((mat, layer) => named.push([`W${letter}h${layer}`, mat]))
    bh.forEach((mat, layer) => named.push([`b${letter}${layer}`, mat]))
  }
  return named.map(([name, mat]) => {
    mat.setFrom(weights[name].w)
    return mat
  })
}

function softmax(scores, probabilities) {
  const highest = scores.reduce((a, b) => Math.max(a, b))
  let sum = 0
  for (let i = 0; i < scores.length; i++) {
    probabilities[i] = Math.exp(scores[i] - highest)
    sum += probabilities[i]
  }
  for (let i = 0; i < scores.length; i++) probabilities[i] /= sum
}

// The package has this as Solver, but does not export it, and its cache is sized by fields that its Mats no longer have: every
// weight would become NaN.
function rmsprop({ w, dw }, cache, learningRate) {
  for (let i = 0; i < w.length; i++) {
    cache[i] = cache[i] * 0.999 + (1 - 0.999) * dw[i] * dw[i]
    const clipped = Math.max(-5, Math.min(5, dw[i]))
    w[i] += (-learningRate * clipped) / Math.sqrt(cache[i] + 1e-8) - 1e-6 * w[i]
    dw[i] = 0
  }
}

const { version } = createRequire(import.meta.url)('recurrent-js/package.json')
const answer = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`)

let losses
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line)
  if (!losses) {
    losses = train(message)
    answer({ ready: true, loss: losses.next().value, versions: `recurrent-js ${version}, Node ${process.versions.node}` })
    continue
  }
  const ms = []
  let loss
  for (let i = 0; i < message.steps; i++) {
    const start = performance.now()
    loss = losses.next().value
    ms.push(performance.now() - start)
  }
  answer({ ms, loss })
}
