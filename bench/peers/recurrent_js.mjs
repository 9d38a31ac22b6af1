/** The training step of RecurrentJS's character demo on the package recurrent-js, which is RecurrentJS in TypeScript. */
import { Graph, LSTM, Mat, rmsprop, softmax } from './recurrent_parts.mjs'
import { serve, versionOf } from './serve.mjs'

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
      mats.forEach((mat, i) => rmsprop(mat, caches[i], learningRate, 5, 1e-6))
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

await serve((task) => {
  const losses = train(task)
  const next = () => losses.next().value
  return { loss: next(), versions: `recurrent-js ${versionOf('recurrent-js')}, Node ${process.versions.node}`, step: next }
})
