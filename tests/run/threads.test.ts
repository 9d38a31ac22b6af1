/** Threads change nothing but the speed. The built package: a thread's script is one of its files. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'

const root = join(import.meta.dirname, '../..')
const unrolled = (await import(join(root, 'dist/index.js'))) as typeof import('../../src/index.js')
const { adagrad, adam, adamw, gru, Graph, LanguageNetwork, loadEngine, lstm, Matrix, Optimizer, rmsprop, rnn } = unrolled
const { createEngine, evaluate, runTogether, sgd, SentenceBatches, Streams, Trainer } = unrolled

const text = Int32Array.from({ length: 900 }, (_, i) => (i * i + (i >> 2)) % 11)
const sentences = Array.from({ length: 13 }, (_, i) => text.slice(i * 30, i * 30 + 5 + ((i * 7) % 20)))

const [one, two, three] = await Promise.all([1, 2, 3].map((threads) => loadEngine({ kernels: 'plain', threads })))

describe('one thread and many give the same bits', () => {
  const cells = { lstm: lstm(), gru: gru(), 'gru-reset-before': gru({ reset: 'before' }), rnn: rnn() }
  const rules = { adam: adam(), adamw: adamw(), sgd: sgd({ momentum: 0.9 }), adagrad: adagrad(), rmsprop: rmsprop() }
  const sources = {
    streams: () => new Streams(text, { streams: 7, window: 11 }),
    sentences: () => new SentenceBatches(sentences, { batch: 6 }),
  }
  const cases = Object.keys(cells).flatMap((cell, i) =>
    Object.keys(sources).map((source, j) => ({
      cell: cell as keyof typeof cells,
      source: source as keyof typeof sources,
      rule: Object.keys(rules)[(2 * i + j) % 5] as keyof typeof rules,
    })),
  )

  test.each(cases)('$cell on $source, with $rule', ({ cell, source, rule }) => {
    const bits = (engine: typeof one, shards: number): unknown => {
      const shape = { tokens: 11, cell: cells[cell], embedding: 9, hidden: 33, layers: 2, dropout: 0.2, tied: false, seed: 1 }
      const network = new LanguageNetwork({ ...shape, engine })
      const optimizer = new Optimizer(network.parameters, rules[rule], { clipNorm: 0.5, clipValue: 0.02, l2: 1e-4, shards })
      const trainer = new Trainer(network, { batches: sources[source](), optimizer, schedule: { rate: () => 0.01 } })
      const reports = Array.from({ length: 6 }, () => trainer.step())
      return { reports, weights: network.parameters.map((parameter) => parameter.read()) }
    }
    for (const shards of [2, 3, 4]) {
      const expected = bits(one, shards)
      expect(bits(two, shards)).toEqual(expected)
      expect(bits(three, shards)).toEqual(expected)
    }
  })

  test('when the memory grows while there are threads', async () => {
    const engine = await loadEngine({ kernels: 'plain', threads: 2 })
    const graphs = [0, 1].map((lane) => {
      const g = new Graph({ engine: engine.lane(lane), values: 'kept' })
      const x = g.input(900, 900)
      return { g, x, sum: g.keep(g.sum(g.matmul(x, x))) }
    })
    for (let round = 1; round < 4; round++) {
      graphs.forEach(({ x }, i) => x.set(new Float32Array(810_000).fill(round + i)))
      runTogether(graphs.map(({ g }) => g))
      // 900³ times the square of a value that all elements have.
      graphs.forEach(({ sum }, i) => expect(sum.value / 900 ** 3).toBeCloseTo((round + i) ** 2, 3))
      new Matrix(3000, 1000 * round, undefined, { engine })
    }
  })
})

describe('work is shared', () => {
  const networkOf = (engine: typeof one) =>
    new LanguageNetwork({
      tokens: 11,
      cell: lstm(),
      embedding: 16,
      hidden: 64,
      layers: 2,
      dropout: 0,
      tied: false,
      seed: 1,
      engine,
    })

  test('of the first step as of every other', () => {
    const network = networkOf(two)
    const optimizer = new Optimizer(network.parameters, adam(), { shards: 3 })
    const batches = new Streams(text, { streams: 6, window: 9 })
    const trainer = new Trainer(network, { batches, optimizer, schedule: { rate: () => 0.01 } })
    const runs = vi.spyOn(two, 'runTogether')
    const [first, second] = [0, 1].map(() => {
      runs.mockClear()
      trainer.step()
      return runs.mock.calls.map(([all]) => all.length)
    })
    runs.mockRestore()
    expect(first[0]).toBe(3)
    expect(first).toEqual(second)
  })

  test('of measuring, with the same bits on one thread and many', () => {
    const long = Int32Array.from({ length: 5000 }, (_, i) => (i * i + (i >> 2)) % 11)
    const runs = vi.spyOn(two, 'runTogether')
    const measured = evaluate(networkOf(two), long, { streams: 16 })
    const atOnce = runs.mock.calls.map(([all]) => all.length)
    runs.mockRestore()
    expect(new Set(atOnce)).toEqual(new Set([2]))
    expect(evaluate(networkOf(one), long, { streams: 16 })).toEqual(measured)
    expect(evaluate(networkOf(three), long, { streams: 16 })).toEqual(measured)
    // Windows of so few steps are not worth cutting.
    expect(evaluate(networkOf(one), long, { streams: 16, window: 2 }).nats).toBeCloseTo(measured.nats, 5)
  })
})

describe('an engine', () => {
  test('tells how many threads it has', () => {
    expect([one, two, three].map(({ threads, whyOneThread }) => [threads, whyOneThread])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ])
    expect(createEngine().threads).toBe(1)
  })

  test.each([0, 65, 2.5])('cannot have %d', async (threads) => {
    await expect(loadEngine({ threads })).rejects.toThrow(`threads: ${threads}; must be a whole number from 1 to 64, or 'all'`)
  })

  test('says what was no number', async () => {
    const threads = '2' as unknown as number
    await expect(loadEngine({ threads })).rejects.toThrow("threads: '2'; must be a whole number from 1 to 64, or 'all'")
  })

  test('has one thread where memory cannot be shared, and says so', () => {
    const { stdout } = inNode(`
      delete globalThis.SharedArrayBuffer
      const { loadEngine } = await import(${JSON.stringify(join(root, 'dist/index.js'))})
      const { threads, whyOneThread } = await loadEngine({ kernels: 'plain', threads: 2 })
      console.log(threads, whyOneThread)`)
    expect(stdout).toMatch(/^1 memory cannot be shared here/)
  })

  test('has one thread where another one does not start, and says so', async () => {
    // From its sources: there, the thread's script has not been compiled.
    const fromSource = await import('../../src/index.js')
    const { threads, whyOneThread } = await fromSource.loadEngine({ kernels: 'plain', threads: 2 })
    expect(threads).toBe(1)
    expect(whyOneThread).toMatch(/^threads did not start: .*thread\.js/)
  })

  test('keeps no process from ending, and its threads end with it', () => {
    const { status, stderr } = inNode(`
      const { loadEngine } = await import(${JSON.stringify(join(root, 'dist/index.js'))})
      await loadEngine({ kernels: 'plain', threads: 3 })`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('throws where a kernel fails on either thread, and goes on', () => {
    const lanes = [0, 1].map((lane) => {
      const g = new Graph({ engine: two.lane(lane), values: 'kept' })
      return { g, sum: g.keep(g.sum(g.input(2, 2, [1, 2, 3, 4]))) }
    })
    runTogether(lanes.map(({ g }) => g))
    const [good, bad] = lanes.map(({ g }) => [...g.execution.replaying()][0])
    const words = (two as unknown as { heap: { words: Int32Array } }).heap.words
    const { first } = (bad.executable as unknown as { bind(bindings: unknown): { first: number } }).bind(bad.bindings)
    const opcode = words[first >> 2]
    // It is called again at once, while the one that failed may still be on its way back.
    for (let round = 0; round < 1000; round++) {
      words[first >> 2] = 999
      expect(() => two.runTogether(round % 2 === 0 ? [good, bad] : [bad, good])).toThrow(
        /^(threads: thread 2 of 2 has failed in a kernel|unreachable)$/,
      )
      words[first >> 2] = opcode
      runTogether(lanes.map(({ g }) => g))
    }
    expect(lanes.map(({ sum }) => sum.value)).toEqual([10, 10])
  })
})

describe('graphs that run together', () => {
  test('may be none', () => expect(() => runTogether([])).not.toThrow())

  test('need lanes of their own', () => {
    const twins = [0, 0].map((lane) => new Graph({ engine: two.lane(lane) }))
    expect(() => runTogether(twins)).toThrow('runTogether: two graphs of one lane')
    const strangers = [one, two].map((engine, lane) => new Graph({ engine: engine.lane(lane) }))
    expect(() => runTogether(strangers)).toThrow('runTogether: graphs of several engines')
  })
})

const inNode = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 20_000 })
