import { describe, expect, test } from 'vitest'
import { readPlan, settingsOf, trialsOf } from '../../src/sweep/plan.js'

const space = { rate: { from: 0.001, to: 0.01, scale: 'log' } }
const halving = { options: { steps: 90 }, space, method: 'halving', trials: 9, rungs: 3 }

describe('a plan', () => {
  test('takes options by their names or as flags have them, and leaves what is not said to the library', () => {
    const plan = readPlan({ options: { 'held-out': 0.1, hidden: 64 }, space: { 'clip-value': [1, 5] } })
    expect(plan).toMatchObject({ method: 'grid', trials: 2, options: { heldOut: 0.1 }, space: { clipValue: [1, 5] } })
    const [, second] = trialsOf(plan)
    expect(second).toEqual({ trial: 2, choice: { clipValue: 5 } })
    expect(settingsOf(plan, second)).toEqual({ heldOut: 0.1, hidden: 64, clipValue: 5 })
  })

  test('of halving measures at the end of each rung', () => {
    const plan = readPlan(halving)
    expect(plan.budgets).toEqual([10, 30, 90])
    expect(settingsOf(plan, trialsOf(plan)[0])).toMatchObject({ steps: 90, validateEvery: 10 })
  })

  test('leaves combinations in that cannot be, as long as others can', () => {
    const plan = readPlan({ space: { layers: [1, 2], dropout: [0.5] } })
    expect(plan.trials).toBe(2)
  })
})

test.each<[unknown, string]>([
  [[], 'must be a JSON object'],
  ['x', 'must be a JSON object'],
  [{}, 'space is undefined; must be an object of options to vary'],
  [{ space: {} }, 'space is {}; must be an object'],
  [{ space: [] }, 'space is []; must be an object'],
  [{ spaces: { rate: [1] } }, "'spaces' is not a part of a sweep; did you mean 'space'?"],
  [{ space: { rates: [0.1] } }, "space: 'rates' is not an option of train; did you mean 'rate'?"],
  [{ space, options: { hiden: 3 } }, "options: 'hiden' is not an option of train; did you mean 'hidden'?"],
  [
    { space, options: { wideVectors: false } },
    "options: 'wideVectors' cannot be given: it is said to the command that runs the trials",
  ],
  [{ space: { out: ['x'] } }, "space: 'out' is not an option of train"],
  [{ space, options: { rate: 0.1 }, method: 'random', trials: 3 }, "space: 'rate' is in options too"],
  [{ space: { rate: [] } }, "space: 'rate' is an empty list; must have a value"],
  [{ space: { rate: [0.1, '0.1'] } }, "space: 'rate' has 0.1 twice"],
  [{ space: { rate: 0.1 } }, "space: 'rate' is 0.1; must be a list of values, or a range"],
  [{ space: { rate: null } }, "space: 'rate' is null; must be a list"],
  [{ space: { rate: [0.1, -1] } }, "space: 'rate' is -1; must be a positive number."],
  [{ space: { rate: [[0.1]] } }, "space: 'rate' is [0.1]; must be a number or a text"],
  [{ space: { tied: [1] } }, "space: 'tied' is 1; must be true or false"],
  [
    { space: { cell: ['lstn'] } },
    'space: \'cell\' is "lstn"; must be one of lstm, gru, gru-reset-before, rnn, rnn-relu, layer-norm-lstm, layer-norm-gru, layer-norm-rnn. Did you mean lstm?',
  ],
  [{ space: { cell: { from: 1, to: 2 } }, method: 'random', trials: 1 }, "space: 'cell' has the value 1; must be one of lstm"],
  [{ space: { rate: { from: 0.1 } } }, "space: 'rate' to is undefined; must be a number"],
  [{ space: { rate: { from: '1', to: 2 } } }, 'from is "1"; must be a number'],
  [{ space: { rate: { from: 0.1, to: 0.01 } } }, "space: 'rate' goes from 0.1 to 0.01; from must be less than to"],
  [{ space: { rate: { from: 0.1, to: 0.1 } } }, 'from must be less than to'],
  [{ space: { l2: { from: 0, to: 1, scale: 'log' } } }, 'space: \'l2\' goes from 0 with scale "log"; from must be above 0'],
  [{ space: { l2: { from: -1, to: 1, scale: 'log' } } }, 'from must be above 0'],
  [{ space: { l2: { from: -1, to: 1 } }, method: 'random', trials: 1 }, "space: 'l2' has the value -1; must be a number from 0."],
  [{ space: { rate: { from: 1, to: 2, scale: 'logarithmic' } } }, 'must be "linear" or "log"'],
  [{ space: { rate: { from: 1, to: 2, min: 3 } } }, "has 'min'; a range has from, to, scale, integer and points"],
  [
    { space: { hidden: { from: 8, to: 64 } }, method: 'random', trials: 2 },
    'must be a whole number, 1 or more. Add "integer": true.',
  ],
  [{ space: { hidden: { from: 8.5, to: 64, integer: true } } }, 'both must be whole numbers'],
  [{ space: { hidden: { from: 8, to: 64, integer: 1 } } }, 'integer is 1; must be true or false'],
  [{ space }, "space: 'rate' points is undefined; a range in a grid must say how many values, 2 or more"],
  [{ space: { rate: { ...space.rate, points: 3 } }, method: 'random', trials: 1 }, "space: 'rate' has points; only a grid does"],
  [{ space: { tokens: ['words', 'bytes'] } }, "space: 'tokens' cannot differ between trials"],
  [{ space: { heldOut: [0.1, 0.2] } }, "space: 'heldOut' cannot differ between trials"],
  [
    { space: { seed: [1, 2] }, options: { documents: 'lines' } },
    "space: 'seed' cannot differ between trials where the text is documents",
  ],
  [{ space: { validationTokens: [100, 200] } }, "space: 'validationTokens' cannot differ between trials"],
  [{ space, options: { threads: 2 } }, "options: 'threads' cannot be given: trials run side by side, each on one thread"],
  [{ space: { threads: [1, 2] } }, "space: 'threads' cannot be given"],
  [{ space: { shards: [1, 65] } }, "space: 'shards' is 65; must be a whole number from 1 to 64."],
  [
    { space: { layers: [1, 2] }, options: { documents: 'lines', csvColumn: 'name' } },
    "options: 'documents' cannot be together with 'csvColumn'",
  ],
  [{ space: { rate: [0.1] }, options: { minutes: 1, schedule: 'cosine' } }, "trial 1: schedule: 'cosine'; needs steps or epochs"],
  [{ space: { hidden: [1, 2] }, options: { heldOut: 0 } }, 'options: heldOut is 0; trials are compared by their held-out loss'],
  [{ space, method: 'gird' }, 'method is "gird"; must be one of grid, random, halving. Did you mean grid?'],
  [{ space, method: 'random' }, 'trials is undefined; must be a whole number, from 1'],
  [{ space, method: 'random', trials: 0 }, 'trials is 0; must be a whole number, from 1'],
  [{ space, method: 'random', trials: 2.5 }, 'trials is 2.5; must be'],
  [{ space, method: 'random', trials: '3' }, 'trials is "3"; must be'],
  [{ space: { layers: [1, 2] }, trials: 2 }, 'trials is 2; cannot be given: a grid has as many as there are combinations, 2'],
  [{ space: { layers: [1, 2] }, method: 'random', trials: 3 }, 'trials is 3, but the space has only 2 combinations'],
  [{ space, method: 'random', trials: 1, seed: -1 }, 'seed is -1; must be a whole number, 0 or more'],
  [{ space, method: 'random', trials: 1, rungs: 2 }, 'rungs is 2; only the method halving has rungs'],
  [{ ...halving, options: {} }, 'options: steps is missing'],
  [{ ...halving, rungs: 1 }, 'rungs is 1; must be a whole number, from 2'],
  [{ ...halving, eta: 1 }, 'eta is 1; must be a whole number, 2 or more'],
  [{ ...halving, options: { steps: 91 } }, 'steps is 91; with 3 rungs and eta 3 it must be a multiple of 9, such as 90 or 99'],
  [{ ...halving, options: { steps: 90, minutes: 1 } }, "'minutes' cannot be given: the rungs are steps"],
  [{ ...halving, options: { steps: 90, validateEvery: 20 } }, 'validateEvery: 20; must divide the steps of the first rung, 10'],
  [{ ...halving, options: {}, space: { steps: [90, 180] }, trials: 2 }, "space: 'steps' cannot differ between trials"],
  [
    { space: { dropout: [0.1] }, options: { layers: 1, steps: 5, epochs: 2 } },
    'trial 1: epochs: 2; not together with a number of steps',
  ],
  [{ space: { layers: [1, 2] }, corpus: [] }, 'corpus is an empty list; must have a file'],
  [{ space: { layers: [1, 2] }, corpus: 3 }, 'corpus has 3; must be the name of a file'],
  [{ space: { layers: [1, 2] }, corpus: '-' }, "corpus has '-'; standard input cannot be read again to go on"],
])('%j is refused', (value, sentence) => {
  let message = ''
  try {
    readPlan(value, 'my.json')
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toContain(sentence)
  expect(message).toMatch(/^my\.json: [^\n]+$/)
})
