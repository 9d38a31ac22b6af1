import { describe, expect, test } from 'vitest'
import {
  adam,
  createEngine,
  Divergence,
  evaluate,
  gru,
  LanguageNetwork,
  Optimizer,
  schedules,
  Streams,
  Trainer,
  TrainingLoop,
  type LoopOptions,
  type LoopReport,
} from '../../src/index.js'

const tokens = Int32Array.from({ length: 300 }, (_, i) => (i * i + (i >> 2)) % 7)

function loopOf(options: Partial<LoopOptions> = {}, rate = 0.01): TrainingLoop {
  const engine = createEngine({ kernels: 'plain' })
  const network = new LanguageNetwork({
    tokens: 7,
    cell: gru(),
    embedding: 4,
    hidden: 6,
    layers: 2,
    dropout: 0.2,
    tied: false,
    seed: 1,
    engine,
  })
  const optimizer = new Optimizer(network.parameters, adam(), { clipNorm: 1 })
  const batches = new Streams(tokens.subarray(0, 250), { streams: 3, window: 8 })
  const trainer = new Trainer(network, { batches, optimizer, schedule: schedules.halveOnRise({ rate }), seed: 5 })
  const heldOut = tokens.subarray(250)
  return new TrainingLoop(trainer, {
    limits: { steps: 60 },
    validate: () => evaluate(network, heldOut),
    validateEvery: 7,
    snapshotEvery: 10,
    retries: 3,
    ...options,
  })
}

function toTheEnd(loop: TrainingLoop): LoopReport[] {
  const reports: LoopReport[] = []
  while (!loop.ended) reports.push(loop.next())
  return reports
}

const weightsOf = ({ trainer }: TrainingLoop): number[][] => trainer.network.parameters.map((parameter) => [...parameter.read()])

const weightsOfSnapshot = ({ lastGood }: TrainingLoop): number[][] => [...lastGood.weights.values()].map((values) => [...values])

/** The largest float32 of a weight makes the loss of the next step a NaN. */
const spoil = ({ trainer }: TrainingLoop): void => {
  const [{ size }] = trainer.network.parameters
  trainer.network.parameters[0].write(new Float32Array(size).fill(NaN))
}

describe('a loop that goes on from a snapshot', () => {
  test.each([1, 10, 13, 28, 55])('ends with the weights of one that never stopped, to the bit, after step %i', (stop) => {
    const whole = loopOf()
    toTheEnd(whole)
    const first = loopOf()
    while (first.trainer.optimizer.step < stop) first.next()
    const second = loopOf()
    const state = JSON.parse(JSON.stringify(first.state)) as typeof first.state
    // The parameters of another network are other matrices: taken over by their place.
    const [from, to] = [first, second].map((loop) => loop.trainer.network.parameters)
    const moved = <T>(values: ReadonlyMap<object, T>): Map<object, T> =>
      new Map(from.map((matrix, i) => [to[i], values.get(matrix)!]))
    const snapshot = first.trainer.snapshot()
    const slots = Object.fromEntries(Object.entries(snapshot.slots).map(([name, values]) => [name, moved(values)]))
    const own = { ...snapshot, weights: moved(snapshot.weights), slots } as typeof snapshot
    second.restore(own, state, own)
    toTheEnd(second)
    expect(weightsOf(second)).toEqual(weightsOf(whole))
    expect(second.state.history).toEqual(whole.state.history)
  })
})

describe('a loop ends', () => {
  test('after so many steps, with a validation', () => {
    const loop = loopOf()
    const reports = toTheEnd(loop)
    expect(loop.ended).toBe('steps')
    expect(reports).toHaveLength(60)
    expect(reports.filter(({ validation }) => validation).map(({ taken }) => taken!.step)).toEqual([
      7, 14, 21, 28, 35, 42, 49, 56, 60,
    ])
  })

  test('when the held-out loss is low enough', () => {
    const loop = loopOf({ limits: { steps: 1000, loss: 1.9 } })
    const reports = toTheEnd(loop)
    expect(loop.ended).toBe('loss')
    expect(reports.at(-1).validation!.nats).toBeLessThanOrEqual(1.9)
    expect(reports.slice(0, -1).every(({ validation }) => !validation || validation.nats > 1.9)).toBe(true)
  })

  test('when nothing is held out, by the smoothed training loss', () => {
    const loop = loopOf({ validate: undefined, limits: { steps: 1000, loss: 1.9 } })
    toTheEnd(loop)
    expect(loop.ended).toBe('loss')
    expect(loop.state.smoothed).toBeLessThanOrEqual(1.9)
  })

  test('after some time', () => {
    const loop = loopOf({ limits: { seconds: 0.05 } })
    toTheEnd(loop)
    expect(loop.ended).toBe('time')
    expect(loop.state.seconds).toBeGreaterThanOrEqual(0.05)
  })

  test('after so many validations without a better one, and knows the best', () => {
    const losses = [3, 2, 2.5, 2.5, 1.5, 1.6, 1.7, 1.8, 1]
    let i = 0
    const validate = () => ({ nats: losses[i], bits: losses[i++] / Math.LN2, tokens: 1 })
    const loop = loopOf({ limits: { steps: 1000 }, validate, patience: 3 })
    const reports = toTheEnd(loop)
    expect(loop.ended).toBe('patience')
    expect(reports).toHaveLength(8 * 7)
    expect(loop.state.best).toMatchObject({ step: 5 * 7, nats: 1.5 })
    const best = reports.flatMap(({ validation }) => (validation ? [validation.best] : []))
    expect(best).toEqual([true, true, false, false, true, false, false, false])
  })
})

describe('a divergence', () => {
  test('leads back to the last snapshot, with half the rate, and is told', () => {
    const loop = loopOf()
    while (loop.trainer.optimizer.step < 25) loop.next()
    const good = loop.lastGood
    spoil(loop)
    const { taken, recovery } = loop.next()
    expect(taken).toBeUndefined()
    expect(recovery).toMatchObject({ backTo: 20, rateFactor: 0.5 })
    expect(recovery!.divergence.message).toMatch(
      /^step 26: the loss is NaN; first at .*; parameter embedding.weight holds values that are not finite/,
    )
    expect(loop.trainer.network.parameters.map((parameter) => [...parameter.read()])).toEqual(
      [...good.weights.values()].map((values) => [...values]),
    )
    expect(loop.state.history.map(({ step }) => step)).toEqual([7, 14])
    const next = loop.next()
    expect(next.taken).toMatchObject({ step: 21 })
    expect(next.taken!.learningRate).toBe(good.rateFactor * 0.5 * loop.trainer.schedule.rate(20))
    toTheEnd(loop)
    expect(loop.ended).toBe('steps')
  })

  test('is an error after so many times, with the weights of the snapshot', () => {
    const loop = loopOf({ retries: 2 })
    while (loop.trainer.optimizer.step < 12) loop.next()
    const good = weightsOfSnapshot(loop)
    for (let i = 0; i < 2; i++) {
      spoil(loop)
      expect(loop.next().recovery).toBeDefined()
    }
    spoil(loop)
    expect(() => loop.next()).toThrow(Divergence)
    expect(weightsOf(loop)).toEqual(good)
  })

  test('is an error at once where there are no retries', () => {
    const loop = loopOf({ retries: 0 })
    loop.next()
    const good = weightsOfSnapshot(loop)
    spoil(loop)
    expect(() => loop.next()).toThrow(/^step 2: the loss is NaN/)
    expect([weightsOf(loop), loop.trainer.rateFactor]).toEqual([good, 1])
  })

  test('of the held-out loss is an error at once, too, where there are no retries', () => {
    const loop = loopOf({ retries: 0, validate: () => ({ nats: NaN, bits: NaN, tokens: 1 }) })
    expect(() => toTheEnd(loop)).toThrow(/^step 7: the held-out loss is NaN/)
    expect(loop.trainer.optimizer.step).toBe(0)
  })

  test('is a held-out loss that is no number, also after the last step', () => {
    const losses = [3, NaN, 2, 1, 1, 1, 1, 1, 1, NaN, 1, 1]
    let i = 0
    const validate = () => ({ nats: losses[i], bits: losses[i++] / Math.LN2, tokens: 1 })
    const loop = loopOf({ validate })
    const reports = toTheEnd(loop)
    const back = reports.flatMap(({ recovery }) => (recovery ? [[recovery.divergence.message, recovery.backTo]] : []))
    expect(back).toEqual([
      ['step 14: the held-out loss is NaN', 10],
      ['step 60: the held-out loss is NaN', 50],
    ])
    expect(loop.ended).toBe('steps')
    expect(loop.state.history.map(({ step }) => step)).toEqual([7, 14, 21, 28, 35, 42, 49, 56, 60])
  })

  test('right after a snapshot leads back beyond it, whose weights are those that diverge', () => {
    const loop = loopOf()
    while (loop.trainer.optimizer.step < 20) loop.next()
    spoil(loop)
    expect(loop.next().recovery).toMatchObject({ backTo: 10, rateFactor: 0.5 })
    toTheEnd(loop)
    expect(loop.ended).toBe('steps')
  })

  test('is an explosion too, at once where there are no retries', () => {
    const loop = loopOf({ retries: 0 })
    loop.next()
    const { parameters } = loop.trainer.network
    const good = weightsOfSnapshot(loop)
    parameters.forEach((parameter) => parameter.write(parameter.read().map((value) => value * 1000)))
    expect(() => loop.next()).toThrow(/more than 4 times that of a guess that has learnt nothing/)
    expect(weightsOf(loop)).toEqual(good)
  })

  test('is a loss that is a number, but far above that of a guess', () => {
    const loop = loopOf()
    loop.next()
    const { parameters } = loop.trainer.network
    parameters.forEach((parameter) => parameter.write(parameter.read().map((value) => value * 1000)))
    const { recovery } = loop.next()
    expect(recovery!.divergence.message).toMatch(
      /^step 2: the loss is [\d.]+ nats a token, more than 4 times that of a guess that has learnt nothing/,
    )
    expect(recovery!.backTo).toBe(0)
  })
})
