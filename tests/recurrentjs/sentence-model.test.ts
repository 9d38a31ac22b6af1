// The sentence demo: what it saves, what it loads, what it does with letters.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SentenceModel, type SavedModel } from '../../src/recurrentjs/index.js'
import { reference, wasm } from '../support/executors.js'

interface Fixture {
  config: { generator: 'lstm' | 'rnn'; letter_size: number; hidden_sizes: number[]; letterToIndex: Record<string, number> }
  sentences: string[]
  sentence_index_per_tick: number[]
  initial_weights: SavedModel['model']
  cost_per_tick: number[]
  ratio_clipped_per_tick: number[]
}

const fixture = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as Fixture

/** What the demo's page would have saved before its first tick: typed arrays become objects. */
function savedByThePage({ config, initial_weights }: Fixture): unknown {
  const model = Object.fromEntries(
    Object.entries(initial_weights).map(([name, { n, d, w }]) => [name, { n, d, w: Float64Array.from(w) }]),
  )
  const indexToLetter = Object.fromEntries(Object.entries(config.letterToIndex).map(([letter, i]) => [i, letter]))
  return JSON.parse(JSON.stringify({ ...config, model, indexToLetter, vocab: Object.values(indexToLetter) }))
}

const sentences = ['to be or not to be', 'that is the question', 'to die, to sleep']

describe.each(['recurrentjs-lstm', 'recurrentjs-rnn'])('%s', (name) => {
  const file = fixture(name)
  const options = { learningRate: name.endsWith('rnn') ? 0.001 : 0.01, engine: reference }

  test('a model saved by the page loads, and goes on as the page would', () => {
    const model = SentenceModel.fromJSON(savedByThePage(file), options)
    file.sentence_index_per_tick.slice(0, 20).forEach((index, tick) => {
      const { cost, ratioClipped } = model.step(file.sentences[index])
      expect(Math.abs(cost / file.cost_per_tick[tick] - 1)).toBeLessThan(1e-11)
      expect(ratioClipped).toBeCloseTo(file.ratio_clipped_per_tick[tick], 12)
    })
  })

  test('goes on from what it saved itself as if it had never stopped, with the cache', () => {
    const model = SentenceModel.fromJSON(savedByThePage(file), options)
    for (const sentence of file.sentences) model.step(sentence)
    const again = SentenceModel.fromJSON(JSON.parse(JSON.stringify(model)), options)
    for (const sentence of file.sentences) expect(again.step(sentence)).toEqual(model.step(sentence))
    expect(JSON.stringify(again)).toBe(JSON.stringify(model))
  })

  test('saves what it loaded', () => {
    const saved = SentenceModel.fromJSON(savedByThePage(file), options).toJSON()
    for (const [part, { n, d, w }] of Object.entries(file.initial_weights)) expect(saved.model[part]).toEqual({ n, d, w })
    expect(Object.keys(saved.model)).toEqual(Object.keys(file.initial_weights))
    expect(saved.letterToIndex).toEqual(file.config.letterToIndex)
    expect(saved.hidden_sizes).toEqual(file.config.hidden_sizes)
  })
})

describe.each(wasm)('%s: a model', (_name, engine) => {
  test('learns its sentences', () => {
    const model = SentenceModel.create({ sentences, engine })
    const first = model.step(sentences[0])
    expect(first.perplexity).toBeCloseTo(Math.exp(first.cost / (sentences[0].length + 1)), 6)
    for (let i = 0; i < 600; i++) model.tick()
    expect(model.step(sentences[0]).perplexity).toBeLessThan(2)
    expect(sentences).toContain(model.generate({ temperature: 0 }))
  })

  test('writes as long as it is allowed to, the same from one seed', () => {
    const model = SentenceModel.create({ sentences, engine })
    for (let length = 0; length < 5; length++) expect(model.generate({ length }).length).toBeLessThanOrEqual(length)
    expect(model.generate({ random: 3 })).toBe(model.generate({ random: 3 }))
  })
})

describe('letters', () => {
  test('are whole characters, in the order of their first use', () => {
    expect(SentenceModel.create({ sentences: ['b😀a', '  ', 'a'], engine: reference }).letters.all).toEqual(['b', '😀', 'a'])
  })

  test('that are seen too rarely are left out of the sentences', () => {
    const model = SentenceModel.create({ sentences: ['abcab', 'ba', 'c'], countThreshold: 3, engine: reference })
    expect(model.letters.all).toEqual(['a', 'b'])
    expect(model.sentences).toEqual(['abab', 'ba'])
  })

  test('of a page that took characters apart are put together again', () => {
    const model = SentenceModel.create({ sentences: ['x'], engine: reference })
    const saved = model.toJSON()
    const halves = { ...saved, letterToIndex: { '\ud83d': 1, '\ude00': 2 } }
    const [w, bias] = [Array(15).fill(0.01), Array(3).fill(0)]
    const grown = {
      ...saved.model,
      Wil: { n: 3, d: 5, w },
      Whd: { n: 3, d: 20, w: Array(60).fill(0.01) },
      bd: { n: 3, d: 1, w: bias },
    }
    const loaded = SentenceModel.fromJSON({ ...halves, model: grown, solver: undefined }, { engine: reference })
    expect([...loaded.letters.encode('😀')]).toEqual([0, 1, 2, 0])
    for (let i = 0; i < 200; i++) loaded.step('😀')
    expect(loaded.generate({ temperature: 0 })).toBe('😀')
  })

  test('that a model does not know are told', () => {
    const model = SentenceModel.create({ sentences: ['ab'], engine: reference })
    expect(() => model.step('abç')).toThrow("sentence: 'ç' (letter 3) is not one of this model's 2")
  })
})

describe('what no demo has saved is refused with a sentence, and nothing is made of it', () => {
  const saved = SentenceModel.create({ sentences: ['ab'], hiddenSizes: [3], engine: reference }).toJSON()
  const cases: [unknown, string][] = [
    [null, "generator: missing; must be 'lstm' or 'rnn'"],
    [{ ...saved, generator: 'gru' }, `generator: "gru"; must be 'lstm' or 'rnn'`],
    [{ ...saved, hidden_sizes: [0] }, 'hidden_sizes: [0]; must be a list of positive integers'],
    [{ ...saved, letter_size: 1.5 }, 'letter_size: 1.5; must be a positive integer'],
    [{ ...saved, model: { ...saved.model, Wix0: undefined } }, 'Wix0: is missing'],
    [{ ...saved, hidden_sizes: [4] }, 'Wix0: is [3, 5], expected [4, 5]'],
    [{ ...saved, model: { ...saved.model, bd: { n: 3, d: 1, w: [1, 2] } } }, 'bd: value 2 is missing; must be a finite number'],
    [{ ...saved, letterToIndex: { a: 1, b: 1 } }, 'letterToIndex: {"a":1,"b":1}; must number the letters from 1 to 2, each once'],
    [{ ...saved, solver: { ...saved.solver, decay_rate: 2 } }, 'solver.decay_rate: 2; must be in [0, 1)'],
  ]
  test.each(cases)('%#', (json, message) => {
    expect(() => SentenceModel.fromJSON(json, { engine: reference })).toThrow(message)
  })

  test('nor sentences without a letter', () => {
    expect(() => SentenceModel.create({ sentences: [' ', ''], engine: reference })).toThrow(
      'sentences: none with a letter; give at least one',
    )
    expect(() => SentenceModel.fromJSON(saved, { engine: reference }).tick()).toThrow(
      'tick: this model was loaded without sentences; give some, or use step',
    )
  })
})
