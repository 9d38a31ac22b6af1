/** What cannot be trained on gets a sentence that says what and where. */
import { expect, test } from 'vitest'
import { createEngine, readTable, taskTraining, type TaskColumns, type TaskName, type TaskOptions } from '../../src/index.js'
import { taskNotes } from '../../src/tasks/training.js'

const engine = createEngine({ kernels: 'reference' })
const train = (task: TaskName, text: string, columns: TaskColumns, options: TaskOptions = {}) => {
  const { table } = readTable(text, 'x.csv')
  return taskTraining(table, { task, columns, options: { hidden: 2, ...options }, training: { steps: 1 }, engine })
}
const sales = (of: (i: number) => string | number): string =>
  `sales,day\n${Array.from({ length: 30 }, (_, i) => `${of(i)},${i}\n`).join('')}`
const ofSales = { target: ['sales'] }
const ahead = { horizon: 2 }
const steps = { input: ['t'], sequence: 'id', label: 'state' }

test.each<[string, TaskName, string, TaskColumns, TaskOptions, string]>([
  [
    'nothing but gaps',
    'forecast',
    sales(() => ''),
    ofSales,
    ahead,
    "x.csv: column 'sales' has nothing but gaps; must have numbers",
  ],
  ['one row', 'forecast', 'sales\n3\n', ofSales, ahead, 'x.csv: 1 steps, 2 of them held out; must be more for a horizon of 2'],
  [
    'a mixed column',
    'forecast',
    sales((i) => (i === 4 ? 'closed' : i)),
    ofSales,
    ahead,
    "x.csv: row 6, column 'sales' is 'closed'; must be a number",
  ],
  [
    'a column that is not there',
    'forecast',
    sales((i) => i),
    { target: ['sale'] },
    ahead,
    "x.csv: has no column 'sale'; 'sales' is near",
  ],
  [
    'an option of another task',
    'forecast',
    sales((i) => i),
    ofSales,
    { ...ahead, pooling: 'last' },
    "forecast: 'pooling' is not an option of it, but of classify",
  ],
  ['no horizon', 'forecast', sales((i) => i), ofSales, {}, 'horizon: is missing; must be how many steps ahead to forecast'],
  ['one class', 'classify', 'input,label\nab,f\nba,f\n', {}, {}, "labels: all are 'f'; must be at least two different ones"],
  ['one sequence', 'classify', 'input,label\nab,f\n', {}, {}, "labels: all are 'f'; must be at least two different ones"],
  ['an empty sequence', 'classify', 'input,label\nab,f\n"",m\n', {}, {}, "x.csv: row 3, column 'input' is empty; must be a text"],
  [
    'an empty label',
    'classify',
    'input,label\nab,f\nba,\n',
    {},
    {},
    "x.csv: row 3, column 'label' is ''; must be a text that is not empty",
  ],
  [
    'lists of numbers and texts',
    'classify',
    '{"input":[1,"a"],"label":"f"}\n',
    {},
    {},
    `x.csv: row 1, column 'input' has "a"; must be numbers only`,
  ],
  [
    'two columns of a row',
    'classify',
    'a,b,label\n1,2,f\n',
    { input: ['a', 'b'] },
    {},
    'input: a, b; must be one column where each row is a sequence',
  ],
  [
    'two labels of one sequence',
    'classify',
    'id,t,state\na,1,f\na,2,m\n',
    steps,
    {},
    "x.csv: id 'a' has the labels 'f' and 'm'; must have one",
  ],
  ['no lists', 'tag', 'input,label\nab,f\n', {}, {}, "x.csv: row 2, column 'label' is no list of texts, one for each step"],
  ['too few labels', 'tag', '{"input":[1,2],"label":["f"]}\n', {}, {}, 'sequence 1: has 2 steps and 1 labels; must be as many'],
  [
    'a sequence that begins again',
    'tag',
    'id,t,state\na,1,f\nb,2,m\na,3,m\n',
    steps,
    {},
    "x.csv: row 4: sequence 'a' begins again",
  ],
  [
    'two columns of tokens',
    'tag',
    'id,t,u,state\na,x,y,f\n',
    { ...steps, input: ['t', 'u'] },
    {},
    "x.csv: columns 't', 'u' are not of numbers; at most one",
  ],
  ['an empty output', 'transduce', 'input,output\nab,\n', {}, {}, "x.csv: row 2, column 'output' is empty"],
])('%s', (_, task, text, columns, options, sentence) => {
  expect(() => train(task, text, columns, options)).toThrow(sentence)
})

test('a series that never changes is said to, and trained on', () => {
  const training = train(
    'forecast',
    sales(() => 5),
    ofSales,
    { ...ahead, window: 4, streams: 1 },
  )
  while (!training.ended) training.next()
  const model = training.finish()
  expect('notes' in model && model.notes).toEqual(["x.csv: column 'sales' never changes in what is trained on; it is not scaled"])
})

test('numbers that are read as tokens are said to be', () => {
  const { table } = readTable('id,t,state\na,1,f\na,n/a,m\n', 'x.csv')
  expect(taskNotes('tag', table, steps)).toEqual([
    "x.csv: column 't' is read as tokens: 1 of its 2 cells are numbers, but row 3 is 'n/a'",
  ])
})
