import { describe, expect, test } from 'vitest'
import {
  adagrad,
  adam,
  adamw,
  createEngine,
  Matrix,
  NonFiniteGradient,
  Optimizer,
  recurrentjsRmsprop,
  rmsprop,
  sgd,
  type Rule,
} from '../../src/index.js'

const reference = createEngine({ kernels: 'reference' })
const plain = createEngine({ kernels: 'plain' })

/** Each rule once more, as its authors wrote it down: one number at a time. */
type Step = (w: number, g: number, t: number) => number

const written: Record<string, { rule: Rule; step: () => Step; l2?: number; clipValue?: number }> = {
  sgd: { rule: sgd(), step: () => (w, g) => w - 0.1 * g },
  'sgd with momentum': {
    rule: sgd({ momentum: 0.9 }),
    step: () => {
      let v = 0
      return (w, g) => w - 0.1 * (v = 0.9 * v + g)
    },
  },
  'sgd with L2': { rule: sgd(), l2: 0.01, step: () => (w, g) => w - 0.1 * (g + 0.01 * w) },
  adagrad: {
    rule: adagrad(),
    step: () => {
      let c = 0
      return (w, g) => w - (0.1 * g) / (Math.sqrt((c += g * g)) + 1e-10)
    },
  },
  "min-char-rnn's adagrad": {
    rule: adagrad({ epsilon: 1e-8, epsilonWithinRoot: true }),
    clipValue: 0.5,
    step: () => {
      let c = 0
      return (w, g) => {
        const clipped = Math.max(-0.5, Math.min(0.5, g))
        return w - (0.1 * clipped) / Math.sqrt((c += clipped * clipped) + 1e-8)
      }
    },
  },
  rmsprop: {
    rule: rmsprop(),
    step: () => {
      let c = 0
      return (w, g) => w - (0.1 * g) / (Math.sqrt((c = 0.99 * c + 0.01 * g * g)) + 1e-8)
    },
  },
  'centred rmsprop': {
    rule: rmsprop({ centred: true, decay: 0.9 }),
    step: () => {
      let c = 0
      let m = 0
      return (w, g) => {
        c = 0.9 * c + 0.1 * g * g
        m = 0.9 * m + 0.1 * g
        return w - (0.1 * g) / (Math.sqrt(c - m * m) + 1e-8)
      }
    },
  },
  "RecurrentJS's rmsprop": {
    rule: recurrentjsRmsprop(),
    l2: 1e-4,
    clipValue: 0.5,
    step: () => {
      let c = 0
      return (w, g) => {
        c = c * 0.999 + (1 - 0.999) * g * g
        const clipped = Math.max(-0.5, Math.min(0.5, g))
        return w + (-0.1 * clipped) / Math.sqrt(c + 1e-8) - 1e-4 * w
      }
    },
  },
  adam: {
    rule: adam(),
    step: () => {
      let m = 0
      let v = 0
      return (w, g, t) => {
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return w - (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
      }
    },
  },
  adamw: {
    rule: adamw({ weightDecay: 0.1 }),
    step: () => {
      let m = 0
      let v = 0
      return (w, g, t) => {
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return w - 0.1 * 0.1 * w - (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
      }
    },
  },
}

const gradientAt = (i: number, t: number): number => Math.sin(i * 2.3 + t * 1.1) * (i + 1) * 0.4

describe.each([
  ['reference', reference, 1e-12],
  ['plain kernels', plain, 2e-5],
] as const)('on the %s', (_, engine, tolerance) => {
  test.each(Object.entries(written))(
    '%s takes the steps that its equations say',
    (_name, { rule, step, l2 = 0, clipValue = Infinity }) => {
      const w = new Matrix(2, 3, [0.5, -0.25, 1, -1, 0.125, 2], { engine, name: 'w' })
      const optimizer = new Optimizer([w], rule, { l2, clipValue })
      const expected = [...w.read()]
      const steps = expected.map(() => step())
      for (let t = 1; t <= 20; t++) {
        w.grad.write(expected.map((_value, i) => gradientAt(i, t)))
        expected.forEach((value, i) => (expected[i] = steps[i](value, gradientAt(i, t), t)))
        optimizer.update(0.1)
      }
      const got = w.read()
      expected.forEach((value, i) => expect(Math.abs(got[i] - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value))))
    },
  )
})

describe('clipping by norm', () => {
  test('scales all gradients together, and reports the norm before', () => {
    const a = new Matrix(1, 1, [0], { engine: reference })
    const b = new Matrix(1, 1, [0], { engine: reference })
    const optimizer = new Optimizer([a, b], sgd(), { clipNorm: 1 })
    a.grad.write([3])
    b.grad.write([4])
    optimizer.update(1)
    expect(optimizer.gradientNorm).toBeCloseTo(5, 12)
    expect(a.read()[0]).toBeCloseTo(-0.6, 12)
    expect(b.read()[0]).toBeCloseTo(-0.8, 12)
  })

  test('leaves a small gradient alone', () => {
    const a = new Matrix(1, 1, [0], { engine: reference })
    const optimizer = new Optimizer([a], sgd(), { clipNorm: 10 })
    a.grad.write([3])
    optimizer.update(1)
    expect(a.read()[0]).toBe(-3)
  })
})

test('clipping and L2 can differ by parameter', () => {
  const a = new Matrix(1, 1, [1], { engine: reference, name: 'a' })
  const b = new Matrix(1, 1, [1], { engine: reference, name: 'b' })
  const optimizer = new Optimizer([a, b], sgd(), {
    clipValue: ({ name }) => (name === 'a' ? 1 : Infinity),
    l2: ({ name }) => (name === 'b' ? 0.5 : 0),
  })
  a.grad.write([10])
  b.grad.write([10])
  optimizer.update(0.1)
  expect(a.read()[0]).toBeCloseTo(0.9, 12)
  expect(b.read()[0]).toBeCloseTo(1 - 0.1 * 10.5, 12)
})

test('gradients are cleared by a step', () => {
  const a = new Matrix(1, 2, [1, 1], { engine: plain })
  const optimizer = new Optimizer([a], sgd())
  a.grad.write([1, 2])
  optimizer.update(0.1)
  expect([...a.grad.read()]).toEqual([0, 0])
})

test('a gradient that is not finite is refused, and no weight is touched', () => {
  const a = new Matrix(1, 2, [1, 1], { engine: plain, name: 'a' })
  const b = new Matrix(1, 2, [1, 1], { engine: plain, name: 'b' })
  const optimizer = new Optimizer([a, b], adam())
  a.grad.write([1, 1])
  b.grad.write([1, Number.NaN])
  const error = (() => {
    try {
      optimizer.update(0.1)
    } catch (thrown) {
      return thrown as Error
    }
    return undefined
  })()
  expect(error).toBeInstanceOf(NonFiniteGradient)
  expect(error!.message).toBe('b: the sum of its squared gradient is NaN; no step was taken')
  expect([...a.read(), ...b.read()]).toEqual([1, 1, 1, 1])
  expect(optimizer.step).toBe(0)
  a.grad.write([1, 1])
  b.grad.write([1, 1])
  optimizer.update(0.1)
  expect(optimizer.step).toBe(1)
})

test('options that make no sense are refused with a sentence', () => {
  const a = new Matrix(1, 1, [1], { engine: plain })
  expect(() => sgd({ momentum: 1 })).toThrow('momentum: 1; must be in [0, 1)')
  expect(() => adam({ epsilon: 0 })).toThrow('epsilon: 0; must be a positive number')
  expect(() => new Optimizer([], sgd())).toThrow('parameters: none')
  expect(() => new Optimizer([a], sgd(), { clipNorm: -1 })).toThrow('clipNorm: -1; must be a positive number')
  expect(() => new Optimizer([a], sgd(), { l2: -1 })).toThrow('l2: -1; must be 0 or more')
  expect(() => new Optimizer([a], sgd()).update(-0.01)).toThrow('learningRate: -0.01')
})

test('tells which share of the elements it has limited, if it is to count them', () => {
  const engine = createEngine({ kernels: 'reference' })
  const [a, b] = [new Matrix(1, 4, undefined, { engine }), new Matrix(1, 6, undefined, { engine })]
  const optimizer = new Optimizer([a, b], sgd(), {
    clipValue: (parameter) => (parameter === a ? 1 : Infinity),
    countClipped: true,
  })
  expect(optimizer.clippedShare).toBe(0)
  a.grad.write([0.5, 1, -3, 2])
  b.grad.write([9, 9, 9, 9, 9, 9])
  optimizer.update(0.1)
  expect(optimizer.clippedShare).toBeCloseTo(2 / 10, 15)
  expect([...a.read()]).toEqual([-0.05, -0.1, 0.1, -0.1])
  a.grad.write([0, 0, 0, 0])
  b.grad.write([0, 0, 0, 0, 0, 0])
  optimizer.update(0.1)
  expect(optimizer.clippedShare).toBe(0)
  expect(new Optimizer([a], sgd(), { clipValue: 1 }).clippedShare).toBeUndefined()
})
