/**
 * jax-js on its wasm device: the whole step (loss, gradient, clipping, update) in one jit. Its arrays are counted references: `.ref` keeps one that
 * is used again, every other use consumes it.
 */
import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import { sampler } from './sampling.mjs'
import { numbers, promptLoss, serve, versionOf, windows } from './serve.mjs'

await init('wasm')
defaultDevice('wasm')

const array = (packed) => np.array(numbers(packed)).reshape(packed.shape)
const ids = (tokens) => np.array(Int32Array.from(tokens), { dtype: np.int32 })

await serve(async (statement) => {
  const { kind, cell, tokens, hidden, layers, streams, window, learning, weights } = statement
  let parameters = Object.fromEntries(Object.entries(weights).map(([name, packed]) => [name, array(packed)]))

  const zeros = (rows) =>
    Array.from({ length: layers }, () => (cell === 'lstm' ? [0, 1] : [0]).map(() => np.zeros([rows, hidden])))

  /** Every layer over T steps of B rows. Consumes the state and x, not the parameters. Returns all outputs by step, and the last state. */
  function run(p, x, T, B, state) {
    let outputs = []
    const last = state.map(([h, c], l) => {
      const [Wx, Wh, b] = ['Wx', 'Wh', 'b'].map((name) => p[`${name}.${l}`])
      if (Wx) x = np.matmul(x, Wx.ref)
      if (b) x = x.add(b.ref)
      const steps = T === 1 ? [x] : np.split(x, T, 0)
      outputs = steps.map((step) => {
        const sum = step.add(np.matmul(h, Wh.ref))
        if (cell === 'rnn') h = np.tanh(sum)
        else {
          const [i, f, g, o] = np.split(sum, 4, 1)
          c = nn
            .sigmoid(f)
            .mul(c)
            .add(nn.sigmoid(i).mul(np.tanh(g)))
          h = nn.sigmoid(o).mul(np.tanh(c.ref))
        }
        return h.ref
      })
      if (l + 1 < layers) x = T === 1 ? outputs[0] : np.concatenate(outputs, 0)
      return cell === 'rnn' ? [h] : [h, c]
    })
    return { outputs, last }
  }

  const rowsOf = (p, read) => np.matmul(nn.oneHot(read, tokens), p.embedding.ref)

  function logitsOf(p, output) {
    const logits = np.matmul(output, p.output.ref)
    return p.outputBias ? logits.add(p.outputBias.ref) : logits
  }

  function lossOf(p, outputs, follow) {
    const likely = nn.logSoftmax(logitsOf(p, np.concatenate(outputs, 0)), -1)
    return likely
      .mul(nn.oneHot(follow, tokens))
      .sum()
      .mul(-1 / (outputs.length * outputs[0].shape[0]))
  }

  const versions = `jax-js ${versionOf('@jax-js/jax')}, wasm, Node ${process.versions.node}`
  if (kind === 'generation') return { versions, ...(await generator()) }
  return { versions, step: learner(), evaluate }

  function learner() {
    const { reach, lossPer } = learning
    const scale = lossPer === 'sequence' ? window : 1

    function whole(p, state, read, follow) {
      const { outputs, last } = run(p, rowsOf(p, read), window, streams, state)
      const loss = lossOf(p, outputs, follow)
      tree.dispose(p)
      return [loss.mul(scale), last]
    }

    // All windows of reach + 1 steps side by side, each from the state before it; each but the first tells of its last step alone.
    const count = window - reach
    function reaching(p, h0, read, follow) {
      const { outputs, last } = run(p, rowsOf(p, read), reach + 1, count, [[h0]])
      tree.dispose(last)
      const told = outputs.map((output, j) => (j === reach ? output : output.slice([0, 1])))
      const likely = nn.logSoftmax(logitsOf(p, np.concatenate(told, 0)), -1)
      const loss = likely
        .mul(nn.oneHot(follow, tokens))
        .sum()
        .mul(-scale / window)
      tree.dispose(p)
      return [loss, []]
    }

    const step = jit((p, memory, count, state, read, follow) => {
      const [[loss, last], grads] = valueAndGrad(reach === undefined ? whole : reaching, { hasAux: true })(
        tree.ref(p),
        state,
        read,
        follow,
      )
      const updated = update(learning, p, grads, memory, count)
      return [loss, last, updated]
    })
    const statesBefore = jit((p, read) => {
      const { outputs, last } = run(p, rowsOf(p, read), window, 1, zeros(1))
      tree.dispose(p)
      tree.dispose(last)
      for (const output of outputs.splice(count - 1)) output.dispose()
      return np.concatenate([np.zeros([1, hidden]), ...outputs], 0)
    })

    const zerosLike = () => Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, np.zeros(shape)]))
    let memory = memoryOf(learning, zerosLike)
    let [state, taken] = [zeros(streams), 0]
    const source = windows(statement)
    return () => {
      const { inputs, targets, startsAnew } = source.next().value
      if (startsAnew) {
        tree.dispose(state)
        state = zeros(streams)
      }
      taken++
      const scalars = np.array([1 / (1 - 0.9 ** taken), 1 / (1 - 0.999 ** taken)])
      let [first, read] = [state, ids(inputs)]
      if (reach !== undefined) {
        first = statesBefore(tree.ref(parameters), read)
        read = ids(Array.from({ length: (reach + 1) * count }, (_, i) => inputs[Math.floor(i / count) + (i % count)]))
      }
      const [loss, last, updated] = step(parameters, memory, scalars, first, read, ids(targets))
      parameters = updated.p
      memory = updated.memory
      if (reach === undefined) state = last
      return loss.js() / scale
    }
  }

  function evaluate() {
    const { heldOut } = statement
    const [, T, B] = heldOut.inputs.shape
    evaluate.compiled ??= jit((p, state, read, follow) => {
      const { outputs, last } = run(p, rowsOf(p, read), T, B, state)
      const loss = lossOf(p, outputs, follow)
      tree.dispose(p)
      return [loss, last]
    })
    let state = zeros(B)
    const losses = []
    for (const { inputs, targets } of windows(heldOut, false)) {
      const [loss, last] = evaluate.compiled(tree.ref(parameters), state, ids(inputs), ids(targets))
      state = last
      losses.push(loss.js())
    }
    tree.dispose(state)
    return losses.reduce((a, b) => a + b) / losses.length
  }

  async function generator() {
    const choose = sampler(statement.sampling)
    const step = jit((p, state, token) => {
      const { outputs, last } = run(p, np.take(p.embedding.ref, token, 0), 1, 1, state)
      const logits = logitsOf(p, outputs[0])
      tree.dispose(p)
      return [logits, last]
    })
    let state = zeros(1)
    const read = (token) => {
      const [logits, last] = step(tree.ref(parameters), state, ids([token]))
      state = last
      return logits.dataSync()
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

/** What a rule remembers, zeros at first. */
function memoryOf({ rule }, zeros) {
  if (rule === 'sgd') return {}
  return rule === 'adam' ? { first: zeros(), second: zeros() } : { second: zeros() }
}

/** Clips, then updates, as the statement has it. Consumes all. */
function update({ rule, rate, clipValue, clipNorm, l2 = 0 }, p, grads, memory, scalars) {
  const names = Object.keys(p)
  let factor
  if (clipNorm !== undefined) {
    const squares = names.map((name) => np.square(grads[name].ref).sum()).reduce((a, b) => a.add(b))
    factor = np.minimum(1, np.trueDivide(clipNorm, np.sqrt(squares)))
  }
  const next = { p: {}, memory: Object.fromEntries(Object.keys(memory).map((slot) => [slot, {}])) }
  const [correct1, correct2] = rule === 'adam' ? np.split(scalars, 2, 0) : (scalars.dispose(), [])
  for (const name of names) {
    const w = p[name]
    const clip = (d) => (clipValue === undefined ? d : np.clip(d, -clipValue, clipValue))
    const d = factor ? grads[name].mul(factor.ref) : rule === 'recurrentjs-rmsprop' ? grads[name] : clip(grads[name])
    if (rule === 'sgd') {
      next.p[name] = w.sub(d.mul(rate))
      continue
    }
    const before = memory.second[name]
    if (rule === 'adagrad') {
      const second = before.add(np.square(d.ref))
      next.memory.second[name] = second.ref
      next.p[name] = w.sub(d.mul(rate).div(np.sqrt(second).add(1e-10)))
    } else if (rule === 'recurrentjs-rmsprop') {
      const second = before.mul(0.999).add(np.square(d.ref).mul(0.001))
      next.memory.second[name] = second.ref
      const direction = clip(d)
        .mul(rate)
        .div(np.sqrt(second.add(1e-8)))
      next.p[name] = w.ref.sub(direction).sub(w.mul(l2))
    } else {
      const first = memory.first[name].mul(0.9).add(d.ref.mul(0.1))
      const second = before.mul(0.999).add(np.square(d).mul(0.001))
      next.memory.first[name] = first.ref
      next.memory.second[name] = second.ref
      const size = np.sqrt(second.mul(correct2.ref)).add(1e-8)
      next.p[name] = w.sub(first.mul(correct1.ref).mul(rate).div(size))
    }
  }
  for (const used of [factor, correct1, correct2]) used?.dispose()
  return next
}
