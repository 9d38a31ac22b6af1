// RecurrentJS's sentence demo, tick by tick, against what RecurrentJS itself computed in float64 from the same weights.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import { createEngine, useEngine } from '../../src/run/engines.js'
import type { Engine } from '../../src/run/engine.js'
import '../support/close.js'
import { reference } from '../support/executors.js'

interface Saved {
  n: number
  d: number
  w: number[]
}

interface Fixture {
  config: {
    generator: 'lstm' | 'rnn'
    hidden_sizes: number[]
    learning_rate: number
    l2: number
    clip_value: number
    letterToIndex: Record<string, number>
  }
  sentences: string[]
  sentence_index_per_tick: number[]
  initial_weights: Record<string, Saved>
  first_gradients_before_clip: Record<string, number[]>
  cost_per_tick: number[]
  ppl_per_tick: number[]
  ratio_clipped_per_tick: number[]
  final_weights: Record<string, Saved>
}

const fixtureOf = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`../fixtures/recurrentjs-${name}.json`, import.meta.url), 'utf8')) as Fixture

class Demo {
  readonly model: R.Model = {}
  readonly #solver = new R.Solver()
  constructor(
    readonly fixture: Fixture,
    engine: Engine,
  ) {
    useEngine(engine)
    for (const [name, saved] of Object.entries(fixture.initial_weights)) {
      this.model[name] = new R.Mat(1, 1)
      this.model[name].fromJSON(saved)
    }
  }

  cost(sent: string): { G: R.Graph; cost: number; ppl: number } {
    const { model } = this
    const { generator, hidden_sizes, letterToIndex } = this.fixture.config
    const G = new R.Graph()
    let log2ppl = 0.0
    let cost = 0.0
    let prev: R.Previous<R.LSTMState> = {}
    const n = sent.length
    for (let i = -1; i < n; i++) {
      const ix_source = i === -1 ? 0 : letterToIndex[sent[i]]
      const ix_target = i === n - 1 ? 0 : letterToIndex[sent[i + 1]]
      const x = G.rowPluck(model.Wil, ix_source)
      const lh: R.LSTMState =
        generator === 'lstm'
          ? R.forwardLSTM(G, model, hidden_sizes, x, prev)
          : { ...R.forwardRNN(G, model, hidden_sizes, x, prev), c: [] }
      prev = lh
      const logprobs = lh.o
      const probs = R.softmax(logprobs)
      log2ppl += -Math.log2(probs.w[ix_target])
      cost += -Math.log(probs.w[ix_target])
      logprobs.dw = probs.w
      logprobs.dw[ix_target] -= 1
    }
    return { G, cost, ppl: Math.pow(2, log2ppl / (n - 1)) }
  }

  tick(t: number): { cost: number; ppl: number; ratio_clipped: number; gradients: Record<string, number[]> } {
    const { sentences, sentence_index_per_tick, config } = this.fixture
    const { G, cost, ppl } = this.cost(sentences[sentence_index_per_tick[t]])
    G.backward()
    const gradients = t > 0 ? {} : Object.fromEntries(Object.entries(this.model).map(([name, { dw }]) => [name, [...dw]]))
    const { ratio_clipped } = this.#solver.step(this.model, config.learning_rate, config.l2, config.clip_value)
    return { cost, ppl, ratio_clipped, gradients }
  }
}

describe.each(['lstm', 'rnn'])('the sentence demo (%s)', (name) => {
  const fixture = fixtureOf(name)

  test('is RecurrentJS to the last tick, in float64', () => {
    const demo = new Demo(fixture, reference)
    const ticks = fixture.cost_per_tick.map((_, t) => demo.tick(t))
    for (const [key, expected] of Object.entries(fixture.first_gradients_before_clip)) {
      expect(ticks[0].gradients[key]).toBeNear(expected, 1e-8, 0)
    }
    ticks.forEach(({ cost, ppl, ratio_clipped }, t) => {
      expect([cost], `cost at ${t}`).toBeNear([fixture.cost_per_tick[t]], 5e-9)
      expect([ppl], `ppl at ${t}`).toBeNear([fixture.ppl_per_tick[t]], 5e-9)
      expect(ratio_clipped, `ratio_clipped at ${t}`).toBeCloseTo(fixture.ratio_clipped_per_tick[t], 12)
    })
    for (const [key, { w }] of Object.entries(fixture.final_weights)) expect(demo.model[key].w).toBeNear(w, 1e-8)
  })

  test('is it as far as float32 goes, on the plain kernels', () => {
    const demo = new Demo(fixture, createEngine({ kernels: 'plain' }))
    for (let t = 0; t < 10; t++) {
      const { cost, gradients } = demo.tick(t)
      expect([cost], `cost at ${t}`).toBeNear([fixture.cost_per_tick[t]], 5e-4)
      for (const [key, found] of Object.entries(gradients)) {
        const expected = fixture.first_gradients_before_clip[key]
        const largest = expected.reduce((max, g) => Math.max(max, Math.abs(g)), 0)
        expect(Math.max(...expected.map((g, i) => Math.abs(g - found[i]))), key).toBeLessThan(1e-4 * largest)
      }
    }
  })
})
