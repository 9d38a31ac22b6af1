/** What a task can be told, and what it cannot. */
import { expect, test } from 'vitest'
import { refuseSettings, taskParts, taskSettings, trainSettings } from '../../src/node/index.js'
import { hasSetting, settingOf } from '../../src/node/task-settings.js'
import { taskNames } from '../../src/tasks/task.js'

test('every setting of a task is had by some, and is none of text', () => {
  for (const setting of Object.keys(taskSettings)) {
    expect(
      taskNames.some((task) => hasSetting(task, setting)),
      setting,
    ).toBe(true)
    expect(Object.keys(trainSettings)).not.toContain(setting)
  }
})

test('every setting that a task has not is refused, with who has it', () => {
  for (const task of taskNames) {
    for (const setting of Object.keys({ ...trainSettings, ...taskSettings })) {
      const refuse = (): void => refuseSettings(task, [setting])
      if (hasSetting(task, setting)) expect(refuse).not.toThrow()
      else expect(refuse).toThrow(`${setting}: is none of --task ${task}`)
    }
  }
  expect(() => refuseSettings('tag', ['horizon'])).toThrow('horizon: is none of --task tag, but of --task forecast')
  expect(() => refuseSettings('classify', ['window'])).toThrow('window: is none of --task classify, but of text, --task forecast')
  expect(() => refuseSettings(undefined, ['hidden', 'pooling'])).toThrow('pooling: is none of text; needs --task classify')
})

test('settings become columns, options and a training', () => {
  const settings = {
    input: ['price'],
    known: ['holiday'],
    horizon: 7,
    seasons: 2,
    window: 32,
    minutes: 2,
    rate: 0.01,
    clip: 2,
    keep: 5,
  }
  expect(taskParts('forecast', settings)).toEqual({
    columns: { input: ['price'], known: ['holiday'] },
    options: { horizon: 7, seasons: 2, window: 32 },
    training: { seconds: 120, learningRate: 0.01, clipNorm: 2 },
    run: { keep: 5 },
  })
  expect(taskParts('tag', { oneWay: true, sequence: 'id', epochs: 3 })).toMatchObject({ options: { bidirectional: false } })
  expect(() => taskParts('forecast', {})).toThrow('horizon: is missing; --task forecast needs to know how many steps ahead')
  expect(() => taskParts('classify', { tokens: 'bytes' })).toThrow(
    "tokens: 'bytes'; of a task, must be one of characters, words.",
  )
  expect(() => taskParts('classify', { steps: 3, epochs: 2 })).toThrow('epochs: 2; not together with a number of steps')
})

test('what the library calls otherwise is told by its flag', () => {
  expect(['inputs', 'bidirectional', 'base', 'seconds', 'horizon'].map(settingOf)).toEqual([
    'input',
    'oneWay',
    'seasons',
    'minutes',
    'horizon',
  ])
})
