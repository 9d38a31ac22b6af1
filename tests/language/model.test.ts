import { describe, expect, test } from 'vitest'
import { createEngine, decodeSafetensors, defineCell, Graph, LanguageModel, Random, Reader, Sampler } from '../../src/index.js'
import { plain, small, text, trained, written } from './models.js'

const reference = createEngine({ kernels: 'reference' })

describe('training', () => {
  test('reaches back as far as it is told', async () => {
    const lossesOf = async (reach?: number): Promise<number[]> => {
      const losses: number[] = []
      const options = { steps: 4, streams: 3, window: 8, heldOut: 0, reach }
      for await (const { loss } of small({ engine: reference }).train(options)) losses.push(loss)
      return losses
    }
    const all = await lossesOf()
    expect(await lossesOf(7)).toEqual(all)
    expect(await lossesOf(1)).not.toEqual(all)
    await expect(lossesOf(-1)).rejects.toThrow('scan: reach -1; must be a whole number, 0 or more')
  })

  test('a window that would not fit is refused, and is not where it is computed anew', () => {
    const model = LanguageModel.create({ text: text.repeat(70), hidden: 512, layers: 2, engine: plain })
    const options = { streams: 1, window: 50_000, heldOut: 0 }
    expect(() => model.training(options)).toThrow(/^window: 50000; training .* would take about 2,\d{3} MB of memory/)
    expect(model.training({ ...options, recompute: 200 }).batches.batch).toBe(1)
    expect(() => model.training({ ...options, recompute: 0 })).toThrow('recompute: 0; must be a positive integer')
  })

  test.each(['lstm', 'gru', 'gru-reset-before', 'rnn', 'rnn-relu'] as const)('a %s learns', async (cell) => {
    const losses = await trained(small({ cell }), 80, 0.03)
    expect(losses.at(-1)).toBeLessThan(losses[0] * 0.8)
  })

  test('the same seed gives the same weights, to the bit, with the plain kernels', async () => {
    const run = async (seed: number): Promise<Uint8Array> => {
      const model = small({ dropout: 0.3, seed, engine: createEngine({ deterministic: true }) })
      await trained(model)
      return model.toBytes()
    }
    const first = await run(5)
    expect(await run(5)).toEqual(first)
    expect(await run(6)).not.toEqual(first)
  })

  test('lets timers fire', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await trained(small({ hidden: 64 }), 80)
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(2)
  })

  test('float32 follows float64', async () => {
    const losses = await Promise.all([plain, reference].map((engine) => trained(small({ engine }), 10)))
    losses[0].forEach((loss, i) => expect(loss).toBeCloseTo(losses[1][i], 4))
  })

  test('reports steps, epochs, tokens, and validations on text that is never trained on', async () => {
    const model = small()
    const reports = []
    for await (const report of model.train({ epochs: 2, streams: 2, window: 32, heldOut: 0.1, validateEvery: 5 }))
      reports.push(report)
    const { steps } = reports[0]
    expect(reports.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1))
    expect(reports.at(-1).epoch).toBeCloseTo(2)
    const heldOut = Math.round(text.length * 0.1)
    expect(reports.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(2 * (text.length - heldOut - 1))
    const validated = reports.filter(({ validation }) => validation)
    expect(validated.map(({ step }) => step)).toEqual(
      reports.filter(({ step }) => step % 5 === 0 || step === steps).map(({ step }) => step),
    )
    expect(validated[0].validation!.tokens).toBe(heldOut - 1)
    expect(validated[0].validation!.bits).toBeCloseTo(validated[0].validation!.nats / Math.log(2), 12)
  })
})

describe('evaluation', () => {
  test('is the mean surprisal that generation gives the same text', () => {
    const model = small({ engine: reference })
    const reader = new Reader(model.network)
    const ids = model.vocabulary.encode('the lazy dog sleeps')
    reader.read(ids.slice(0, 1))
    const sampler = new Sampler(reader, [new Random(1)])
    let sum = 0
    for (const id of ids.subarray(1)) {
      sampler.next(id)
      sum -= sampler.logProbability(0)
    }
    expect(model.evaluate('the lazy dog sleeps').nats).toBeCloseTo(sum / (ids.length - 1), 12)
  })
})

describe('generation', () => {
  test('repeats itself with the same seed, and differs with another', async () => {
    const model = small()
    const options = { prompt: 'the ', length: 40, temperature: 1 }
    expect(await written(model, { ...options, seed: 1 })).toBe(await written(model, { ...options, seed: 1 }))
    expect(await written(model, { ...options, seed: 1 })).not.toBe(await written(model, { ...options, seed: 2 }))
  })

  test('can go on at several places at once', async () => {
    const model = small()
    const options = { prompt: 'the ', length: 12, temperature: 0 }
    const alone = await written(model, options)
    const [a, b] = [model.generate(options), model.generate({ ...options, prompt: 'dog ' })]
    let together = ''
    for (let i = 0; i < options.length; i++) {
      together += (await a.next()).value
      await b.next()
    }
    expect(together).toBe(alone)
  })

  test('at temperature 0 always takes the most likely', async () => {
    const model = small()
    await trained(model, 150)
    expect(await written(model, { prompt: 'the ', length: 20, temperature: 0, seed: 1 })).toBe(
      await written(model, { prompt: 'the ', length: 20, temperature: 0, seed: 2 }),
    )
  })

  test('tells of each token how likely it was, as a score of the same text does', async () => {
    const model = small()
    const events = []
    for await (const event of model.stream({ prompt: 'the ', length: 30, top: 3 })) events.push(event)
    const scores = await model.score(`the ${events.map((event) => event.text).join('')}`)
    events.forEach(({ logProbability, top, token }, i) => {
      expect(scores[i + 4]).toMatchObject({ token, text: model.vocabulary.tokens[token] })
      expect(scores[i + 4].nats).toBeCloseTo(-logProbability, 4)
      expect(top).toHaveLength(3)
      expect(top![0].logProbability).toBeGreaterThanOrEqual(logProbability)
    })
    expect(await written(model, { prompt: 'the ', length: 30 })).toBe(events.map((event) => event.text).join(''))
  })

  test('scores a text to the mean that evaluation finds', async () => {
    const model = small()
    const scores = await model.score(text.slice(0, 200))
    const nats = scores.slice(1).reduce((sum, score) => sum + score.nats!, 0) / 199
    expect(nats).toBeCloseTo(model.evaluate(text.slice(0, 200)).nats, 5)
  })

  test('writes samples and beams, and goes on with a session where another was saved', async () => {
    const model = small()
    await trained(model, 60, 0.03)
    const options = { prompt: 'the ', length: 25, seed: 4 }
    const samples = await model.samples({ ...options, count: 3 })
    expect(samples[0].text).toBe(await written(model, options))
    expect((await model.samples({ ...options, first: 2 }))[0].text).toBe(samples[2].text)
    const greedy = await written(model, { prompt: 'the ', length: 25, temperature: 0 })
    expect((await model.beams({ prompt: 'the ', length: 25, width: 1 }))[0].text).toBe(greedy)
    const session = model.session({ seed: 4 })
    await session.read('the ')
    const state = session.save()
    let text = ''
    for await (const piece of model.session({ state }).generate({ length: 25 })) text += piece
    expect(text).toBe(samples[0].text)
  })

  test('lets timers fire', async () => {
    const model = small({ hidden: 64 })
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await written(model, { prompt: text, length: 3000 })
    expect(ticks).toBeGreaterThan(2)
    const afterOne = ticks
    for (let i = 0; i < 100; i++) await written(model, { prompt: 'the ', length: 30 })
    const afterWriting = ticks
    await model.score(text.repeat(30))
    clearInterval(timer)
    expect(afterWriting).toBeGreaterThan(afterOne + 2)
    expect(ticks).toBeGreaterThan(afterWriting + 1)
  })

  test('refuses a character that it does not know, and says which', async () => {
    await expect(written(small(), { prompt: 'the é' })).rejects.toThrow(
      "prompt: 'é' (character 5) is not in this model's vocabulary",
    )
    await expect(written(small(), { temperature: -1 })).rejects.toThrow('temperature: -1; must be 0 or more')
  })

  test('refuses dropout that would do nothing', () => {
    expect(() => small({ layers: 1, dropout: 0.5 })).toThrow(
      'dropout: 0.5 with 1 layer; must be 0, since dropout is between layers',
    )
  })
})

describe("a cell of one's own", () => {
  const cell = defineCell({
    name: 'leaky',
    state: ({ hidden }) => ({ h: hidden }),
    parameters: ({ input, hidden }) => ({ W: [input, hidden], U: [hidden, hidden] }),
    step(g, x, { h }, { W, U }) {
      const next = g.add(g.mul(h, 0.5), g.tanh(g.add(g.matmul(x, W), g.matmul(h, U))))
      return { h: next, output: next }
    },
  })

  test('may have the name of a built-in one', async () => {
    const model = small({ cell: { ...cell, name: 'lstm' } })
    const bytes = model.toBytes()
    expect([...decodeSafetensors(bytes).tensors.keys()]).toContain('rnn.U_l1')
    expect(LanguageModel.fromBytes(bytes, { cell: { ...cell, name: 'lstm' }, engine: plain }).toBytes()).toEqual(bytes)
    expect(() => LanguageModel.fromBytes(bytes, { source: 'm', engine: plain })).toThrow(/^m: /)
  })

  test('may carry its input', async () => {
    const delayed = defineCell({
      name: 'delayed',
      state: ({ input, hidden }) => ({ before: input, h: hidden }),
      parameters: ({ input, hidden }) => ({ W: [input, hidden], V: [input, hidden], U: [hidden, hidden] }),
      step(g, x, { before, h }, { W, V, U }) {
        const next = g.tanh(g.add(g.matmul(x, W), g.matmul(before, V), g.matmul(h, U)))
        return { before: x, h: next, output: next }
      },
    })
    const losses = await trained(small({ cell: delayed }), 60, 0.03)
    expect(losses.at(-1)).toBeLessThan(losses[0] * 0.8)
  })

  test('is saved, and loaded with the cell at hand', async () => {
    const model = small({ cell })
    await trained(model, 5)
    const bytes = model.toBytes()
    expect(() => LanguageModel.fromBytes(bytes, { source: 'm' })).toThrow("m: has a cell 'leaky' of its own; pass it as cell")
    expect(LanguageModel.fromBytes(bytes, { cell, engine: plain }).toBytes()).toEqual(bytes)
  })
})

test('tied weights get the gradient of both their uses', () => {
  const model = small({ tied: true, hidden: 6, embedding: 6, engine: reference })
  const { weight } = model.network.embedding
  const loss = (): { g: Graph; value: ReturnType<Graph['sum']> } => {
    const g = new Graph({ engine: reference })
    const ids = model.vocabulary.encode('the dog ')
    const state = model.network.recurrent.zeroState(g, 1)
    const { logits } = model.network.forward(g, g.indices(ids.subarray(0, -1)), { state })
    return { g, value: g.crossEntropy(logits, g.indices(ids.subarray(1))) }
  }
  const { g, value } = loss()
  g.backward(value)
  const gradient = weight.grad.read()
  const values = weight.read()
  for (let i = 0; i < values.length; i += 7) {
    const at = (delta: number): number => {
      const moved = values.slice()
      moved[i] += delta
      weight.write(moved)
      return loss().value.value
    }
    const difference = (at(1e-5) - at(-1e-5)) / 2e-5
    weight.write(values)
    expect(gradient[i]).toBeCloseTo(difference, 8)
  }
})

test('options that make no sense are refused with a sentence', async () => {
  expect(() => small({ cell: 'lsmt' as 'lstm' })).toThrow("cell: 'lsmt'; must be one of lstm, gru")
  expect(() => small({ hiden: 8 } as object)).toThrow("create: 'hiden' is not an option; did you mean 'hidden'?")
  expect(() => small({ tied: true })).toThrow('tied: true with an embedding of 6 and layers of 12')
  expect(() => small({ bidirectional: true })).toThrow('a layer that reads backwards would have read it already')
  expect(() => LanguageModel.create({ text: '' })).toThrow('text: is empty')
  await expect(async () => {
    for await (const _ of small().train({ steps: 1, epochs: 1 }));
  }).rejects.toThrow('epochs: 1; not together with a number of steps')
  await expect(async () => {
    for await (const _ of LanguageModel.fromBytes(small().toBytes(), { engine: plain }).train());
  }).rejects.toThrow('train: this model was loaded without a text')
})
