import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import {
  createEngine,
  decodeSafetensors,
  encodeSafetensors,
  importModel,
  LanguageModel,
  type CellName,
  type NamedTensor,
  type NetworkOptions,
} from '../../src/index.js'
import { SentenceModel } from '../../src/recurrentjs/index.js'

const engine = createEngine({ kernels: 'reference' })
const text = 'to be or not to be'
const vocabulary = [...new Set(text)].sort()
const create = (options: Partial<NetworkOptions> = {}): LanguageModel =>
  LanguageModel.create({ text, hidden: 5, layers: 2, embedding: 3, engine, ...options })

/** The tensors of a model as another program has them: by names of its own. */
function tensorsOf(model: LanguageModel, names: Readonly<Record<string, string>> = {}): NamedTensor[] {
  const { tensors } = decodeSafetensors(model.toBytes())
  return [...tensors].map(([name, { shape, data }]) => {
    const [ours, theirs = ''] = Object.entries(names).find(([prefix]) => name.startsWith(prefix)) ?? ['']
    return { name: ours === '' ? name : theirs + name.slice(ours.length), shape, data: data.slice() }
  })
}
const file = (tensors: readonly NamedTensor[]): Uint8Array => encodeSafetensors(tensors, { format: 'pt' })
const weightsOf = (model: LanguageModel): [string, number[]][] =>
  tensorsOf(model).map(({ name, data }): [string, number[]] => [name, [...data]])

describe('a state dict', () => {
  test.each([
    ['as in PyTorch’s own example', { embedding: 'encoder', rnn: 'rnn', output: 'decoder' }],
    ['inside another module', { embedding: 'module.net.emb', rnn: 'module.net.gru', output: 'module.net.fc' }],
    ['with no names to go by', { embedding: 'a', rnn: 'b', output: 'c' }],
  ])('%s gives the model', (_, names) => {
    for (const cell of ['lstm', 'gru', 'rnn'] as CellName[]) {
      const model = create({ cell })
      const imported = importModel(file(tensorsOf(model, names)), { vocabulary, engine })
      expect(weightsOf(imported)).toEqual(weightsOf(model))
      expect(imported.config).toEqual({ ...model.config, dropout: 0 })
      expect(imported.vocabulary.tokens).toEqual(vocabulary)
    }
  })

  describe('with a tensor for each gate, by RecurrentJS’s names,', () => {
    const letters = { lstm: ['i', 'f', 'c', 'o'], rnn: [''] }
    /** A model cut up: rows of a gate follow one another. */
    function separate(model: LanguageModel, cell: keyof typeof letters, prefix = ''): NamedTensor[] {
      const renamed = new Map(
        tensorsOf(model, { 'embedding.weight': 'Wil', 'output.weight': 'Whd', 'output.bias': 'bd' }).map((tensor) => [
          tensor.name,
          tensor,
        ]),
      )
      return [...renamed.values()].flatMap(({ name, shape: [rows, ...others], data }): NamedTensor[] => {
        const [, kind, side, layer] = /^rnn\.(weight|bias)_(ih|hh)_l(\d)$/.exec(name) ?? []
        if (kind === undefined) return [{ name: prefix + name, shape: name === 'bd' ? [rows, 1] : [rows, ...others], data }]
        if (kind === 'bias' && side === 'hh') return []
        return letters[cell].map((letter, i, { length }) => {
          const bias = cell === 'rnn' ? 'bhh' : `b${letter}`
          const weight = cell === 'rnn' ? `W${side === 'ih' ? 'x' : 'h'}h` : `W${letter}${side === 'ih' ? 'x' : 'h'}`
          return {
            name: `${prefix}${kind === 'bias' ? bias : weight}${layer}`,
            shape: kind === 'bias' ? [rows / length, 1] : [rows / length, ...others],
            data: data.slice((i * data.length) / length, ((i + 1) * data.length) / length),
          }
        })
      })
    }

    test.each(['lstm', 'rnn'] as const)('an %s is the model', (cell) => {
      const model = create({ cell })
      for (const prefix of ['', 'model.']) {
        expect(weightsOf(importModel(file(separate(model, cell, prefix)), { vocabulary, engine }))).toEqual(weightsOf(model))
      }
    })

    test('what is missing, misshapen or of no place is named', () => {
      const tensors = separate(create(), 'lstm')
      const without = tensors.filter(({ name }) => name !== 'Wfx1')
      expect(() => importModel(file(without), { vocabulary })).toThrow("layer 1: has 'Wix1', and no such tensor of gate f")
      const misshapen = tensors.map((tensor) => (tensor.name === 'bo0' ? { ...tensor, shape: [1, 5] } : tensor))
      expect(() => importModel(file(misshapen), { vocabulary })).toThrow("tensor 'bo0' is [1, 5], and 'bi0' [5]; must be alike")
      const more = [...tensors, { name: 'Wic0', shape: [5, 5], data: new Float32Array(25) }]
      expect(() => importModel(file(more), { vocabulary })).toThrow("tensor 'Wic0' [5, 5] has no place")
      expect(importModel(file(more), { vocabulary, map: { Wic0: '' } }).config.layers).toBe(2)
    })
  })

  // In binary, 0.5 and 0.25 are exact: the sums are known.
  test.each([
    ['lstm', [0.75, 0.75, 0.75, 0.75], [0, 0, 0, 0]],
    ['gru', [0.75, 0.75, 0.5], [0, 0, 0.25]],
    ['rnn', [0.75], [0]],
  ] as const)('of a %s has its two biases added up, but for what a GRU’s reset acts on', (cell, sums, left) => {
    const tensors = tensorsOf(create({ cell }))
    for (const { name, data } of tensors) if (name.includes('bias_')) data.fill(name.includes('_ih_') ? 0.5 : 0.25)
    const weights = new Map(weightsOf(importModel(file(tensors), { vocabulary, engine })))
    const each = (gates: readonly number[]): number[] => gates.flatMap((value) => Array<number>(5).fill(value))
    for (const layer of [0, 1]) {
      expect(weights.get(`rnn.bias_ih_l${layer}`)).toEqual(each(sums))
      expect(weights.get(`rnn.bias_hh_l${layer}`)).toEqual(each(left))
    }
  })

  test('without biases has zeros for them', () => {
    const tensors = tensorsOf(create()).filter(({ name }) => !name.includes('bias'))
    const weights = weightsOf(importModel(file(tensors), { vocabulary, engine }))
    for (const [name, values] of weights) if (name.includes('bias')) expect(new Set(values)).toEqual(new Set([0]))
  })

  test('is tied where both weights are the same, and where there is only one of them', () => {
    const model = create({ tied: true, embedding: 5 })
    const tensors = tensorsOf(model)
    const table = tensors.find(({ name }) => name === 'embedding.weight')!
    const others = tensors.filter((tensor) => tensor !== table)
    const named = [
      { ...table, name: 'encoder.weight' },
      { ...table, name: 'decoder.weight' },
    ]
    for (const kept of [named, named.slice(0, 1), named.slice(1)]) {
      const imported = importModel(file([...kept, ...others]), { vocabulary, engine })
      expect(weightsOf(imported)).toEqual(weightsOf(model))
      expect(imported.config.tied).toBe(true)
    }
  })

  test('takes names that are told', () => {
    const model = create({ embedding: 5 })
    // Both are [5 + …, 5]: nothing but the map can tell them apart.
    const tensors = tensorsOf(model, { embedding: 'x', output: 'y' })
    const map = { 'x.weight': 'embedding.weight', 'y.weight': 'output.weight', extra: '' }
    const bytes = file([...tensors, { name: 'extra', shape: [1], data: Float32Array.of(1) }])
    expect(weightsOf(importModel(bytes, { vocabulary, map, engine }))).toEqual(weightsOf(model))
  })

  test('names each tensor that has no place, is misshapen or missing', () => {
    const tensors = tensorsOf(create())
    const refused = (changed: readonly NamedTensor[], options = {}): string => {
      try {
        importModel(file(changed), { vocabulary, engine, source: 'm.safetensors', ...options })
      } catch (error) {
        return (error as Error).message
      }
      throw new Error('was imported')
    }
    const stray = (name: string, shape: number[]): NamedTensor => ({
      name,
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b)),
    })
    const without = (...names: string[]): NamedTensor[] => tensors.filter(({ name }) => !names.includes(name))
    const unplaced = refused([...tensors, stray('norm.weight', [5]), stray('attention.q', [2, 2])])
    expect(unplaced).toMatch(/^m\.safetensors: cannot be imported\n/)
    expect(unplaced).toContain("tensor 'norm.weight' [5] has no place")
    expect(unplaced).toContain("tensor 'attention.q' [2, 2] has no place")
    const misshapen = refused([
      ...without('rnn.weight_ih_l1', 'output.bias', 'rnn.bias_hh_l0'),
      stray('rnn.weight_ih_l1', [20, 4]),
      stray('output.bias', [3]),
    ])
    expect(misshapen).toContain("tensor 'rnn.weight_ih_l1' is [20, 4]; as rnn.weight_ih_l1 it must be [20, 5]")
    expect(misshapen).toContain("tensor 'output.bias' is [3]; as output.bias it must be [7]")
    expect(misshapen).toContain('rnn.bias_hh_l0 is missing')
    expect(refused(without('embedding.weight'))).toContain('embedding.weight is missing')
    expect(refused([...tensors, stray('rnn.weight_ih_l0_reverse', [20, 3])])).toContain('reads backwards too')
    expect(refused([...tensors, stray('rnn.weight_hr_l0', [3, 5])])).toContain('proj_size')
    expect(refused([...tensors, stray('decoder.weight_ih_l0', [20, 3])])).toContain(
      "would be rnn.weight_ih_l0, as 'rnn.weight_ih_l0' is",
    )
    expect(refused([...tensors, stray('rnn.weight_ih_l999999999', [1])])).toContain('1,000,000,000 layers are named')
    expect(refused([...without('rnn.weight_hh_l0'), stray('rnn.weight_hh_l0', [10, 5])])).toContain(
      'with n 1 (RNN), 3 (GRU) or 4 (LSTM)',
    )
    expect(refused([...without('rnn.weight_ih_l0'), stray('rnn.weight_ih_l0', [20, 0])])).toContain(
      'must be [20, width of the embedding]',
    )
    expect(refused(tensors, { map: { nothing: 'output.bias' } })).toContain("map: there is no tensor 'nothing'")
    expect(refused(tensors, { map: { 'output.bias': 'bias' } })).toContain("map: 'bias' is none of our names")
    expect(refused(tensors, { cell: 'gru' })).toBe("cell: 'gru'; m.safetensors has 4 gates, as lstm has")
  })

  test.each([
    [undefined, 'vocabulary: is missing; m has only weights'],
    [['a'], 'vocabulary: has 1 tokens; m has 7'],
    ['abc', 'vocabulary: is string; must be a list of tokens'],
    [[...vocabulary.slice(1), 7], 'vocabulary: token 6 is number; must be a string'],
    [['<start>', ...vocabulary.slice(1)], 'vocabulary: has <start> alone; must have both, or neither'],
    [{ a: 0, b: 2 }, "vocabulary: 'b' is 2; must be a number from 0 to 1"],
    [{ a: 0, b: 0 }, 'vocabulary: no token has the number 1'],
  ])('needs a vocabulary that fits: %j', (given, sentence) => {
    expect(() => importModel(file(tensorsOf(create())), { vocabulary: given, source: 'm', engine })).toThrow(sentence)
  })

  test('takes a vocabulary as numbers by token, and one of words', () => {
    const bytes = file(tensorsOf(create()))
    const numbers = Object.fromEntries(vocabulary.map((token, i) => [token, i]))
    expect(importModel(bytes, { vocabulary: numbers, engine }).vocabulary.tokens).toEqual(vocabulary)
    const words = ['<unknown>', '<start>', '<end>', 'to', ' be', ' or', ' not']
    const { kind, unknown, start, tokens } = importModel(bytes, { vocabulary: words, engine }).vocabulary
    expect({ kind, unknown, start, tokens }).toEqual({ kind: 'words', unknown: 0, start: 1, tokens: words })
  })
})

describe('a file of our own', () => {
  test.each(['lstm', 'gru', 'gru-reset-before', 'rnn', 'rnn-relu'] as const)('of a %s comes back to the byte', (cell) => {
    for (const tied of [false, true]) {
      const bytes = create({ cell, tied, embedding: 5 }).toBytes()
      expect(importModel(bytes, { engine }).toBytes()).toEqual(bytes)
    }
  })

  test('whose second biases were trained elsewhere has them added up', () => {
    const { tensors, metadata } = decodeSafetensors(create().toBytes())
    for (const [name, { data }] of tensors) if (name.includes('bias_')) data.fill(name.includes('_ih_') ? 0.5 : 0.25)
    const bytes = encodeSafetensors(
      [...tensors].map(([name, tensor]) => ({ name, ...tensor })),
      metadata,
    )
    expect(() => LanguageModel.fromBytes(bytes, { engine })).toThrow('must be zero')
    const weights = new Map(weightsOf(importModel(bytes, { engine })))
    expect(new Set(weights.get('rnn.bias_ih_l0'))).toEqual(new Set([0.75]))
    expect(() => importModel(bytes, { vocabulary, source: 'm', engine })).toThrow(
      'vocabulary: cannot be given; m: is a model of Unrolled, which tells it itself',
    )
  })
})

describe('RecurrentJS’s JSON', () => {
  const sentences = ['it was the best of times', 'it was the worst of times', 'the age of wisdom']
  const saved = (options: object): { model: SentenceModel; bytes: Uint8Array } => {
    const model = SentenceModel.create({ sentences, letterSize: 4, learningRate: 0.02, engine, ...options })
    for (let i = 0; i < 60; i++) model.tick()
    return { model, bytes: new TextEncoder().encode(JSON.stringify(model)) }
  }

  test.each(['lstm', 'rnn'] as const)('of an %s writes as it does there', async (generator) => {
    const { model, bytes } = saved({ generator, hiddenSizes: [9, 9] })
    const imported = importModel(bytes, { engine })
    let written = ''
    for await (const piece of imported.generate({ temperature: 0, length: 40 })) written += piece
    expect(written).toBe(model.generate({ temperature: 0, length: 40 }))
    expect(written.length).toBeGreaterThan(3)
    expect(imported.config.cell).toBe(generator === 'lstm' ? 'lstm' : 'rnn-relu')
    // The start is never written: all the probability is the letters' and the end's, as it is there.
    const [first] = await imported.score('it')
    expect(first.nats).toBeGreaterThan(0)
    expect(importModel(imported.toBytes(), { engine }).toBytes()).toEqual(imported.toBytes())
  })

  test('that it cannot have saved is refused with a sentence', () => {
    const { bytes } = saved({ hiddenSizes: [4, 3] })
    const text = new TextDecoder().decode(bytes)
    const refused =
      (json: string): (() => unknown) =>
      () =>
        importModel(new TextEncoder().encode(json), { source: 'm.json', engine })
    expect(refused(text)).toThrow('m.json: hidden_sizes: [4, 3]; a LanguageModel has layers of one size')
    expect(refused(text.slice(0, 100))).toThrow('m.json: is not valid JSON')
    expect(refused('{"generator":"gru"}')).toThrow(`m.json: generator: "gru"; must be 'lstm' or 'rnn'`)
    expect(refused(text.replace('"Whd"', '"other"'))).toThrow('m.json: Whd: is missing')
    expect(() => importModel(bytes, { cell: 'lstm', source: 'm.json', engine })).toThrow('cell: cannot be given; m.json')
  })
})

test('other files are refused with a sentence', () => {
  expect(() => importModel(Uint8Array.of(0x50, 0x4b, 3, 4), { source: 'm.pt' })).toThrow('m.pt: is a zip, as torch.save writes')
  expect(() => importModel(new Uint8Array(4), { source: 'm' })).toThrow('m: 4 bytes; a safetensors file has at least 8')
})

test('a file that was tampered with is imported or refused with a sentence, and never breaks anything', () => {
  const model = create({ hidden: 2, layers: 1, embedding: 2 })
  const recurrent = SentenceModel.create({ sentences: ['ab'], hiddenSizes: [2], letterSize: 2, engine })
  const files = [file(tensorsOf(model)), model.toBytes(), new TextEncoder().encode(JSON.stringify(recurrent))]
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2), changes, fc.nat(), (which, changed, cut) => {
      const bytes = files[which].slice()
      // Mostly in the header, where a byte means more.
      for (const [at, value] of changed) bytes[at % Math.min(bytes.length, 900)] = value
      const given = cut % 4 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes
      try {
        importModel(given, { vocabulary: which === 0 ? vocabulary : undefined, source: 'm', engine })
      } catch (error) {
        expect(error).not.toBeInstanceOf(RangeError)
        expect(error).not.toBeInstanceOf(TypeError)
        expect((error as Error).message).toMatch(/^(?:m: |vocabulary: |cell: )(?!Cannot read|Invalid |undefined)/)
      }
    }),
    { numRuns: 400 },
  )
})
