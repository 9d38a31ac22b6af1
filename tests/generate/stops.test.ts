import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { StoppedText } from '../../src/generate/stops.js'

/** What is written of a text that comes in pieces, and when. */
function written(stops: readonly string[], pieces: readonly string[]): { given: string[]; isStopped: boolean } {
  const text = new StoppedText(stops)
  const given = pieces.map((piece) => text.push(piece))
  return { given: [...given, text.end()], isStopped: text.isStopped }
}

describe('a stop string', () => {
  test('ends a text across the borders of pieces, and is not part of it', () => {
    expect(written(['end'], ['a e', 'n', 'd b'])).toEqual({ given: ['a ', '', '', ''], isStopped: true })
  })

  test('that does not come is given after all', () => {
    expect(written(['end'], ['the en', 'try'])).toEqual({ given: ['the ', 'entry', ''], isStopped: false })
    expect(written(['end'], ['the en'])).toEqual({ given: ['the ', 'en'], isStopped: false })
  })

  test('may begin within its own beginning', () => {
    expect(written(['aab'], ['a', 'a', 'a', 'b'])).toEqual({ given: ['', '', 'a', '', ''], isStopped: true })
  })

  test('counts that is complete first', () => {
    expect(written(['abcd', 'bc'], ['xabcd']).given.join('')).toBe('xa')
    expect(written(['bc', 'abc'], ['xabc']).given.join('')).toBe('x')
  })

  test('cuts the same text however it is taken apart', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 14 })
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 6 }), stops, (pieces, all) => {
        const text = pieces.join('')
        // Letter by letter, the first moment at which the text ends with one of them; the longest of those.
        let cut = text.length
        for (let end = 1; end <= text.length; end++) {
          const ending = all.filter((stop) => text.slice(0, end).endsWith(stop)).map((stop) => stop.length)
          if (ending.length === 0) continue
          cut = end - Math.max(...ending)
          break
        }
        const { given } = written(all, pieces)
        expect(given.join('')).toBe(text.slice(0, cut))
        // Nothing is given that a stop string could yet begin with.
        let sofar = ''
        pieces.forEach((piece, i) => {
          sofar += piece
          const out = given.slice(0, i + 1).join('')
          if (out.length < Math.min(cut, sofar.length)) {
            expect(all.some((stop) => stop.startsWith(sofar.slice(out.length)) || sofar.includes(stop))).toBe(true)
          }
        })
      }),
      { numRuns: 500 },
    )
  })
})
