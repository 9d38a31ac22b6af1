// What is read of documents, in which windows, and what is held out.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { DocumentBatches, splitDocuments, type DocumentBatchesOptions } from '../../src/index.js'
import { random } from '../support/random.js'

interface Documents {
  tokens: Int32Array
  offsets: Uint32Array
}

/** Documents of these lengths; each token is its own position, so that a target tells where it is. */
function ofLengths(lengths: readonly number[]): Documents {
  const offsets = Uint32Array.from([0, ...lengths])
  for (let i = 1; i < offsets.length; i++) offsets[i] += offsets[i - 1]
  const tokens = new Int32Array(offsets[lengths.length])
  for (let i = 0; i < tokens.length; i++) tokens[i] = i
  return { tokens, offsets }
}

function of(documents: readonly (readonly number[])[]): Documents {
  return { ...ofLengths(documents.map(({ length }) => length)), tokens: Int32Array.from(documents.flat()) }
}

/** By place and start, the targets in the order in which an epoch has them: what each place reads between two fresh starts. */
function read(batches: DocumentBatches, epoch = 0): number[][] {
  const all: number[][] = []
  let open: number[][] = []
  for (let i = 0; i < batches.windowsPerEpoch; i++) {
    const { inputs, targets, steps, predicted, sequences, startsAnew } = batches.window(epoch * batches.windowsPerEpoch + i)
    expect([inputs.length, targets.length]).toEqual([steps * batches.batch, steps * batches.batch])
    expect(predicted).toBe(targets.filter((target) => target >= 0).length)
    expect(predicted).toBeGreaterThan(0)
    if (startsAnew) {
      all.push(...open)
      open = Array.from({ length: batches.batch }, () => [])
    }
    const columns = open.map((_, b) => [...targets].filter((_target, at) => at % batches.batch === b))
    expect(sequences).toBe(columns.filter((column) => column[0] >= 0).length)
    columns.forEach((column, b) => {
      // Once a document has ended, its place stays empty.
      const length = column.filter((target) => target >= 0).length
      expect(column.slice(length).every((target) => target === -1)).toBe(true)
      open[b].push(...column.slice(0, length))
    })
    targets.forEach((target, at) => expect(inputs[at]).toBe(target >= 0 ? target - 1 : 0))
  }
  return [...all, ...open].filter(({ length }) => length > 0)
}

const lengths = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 40 })
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 31, 64)

describe('documents side by side', () => {
  test('are each read once an epoch, from its start to its end', () => {
    fc.assert(
      fc.property(lengths, size, size, fc.integer(), fc.nat({ max: 3 }), (each, batch, window, seed, epoch) => {
        const { tokens, offsets } = ofLengths(each)
        const batches = new DocumentBatches({ tokens, offsets }, { batch, window, seed })
        const expected = each.map((_, i) => [...tokens.subarray(offsets[i] + 1, offsets[i + 1])])
        const byStart = (a: number[], b: number[]): number => a[0] - b[0]
        expect(read(batches, epoch).sort(byStart)).toEqual(expected)
        expect(batches.predictions).toBe(tokens.length - each.length)
      }),
      { numRuns: 60 },
    )
  })

  test('are of like lengths', () => {
    const batches = new DocumentBatches(ofLengths([2, 9, 3, 10, 2, 9]), { batch: 2, window: 4 })
    const starts = Array.from({ length: batches.windowsPerEpoch }, (_, i) => batches.window(i)).filter(
      ({ startsAnew }) => startsAnew,
    )
    // 2 with 2, 3 with 9, 9 with 10.
    expect(starts.map(({ targets }) => targets.filter((target) => target >= 0).length).sort()).toEqual([2, 6, 8])
    expect(batches.lengths).toEqual([1, 4])
    expect(String(batches)).toBe('6 documents; windows: 6 of at most 4 × 2 (steps × documents), 19.4 % empty')
  })

  test('can be some of a corpus', () => {
    const batches = new DocumentBatches(ofLengths([3, 4, 5]), { batch: 2, window: 9, documents: Uint32Array.of(2, 0) })
    expect(read(batches).sort((a, b) => a[0] - b[0])).toEqual([
      [1, 2],
      [8, 9, 10, 11],
    ])
  })

  test('come in another order in each epoch and with each seed, and the same whenever they are asked for', () => {
    const corpus = ofLengths(Array.from({ length: 60 }, (_, i) => 2 + i))
    const orderOf = (batches: DocumentBatches, epoch: number): string =>
      JSON.stringify(read(batches, epoch).map(([first]) => first))
    const made = (seed?: number): DocumentBatches => new DocumentBatches(corpus, { batch: 4, window: 16, seed })
    const orders = [0, 1, 2].map((epoch) => orderOf(made(), epoch))
    expect(new Set([...orders, orderOf(made(2), 0), orderOf(made(1 + 2 ** 32), 0)]).size).toBe(5)
    const batches = made()
    const steps = Array.from({ length: 3 * batches.windowsPerEpoch }, (_, i) => i)
    const windows = steps.map((step) => batches.window(step))
    for (const step of steps.toReversed()) expect(batches.window(step)).toEqual(windows[step])
    expect(made().window(70)).toEqual(windows[70])
  })

  test('of like lengths have other company in each epoch, and no window is without a prediction', () => {
    const next = random(5)
    const corpus = ofLengths(Array.from({ length: 400 }, () => 4 + Math.floor(60 * next())))
    const batches = new DocumentBatches(corpus, { batch: 8, window: 16 })
    const company = [0, 1].map((epoch) => {
      const pairs = new Set<string>()
      for (let i = 0; i < batches.windowsPerEpoch; i++) {
        const { inputs, predicted, startsAnew } = batches.window(epoch * batches.windowsPerEpoch + i)
        expect(predicted).toBeGreaterThan(0)
        // A document's first token is its own.
        if (startsAnew) for (const one of inputs.subarray(1, 8)) pairs.add(`${inputs[0]} ${one}`)
      }
      return pairs
    })
    const same = [...company[0]].filter((pair) => company[1].has(pair))
    expect(same.length).toBeLessThan(company[0].size / 4)
    expect(batches.padding).toBeLessThan(0.1)
  })

  test.each<[string, number, (next: () => number) => number]>([
    // Of English first names, with start and end: 4 to 13, about 8.
    ['names', 64, (next) => 4 + Math.floor(3 * (next() + next() + next()))],
    // Of sentences in characters: log-normal, half of them below 90, the longest beyond a thousand.
    ['sentences', 64, (next) => Math.max(4, Math.round(90 * Math.exp(0.6 * normal(next))))],
    ['sentences in long windows', 256, (next) => Math.max(4, Math.round(90 * Math.exp(0.6 * normal(next))))],
    ['sentences of words', 64, (next) => Math.max(3, Math.round(18 * Math.exp(0.6 * normal(next))))],
    ['stories', 128, (next) => Math.max(3, Math.round(1500 * Math.exp(0.8 * normal(next))))],
    ['stories in windows of a thousand', 1000, (next) => Math.max(3, Math.round(1500 * Math.exp(0.8 * normal(next))))],
  ])('that are like %s leave few places empty, in few lengths of windows', (_what, window, lengthOf) => {
    for (const [count, batch] of [
      [2000, 16],
      [2000, 32],
      [20_000, 64],
    ]) {
      const next = random(count + batch)
      const corpus = ofLengths(Array.from({ length: count }, () => lengthOf(next)))
      const batches = new DocumentBatches(corpus, { batch, window })
      if (batch === 16) {
        const windows = Array.from({ length: batches.windowsPerEpoch }, (_, i) => batches.window(i))
        const places = windows.reduce((sum, { targets }) => sum + targets.length, 0)
        expect(batches.padding).toBeCloseTo(1 - batches.predictions / places, 12)
        expect([...new Set(windows.map(({ steps }) => steps))].sort((a, b) => a - b)).toEqual(batches.lengths)
      }
      expect(batches.padding).toBeLessThan(0.1)
      expect(batches.lengths.length).toBeLessThanOrEqual(64)
    }
  })

  test.each<[Partial<DocumentBatchesOptions>, string]>([
    [{ batch: 0 }, 'batch: 0; must be a positive integer'],
    [{ window: 1.5 }, 'window: 1.5; must be a positive integer'],
    [{ seed: NaN }, 'seed: NaN; must be a whole number'],
    [{ documents: [] }, 'documents: none; give at least one'],
    [{ documents: [0, 3] }, 'documents: number 3; must be 0 to 2'],
    [{ documents: [-1] }, 'documents: number -1; must be 0 to 2'],
  ])('are not made with %o', (options, message) => {
    expect(() => new DocumentBatches(ofLengths([3, 4, 5]), { batch: 2, window: 9, ...options })).toThrow(message)
  })

  test('are not made of one stream', () => {
    expect(() => new DocumentBatches({ tokens: new Uint8Array(9) }, { batch: 2, window: 9 })).toThrow(
      'corpus: is one stream; must be of documents',
    )
  })
})

describe('held-out documents', () => {
  const documents = fc.array(fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 4 }), { minLength: 2, maxLength: 60 })

  test('and the others are all, and none of them is also on the other side', () => {
    fc.assert(
      fc.property(documents, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer(), (all, share, seed) => {
        const texts = all.map(String)
        fc.pre(new Set(texts).size > 1)
        const { training, heldOut } = splitDocuments(of(all), share, seed)
        expect([...training, ...heldOut].sort((a, b) => a - b)).toEqual([...all.keys()])
        expect(Math.min(training.length, heldOut.length)).toBeGreaterThan(0)
        const trained = new Set(Array.from(training, (i) => texts[i]))
        expect(Array.from(heldOut, (i) => texts[i]).filter((text) => trained.has(text))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('are a twentieth unless told otherwise, others with another seed, and the same wherever they stand', () => {
    const all = Array.from({ length: 1000 }, (_, i) => [i, i, 7])
    const heldOut = (list: number[][], seed?: number): string[] =>
      Array.from(splitDocuments(of(list), 0.05, seed).heldOut, (i) => String(list[i])).sort()
    const usual = heldOut(all)
    expect(usual).toHaveLength(50)
    expect(heldOut(all.toReversed())).toEqual(usual)
    const other = heldOut(all, 2)
    expect(other).toHaveLength(50)
    expect(other.filter((text) => usual.includes(text)).length).toBeLessThan(15)
    expect(splitDocuments(of(all), 0.3).heldOut).toHaveLength(300)
    expect(splitDocuments(of(all)).heldOut).toHaveLength(50)
  })

  test('that make no sense are refused with a sentence', () => {
    expect(() => splitDocuments(of([[1, 2]]))).toThrow('documents: only one; must be two different ones at least')
    expect(() =>
      splitDocuments(
        of([
          [1, 2],
          [1, 2],
          [1, 2],
        ]),
      ),
    ).toThrow('documents: 3, all the same; must be two different ones')
    expect(() =>
      splitDocuments(
        of([
          [1, 2],
          [3, 4],
        ]),
        1,
      ),
    ).toThrow('share: 1; must be above 0 and below 1')
    expect(() =>
      splitDocuments(
        of([
          [1, 2],
          [3, 4],
        ]),
        0.5,
        0.5,
      ),
    ).toThrow('seed: 0.5; must be a whole number')
    expect(() => splitDocuments({ tokens: new Uint8Array(9) })).toThrow('corpus: is one stream; must be of documents')
  })
})

/** Box and Muller. */
const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
