import { init, jit, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax'

await init('wasm')
const text = document.querySelector('textarea').value
const vocabulary = [...new Set(text)]
const ids = Array.from(text, (character) => vocabulary.indexOf(character))
const [window, hidden] = [64, 128]
const normal = (seed, shape) => random.normal(random.key(seed), shape).mul(0.08)
let parameters = {
  Wx: normal(1, [vocabulary.length, 4 * hidden]),
  Wh: normal(2, [hidden, 4 * hidden]),
  b: np.zeros([4 * hidden]),
  output: normal(3, [hidden, vocabulary.length]),
}

function loss(p, read, follow) {
  const x = np.split(np.matmul(nn.oneHot(read, vocabulary.length), p.Wx).add(p.b), window, 0)
  let [h, c] = [np.zeros([1, hidden]), np.zeros([1, hidden])]
  const outputs = x.map((step) => {
    const [i, f, g, o] = np.split(step.add(np.matmul(h, p.Wh.ref)), 4, 1)
    c = nn
      .sigmoid(f)
      .mul(c)
      .add(nn.sigmoid(i).mul(np.tanh(g)))
    h = nn.sigmoid(o).mul(np.tanh(c.ref))
    return h.ref
  })
  tree.dispose([h, c, p.Wh])
  const likely = nn.logSoftmax(np.matmul(np.concatenate(outputs, 0), p.output), -1)
  return likely
    .mul(nn.oneHot(follow, vocabulary.length))
    .sum()
    .mul(-1 / window)
}

const step = jit((p, read, follow) => {
  const [value, grads] = valueAndGrad(loss)(tree.ref(p), read, follow)
  return [value, tree.map((weight, d) => weight.sub(d.mul(0.1)), p, grads)]
})
for (let at = 0; at + window < ids.length; at += window) {
  const part = (from) => np.array(Int32Array.from(ids.slice(from, from + window)), { dtype: np.int32 })
  const [value, next] = step(parameters, part(at), part(at + 1))
  parameters = next
  document.title = `${at}: ${value.js()}`
}
