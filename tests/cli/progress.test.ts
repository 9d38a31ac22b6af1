import { describe, expect, test } from 'vitest'
import { Reporter } from '../../src/cli/progress.js'

const at = (step: number) => ({
  step,
  steps: 9000,
  epoch: 1.352,
  loss: 1.83214,
  tokensPerSecond: 411_999.7,
  secondsLeft: 200,
})
const shown = (step: number) =>
  `step ${step.toLocaleString('en-US')} of 9,000 · epoch 1.35 · loss 1.8321 · 412,000 tokens/s · 3 min 20 s left`

function setUp(terminal: { isTTY?: boolean; columns?: number }) {
  const writes: string[] = []
  const clock = { ms: 0 }
  const stream = { ...terminal, write: (text: string) => writes.push(text) }
  return { reporter: new Reporter(stream, { now: () => clock.ms }), writes, clock }
}

/** What a terminal shows after these writes: enough of one for \r, \n and erase-to-end-of-line, and no other escape code. */
function screen(writes: string[]) {
  const lines = ['']
  let column = 0
  for (const piece of writes
    .join('')
    .replaceAll('\x1b[K', '\v')
    .split(/([\r\n\v])/)) {
    const line = lines[lines.length - 1]
    if (piece === '\r') column = 0
    else if (piece === '\n') {
      lines.push('')
      column = 0
    } else if (piece === '\v') lines[lines.length - 1] = line.slice(0, column)
    else {
      expect(piece).not.toContain('\x1b')
      lines[lines.length - 1] = line.slice(0, column) + piece + line.slice(column + piece.length)
      column += piece.length
    }
  }
  return lines
}

describe('on a terminal, progress', () => {
  test('is one line, rewritten in place', () => {
    const { reporter, writes, clock } = setUp({ isTTY: true, columns: 120 })
    for (let step = 998; step <= 1200; step++) {
      clock.ms += 100
      reporter.live(at(step))
      expect(screen(writes)).toEqual([shown(step)])
    }
  })

  test('leaves nothing behind when it gets shorter', () => {
    const { reporter, writes, clock } = setUp({ isTTY: true, columns: 120 })
    reporter.live(at(1200))
    clock.ms += 100
    reporter.live(at(7))
    expect(screen(writes)).toEqual([shown(7)])
  })

  test('stays below the lines that stay', () => {
    const { reporter, writes } = setUp({ isTTY: true, columns: 120 })
    reporter.line('training on 1,115,394 characters')
    reporter.live(at(1))
    reporter.line('validation 1.52')
    reporter.line('a sample\nof two lines')
    reporter.end()
    expect(screen(writes)).toEqual([
      'training on 1,115,394 characters',
      'validation 1.52',
      'a sample',
      'of two lines',
      shown(1),
      '',
    ])
  })

  test('is cut to the width, with the last column free', () => {
    const { reporter, writes } = setUp({ isTTY: true, columns: 40 })
    reporter.live(at(1))
    expect(screen(writes)).toEqual(['step 1 of 9,000 · epoch 1.35 · loss 1.…'])
    expect(screen(writes)[0].length).toBe(39)
  })

  test('takes 80 columns for granted when the terminal does not say', () => {
    const { reporter, writes } = setUp({ isTTY: true })
    reporter.live(at(1))
    expect(screen(writes)[0].length).toBe(79)
  })

  test('is drawn at most ten times a second, and its last state always', () => {
    const { reporter, writes, clock } = setUp({ isTTY: true, columns: 120 })
    for (let step = 1; step <= 1005; step++) {
      reporter.live(at(step))
      clock.ms += 1
    }
    expect(writes.length).toBe(11)
    reporter.end()
    expect(screen(writes)).toEqual([shown(1005), ''])
  })
})

describe('elsewhere, progress', () => {
  test('is a plain line every five seconds, and its last state', () => {
    const { reporter, writes, clock } = setUp({})
    for (let step = 1; step <= 12; step++) {
      reporter.live(at(step))
      clock.ms += 1000
    }
    reporter.line('validation 1.52')
    reporter.end()
    expect(writes).toEqual([shown(1), shown(6), shown(11), 'validation 1.52', shown(12)].map((line) => `${line}\n`))
  })

  test('needs no clock of its own', () => {
    const writes: string[] = []
    const reporter = new Reporter({ write: (text) => writes.push(text) })
    for (let step = 1; step <= 100; step++) reporter.live(at(step))
    reporter.end()
    expect(writes).toEqual([`${shown(1)}\n`, `${shown(100)}\n`])
  })

  test('is not said twice at the end', () => {
    const { reporter, writes } = setUp({ isTTY: false })
    reporter.live(at(1))
    reporter.end()
    reporter.end()
    expect(writes).toEqual([`${shown(1)}\n`])
  })
})

describe.each([{ isTTY: true, columns: 120 }, { isTTY: false }])('with %o', (terminal) => {
  test('control characters of a sample are shown, not obeyed', () => {
    const { reporter, writes } = setUp(terminal)
    reporter.line('a\x1b[2Jb\tc\x07\x7f\x9b')
    expect(writes).toEqual(['a␛[2Jb\tc␇␡�\n'])
  })

  test('nothing is written when there is nothing to say', () => {
    const { reporter, writes } = setUp(terminal)
    reporter.end()
    expect(writes).toEqual([])
  })

  test('it can begin again after its end', () => {
    const { reporter, writes } = setUp(terminal)
    reporter.live(at(1))
    reporter.end()
    reporter.live(at(2))
    reporter.end()
    expect(screen(writes)).toEqual([shown(1), shown(2), ''])
  })

  test.each([
    [0, '0 s'],
    [59.6, '1 min 0 s'],
    [3599, '59 min 59 s'],
    [7320, '2 h 2 min'],
    [Infinity, '?'],
    [-3, '0 s'],
  ])('%d seconds are %s', (secondsLeft, text) => {
    const { reporter, writes } = setUp(terminal)
    reporter.live({ ...at(1), secondsLeft })
    expect(writes[0]).toContain(` · ${text} left`)
  })
})
