import { describe, expect, test } from 'vitest'
import {
  adam,
  createEngine,
  Divergence,
  Graph,
  LanguageNetwork,
  lstm,
  Optimizer,
  sgd,
  Streams,
  Trainer,
} from '../../src/index.js'

const tokens = Int32Array.from({ length: 200 }, (_, i) => (i * i + (i >> 2)) % 7)

function training({
  kernels = 'plain',
  rate = 0.01,
  streams = 2,
  window = 8,
  dropout = 0,
}: { kernels?: 'plain' | 'reference'; rate?: number; streams?: number; window?: number; dropout?: number } = {}): {
  network: LanguageNetwork
  trainer: Trainer
} {
  const engine = createEngine({ kernels })
  const network = new LanguageNetwork({
    tokens: 7,
    cell: lstm(),
    embedding: 4,
    hidden: 6,
    layers: 2,
    dropout,
    tied: false,
    seed: 1,
    engine,
  })
  const optimizer = new Optimizer(network.parameters, rate === 0 ? sgd() : adam())
  const trainer = new Trainer(network, {
    batches: new Streams(tokens, { streams, window }),
    optimizer,
    schedule: { rate: () => rate },
  })
  return { network, trainer }
}

describe('the training loop', () => {
  test('carries the state from window to window: with a rate of 0, two short windows see what one long one sees', () => {
    const short = training({ kernels: 'reference', rate: 0, window: 8 })
    const long = training({ kernels: 'reference', rate: 0, window: 16 })
    const halves = [short.trainer.step().loss, short.trainer.step().loss]
    expect((halves[0] + halves[1]) / 2).toBeCloseTo(long.trainer.step().loss, 12)
  })

  test('starts each epoch from an empty state: with a rate of 0, every epoch is like the first', () => {
    const { trainer } = training({ rate: 0 })
    const { windowsPerEpoch } = trainer.batches
    const losses = Array.from({ length: 2 * windowsPerEpoch }, () => trainer.step().loss)
    expect(losses.slice(windowsPerEpoch)).toEqual(losses.slice(0, windowsPerEpoch))
  })

  test('predicts each token of an epoch once', () => {
    const { trainer } = training({ streams: 3, window: 7 })
    const predicted = Array.from({ length: trainer.batches.windowsPerEpoch }, () => trainer.step().tokens)
    expect(predicted.reduce((a, b) => a + b)).toBe(tokens.length - 1)
  })

  test('reports the norm of the gradient', () => {
    const { network, trainer } = training({ kernels: 'reference', rate: 0 })
    const { gradientNorm } = trainer.step()
    expect(gradientNorm).toBeGreaterThan(0)
    expect(network.parameters.every(({ grad }) => grad.isClear)).toBe(true)
  })

  test('draws other dropouts at each step, and the same again from the same seed', () => {
    const losses = (): number[] => {
      const { trainer } = training({ rate: 0, dropout: 0.5 })
      const { windowsPerEpoch } = trainer.batches
      return Array.from({ length: 2 * windowsPerEpoch }, () => trainer.step().loss)
    }
    const first = losses()
    expect(losses()).toEqual(first)
    expect(first.slice(first.length / 2)).not.toEqual(first.slice(0, first.length / 2))
  })
})

describe('a loss that is not finite', () => {
  test.each(['plain', 'reference'] as const)('stops training with the step, the op and the parameter, on %s', (kernels) => {
    const { network, trainer } = training({ kernels })
    trainer.step()
    const { Wh } = network.recurrent.layers[1]
    const values = Wh.read()
    values[5] = Number.NaN
    Wh.write(values)
    const before = network.parameters.map((parameter) => [...parameter.read()])
    let error: unknown
    try {
      trainer.step()
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(Divergence)
    const { message, step, op, parameter } = error as Divergence
    expect(step).toBe(2)
    expect(op).toBe('matmul')
    expect(parameter).toBe('rnn.1.Wh')
    expect(message).toContain(
      'step 2: the loss is NaN; first at matmul, time step 0: NaN; parameter rnn.1.Wh holds values that are not finite',
    )
    expect(network.parameters.map((matrix) => [...matrix.read()])).toEqual(before)
  })

  test('that the parameters do not explain is traced to its op', () => {
    const { network, trainer } = training()
    network.embedding.weight.write(new Float32Array(7 * 4).fill(1e30))
    network.recurrent.layers[0].Wx.write(Float32Array.from({ length: 4 * 24 }, (_, i) => (i < 48 ? 1e30 : -1e30)))
    expect(() => trainer.step()).toThrow(/step 1: the loss is NaN; first at matmul, time step 0: NaN; all parameters are finite/)
  })

  test.each(['plain', 'reference'] as const)('is traced to an op whose value never reaches memory, on %s', (kernels) => {
    const g = new Graph({ engine: createEngine({ kernels }), values: 'kept' })
    const x = g.input(1, 3, [1, -1, 2])
    g.keep(g.tanh(g.mul(g.log(g.mul(x, 3)), 2)))
    g.run()
    expect(g.diagnose()).toEqual({ op: 'log', step: 0, value: Number.NaN })
  })
})
