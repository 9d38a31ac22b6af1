import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import type { LogLine, RunConfig, StepLine } from '../../src/node/log.js'
import { bestOf, jumpy, readRun, spread, thin } from '../../src/node/report-data.js'
import { html, scriptJson } from '../../src/node/report-markup.js'
import { reportHtml } from '../../src/node/report.js'
import { config, hostile, stepLine } from './runs.js'

/** The page without its scripts and styles: what is read. */
const readable = (page: string) => page.replace(/<(script|style)\b[^>]*>[^]*?<\/\1>/g, '')
/** The texts of a page in one line. */
const textOf = (page: string) =>
  readable(page)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
const dataOf = (page: string) =>
  JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(page)![1]) as {
    steps: Record<string, number[]>
    means: Record<string, number[]>
    heldOut: Record<string, number[]>
    undone: Record<string, number[]>[]
    marks: { kind: string; step: number; seconds: number }[]
  }

const validation = (step: number, nats: number): LogLine => ({ event: 'validation', step, seconds: step / 10, nats })
const sample = (step: number, text: string): LogLine => ({ event: 'sample', step, temperature: 0.7, text })

describe('the way a run took', () => {
  const log: LogLine[] = [
    ...[10, 20, 30, 40].map((step) => stepLine(step)),
    validation(40, 1.5),
    sample(40, 'given up'),
    { event: 'divergence', step: 45, message: 'the loss is NaN', backTo: 20, rateFactor: 0.5 },
    ...[30, 40, 50, 60].map((step) => stepLine(step, { loss: 1 })),
    validation(60, 1.8),
    { event: 'resumed', step: 50 },
    stepLine(60, { loss: 0.5 }),
    validation(60, 1.7),
  ]

  test('leaves out what it went back from, and keeps that apart', () => {
    const { steps, undone, validations, samples } = readRun(log)
    expect(steps.map(({ step, loss }) => [step, loss])).toEqual([
      [10, 2],
      [20, 2],
      [30, 1],
      [40, 1],
      [50, 1],
      [60, 0.5],
    ])
    expect(undone.map((rows) => rows.map(({ step }) => step))).toEqual([[30, 40], [60]])
    expect(validations.map((row) => row.undone)).toEqual([true, true, false])
    expect(samples.map((row) => row.undone)).toEqual([true])
    expect(bestOf(validations)?.nats).toBe(1.7)
  })

  test('has a mark at each divergence and resumption, in steps and in time', () => {
    const { marks } = readRun(log)
    expect(marks.map(({ line, seconds }) => [line.event, line.step, seconds])).toEqual([
      ['divergence', 45, 4],
      ['resumed', 50, 5],
    ])
  })

  test('ascends even where the line that says why it went back is missing', () => {
    const { steps, undone } = readRun([10, 20, 30, 20, 30, 40].map((step) => stepLine(step)))
    expect(steps.map(({ step }) => step)).toEqual([10, 20, 30, 40])
    expect(undone.map((rows) => rows.map(({ step }) => step))).toEqual([[20, 30]])
  })

  test('goes on after an end when it is resumed', () => {
    const end: LogLine = { event: 'end', step: 20, reason: 'stopped', seconds: 2 }
    expect(readRun([stepLine(20), end]).end).toEqual(end)
    expect(readRun([stepLine(20), end, { event: 'resumed', step: 20 }]).end).toBeUndefined()
    expect(readRun([stepLine(20), end, { event: 'resumed', step: 10 }])).toMatchObject({ step: 10 })
  })
})

describe('thinned rows', () => {
  const number = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { nil: null })
  const measured = fc.array(fc.record({ loss: number, gradientNorm: number, tokensPerSecond: number }), { maxLength: 400 })
  const rowsOf = (list: Partial<Record<(typeof jumpy)[number], number | null>>[]) =>
    readRun(list.map((values, i) => ({ ...stepLine(i + 1), ...values }) as StepLine)).steps

  test('are few, ascend, and have the first, the last and every highest and lowest value', () => {
    fc.assert(
      fc.property(measured, fc.integer({ min: 8, max: 60 }), (list, most) => {
        const rows = rowsOf(list)
        const thinned = thin(rows, most)
        expect(thinned.rows.length).toBeLessThanOrEqual(most)
        const steps = thinned.rows.map(({ step }) => step)
        expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
        expect([steps[0], steps.at(-1)]).toEqual([rows[0]?.step, rows.at(-1)?.step])
        for (const name of jumpy) {
          const of = (some: typeof rows) => some.flatMap((row) => row[name] ?? [])
          expect(Math.min(...of(thinned.rows))).toBe(Math.min(...of(rows)))
          expect(Math.max(...of(thinned.rows))).toBe(Math.max(...of(rows)))
          expect(thinned.means[name]).toHaveLength(thinned.rows.length)
        }
      }),
    )
  })

  test('are all rows where there are few, and their means are their values', () => {
    const rows = rowsOf([{ loss: 3 }, { loss: null }, { loss: 1 }])
    expect(thin(rows, 8).rows).toEqual(rows)
    expect(thin(rows, 8).means.loss).toEqual([3, null, 1])
  })

  test('have the mean of what they stand for, so that one spike in a thousand stays one in a thousand', () => {
    const { means } = thin(rowsOf(Array.from({ length: 1000 }, (_, i) => ({ loss: i === 500 ? 1001 : 1 }))), 8)
    expect(new Set(means.loss)).toEqual(new Set([2]))
  })

  test('of a list are spread evenly, both ends among them', () => {
    const list = Array.from({ length: 101 }, (_, i) => i)
    expect(spread(list, 5)).toEqual([0, 25, 50, 75, 100])
    expect(spread(list, 101)).toBe(list)
  })
})

describe('markup', () => {
  test('makes text of every value, and puts templates into each other', () => {
    const list = ['<b>', html`<i>${'"&\''}</i>`, 3, false as const, undefined]
    expect(html`<p title="${'">'}">${list}</p>`.text).toBe('<p title="&quot;&gt;">&lt;b&gt;<i>&quot;&amp;&#39;</i>3</p>')
  })

  test('shows what HTML cannot write: control characters, halves of pairs', () => {
    expect(html`${'a\r\nb\tc\x00\x1b\r\x7f\x85\ud800😀'}`.text).toBe('a\nb\tc␀␛␍␡\ufffd\ufffd😀')
  })

  test('has JSON that is the same value and ends no script', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...hostile, '\ud800', '\x00', '😀') }), (text) => {
        const { text: json } = scriptJson({ [text]: text })
        expect(json).not.toMatch(/[<>\u2028\u2029]/)
        expect(JSON.parse(json)).toEqual({ [text]: text })
      }),
    )
  })
})

describe('a report', () => {
  const log: LogLine[] = [
    ...Array.from({ length: 30 }, (_, i) => stepLine(10 * (i + 1))),
    validation(150, 1.75),
    sample(150, '\n  first line empty'),
    validation(300, 1.8),
  ]

  test('says what the network is, where it is, how good it is and how long it took', () => {
    const text = textOf(reportHtml({ config, log }))
    expect(text).toContain('LSTM, 2 layers of 128')
    expect(text).toContain('trained on moby.txt · 1,200,000 characters · a vocabulary of 65 characters · 230,912 parameters')
    expect(text).toContain('State running it had not ended')
    expect(text).toContain('Step 300 of 2,400 epoch 0.30')
    expect(text).toContain('Best held-out loss 1.7500 nats at step 150')
    expect(text).toContain('Time 30.0 s')
  })

  test.each([
    ['steps', 'finished it took all its steps'],
    ['patience', 'finished the held-out loss fell no further'],
    ['stopped', 'stopped it was told to'],
    ['divergence', 'diverged the loss or a gradient was beyond all bounds'],
    ['toString', 'ended toString'],
  ])('of a run that ended for %s says so', (reason, words) => {
    const end = { event: 'end', step: 300, reason, seconds: 7384 } as LogLine
    const text = textOf(reportHtml({ config, log: [...log, end] }))
    expect(text).toContain(`State ${words}`)
    expect(text).toContain('Time 2 h 3 min')
  })

  test('has the samples as they are, without a script too', () => {
    // The first line end after <pre> is the parser's.
    expect(readable(reportHtml({ config, log }))).toContain('<pre>\n\n  first line empty</pre>')
  })

  test('has the numbers of the log in its data', () => {
    const { steps, means, heldOut, undone, marks } = dataOf(reportHtml({ config, log }))
    expect(steps.step).toEqual(Array.from({ length: 30 }, (_, i) => 10 * (i + 1)))
    expect(steps.loss).toEqual(new Array(30).fill(2))
    expect(means.loss).toEqual(steps.loss)
    expect(heldOut.nats).toEqual([1.75, 1.8])
    expect([undone, marks]).toEqual([[], []])
  })

  test('shows every option of the configuration, also such as are not known here', () => {
    const more = { ...config, corpus: { ...config.corpus, sources: Array.from({ length: 30 }, (_, i) => `${i}.txt`) } }
    const text = textOf(reportHtml({ config: { ...more, mood: { calm: true } } as RunConfig, log }))
    expect(text).toContain('training streams 16 window 64 optimizer adam learningRate 0.005')
    expect(text).toContain('documents –')
    expect(text).toContain('18.txt, 19.txt and 10 more')
    expect(text).toContain('mood calm true')
  })

  test('is made of what there is', () => {
    const odd = [
      { event: 'checkpoint', step: 5 },
      { event: 'step', step: 10 },
      { event: 'step', step: 'ten', loss: 3 },
      { event: 'step' },
      { event: 'validation', step: 10 },
      { event: 'sample', step: 10 },
      { event: 'divergence', step: 10 },
      { event: 'resumed', step: 10 },
      { event: 'end', step: 10 },
    ] as unknown as LogLine[]
    for (const lines of [[], odd, odd.slice(0, 2), log]) {
      for (const partial of [{}, { model: { cell: 'mgu', hidden: [64, 32] } }, config] as RunConfig[]) {
        expect(textOf(reportHtml({ config: partial, log: lines }))).not.toMatch(/undefined|NaN|\[object/)
      }
    }
    expect(textOf(reportHtml({ config: { model: { cell: 'mgu', hidden: [64, 32] } } as unknown as RunConfig, log }))).toContain(
      'MGU, layers of 64, 32',
    )
  })

  test('asks for nothing', () => {
    const page = reportHtml({ config, log })
    expect(page.match(/(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"'])
    expect(page).not.toMatch(/@import|url\(/)
  })

  test('of hostile texts has no element more', () => {
    const elements = (text: string): Record<string, number> => {
      const lines: LogLine[] = [
        ...log,
        sample(300, text),
        { event: 'divergence', step: 300, message: text, op: text, parameter: text },
        { event: 'end', step: 300, reason: text as 'steps', seconds: 1 },
      ]
      const page = reportHtml({ config: { ...config, kernels: text, corpus: { ...config.corpus, sources: [text] } }, log: lines })
      const counts: Record<string, number> = {}
      for (const [tag] of page.matchAll(/<[/!]?[a-z-]*/gi)) counts[tag] = (counts[tag] ?? 0) + 1
      return counts
    }
    expect(elements(hostile)).toEqual(elements('harmless'))
  })

  test('of 100,000 lines is smaller than a megabyte, and says that it is thinned', () => {
    const long = Array.from({ length: 100_000 }, (_, i) =>
      stepLine(i + 1, { loss: i === 54_321 ? 99 : 2 + Math.sin(i), tokensPerSecond: 4e5 + Math.cos(i), seconds: i / 7 }),
    )
    const page = reportHtml({ config, log: long })
    expect(page.length).toBeLessThan(1e6)
    expect(textOf(page)).toContain('Of 100,000 logged steps 2,000 are drawn at most.')
    const { step, loss } = dataOf(page).steps
    expect(step.length).toBeLessThanOrEqual(2000)
    expect(loss[step.indexOf(54_322)]).toBe(99)
  })
})
