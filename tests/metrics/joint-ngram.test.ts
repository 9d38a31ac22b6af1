/** What a network that makes sequences of sequences has to beat, and the alignment that it stands on. */
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { jointNgram } from '../../src/index.js'
import { align } from '../../src/metrics/alignment.js'
import { random } from '../support/random.js'

/** A language in which letters are spoken one by one, but for a pair that is one sound, and a letter that is two. */
const spoken: Readonly<Record<string, readonly string[]>> = {
  sh: ['SH'],
  x: ['K', 'S'],
  a: ['AE'],
  o: ['AA'],
  s: ['S'],
  h: ['HH'],
  t: ['T'],
}
function words(count: number, seed: number): { input: string; output: string[] }[] {
  const next = random(seed)
  const vowel = (): string => (next() < 0.5 ? 'a' : 'o')
  // No s stands before an h that is spoken.
  const syllable = (): string[] => [['sh', 'x', 's', 'h', 't'][Math.floor(5 * next())], vowel()]
  return Array.from({ length: count }, () => {
    const parts = Array.from({ length: 1 + Math.floor(3 * next()) }, syllable).flat()
    return { input: parts.join(''), output: parts.flatMap((part) => spoken[part]) }
  })
}

describe('an alignment', () => {
  const numbered = (all: readonly { input: string; output: readonly string[] }[]) => {
    const names = [...new Set(all.flatMap(({ output }) => output))]
    return all.map(({ input, output }) => ({
      input: Array.from(input, (letter) => letter.charCodeAt(0)),
      output: output.map((name) => names.indexOf(name)),
    }))
  }

  test('finds which letters are silent and which stand for two', () => {
    const all = [...words(300, 1), { input: 'axasho', output: ['AE', 'K', 'S', 'AE', 'SH', 'AA'] }]
    const counts = Array.from(align(numbered(all), 8).at(-1)!)
    expect(counts.slice(0, 3)).toEqual([1, 2, 1])
    // Of s and h, one is SH and the other nothing.
    expect(counts[3] + counts[4]).toBe(1)
    expect(counts[5]).toBe(1)
  })

  test('uses up every output, or says that there is too much of it', () => {
    const sequence = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 7 })
    const pairs = fc.array(fc.record({ input: sequence, output: fc.array(fc.nat({ max: 3 }), { maxLength: 9 }) }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(pairs, (all) => {
        align(all, 2).forEach((counts, i) => {
          const { input, output } = all[i]
          if (output.length > 2 * input.length) return expect(counts).toBeUndefined()
          expect(counts).toHaveLength(input.length)
          expect(counts!.reduce((sum, count) => sum + count, 0)).toBe(output.length)
          expect(Math.max(...counts!)).toBeLessThanOrEqual(2)
        })
      }),
    )
  })

  test('of sequences whose probability is too small for a number', () => {
    const next = random(3)
    const input = Array.from({ length: 250 }, () => Math.floor(8 * next()))
    // Each is itself, but for 7, which is nothing.
    const output = input.filter((token) => token !== 7)
    const [counts] = align([{ input, output }], 6)
    expect(input.filter((token, i) => counts![i] === Number(token !== 7)).length / input.length).toBeGreaterThan(0.99)
  })
})

describe('a joint n-gram model', () => {
  test('speaks words that it has not seen', () => {
    const model = jointNgram(words(400, 1))
    const test = words(100, 2)
    expect(test.filter(({ input, output }) => model.transduce(input).join(' ') === output.join(' '))).toHaveLength(100)
    // a, o, s, h, t, x, and s or h where they are one sound.
    expect(model.pairs).toBeGreaterThanOrEqual(7)
    expect(model.pairs).toBeLessThanOrEqual(9)
  })

  test('sees what stands around', () => {
    // c is S before e, else K.
    const all = ['ce', 'ca', 'eca', 'ace', 'acea', 'ecae'].map((input) => ({
      input,
      output: Array.from(input, (letter, i) => (letter === 'c' ? (input[i + 1] === 'e' ? 'S' : 'K') : letter)),
    }))
    const model = jointNgram(all)
    expect(model.transduce('aceca')).toEqual(['a', 'S', 'e', 'K', 'a'])
    expect(model.transduce(['a', 'c', 'a'])).toEqual(['a', 'K', 'a'])
  })

  test('takes what it does not know for silent, and leaves out what it cannot align', () => {
    const model = jointNgram([...words(50, 1), { input: 'w', output: ['D', 'AH', 'B'] }])
    expect(model.leftOut).toBe(1)
    expect(model.transduce('tWa')).toEqual(['T', 'AE'])
    expect(model.transduce('')).toEqual([])
  })

  test('refuses what cannot be', () => {
    const one = [{ input: 'a', output: ['A'] }]
    expect(() => jointNgram([{ input: 'a', output: ['A', 'B', 'C'] }])).toThrow(
      'examples: none whose output is at most twice as long as its input; must be at least one',
    )
    expect(() => jointNgram(one, { order: 1 })).toThrow('order: 1; must be a whole number, 2 to 8')
    expect(() => jointNgram(one, { beam: 0 })).toThrow('beam: 0; must be a positive integer')
    expect(() => jointNgram(one, { bream: 4 } as object)).toThrow("'bream'")
  })
})
