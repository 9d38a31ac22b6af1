/**
 * TensorFlow.js, `node tfjs.mjs cpu|wasm`: a loop of one's own, as its guides have it where the layers do not do what is wanted (clip by norm).
 * The input product of all steps is one; tensors are freed by tidy and dispose.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { sampler } from './sampling.mjs'
import { numbers, promptLoss, serve, windows } from './serve.mjs'

const backend = process.argv[2]
tf.enableProdMode()
await tf.setBackend(backend)
await tf.ready()

await serve(async (statement) => {
  const { kind, cell, tokens, hidden, layers, weights } = statement
  const parameters = {}
  for (const [name, packed] of Object.entries(weights)) {
    parameters[name] = tf.variable(tf.tensor(numbers(packed), packed.shape), true, name)
  }

  // The gradient of gather is a kernel that the wasm backend does not have: "'UnsortedSegmentSum' not registered for the backend 'wasm'".
  const rowsOf = (ids) => {
    const { embedding } = parameters
    return backend === 'wasm' && kind !== 'generation' ? tf.matMul(oneHot(ids, tokens), embedding) : tf.gather(embedding, ids)
  }

  const zeros = (streams) => {
    const make = () =>
      cell === 'lstm' ? [tf.zeros([streams, hidden]), tf.zeros([streams, hidden])] : [tf.zeros([streams, hidden])]
    return Array.from({ length: layers }, make)
  }

  /** Every layer over all steps. `ids` are time-major; returns the last layer's outputs by step, and all last states. */
  function run(ids, streams, state) {
    let outputs
    let x = rowsOf(ids)
    const last = state.map((before, l) => {
      const [Wx, Wh, b] = ['Wx', 'Wh', 'b'].map((name) => parameters[`${name}.${l}`])
      if (Wx) x = tf.matMul(x, Wx)
      if (b) x = tf.add(x, b)
      const steps = ids.length === streams ? [x] : tf.split(x, ids.length / streams)
      let [h, c] = before
      outputs = steps.map((step) => {
        const sum = tf.add(step, tf.matMul(h, Wh))
        if (cell === 'rnn') return (h = tf.tanh(sum))
        const [i, f, g, o] = tf.split(sum, 4, 1)
        c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)))
        return (h = tf.mul(tf.sigmoid(o), tf.tanh(c)))
      })
      if (l + 1 < layers) x = tf.concat(outputs)
      return cell === 'rnn' ? [h] : [h, c]
    })
    return { outputs, last }
  }

  const logitsOf = (output) => {
    const logits = tf.matMul(output, parameters.output)
    return parameters.outputBias ? tf.add(logits, parameters.outputBias) : logits
  }
  const lossOf = (outputs, targets) => tf.losses.softmaxCrossEntropy(oneHot(targets, tokens), logitsOf(tf.concat(outputs)))

  const versions = `tfjs ${tf.version.tfjs}, ${backend} backend, Node ${process.versions.node}`
  if (kind === 'generation') return { versions, ...(await generator()) }
  return { versions, ...learner() }

  function learner() {
    const { learning, streams, window } = statement
    const update = updater(learning, parameters)
    const source = windows(statement)
    let state = zeros(streams)
    const carry = (next) => {
      tf.dispose(state)
      state = next
    }

    const wholeWindow = ({ inputs, targets }) => {
      const { outputs, last } = run(inputs, streams, state)
      return { loss: lossOf(outputs, targets), last: last.map((parts) => parts.map((part) => tf.keep(part))) }
    }

    // All windows of reach + 1 steps side by side; each but the first tells of its last step alone.
    const reaching = ({ inputs, targets }) => {
      const { reach } = learning
      const count = window - reach
      const { outputs } = run(inputs, 1, state)
      const h0 = [[tf.keep(tf.concat([state[0][0], ...outputs.slice(0, count - 1)]))]]
      const ids = Int32Array.from({ length: (reach + 1) * count }, (_, i) => inputs[Math.floor(i / count) + (i % count)])
      return {
        h0,
        loss: () => {
          const steps = run(ids, count, h0).outputs
          return lossOf([...steps.slice(0, reach).map((step) => tf.slice(step, [0, 0], [1, hidden])), steps[reach]], targets)
        },
      }
    }

    const step = () => {
      const read = source.next().value
      if (read.startsAnew) carry(zeros(streams))
      let next
      const prepared = learning.reach === undefined ? undefined : tf.tidy(() => reaching(read))
      const loss = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => {
          const made = prepared ? { loss: prepared.loss() } : wholeWindow(read)
          next = made.last
          return learning.lossPer === 'sequence' ? tf.mul(made.loss, window) : made.loss
        })
        update(grads)
        return value
      })
      if (prepared) tf.dispose(prepared.h0)
      if (next) carry(next)
      const nats = loss.dataSync()[0]
      loss.dispose()
      return learning.lossPer === 'sequence' ? nats / window : nats
    }

    const evaluate = () => {
      let own = zeros(statement.heldOut.inputs.shape[2])
      let [sum, count] = [0, 0]
      for (const { inputs, targets } of windows(statement.heldOut, false)) {
        const { loss, last } = tf.tidy(() => {
          const { outputs, last } = run(inputs, statement.heldOut.inputs.shape[2], own)
          return { loss: lossOf(outputs, targets), last }
        })
        tf.dispose(own)
        own = last
        sum += loss.dataSync()[0]
        count++
        loss.dispose()
      }
      tf.dispose(own)
      return sum / count
    }
    return { step, evaluate }
  }

  async function generator() {
    const choose = sampler(statement.sampling)
    let state = zeros(1)
    const read = (token) => {
      const { logits, last } = tf.tidy(() => {
        const { outputs, last } = run([token], 1, state)
        return { logits: logitsOf(outputs[0]), last }
      })
      tf.dispose(state)
      state = last
      const values = logits.dataSync()
      logits.dispose()
      return values
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

// The wasm backend writes whole numbers whatever type it is asked for.
function oneHot(ids, tokens) {
  return tf.cast(tf.oneHot(ids, tokens), 'float32')
}

/** Clips, then updates, as the statement has it. */
function updater({ rule, rate, clipValue, clipNorm, l2 = 0 }, parameters) {
  const apply = {
    adam: () => optimizer(tf.train.adam(rate, 0.9, 0.999, 1e-8)),
    adagrad: () => optimizer(tf.train.adagrad(rate, 0)),
    sgd: () => optimizer(tf.train.sgd(rate)),
    'recurrentjs-rmsprop': () => recurrentjs(parameters, rate, clipValue, l2),
  }[rule]()
  return (grads) => {
    // That order is the rule's own.
    if (rule === 'recurrentjs-rmsprop') return apply(grads)
    const clipped = {}
    if (clipNorm !== undefined) {
      const norm = tf.sqrt(tf.addN(Object.values(grads).map((grad) => tf.sum(tf.square(grad)))))
      const factor = tf.minimum(1, tf.div(clipNorm, norm))
      for (const [name, grad] of Object.entries(grads)) clipped[name] = tf.mul(grad, factor)
    } else {
      for (const [name, grad] of Object.entries(grads)) {
        clipped[name] = clipValue === undefined ? grad : tf.clipByValue(grad, -clipValue, clipValue)
      }
    }
    apply(clipped)
  }
}

function optimizer(made) {
  return (grads) => made.applyGradients(grads)
}

// tf.train.rmsprop clips nothing, and RecurrentJS clips between its average and its step.
function recurrentjs(parameters, rate, clipValue, l2) {
  const squares = {}
  for (const [name, { shape }] of Object.entries(parameters)) squares[name] = tf.variable(tf.zeros(shape), false)
  return (grads) => {
    for (const [name, grad] of Object.entries(grads)) {
      const [weight, average] = [parameters[name], squares[name]]
      average.assign(tf.add(tf.mul(average, 0.999), tf.mul(tf.square(grad), 0.001)))
      const direction = tf.div(tf.clipByValue(grad, -clipValue, clipValue), tf.sqrt(tf.add(average, 1e-8)))
      weight.assign(tf.sub(tf.sub(weight, tf.mul(direction, rate)), tf.mul(weight, l2)))
    }
  }
}
