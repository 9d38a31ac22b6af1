/**
 * The tasks on the package recurrent-js, which is RecurrentJS in TypeScript: its LSTM, and for a tanh RNN its graph, op by op, since its own RNN
 * has relu units. It computes with columns; where there are several sequences, one after the other.
 */
import { Graph, LSTM, Mat, rmsprop, softmax } from './recurrent_parts.mjs'
import { sampler } from './sampling.mjs'
import { numbers, promptLoss, serve, versionOf, windows } from './serve.mjs'

/** Of [inputs, outputs], some of the columns, as the rows of a Mat. */
function matOf(packed, from = 0, count = packed.shape[1]) {
  const [inputs, outputs] = packed.shape
  const values = numbers(packed)
  const mat = new Mat(count, inputs)
  for (let r = 0; r < count; r++) for (let c = 0; c < inputs; c++) mat.w[r * inputs + c] = values[c * outputs + from + r]
  return mat
}

await serve(async (statement) => {
  const { kind, cell, tokens, hidden, layers, weights } = statement
  const embedding = new Mat(tokens, statement.embedding)
  embedding.setFrom(Float64Array.from(numbers(weights.embedding)))
  const decoder = matOf(weights.output)
  const bias = weights.outputBias && matOf(weights.outputBias)
  const { mats, forward } = cell === 'lstm' ? lstm() : rnn()

  function lstm() {
    const hiddenUnits = Array(layers).fill(hidden)
    const network = new LSTM({ architecture: { inputSize: statement.embedding, hiddenUnits, outputSize: tokens } })
    const { model } = network
    const all = [embedding, decoder, bias]
    Object.assign(model.decoder, { Wh: decoder, b: bias })
    // Gates in PyTorch's order in the task.
    for (const [at, gate] of ['input', 'forget', 'cell', 'output'].entries()) {
      const own = model.hidden[gate]
      for (let l = 0; l < layers; l++) {
        own.Wx[l] = matOf(weights[`Wx.${l}`], at * hidden, hidden)
        own.Wh[l] = matOf(weights[`Wh.${l}`], at * hidden, hidden)
        own.bh[l] = matOf(weights[`b.${l}`], at * hidden, hidden)
        all.push(own.Wx[l], own.Wh[l], own.bh[l])
      }
    }
    return { mats: all, forward: (graph, token, state) => network.forward(graph.rowPluck(embedding, token), state, graph) }
  }

  function rnn() {
    const [Wx, Wh, b] = ['Wx.0', 'Wh.0', 'b.0'].map((name) => weights[name] && matOf(weights[name]))
    const plus = (graph, sum, term) => (term ? graph.add(sum, term) : sum)
    return {
      mats: [embedding, decoder, bias, Wx, Wh, b].filter(Boolean),
      forward(graph, token, state) {
        const row = graph.rowPluck(embedding, token)
        const x = Wx ? graph.mul(Wx, row) : row
        const before = state?.hiddenActivationState[0] ?? new Mat(hidden, 1)
        const h = graph.tanh(plus(graph, graph.add(x, graph.mul(Wh, before)), b))
        return { hiddenActivationState: [h], output: plus(graph, graph.mul(decoder, h), bias) }
      },
    }
  }

  const versions = `recurrent-js ${versionOf('recurrent-js')}, Node ${process.versions.node}, float64`
  if (kind === 'generation') return { versions, ...(await generator()) }
  return { versions, step: learner() }

  function learner() {
    const { learning, window } = statement
    const update = updater(learning, mats)
    const source = windows(statement)
    // What the gradient of a step's scores is multiplied by.
    const scale = learning.lossPer === 'sequence' ? 1 : 1 / window
    let state = null
    const run = (tokens, targets, first, counts) => {
      const graph = new Graph()
      graph.memorizeOperationSequence(true)
      let [after, loss] = [first, 0]
      for (const [t, token] of tokens.entries()) {
        after = forward(graph, token, after)
        if (!counts(t)) continue
        const { w, dw } = after.output
        softmax(w, dw)
        loss -= Math.log(dw[targets[t]])
        dw[targets[t]] -= 1
        if (scale !== 1) for (let i = 0; i < dw.length; i++) dw[i] *= scale
      }
      graph.backward()
      return { after: copied(after), loss }
    }
    return () => {
      const { inputs, targets, startsAnew } = source.next().value
      const { reach } = learning
      if (startsAnew) state = null
      let loss = 0
      if (reach === undefined) {
        const made = run(inputs, targets, state, () => true)
        state = made.after
        loss = made.loss
      } else {
        // Of reach + 1 steps each, from the state before; each but the first tells of its last step alone.
        for (let s = 0; s + reach < window; s++) {
          const part = (all) => all.subarray(s, s + reach + 1)
          loss += run(part(inputs), part(targets), state, (t) => s === 0 || t === reach).loss
          state = copied(forward(new Graph(), inputs[s], state))
        }
      }
      update()
      return loss / window
    }
  }

  async function generator() {
    const choose = sampler(statement.sampling)
    let state = null
    const read = (token) => {
      state = forward(new Graph(), token, state)
      return state.output.w
    }
    const loss = await promptLoss(statement, read)
    let token = 0
    return {
      loss,
      step() {
        token = choose(read(token))
        return token
      },
    }
  }
})

/** A state that gradients do not flow back through. */
function copied(state) {
  const part = (mats) =>
    mats?.map((mat) => {
      const copy = new Mat(mat.rows, mat.cols)
      copy.setFrom(mat.w)
      return copy
    })
  const { hiddenActivationState, cells } = state
  return { hiddenActivationState: part(hiddenActivationState), cells: part(cells) }
}

function updater({ rule, rate, clipValue = Infinity, l2 = 0 }, mats) {
  const caches = mats.map(({ w }) => new Float64Array(w.length))
  const one = {
    'recurrentjs-rmsprop': (mat, cache) => rmsprop(mat, cache, rate, clipValue, l2),
    adagrad({ w, dw }, cache) {
      for (let i = 0; i < w.length; i++) {
        const d = Math.max(-clipValue, Math.min(clipValue, dw[i]))
        cache[i] += d * d
        w[i] -= (rate * d) / (Math.sqrt(cache[i]) + 1e-10)
        dw[i] = 0
      }
    },
    sgd({ w, dw }) {
      for (let i = 0; i < w.length; i++) {
        w[i] -= rate * dw[i]
        dw[i] = 0
      }
    },
  }[rule]
  return () => mats.forEach((mat, i) => one(mat, caches[i]))
}
