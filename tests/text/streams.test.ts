import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { splitHeldOut, Streams } from '../../src/text/streams.js'

const count = (n: number) => Int32Array.from({ length: n }, (_, i) => i)
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 31, 64)

describe('streams', () => {
  test('are windows over contiguous parts, time-major', () => {
    // 7 predictions in 2 streams, 4 and 3 long: 0→1 1→2 2→3 3→4 | 4→5 5→6 6→7
    const streams = new Streams(count(8), { streams: 2, window: 3 })
    expect(streams.predictions).toBe(7)
    expect(streams.windowsPerEpoch).toBe(2)
    expect(streams.window(0)).toEqual({
      inputs: Int32Array.of(0, 4, 1, 5, 2, 6),
      targets: Int32Array.of(1, 5, 2, 6, 3, 7),
      predicted: 6,
      steps: 3,
      sequences: 2,
      startsAnew: true,
    })
    expect(streams.window(1)).toEqual({
      inputs: Int32Array.of(3, 0, 0, 0, 0, 0),
      targets: Int32Array.of(4, -1, -1, -1, -1, -1),
      predicted: 1,
      steps: 3,
      sequences: 2,
      startsAnew: false,
    })
  })

  test('have each prediction exactly once an epoch, in order, in parts that differ by at most one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), size, size, (n, B, T) => {
        fc.pre(B <= n - 1)
        // Each token is its own position, so a target tells where in the text it is.
        const streams = new Streams(count(n), { streams: B, window: T })
        const read: number[][] = Array.from({ length: B }, () => [])
        for (let i = 0; i < streams.windowsPerEpoch; i++) {
          const { inputs, targets, predicted } = streams.window(i)
          const size = B * Math.min(T, Math.ceil((n - 1) / B))
          expect([inputs.length, targets.length]).toEqual([size, size])
          expect(predicted).toBe(targets.filter((target) => target >= 0).length)
          expect(predicted).toBeGreaterThan(0)
          targets.forEach((target, at) => {
            if (target >= 0) read[at % B].push(target)
            expect(inputs[at]).toBe(target >= 0 ? target - 1 : 0)
          })
        }
        expect(read.flat()).toEqual([...count(n)].slice(1))
        const lengths = read.map((part) => part.length)
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('begin again with each epoch', () => {
    const streams = new Streams(count(50), { streams: 3, window: 4 })
    const epoch = streams.windowsPerEpoch
    const starts = [0, 1, epoch - 1, epoch, 7 * epoch].map((step) => streams.window(step).startsAnew)
    expect(starts).toEqual([true, false, false, true, true])
    expect(streams.window(7 * epoch + 2)).toEqual(streams.window(2))
  })

  test('print themselves', () => {
    expect(`${new Streams(count(12_001), { streams: 10, window: 100 })}`).toBe(
      '12,000 predictions an epoch; windows: 12 of 100 × 10 (steps × streams)',
    )
  })

  test.each([
    [0, 1, 1, 'text: length 0; must be at least 2 tokens, one to read and one to predict'],
    [1, 1, 1, 'text: length 1; must be at least 2 tokens'],
    [5, 5, 1, 'streams: 5; must be at most 4 for a text of 5 tokens'],
    [5, 0, 1, 'streams: 0; must be a positive integer'],
    [5, 1.5, 1, 'streams: 1.5; must be a positive integer'],
    [5, 1, 0, 'window: 0; must be a positive integer'],
    [5, 1, NaN, 'window: NaN; must be a positive integer'],
  ])('are not made of %d tokens as %d streams and windows of %d', (n, streams, window, message) => {
    expect(() => new Streams(count(n), { streams, window })).toThrow(message)
  })

  test.each([-1, 0.5])('have no window %d', (step) => {
    expect(() => new Streams(count(5), { streams: 1, window: 1 }).window(step)).toThrow(
      `step: ${step}; must be an integer from 0`,
    )
  })
})

describe('the held-out part', () => {
  test('is the end of the text, a twentieth unless told otherwise', () => {
    const { training, heldOut } = splitHeldOut(count(100))
    expect([...training, ...heldOut]).toEqual([...count(100)])
    expect(heldOut.length).toBe(5)
    expect(splitHeldOut(count(100), 0.5).heldOut.length).toBe(50)
  })

  test('leaves enough on both sides, or says so', () => {
    expect(() => splitHeldOut(count(20))).toThrow(
      'text: a length of 20 leaves 19 to train on and 1 held out; each needs at least 2 tokens',
    )
    expect(() => splitHeldOut(count(10), 0.9)).toThrow('text: a length of 10 leaves 1 to train on and 9 held out')
  })

  test.each([0, 1, -0.1, NaN])('is not a share of %d', (share) => {
    expect(() => splitHeldOut(count(100), share)).toThrow(`share: ${share}; must be above 0 and below 1`)
  })
})

describe('what others leave out', () => {
  /** Where the originals' loops put their windows before they wrap: `if p + T + 1 >= length: p = 0`, checked before each step. */
  const originals = (length: number, window: number): number[] => {
    const places: number[] = []
    for (let p = 0; places.length === 0 || p + window + 1 < length; p += window) places.push(p)
    return places
  }
  const tokens = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)

  test('last: the windows are those of min-char-rnn', () => {
    for (let n = 5; n < 40; n++) {
      for (const window of [1, 3, 4].filter((size) => size < n)) {
        const streams = new Streams(tokens(n), { streams: 1, window, leaveOut: 'last' })
        const places = originals(n, window)
        expect(streams.windowsPerEpoch).toBe(places.length)
        places.forEach((place, i) => {
          const { inputs, targets, predicted, startsAnew } = streams.window(i)
          expect([...inputs]).toEqual(Array.from({ length: window }, (_, t) => place + t))
          expect([...targets]).toEqual([...inputs].map((token) => token + 1))
          expect([predicted, startsAnew]).toEqual([window, i === 0])
        })
        expect(streams.leftOut).toBe(n - 1 - places.length * window)
      }
    }
  })

  test('uneven: the windows are those of a text that is cut to a multiple and reshaped to rows', () => {
    for (let n = 24; n < 70; n++) {
      const [batch, window] = [3, 4]
      const length = Math.floor(n / (batch * window)) * window
      if (length <= window) continue
      const streams = new Streams(tokens(n), { streams: batch, window, leaveOut: 'uneven' })
      const places = originals(length, window)
      expect(streams.windowsPerEpoch).toBe(places.length)
      places.forEach((place, i) => {
        const { inputs, targets } = streams.window(i)
        for (let t = 0; t < window; t++) {
          for (let b = 0; b < batch; b++) {
            expect(inputs[t * batch + b]).toBe(b * length + place + t)
            expect(targets[t * batch + b]).toBe(b * length + place + t + 1)
          }
        }
      })
    }
  })

  test('is told', () => {
    expect(String(new Streams(tokens(103), { streams: 1, window: 25, leaveOut: 'last' }))).toBe(
      '100 predictions an epoch, 2 left out; windows: 4 of 25 × 1 (steps × streams)',
    )
    expect(new Streams(tokens(103), { streams: 2, window: 25 }).leftOut).toBe(0)
  })

  test('cannot be everything', () => {
    expect(() => new Streams(tokens(25), { streams: 1, window: 25, leaveOut: 'last' })).toThrow(
      "window: 25; with leaveOut 'last' a stream has 25 tokens, and must have more than a window",
    )
    expect(() => new Streams(tokens(25), { streams: 1, window: 5, leaveOut: 'first' as 'last' })).toThrow(
      "leaveOut: 'first'; must be 'last' or 'uneven'",
    )
  })
})
