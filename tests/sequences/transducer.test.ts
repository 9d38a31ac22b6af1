import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { createEngine, decodeSafetensors, Transducer, type TransducerOptions } from '../../src/index.js'
import { random, wholes } from '../support/random.js'
import '../support/close.js'
import { reference } from './models.js'

const small = { hidden: 6, embedding: 4, batch: 8, epochs: 1, seed: 3, heldOut: 0.2 } satisfies TransducerOptions
const letters = 'abcd'
const text = (i: number): string =>
  Array.from({ length: 1 + (i % 5) }, (_, t) => letters[(i * 7 + t * t * 3 + t) % letters.length]).join('')
/** Backwards, each letter as the one after it in the alphabet. */
const turned = (input: string): string[] => [...input].reverse().map((sign) => `<${letters[(letters.indexOf(sign) + 1) % 4]}>`)
const examples = Array.from({ length: 60 }, (_, i) => ({ input: text(i), output: turned(text(i)) }))
const made = (options: TransducerOptions = {}) => Transducer.train(examples, { ...small, ...options })

/** ln p of an output, by the sum over what the network says of each beginning, and all that could have been written, the likeliest first. */
function everything(model: Transducer, input: string, length: number): { tokens: string[]; logProbability: number }[] {
  const all: { tokens: string[]; logProbability: number }[] = []
  const { outputs } = model.config
  const beginnings = (tokens: string[]): void => {
    all.push({ tokens, logProbability: model.score(input, tokens) })
    if (tokens.length < length) for (const next of outputs) beginnings([...tokens, next])
  }
  beginnings([])
  return all.sort((a, b) => b.logProbability - a.logProbability)
}

describe('a transducer', () => {
  test('learns to turn sequences around, and says what it looked at', async () => {
    const next = random(5)
    const many = Array.from({ length: 400 }, () => {
      const input = wholes(1 + Math.floor(next() * 5), 0, 4, next)
        .map((i) => letters[i])
        .join('')
      return { input, output: turned(input) }
    })
    const model = await Transducer.train(many, { ...small, hidden: 24, batch: 32, epochs: 50, learningRate: 0.02, dropout: 0 })
    const { items, sequences, count } = model.evaluate(many)
    expect(items).toBeLessThan(0.02)
    expect(sequences).toBeLessThan(0.05)
    expect(count).toBe(new Set(many.map(({ input }) => input)).size)
    const { output, tokens, attention, isEnded, logProbability } = model.transduce('abcd')
    expect(output).toEqual(turned('abcd'))
    expect(tokens).toEqual(output)
    expect(isEnded).toBe(true)
    expect(logProbability).toBeGreaterThan(Math.log(0.5))
    expect(attention).toHaveLength(4)
    attention!.forEach((row) => {
      expect(row).toHaveLength(4)
      expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5)
    })
    expect(
      model.evaluate([
        { input: 'ab', output: ['<b>', '<c>'] },
        { input: 'ab', output: ['<c>', '<b>'] },
      ]).sequences,
    ).toBe(0)
    expect(model.transduce('abcd', { length: 2 })).toMatchObject({ output: turned('abcd').slice(0, 2), isEnded: false })
  })

  test.each(['additive', 'dot', 'general', 'none'] as const)(
    'with attention %s writes of each in a batch what it writes of it alone',
    async (attention) => {
      const models = [
        [await made({ attention, layers: 2, cell: 'lstm' }), 1e-5],
        [await made({ attention, layers: 2, cell: 'lstm', engine: reference }), 1e-12],
      ] as const
      fc.assert(
        fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }), (chosen) => {
          const inputs = chosen.map(text)
          for (const [model, tolerance] of models) {
            const alone = inputs.map((input) => model.transduce(input, { length: 6 }))
            const together = model.transduceAll(inputs, { length: 6 })
            expect(together.map(({ tokens }) => tokens)).toEqual(alone.map(({ tokens }) => tokens))
            expect(together.map(({ logProbability }) => logProbability)).toBeNear(
              alone.map(({ logProbability }) => logProbability),
              tolerance,
            )
            expect(together.flatMap(({ attention: rows }) => rows?.flat() ?? [])).toBeNear(
              alone.flatMap(({ attention: rows }) => rows?.flat() ?? []),
              tolerance,
            )
          }
        }),
        { numRuns: 3 },
      )
    },
  )

  test('finds with a beam that is wide enough the likeliest of all that it could write', async () => {
    const model = await made({ engine: reference, attention: 'dot', epochs: 4 })
    for (const input of ['a', 'cab']) {
      const [best] = everything(model, input, 2)
      const found = model.transduce(input, { beam: 40, length: 2 })
      expect(found.tokens).toEqual(best.tokens)
      expect(found.logProbability).toBeCloseTo(best.logProbability, 9)
      expect(found.attention).toHaveLength(best.tokens.length)
      const greedy = model.transduce(input)
      if (greedy.isEnded) expect(greedy.logProbability).toBeCloseTo(model.score(input, greedy.tokens), 9)
    }
  })

  test('goes on from a checkpoint to the same bits, fed with its own tokens more and more', () => {
    const options = {
      ...small,
      epochs: 3,
      teacherForcing: { from: 1, to: 0.3, over: 12 },
      engine: createEngine({ kernels: 'plain' }),
    }
    const start = () => Transducer.training(examples, options)
    const whole = start()
    const kept: Uint8Array[] = []
    while (!whole.ended) {
      whole.next()
      kept.push(whole.toBytes())
    }
    const resumed = start()
    resumed.restore(kept[4])
    while (!resumed.ended) resumed.next()
    const tensorsOf = (bytes: Uint8Array) => decodeSafetensors(bytes, 'checkpoint').tensors
    expect(tensorsOf(resumed.toBytes())).toEqual(tensorsOf(kept.at(-1)))
    expect(resumed.finish().toBytes()).toEqual(whole.finish().toBytes())
    const taught = Transducer.training(examples, { ...options, teacherForcing: 1 })
    while (!taught.ended) taught.next()
    expect(tensorsOf(taught.toBytes())).not.toEqual(tensorsOf(kept.at(-1)))
  })

  test('is the same after toBytes and fromBytes, and writes texts where it was taught texts', async () => {
    const texts = examples.map(({ input }) => ({ input, output: [...input].reverse().join(' ') }))
    const model = await Transducer.train(texts, {
      ...small,
      outputTokens: 'words',
      cell: 'layer-norm-lstm',
      bidirectional: false,
      epochs: 3,
    })
    const again = Transducer.fromBytes(model.toBytes(), { engine: model.network.engine })
    expect(again.transduce('abc', { beam: 3 })).toEqual(model.transduce('abc', { beam: 3 }))
    expect(again.transduce('abc').output).toBeTypeOf('string')
    expect(again.toBytes()).toEqual(model.toBytes())
  })

  test('gives a sentence for what cannot be', async () => {
    const train =
      (list: unknown, options: TransducerOptions = {}) =>
      () =>
        Transducer.training(list as typeof examples, { ...small, ...options })
    const [one, two] = examples
    expect(train([])).toThrow('heldOut: 0.2 of 0 sequences')
    expect(train([], { heldOut: 0 })).toThrow('sequences: none')
    expect(train([one, two, { input: 'a', output: [] }])).toThrow('sequence 3: its output has no tokens')
    expect(train([one, two, { input: '', output: ['x'] }])).toThrow('sequence 3: has no steps')
    expect(train([one, two, { input: 'a', output: 'x' }])).toThrow(
      'sequence 3: its output is a text; must be a list, as the others',
    )
    expect(train([one, two, { input: 'a' }])).toThrow('sequence 3: its output is no text, and no list of tokens')
    expect(train(examples, { teacherForcing: 1.5 })).toThrow('teacherForcing: 1.5; must be from 0 to 1')
    expect(train(examples, { attention: 'sum' as 'dot' })).toThrow("score: 'sum'; must be one of")
    expect(train(examples, { batch: 1.5 })).toThrow('batch: 1.5')
    const model = await made()
    const before = model.transduce('abc')
    expect(() => model.transduce('abc', { beam: 0 })).toThrow('beam: 0; must be a positive integer')
    expect(() => model.transduce([1, 2])).toThrow('is of numbers; must be of tokens')
    expect(() => model.score('a', ['?'])).toThrow("output: '?' was not there in training")
    expect(() => model.evaluate([])).toThrow('must have at least one')
    expect(model.transduceAll([])).toEqual([])
    expect(model.transduce('abc')).toEqual(before)
  })
})
