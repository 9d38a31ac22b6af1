/**
 * An expression graph, the heart of RecurrentJS: write a formula, read any value, ask for gradients, take a step downhill.
 */
import { Graph, Matrix, Optimizer, sgd } from 'unrolled'

// Two clouds of points and the line between them: logistic regression.
const points = [
  [1, 2],
  [2, 1],
  [2, 3],
  [-1, -2],
  [-2, -1],
  [-3, -2],
]
const labels = [1, 1, 1, 0, 0, 0]
const W = Matrix.from([[0], [0]], { name: 'W' })
const b = Matrix.from([[0]], { name: 'b' })
const optimizer = new Optimizer([W, b], sgd())

for (let step = 0; step <= 50; step++) {
  const g = new Graph()
  const x = g.input(points.length, 2, points.flat())
  const y = g.input(points.length, 1, labels)
  const logits = g.add(g.matmul(x, W), b)
  const loss = g.binaryCrossEntropy(logits, y)
  g.backward(loss)
  if (step % 10 === 0)
    console.log(
      `step ${step}: loss ${loss.value.toFixed(4)}, gradient of W ${[...W.grad.data].map((v) => v.toFixed(3)).join(' ')}`,
    )
  optimizer.update(0.5)
}
console.log(`W = ${[...W.data].map((v) => v.toFixed(3)).join(' ')}, b = ${b.data[0].toFixed(3)}`)
