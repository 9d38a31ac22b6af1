/** A new graph for every sentence, as define-by-run programs make them: what is left of thousands, and which of them share a program. */
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import { cachedPrograms } from '../../src/graph/pieces.js'
import { runTogether } from '../../src/graph/together.js'
import type { Value } from '../../src/graph/value.js'
import { WasmEngine } from '../../src/run/wasm.js'
import { another, executors } from '../support/executors.js'
import { random, randoms } from '../support/random.js'

describe.each(executors)('%s: graphs without number', (_name, engine) => {
  // UNROLLED_GRAPHS=100000 npx vitest run tests/graph/many-graphs.test.ts -t 'leave nothing behind'
  const count = Number(process.env.UNROLLED_GRAPHS ?? 3000)

  test('leave nothing behind, in one task or in many', async () => {
    const own = another(engine)
    const W = new Matrix(4, 4, randoms(16, random(1)), { engine: own })
    const next = random(2)
    const run = (): void => {
      const g = new Graph({ engine: own })
      let h = g.input(1, 4, randoms(4, next))
      let x: Value = h
      for (let t = 0; t < 1 + Math.floor(next() * 5); t++) x = g.tanh(g.matmul(x, W))
      h = g.input(1, 4, randoms(4, next))
      const loss = g.meanSquaredError(x, h)
      g.backward(loss)
      W.grad.clear()
      expect(loss.value).toBeLessThan(5)
    }
    const measure = (): { script: number; engine: number } => {
      globalThis.gc!()
      return { script: process.memoryUsage().heapUsed, engine: own instanceof WasmEngine ? own.heap.used : 0 }
    }
    for (let i = 0; i < 500; i++) run()
    const before = measure()
    for (let i = 0; i < count; i++) run()
    const atOnce = measure()
    for (let i = 0; i < count; i++) {
      run()
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve))
    }
    // A graph takes some 5 kB, so this is what a few hundred of them would.
    for (const after of [atOnce, measure()]) {
      expect(after.script - before.script).toBeLessThan(2e6)
      expect(after.engine).toBeLessThan(before.engine + 1e5)
    }
    expect(cachedPrograms(own)).toBeLessThan(20)
  }, 600_000)

  test('show their values, whole or in part, also when another has run since, into arrays of their own or given ones', () => {
    const own = another(engine)
    const record = (scale: number): Value[] => {
      const g = new Graph({ engine: own })
      const x = g.mul(
        g.input(
          3,
          20,
          Array.from({ length: 60 }, (_, i) => i),
        ),
        scale,
      )
      return [x, g.sliceCols(x, 2, 19)]
    }
    const [first, second] = [record(1), record(2)]
    const expected = (scale: number): number[][] => {
      const whole = Array.from({ length: 60 }, (_, i) => i * scale)
      return [whole, whole.filter((_, i) => i % 20 >= 2 && i % 20 < 19)]
    }
    for (const [values, scale] of [
      [first, 1],
      [second, 2],
      [first, 1],
      [second, 2],
    ] as const) {
      values.forEach((value, i) => {
        const into = new own.Floats(value.rows * value.cols)
        value.readInto(into)
        expect([...into]).toEqual(expected(scale)[i])
        expect([...value.read()]).toEqual(expected(scale)[i])
      })
    }
    expect(() => first[0].readInto(new own.Floats(59))).toThrow('readInto: 59 values for [3, 20]; must be 60')
  })

  test('of many shapes keep a bounded number of programs', async () => {
    const own = another(engine)
    const used = async (): Promise<number> => {
      for (let i = 0; i < 5; i++) {
        globalThis.gc!()
        await new Promise((resolve) => setTimeout(resolve))
      }
      return own instanceof WasmEngine ? own.heap.used : 0
    }
    const halves: number[] = []
    for (let rows = 1; rows <= 1200; rows++) {
      const g = new Graph({ engine: own })
      expect(g.sum(g.tanh(g.input((rows % 600) + 1, 2))).value).toBe(0)
      const again = new Graph({ engine: own })
      expect(again.neg(again.input(1, rows + 1)).data).toHaveLength(rows + 1)
      if (rows % 600 === 0) halves.push(await used())
    }
    expect(cachedPrograms(own)).toBeLessThanOrEqual(256)
    expect(halves[1]).toBeLessThan(1.5 * halves[0] + 5e5)
  })

  test('on lanes of an engine share a program, and no values', () => {
    const own = another(engine)
    const W = new Matrix(3, 3, randoms(9, random(4)), { engine: own })
    const sums = [0, 1, 2].map((lane) => {
      const g = new Graph({ engine: own.lane(lane) })
      return g.sum(g.tanh(g.matmul(g.input(2, 3, randoms(6, random(lane))), W)))
    })
    const alone = sums.map(({ value }) => value)
    expect(cachedPrograms(own)).toBe(1)
    expect(new Set(alone).size).toBe(3)
    runTogether(sums.map(({ graph }) => graph))
    expect(sums.map(({ value }) => value)).toEqual(alone)
  })

  test('that run together and one of which cannot: the others have run', () => {
    const own = another(engine)
    const [good, bad] = [0, 1].map((lane) => {
      const g = new Graph({ engine: own.lane(lane), values: 'kept' })
      const W = new Matrix(1, 1, [2], { engine: own })
      return { g, W, product: g.keep(g.mul(g.input(1, 1, [6]), W)) }
    })
    for (const { g, W, product } of [good, bad]) {
      g.assign(W, product)
      g.run()
    }
    const last = good.g.keep(good.g.add(good.product, 1))
    bad.g.keep(bad.g.mul(bad.W, 2))
    // The first goes on from a W of 12.
    expect(() => runTogether([good.g, bad.g])).toThrow('an assign has overwritten it')
    expect([good.product.value, last.value]).toEqual([72, 73])
    expect(good.g.execution.programs).toHaveLength(2)
  })

  test.each([-1, 1.5, NaN, 64])('cannot be on lane %d', (lane) => {
    expect(() => engine.lane(lane)).toThrow(`lane: ${lane}; must be a whole number from 0 to 63`)
  })

  test('whose recordings differ only in where an op ends do not share a program', () => {
    const [a, b, c] = [1, 2, 3].map(() => new Matrix(1, 2, [1, 2], { engine }))
    const of = (): Graph => {
      const g = new Graph({ engine })
      for (const used of [a, b, c]) g.node(used)
      return g
    }
    // 'concatRows 0 1, add 0 1' and 'concatRows 0 1 add 0 1' are the same numbers if nothing says how many operands there are.
    const two = of()
    const joined = two.concatRows(a, b)
    two.add(a, b)
    expect(joined.data).toHaveLength(4)
    const five = of()
    expect([...five.concatRows(a, b, c, a, b).data]).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
  })
})
