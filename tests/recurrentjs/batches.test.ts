// Sentences side by side as the columns of one Mat, each as if it were alone.
import { describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import { useEngine } from '../../src/run/engines.js'
import '../support/close.js'
import { executors, toleranceOf } from '../support/executors.js'

const sentences = [[3, 1, 4, 1, 5], [2], [1, 4, 1, 4, 2, 1, 3], [5, 5, 5]]
const hidden = [6, 5]
const letters = 7

/** Adds the gradients of a batch, or of one column of it, to the model's; returns the cost of each sentence. */
function costs(model: R.Model, batch: readonly number[][], cell: 'lstm' | 'rnn', only?: number): number[] {
  const steps = Math.max(...batch.map(({ length }) => length)) + 1
  const G = new R.Graph()
  const cost = batch.map(() => 0)
  let prev: R.Previous<R.LSTMState> = {}
  for (let t = 0; t < steps; t++) {
    const x = G.rowPluck(
      model.Wil,
      batch.map((sent) => sent[t - 1] ?? 0),
    )
    const lh: R.LSTMState =
      cell === 'lstm' ? R.forwardLSTM(G, model, hidden, x, prev) : { ...R.forwardRNN(G, model, hidden, x, prev), c: [] }
    prev = lh
    const probs = R.softmaxColumns(lh.o)
    batch.forEach((sent, column) => {
      const isOver = t > sent.length
      const target = sent[t] ?? 0
      if (!isOver) cost[column] -= Math.log(probs.get(target, column))
      for (let letter = 0; letter < letters; letter++) {
        const counts = !isOver && (only ?? column) === column
        lh.o.dw[letter * batch.length + column] = !counts ? 0 : probs.get(letter, column) - Number(letter === target)
      }
    })
  }
  G.backward()
  return cost
}

describe.each(executors)('%s:', (_name, engine) => {
  test.each(['lstm', 'rnn'] as const)('a batch has the costs and the gradients of its sentences (%s)', (cell) => {
    useEngine(engine)
    R.seed(11)
    const init = cell === 'lstm' ? R.initLSTM : R.initRNN
    const model: R.Model = { Wil: R.RandMat(letters, 4, 0, 0.8), ...init(4, hidden, letters) }
    for (const mat of Object.values(model)) R.fillRand(mat, -0.8, 0.8)
    const solver = new R.Solver()
    const near = 20 * toleranceOf(engine)
    const gradients = (): number[][] =>
      Object.values(model).map(({ dw }) => {
        const copy = [...dw]
        dw.fill(0)
        return copy
      })
    for (let round = 0; round < 2; round++) {
      const alone = sentences.map((sent) => ({ cost: costs(model, [sent], cell)[0], gradients: gradients() }))
      const together = costs(model, sentences, cell)
      const sums = gradients()
      expect(together).toBeNear(
        alone.map(({ cost }) => cost),
        near,
      )
      sums.forEach((sum, k) => {
        expect(sum, Object.keys(model)[k]).toBeNear(
          sum.map((_, i) => alone.reduce((total, one) => total + one.gradients[k][i], 0)),
          near,
        )
      })
      alone.forEach((one, column) => {
        costs(model, sentences, cell, column)
        gradients().forEach((found, k) => expect(found, Object.keys(model)[k]).toBeNear(one.gradients[k], near))
      })
      // Once more with the matrices in the engine's memory.
      costs(model, sentences, cell)
      solver.step(model, 0.01, 1e-4, 5)
    }
  })
})
