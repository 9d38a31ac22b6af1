/** What models say of tables: the same whole, in pieces and live; and measured beside simpler models. */
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createEngine,
  evaluateTask,
  evaluationTable,
  predictor,
  readTable,
  taskModelFromBytes,
  taskTraining,
  type Answer,
  type Forecaster,
  type PredictOptions,
  type SequenceTagger,
  type TaskModel,
  type TaskName,
} from '../../src/index.js'
import { data } from '../support/task-data.js'

const engine = createEngine({ kernels: 'plain' })
const models = {} as Record<TaskName, TaskModel>
beforeAll(() => {
  for (const { task, text, columns, options } of Object.values(data)) {
    const { table } = readTable(text, `${task}.csv`)
    const training = taskTraining(table, { task, columns, options, training: { steps: 3, heldOut: 0.2 }, engine })
    while (!training.ended) training.next()
    models[task] = taskModelFromBytes(training.finish().toBytes(), { engine })
  }
})

/** As it is, or in pieces of so many signs. */
function answers(model: TaskModel, text: string | undefined, options: PredictOptions = {}, size = Infinity): Answer[] {
  const reading = predictor(model, { source: 'x', ...options })
  const found: Answer[] = []
  for (let at = 0; at < (text ?? '').length; at += size) found.push(...reading.push(text!.slice(at, at + size)))
  return [...found, ...reading.end()]
}
/** In float32, how many are side by side changes the last digits. */
const rounded = (all: readonly Answer[]): string =>
  JSON.stringify(all, (_, value: unknown) => (typeof value === 'number' ? value.toFixed(3) : value))
const withoutColumn = (text: string, index: number): string =>
  text.replaceAll(/^.*$/gm, (line) =>
    line
      .split(',')
      .filter((_, i) => i !== index)
      .join(','),
  )

describe.each(['classify', 'tag', 'transduce'] as const)('to %s', (task) => {
  test('a table without its answers, in pieces of any size, and as JSON lines, gets the same', () => {
    const model = models[task]
    const text = withoutColumn(data[task].text, task === 'tag' ? 2 : 1)
    const whole = rounded(answers(model, text))
    for (const size of [1, 7, 64]) expect(rounded(answers(model, text, {}, size))).toBe(whole)
    const { table } = readTable(text, 'x')
    const json = Array.from({ length: table.length }, (_, i) =>
      JSON.stringify(Object.fromEntries(table.names.map((name) => [name, table.values(name)[i].value]))),
    ).join('\n')
    expect(rounded(answers(model, json))).toBe(whole)
  })
})

describe('a classifier', () => {
  test('takes lines of text, where no header has its column; of a file that is a table, it does not', () => {
    const lines = answers(models.classify, 'bakea\nkedin\n')
    expect(lines).toEqual(answers(models.classify, 'name\nbakea\nkedin\n'))
    expect(lines.map(({ json }) => Object.keys(json.probabilities as object))).toEqual([
      ['f', 'm'],
      ['f', 'm'],
    ])
    expect(() => answers(models.classify, 'nmae\nbakea\n', { table: true })).toThrow("x: has no column 'name'; 'nmae' is near")
    expect(() => answers(models.classify, 'name\nbakea\n', { live: true })).toThrow('live: step: this model is bidirectional')
    expect(() => answers(models.classify, 'name\nbakea\n', { beam: 2 })).toThrow('beam: is none of a sequence classifier')
  })

  test('is measured beside the most frequent label and a regression on trigrams', () => {
    const { table } = readTable(data.classify.text, 'x')
    const found = evaluateTask(models.classify, table, { trainedOn: table })
    expect(found.models.map(({ name }) => name)).toEqual(['network', 'trigram logistic regression', "always 'm'"])
    expect(found.models[2].values[0]).toBe(0.5)
    expect(evaluationTable(found)).toMatch(/^50 sequences +right +mean F1 +F1 f +F1 m\nnetwork +[\d.]+ %/)
    const { table: strange } = readTable('name,sex\nba,f\nke,w\n', 'x')
    expect(() => evaluateTask(models.classify, strange)).toThrow("sequence 2: label 'w' was not there in training")
  })
})

describe('a tagger', () => {
  test('says live, step by step, what it says of the whole', () => {
    const text = withoutColumn(data.tag.text, 2)
    const whole = answers(models.tag, text).flatMap(({ rows }) => rows)
    const live = answers(models.tag, text, { live: true }, 9).flatMap(({ rows }) => rows)
    expect(live.map(([name, label]) => [name, label])).toEqual(whole.map(([name, label]) => [name, label]))
    live.forEach(([, , probability], i) => expect(probability).toBeCloseTo(whole[i][2] as number, 5))
  })

  test('takes lists in JSON lines, a number a line live, and is refused a sequence that begins again', () => {
    const [{ json }] = answers(models.tag, '{"temperature":[20,29,null]}')
    const steps = (models.tag as SequenceTagger).tag([20, 29, NaN])
    expect(json.labels).toEqual(steps.map(({ label }) => label))
    expect(answers(models.tag, '20\n29\n', { live: true })).toHaveLength(2)
    const again = 'mote,temperature\na,20\nb,20\na,21\n'
    for (const size of [1, 99])
      expect(() => answers(models.tag, again, {}, size)).toThrow("x: row 4: sequence 'a' begins again; the rows of a sequence")
  })

  test('is measured beside a threshold', () => {
    const { table } = readTable(data.tag.text, 'x')
    const { models: all } = evaluateTask(models.tag, table, { trainedOn: table })
    expect(all.map(({ name, values }) => [name, values[0] === 1])).toEqual([
      ['network', false],
      ['threshold', true],
      ["always 'fine'", false],
    ])
  })
})

describe('a forecaster', () => {
  const header = 'date,sales,closed'
  const ahead = '2020-03-01,,0\n2020-03-02,,0\n2020-03-03,,1\n2020-03-04,,0\n'

  test('goes on from the end of its series, or of another one, with what is known of the steps ahead', () => {
    const model = models.forecast as Forecaster
    const end = model.position()
    const fromEnd = answers(model, `${header}\n${ahead}`, { horizon: 4 })
    const again = answers(model, data.forecast.text + ahead, { horizon: 4 })
    expect(fromEnd.map(({ json }) => json.date)).toEqual(['2020-03-01', '2020-03-02', '2020-03-03', '2020-03-04'])
    again.forEach(({ json }, i) => expect(json.mean).toBeCloseTo(fromEnd[i].json.mean as number, 3))
    model.restore(end)
    const own = model.forecast(4, { known: { closed: [0, 0, 1, 0] } })
    expect(fromEnd.map(({ json }) => json.low)).toEqual(Array.from(own.low, (low) => Number(low.toPrecision(7))))
    expect(predictor(model).names).toEqual(['step', 'date', 'mean', 'low', 'high'])
  })

  test('says what is missing', () => {
    const model = models.forecast
    expect(() => answers(model, undefined)).toThrow(
      "x: has 0 rows of steps ahead; must have 3 at its end, with 'closed' and nothing for 'sales'",
    )
    expect(() => answers(model, `${header}\n2020-03-02,,0\n2020-03-03,,0\n2020-03-04,,0\n`)).toThrow(
      'x: begins with 2020-03-02; the model stands before 2020-03-01',
    )
    expect(() => answers(model, 'date,sales\n2020-03-01,3\n')).toThrow("x: has no column 'closed'")
    expect(() => answers(model, `${header}\n`, { live: true })).toThrow("live: cannot be; the model has to know 'closed'")
  })

  test('answers each step of live data with what comes after it', () => {
    const text = 'sales\n' + Array.from({ length: 40 }, (_, i) => `${10 + (i % 5)}\n`).join('')
    const { table } = readTable(text, 'y.csv')
    const options = { hidden: 4, horizon: 2, window: 8, streams: 2 }
    const training = taskTraining(table, { task: 'forecast', columns: {}, options, training: { steps: 2 }, engine })
    while (!training.ended) training.next()
    const model = training.finish() as Forecaster
    const whole = model.fork()
    const live = answers(model, 'sales\n10\n11\n', { live: true, horizon: 1 }, 1)
    expect(live.map(({ json }) => [json.after, json.step])).toEqual([
      [1, 1],
      [2, 1],
    ])
    whole.step(10)
    whole.step(11)
    expect(live[1].json.mean).toBe(Number(whole.forecast(1).mean[0].toPrecision(7)))
  })

  test('is measured beside simpler ones, from a date on', () => {
    const { table } = readTable(data.forecast.text, 'x')
    const { measured, models: all } = evaluateTask(models.forecast, table, { from: '2020-02-10' })
    expect(measured).toBe('18 forecasts of 3 steps from 2020-02-10 on')
    expect(all.map(({ name }) => name).sort()).toEqual([
      'Holt–Winters, 7 steps',
      'linear autoregression, 7 lags',
      'network',
      'seasonal-naive, 7 steps',
    ])
    expect(all[0].values.every(Number.isFinite)).toBe(true)
    expect(() => evaluateTask(models.forecast, table, { trainedOn: table })).toThrow('trainedOn: is none of a forecaster')
    expect(() => evaluateTask(models.tag, table, { columns: { output: 'x' } })).toThrow('output: is none of a sequence tagger')
    expect(() => evaluateTask(models.forecast, table, { from: 58 })).toThrow('from: 58; must be a step from 1 to 57, or its date')
  })
})

test('a transducer is measured by its errors, beside an n-gram model of pairs', () => {
  const { table } = readTable(data.transduce.text, 'x')
  const { measures, models: all } = evaluateTask(models.transduce, table, { beam: 2, trainedOn: table })
  expect(measures.map(({ name }) => name)).toEqual(['token errors', 'sequence errors'])
  expect(all.map(({ name }) => name)).toEqual(['network', 'joint 6-gram'])
  expect(all[0].values[0]).toBeGreaterThan(0)
  // Each letter stands for its capital.
  expect(all[1].values).toEqual([0, 0])
})
