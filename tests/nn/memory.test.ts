// A memory that works: gates solve what a plain RNN of the same size, seed and training does not. Longer ones: examples/memory.ts --full.
import { expect, test } from 'vitest'
import { adam, createEngine, Graph, gru, Linear, lstm, Optimizer, Random, Recurrent, rnn, type Cell } from '../../src/index.js'
import { parity } from '../../examples/shared/memory-tasks.js'

/** The share of right answers on sequences that were not trained on. */
function rightAnswers(cell: Cell): number {
  const engine = createEngine({ kernels: 'plain' })
  const task = parity(10)
  const layers = new Recurrent(cell, { input: 1, hidden: 24, random: 1, engine })
  const head = new Linear(24, 2, { random: 1, engine })
  const parameters = [...layers.parameters, ...head.parameters]
  const optimizer = new Optimizer(parameters, adam(), { clipNorm: 1 })
  const record = (batch: number) => {
    const g = new Graph({ engine, values: 'kept' })
    const x = g.input(task.steps * batch, 1)
    const logits = g.keep(head.forward(g, layers.forward(g, x, { batch }).output))
    const targets = g.indices(task.steps * batch)
    return { g, x, logits, targets, loss: g.crossEntropy(logits, targets) }
  }
  const random = new Random(1)
  const { g, x, targets, loss } = record(32)
  for (let step = 0; step < 300; step++) {
    const drawn = task.batch(32, random)
    x.set(drawn.inputs)
    targets.set(drawn.targets)
    if (step === 0) g.backward(loss, { wrt: parameters })
    else g.run()
    optimizer.update(0.02)
  }
  const test = record(256)
  const drawn = task.batch(256, new Random(2))
  test.x.set(drawn.inputs)
  test.g.run()
  const logits = test.logits.read()
  return drawn.targets.filter((target, i) => Number(logits[2 * i + 1] > logits[2 * i]) === target).length / drawn.targets.length
}

test('GRU and LSTM find the parity of ten bits, where the plain RNN does little better than to guess', () => {
  expect(rightAnswers(gru())).toBeGreaterThan(0.99)
  expect(rightAnswers(lstm())).toBeGreaterThan(0.99)
  expect(rightAnswers(rnn())).toBeLessThan(0.8)
})
