import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Bidirectional, Graph, gru, layerNormLstm, lstm, Recurrent, rnn, Stream, type StreamState } from '../../src/index.js'
import { executors, toleranceOf } from '../support/executors.js'
import { random, randoms, seed } from '../support/random.js'
import '../support/close.js'

describe.each(executors)('on %s: a stream', (_, engine) => {
  const networks = [rnn(), gru(), lstm(), layerNormLstm()].map(
    (cell) => new Recurrent(cell, { input: 3, hidden: 5, layers: 2, residual: true, random: 2, engine }),
  )
  const streams = networks.map((network) => new Stream(network))

  test('gives what the whole sequence gives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), seed, (T, start) => {
        networks.forEach((network, i) => {
          const x = randoms(T * 3, random(start))
          const g = new Graph({ engine })
          const { output } = network.forward(g, g.input(T, 3, x))
          streams[i].reset()
          const steps = Array.from({ length: T }, (__, t) => Array.from(streams[i].step(x.subarray(3 * t, 3 * t + 3))))
          expect(steps.flat()).toBeNear(output.data, toleranceOf(engine))
          expect(streams[i].steps).toBe(T)
        })
      }),
      { numRuns: 5 },
    )
  })

  test('forks, and is saved and restored by way of JSON, to the bit', () => {
    const stream = new Stream(networks[2])
    stream.step([1, 2, 3])
    const fork = stream.fork()
    const saved = JSON.stringify(stream.save())
    const next = Array.from(stream.step([0.5, -1, 2]))
    stream.step([9, 9, 9])
    expect(Array.from(fork.step([0.5, -1, 2]))).toEqual(next)
    const restored = new Stream(networks[2])
    restored.restore(JSON.parse(saved) as StreamState)
    expect(restored.steps).toBe(1)
    expect(Array.from(restored.step([0.5, -1, 2]))).toEqual(next)
  })

  test('that is given something wrong stands where it stood', () => {
    const stream = new Stream(networks[1])
    stream.step([1, 2, 3])
    const before = stream.save()
    expect(() => stream.step([1, 2])).toThrow('step: 2 numbers; must be 3')
    expect(() => stream.step([1, NaN, 2])).toThrow('step: NaN at 1; must be finite numbers')
    expect(() => stream.restore({} as StreamState)).toThrow('state: is not what a stream saved')
    expect(() => stream.restore({ ...before, version: 2 as 1 })).toThrow('state: of version 2; this release reads version 1')
    expect(() => stream.restore({ ...before, steps: -1 })).toThrow('state: -1 steps; must be a whole number, 0 or more')
    expect(() => stream.restore({ ...before, state: [before.state[0], { h: [1] }] })).toThrow(
      'state 1.h: is not the 5 numbers that this network carries',
    )
    expect(stream.save()).toEqual(before)
  })

  test('of bidirectional layers is refused, with the reason', () => {
    expect(() => new Stream(new Bidirectional(gru(), { input: 3, hidden: 2, engine }))).toThrow(
      'their backward half begins at the end of a sequence, which a stream has not',
    )
  })
})
