import { describe, expect, test } from 'vitest'
import { parseLog, type LogLine } from '../../src/node/log.js'

const lines: LogLine[] = [
  { event: 'validation', step: 0, seconds: 0, nats: 4.2 },
  { event: 'sample', step: 100, temperature: 0.7, text: 'two\nlines, \u2028 and an end' },
  { event: 'end', step: 100, reason: 'stopped', seconds: 1.5 },
]
const written = lines.map((line) => `${JSON.stringify(line)}\n`).join('')

describe('a log', () => {
  test('is read as it was written', () => {
    expect(parseLog(written)).toEqual(lines)
    expect(parseLog(written.replaceAll('\n', '\r\n'))).toEqual(lines)
    expect(parseLog('')).toEqual([])
  })

  test('is read without the last line while that is being written, wherever it is torn', () => {
    const last = JSON.stringify(lines[2])
    for (let length = 1; length < last.length; length++) {
      expect(parseLog(written + last.slice(0, length))).toEqual(lines)
    }
    expect(parseLog(written + last)).toEqual([...lines, lines[2]])
  })

  test('keeps the lines of events that are not known here', () => {
    expect(parseLog('{"event":"checkpoint","step":5}\n')).toEqual([{ event: 'checkpoint', step: 5 }])
  })

  test.each([
    ['{"event":"st{"event":"step"}', `"{\\"event\\":\\"st{\\"event\\":\\"step\\"}"`],
    ['7', '"7"'],
    ['null', '"null"'],
    ['{"step":1}', '"{\\"step\\":1}"'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  ])('with %s in the middle says in which line', (garbage, shown) => {
    const message = `run/log.jsonl: line 4 is ${shown}; must be a JSON object with an event`
    expect(() => parseLog(`${written}${garbage}\n${written}`, 'run/log.jsonl')).toThrow(message)
    expect(() => parseLog(`${written}${garbage}\n`, 'run/log.jsonl')).toThrow(message)
  })
})
