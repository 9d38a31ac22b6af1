/** Products by Debian's OpenBLAS against the reference engine, in the same graphs that the kernels are tested with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from '../support/fast-check.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine, CorpusBuilder, Graph, LanguageModel, Matrix, type Engine } from '../../src/index.js'
import { findNativeLibrary, loadNativeEngine, Run, type Machine, type NativeLibrary } from '../../src/node/index.js'
import '../support/close.js'
import { build, dag } from '../support/dags.js'
import { reference, toleranceOf } from '../support/executors.js'
import { random, randoms, seed } from '../support/random.js'
import { root, run } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-native-'))
afterAll(() => rmSync(folder, { recursive: true }))

let library: NativeLibrary
/** One that gives every product to the library, however small. */
let every: Engine
let calls = 0
beforeAll(async () => {
  library = await findNativeLibrary()
  const counted: NativeLibrary = {
    ...library,
    isWorthCalling: () => true,
    multiply(...words) {
      calls++
      library.multiply(...words)
    },
  }
  every = createEngine({ products: counted })
})

/** Runs it, and says how many products the library was given meanwhile. */
function counting<T>(work: () => T): { result: T; products: number } {
  const before = calls
  const result = work()
  return { result, products: calls - before }
}

const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 31, 64)

interface Product {
  m: number
  n: number
  k: number
  transposeA: boolean
  transposeB: boolean
  /** Columns of the matrices that A, B and the addend are slices of, before and behind. */
  gaps: number[]
  addend: 'none' | 'row' | 'full' | 'product'
  seed: number
}
const products = fc.record<Product>({
  m: size,
  n: size,
  k: size,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  gaps: fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }),
  addend: fc.constantFrom('none', 'row', 'full', 'product'),
  seed,
})

/** Of what a product computes: its value, and the gradients of what it is made of. */
function multiply(engine: Engine, { m, n, k, transposeA, transposeB, gaps, addend, seed: start }: Product): ArrayLike<number>[] {
  const next = random(start)
  const g = new Graph({ engine })
  const leaves: Matrix[] = []
  const slice = (which: number, rows: number, cols: number) => {
    const [before, behind] = gaps.slice(2 * which)
    const width = before + cols + behind
    const matrix = new Matrix(rows, width, randoms(rows * width, next).map(Math.fround), { engine })
    leaves.push(matrix)
    return g.sliceCols(matrix, before, before + cols)
  }
  const a = transposeA ? g.transpose(slice(0, k, m)) : slice(0, m, k)
  const b = transposeB ? g.transpose(slice(1, n, k)) : slice(1, k, n)
  const product = g.matmul(a, b)
  const value =
    addend === 'none'
      ? product
      : g.add(
          product,
          addend === 'row' ? slice(2, 1, n) : addend === 'full' ? slice(2, m, n) : g.matmul(slice(2, m, 3), slice(2, 3, n)),
        )
  value.grad.set(randoms(m * n, next).map(Math.fround))
  g.backward()
  return [value.data, ...leaves.map(({ grad }) => grad.data)]
}

describe('products by the library are those of the reference', () => {
  test('for any shapes, transposes, strides and addends, forwards and backwards', () => {
    fc.assert(
      fc.property(products, (one) => {
        const { result: actual, products: count } = counting(() => multiply(every, one))
        expect(count).toBeGreaterThanOrEqual(3)
        const expected = multiply(reference, one)
        actual.forEach((values, i) => expect(values).toBeNear(expected[i], toleranceOf(every), 1))
      }),
      { numRuns: 150 },
    )
  })

  test('in graphs at random', () => {
    const shapes = [[4, 5], [4, 5], [5, 4], [1, 5], [4, 1], [7, 8]] as const // oxfmt-ignore
    fc.assert(
      fc.property(dag, seed, (choices, start) => {
        const next = random(start)
        const at = shapes.map(([rows, cols]) => randoms(rows * cols, next).map(Math.fround))
        const [actual, expected] = [every, reference].map((engine) => {
          const g = new Graph({ engine })
          const leaves = shapes.map(([rows, cols], i) => new Matrix(rows, cols, at[i], { engine }))
          return build(g, leaves, choices).map((value) => value.data)
        })
        actual.forEach((values, i) => expect(values).toBeNear(expected[i], toleranceOf(every), 1))
      }),
      { numRuns: 100 },
    )
  })

  test.each(['lstm', 'gru', 'gru-reset-before', 'rnn'] as const)('in the training of a network: %s', (cell) => {
    const text = 'the quick brown fox jumps over the lazy dog. '.repeat(20)
    const losses = (engine: Engine): number[] => {
      const model = LanguageModel.create({ text, cell, hidden: 31, layers: 2, embedding: 7, engine })
      const training = model.training({ steps: 20, streams: 5, window: 9, heldOut: 0, learningRate: 0.01 })
      return Array.from({ length: 20 }, () => training.next().loss)
    }
    const { result: actual, products: count } = counting(() => losses(every))
    // Each step of a window has products of its own, in both directions.
    expect(count).toBeGreaterThan(20 * 2 * 9)
    losses(reference).forEach((loss, i) => expect(Math.abs(actual[i] / loss - 1)).toBeLessThan(1e-4))
  })

  test('when the memory has grown, and moved, between two runs', () => {
    const engine = createEngine({ products: { ...library, isWorthCalling: () => true } })
    const one: Product = {
      m: 64,
      n: 31,
      k: 64,
      transposeA: false,
      transposeB: true,
      gaps: [0, 1, 2, 0, 3, 1],
      addend: 'full',
      seed: 3,
    }
    const before = multiply(engine, one)
    const large = Array.from({ length: 4 }, () => new Matrix(3000, 3000, undefined, { engine }))
    const after = multiply(engine, one)
    expect(large).toHaveLength(4)
    after.forEach((values, i) => expect(values).toEqual(before[i]))
  })
})

describe('an engine with native products', () => {
  test('says so by its name, and that alone: no other engine has any', async () => {
    expect((await loadNativeEngine()).name).toBe('wasm relaxed + OpenBLAS')
    expect(createEngine().name).toBe('wasm relaxed')
    expect(createEngine({ kernels: 'plain' }).name).toBe('wasm plain')
  })

  test('keeps the library to one thread, and knows its version', () => {
    expect(library).toMatchObject({
      name: 'OpenBLAS',
      version: expect.stringMatching(/^\d+\.\d+/),
      core: expect.stringMatching(/\w/),
    })
  })

  test('leaves small products, and those of a row, to the kernels', () => {
    expect(library.isWorthCalling(32, 1024, 256)).toBe(true)
    expect(library.isWorthCalling(1, 2048, 512)).toBe(false)
    expect(library.isWorthCalling(8, 8, 8)).toBe(false)
  })

  test('trains a batch whole, where the kernels alone would cut it', () => {
    const text = 'the quick brown fox jumps over the lazy dog. '.repeat(200)
    const shardsOn = (engine: typeof every): number =>
      LanguageModel.create({ text, hidden: 256, engine }).training({ streams: 32 }).shards
    expect(shardsOn(createEngine())).toBeGreaterThan(1)
    expect(shardsOn(every)).toBe(1)
  })

  test('finds where a value is no number', () => {
    const g = new Graph({ engine: every })
    const a = new Matrix(4, 4, new Float32Array(16).fill(1e30), { engine: every })
    const product = g.add(g.matmul(a, a), new Matrix(1, 4, undefined, { engine: every }))
    expect(product.data[0]).toBe(Infinity)
    expect(g.diagnose()).toMatchObject({ op: 'matmul', value: Infinity })
  })

  test('refuses what it cannot be had with, and a library that is none', async () => {
    for (const kernels of ['plain', 'reference'] as const) {
      expect(() => createEngine({ kernels, products: library })).toThrow(`products: cannot be had with kernels: '${kernels}'`)
    }
    expect(() => createEngine({ deterministic: true, products: library })).toThrow('products: cannot be had with deterministic')
    await expect(loadNativeEngine({ library: 'libmissing.so' })).rejects.toThrow(/^libmissing\.so: /)
    await expect(loadNativeEngine({ library: 'libm.so.6' })).rejects.toThrow(/^libm\.so\.6: /)
  })
})

describe('the command', () => {
  const command = (...args: string[]): string => run(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { cwd: folder })

  test('trains with native products where it is told to, and not else', () => {
    writeFileSync(join(folder, 'my.txt'), 'the quick brown fox jumps over the lazy dog. '.repeat(40))
    const kernelsOf = (out: string, ...args: string[]): unknown => {
      command('train', 'my.txt', '--out', out, '--steps', '2', '--hidden', '16', '--layers', '1', '--sample-length', '0', ...args)
      return (JSON.parse(readFileSync(join(folder, out, 'config.json'), 'utf8')) as { kernels: string }).kernels
    }
    expect(kernelsOf('native', '--kernels', 'native')).toBe('wasm relaxed + OpenBLAS')
    expect(kernelsOf('usual')).toBe('wasm relaxed')
    expect(command('generate', 'native', '--kernels', 'native', '--length', '5')).not.toBe('')
  })

  test('doctor tells what was found, and what each choice gives', () => {
    const machine = JSON.parse(command('doctor', '--json')) as Machine
    expect(machine).toMatchObject({ node: process.versions.node, library: { name: 'OpenBLAS' } })
    expect(machine.koffi).toMatch(/^\d+\.\d+\.\d+$/)
    expect(machine.choices.map(({ kernels }) => kernels)).toEqual(['plain', 'relaxed', 'native'])
    for (const { speed } of machine.choices) {
      if ('missing' in speed) throw new Error(speed.missing)
      expect(Object.keys(speed.gflops)).toEqual(['1', '32', '512'])
      for (const value of [...Object.values(speed.gflops), speed.msPerStep]) expect(value).toBeGreaterThan(0)
    }
    expect(command('doctor')).toMatch(
      /^BLAS +OpenBLAS [\d.]+ for \w+, libopenblas[^]*plain +relaxed +native[^]*fastest for that LSTM on one thread: --kernels \w+$/m,
    )
  })
})

test('a run that was trained with native products goes on with them, to the same bits', async () => {
  const builder = new CorpusBuilder()
  builder.add('the quick brown fox jumps over the lazy dog. '.repeat(20))
  const corpus = builder.finish()
  const training = { steps: 12, streams: 16, window: 8, validateEvery: 6, checkpointEvery: 6 }
  const create = async (out: string) => {
    const engine = await loadNativeEngine()
    const model = LanguageModel.create({ corpus, hidden: 128, layers: 1, embedding: 32, engine })
    return Run.create({ out: join(folder, out), corpus, model, training, sampleLength: 0 })
  }
  const toEnd = async (going: Run): Promise<Uint8Array> => {
    for await (const { loss } of going.train()) void loss
    return going.model.toBytes()
  }
  const whole = await toEnd(await create('whole'))
  const stopped = await create('stopped')
  for await (const { step } of stopped.train()) if (step === 7) break
  const resumed = await Run.resume(join(folder, 'stopped'))
  expect(resumed.model.network.engine.name).toBe('wasm relaxed + OpenBLAS')
  expect(await toEnd(resumed)).toEqual(whole)
})
