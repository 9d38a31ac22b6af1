import fc from '../support/fast-check.js'
import { beforeEach, describe, expect, test } from 'vitest'
import { predict, surprisals } from '../../src/generate/along.js'
import { Reader } from '../../src/generate/reader.js'
import type { Program } from '../../src/compile/program.js'
import { Graph } from '../../src/graph/graph.js'
import { LanguageNetwork } from '../../src/language/network.js'
import { gru, lstm } from '../../src/nn/cells.js'
import { createEngine } from '../../src/run/engines.js'
import { executors, toleranceOf } from '../support/executors.js'
import '../support/close.js'
import { random, wholes } from '../support/random.js'
import { logSoftmax } from './markov.js'

const tokens = 11
const text = Int32Array.from(wholes(150, 0, tokens, random(5)))

describe.each(executors)('%s: a reader', (_, engine) => {
  let network: LanguageNetwork
  beforeEach(() => {
    network = new LanguageNetwork({
      tokens,
      cell: lstm(),
      embedding: 6,
      hidden: 9,
      layers: 2,
      dropout: 0,
      tied: false,
      seed: 3,
      engine,
    })
  })

  /** The logits after each token, with the whole text in one graph. */
  const allAtOnce = (ids: Int32Array, batch = 1): number[][] => {
    const g = new Graph({ engine })
    const { logits } = network.forward(g, g.indices(ids), { state: network.recurrent.zeroState(g, batch) })
    return Array.from({ length: ids.length }, (_, r) => [...logits.data.subarray(r * tokens, (r + 1) * tokens)])
  }

  test.each([1, 2, 8, 9, 10, 64, 65, 66, 129, 150])(
    'expects after a sweep over %i tokens what it expects token by token',
    (length) => {
      const [swept, stepped] = [new Reader(network), new Reader(network)]
      swept.read(text.subarray(0, length))
      for (let i = 0; i < length; i++) stepped.read(text.subarray(i, i + 1))
      expect(swept.logits.read()).toBeNear(stepped.logits.read(), toleranceOf(engine))
      expect(swept.logits.read()).toBeNear(allAtOnce(text.subarray(0, length))[length - 1], toleranceOf(engine))
    },
  )

  test('reads rows side by side as if each were alone', () => {
    const steps = 75
    const reader = new Reader(network, 2)
    reader.read(text.subarray(0, 2 * steps))
    const logits = reader.logits.read()
    for (const row of [0, 1]) {
      const alone = new Reader(network)
      alone.read(Int32Array.from({ length: steps }, (_, t) => text[2 * t + row]))
      expect(logits.subarray(row * tokens, (row + 1) * tokens)).toBeNear(alone.logits.read(), toleranceOf(engine))
    }
  })

  test.each([1, 64])('reads %i prompts side by side in programs of their own, all steps of a window in one run', (batch) => {
    const own = createEngine({ kernels: engine.name === 'reference' ? 'reference' : 'plain' })
    const programs: Program[] = []
    const runs: Program[] = []
    const prepare = own.prepare.bind(own)
    own.prepare = (program, leaves) => {
      const executable = prepare(program, leaves)
      const run = executable.run.bind(executable)
      programs.push(program)
      executable.run = (bindings) => {
        runs.push(program)
        run(bindings)
      }
      return executable
    }
    const reader = new Reader(new LanguageNetwork({ ...shape(9), cell: lstm(), engine: own }), batch)
    const ids = (steps: number) => Int32Array.from({ length: steps * batch }, (_, i) => text[i % text.length])
    reader.read(ids(1 + 2 * 64 + 3 * 8))
    // Two windows of 64 steps, three of 8, and the last token, whose logits are wanted.
    expect(runs).toHaveLength(6)
    expect(programs).toHaveLength(3)
    reader.read(ids(1))
    expect([runs.length, programs.length]).toEqual([7, 3])
    for (const { instructions } of programs) {
      const loops = instructions.flatMap((one) => (one.kind === 'loop' ? [one] : []))
      const products = loops.flatMap(({ body }) =>
        body.flatMap((one) => (one.kind === 'kernel' && one.op === 'matmul' ? [one] : [])),
      )
      // One a layer, of all rows at once.
      expect(products.map(({ out }) => out.rows)).toEqual([batch, batch])
    }
  })

  test('takes the rows of another, or its own in another order', () => {
    const reader = new Reader(network, 3)
    reader.read(text.subarray(0, 9))
    const before = reader.logits.read()
    reader.take(reader, [2, 0, 0])
    const rows = [2, 0, 0].flatMap((row) => [...before.subarray(row * tokens, (row + 1) * tokens)])
    expect([...reader.logits.read()]).toEqual(rows)
    const one = new Reader(network)
    one.take(reader, [1])
    reader.read(Int32Array.of(4, 4, 5))
    one.read(Int32Array.of(4))
    expect(one.logits.read()).toBeNear(reader.logits.read().subarray(tokens, 2 * tokens), toleranceOf(engine))
  })

  test('goes on to the bit from what JSON has kept', () => {
    const reader = new Reader(network)
    reader.read(text.subarray(0, 70))
    const other = new Reader(network)
    other.restore(JSON.parse(JSON.stringify(reader.save())) as ReturnType<Reader['save']>)
    expect(other.logits.read()).toEqual(reader.logits.read())
    for (const one of [reader, other]) one.read(text.subarray(70, 90))
    expect(other.logits.read()).toEqual(reader.logits.read())
  })

  test('refuses the state of another network, and stays as it is', () => {
    const reader = new Reader(network)
    reader.read(text.subarray(0, 5))
    const before = reader.save()
    const wider = new LanguageNetwork({ ...shape(12), cell: lstm(), engine })
    const otherCell = new LanguageNetwork({ ...shape(9), cell: gru(), engine })
    expect(() => reader.restore(new Reader(wider).save())).toThrow(
      'state 0.h: is not the 9 numbers that this network carries; restore what was saved from the same model',
    )
    expect(() => reader.restore(new Reader(otherCell).save())).toThrow('state 0.c: is not the 9 numbers')
    expect(() => reader.restore({ ...before, logits: [...before.logits.slice(1), NaN] })).toThrow('logits: is not the 11 numbers')
    expect(reader.save()).toEqual(before)
  })

  test('refuses what is not one token for each row', () => {
    expect(() => new Reader(network, 2).read(Int32Array.of(1))).toThrow('ids: 1 for 2 rows; must be equally many for each')
    expect(() => new Reader(network, 0)).toThrow('batch: 0; must be a positive integer')
    expect(() => new Reader(network).read(Int32Array.of(tokens))).toThrow(`must be less than ${tokens}`)
  })

  test('along a text, tells the most likely token and the surprisal of the one that comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), (length) => {
        const part = text.subarray(0, length)
        const logits = allAtOnce(part)
        const nats = [...surprisals(network, part)].flatMap((values) => Array.from(values))
        expect(nats).toBeNear(
          Array.from(part.subarray(1), (token, t) => -logSoftmax(logits[t])[token]),
          toleranceOf(engine),
        )
        const predicted = predict(network, part)
        expect(predicted.length).toBe(length)
        predicted.forEach((token, t) => expect(logits[t][token]).toBeCloseTo(Math.max(...logits[t]), 5))
      }),
      { numRuns: 10 },
    )
  })
})

const shape = (hidden: number) => ({ tokens, embedding: 6, hidden, layers: 2, dropout: 0, tied: false, seed: 3 })
