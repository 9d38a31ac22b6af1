/**
 * What a gated memory is for: the adding problem, copying after a delay, and parity, for a plain RNN, a GRU and an LSTM. Without arguments it
 * takes seconds, on short sequences; `--full` takes T = 400 and a delay of 100, and much longer.
 */
import { Graph, gru, Linear, lstm, Optimizer, adam, Random, Recurrent, rnn, type Cell } from 'unrolled'
import { adding, copying, parity, type Task } from './shared/memory-tasks.js'

interface Setting {
  readonly task: Task
  readonly hidden: number
  readonly steps: number
  readonly rate: number
}

const isFull = process.argv.includes('--full')
const [batch, seed, held] = [32, 1, 512]

const settings: readonly Setting[] = isFull
  ? [
      { task: adding(400), hidden: 64, steps: 3000, rate: 0.003 },
      { task: copying(3, 100), hidden: 64, steps: 3000, rate: 0.003 },
      { task: parity(50), hidden: 32, steps: 1500, rate: 0.01 },
    ]
  : [
      { task: adding(20), hidden: 24, steps: 250, rate: 0.01 },
      { task: copying(1, 10), hidden: 24, steps: 250, rate: 0.01 },
      { task: parity(10), hidden: 24, steps: 250, rate: 0.02 },
    ]

const cells: Readonly<Record<string, () => Cell>> = {
  rnn: () => rnn(),
  gru: () => gru(),
  // To remember for as long as a sequence is, a forget gate had better start open.
  lstm: () => lstm({ forgetBias: isFull ? 3 : 1 }),
}

/** Trains, and returns how well it does on sequences that it has not seen: a mean squared error, or the share of right answers. */
function result({ task, hidden, steps, rate }: Setting, cell: Cell): number {
  const layers = new Recurrent(cell, { input: task.input, hidden, random: seed })
  const head = new Linear(hidden, task.classes, { random: seed })
  const parameters = [...layers.parameters, ...head.parameters]
  const optimizer = new Optimizer(parameters, adam(), { clipNorm: 1 })
  const isNumber = task.classes === 1

  const record = (size: number) => {
    const g = new Graph({ values: 'kept' })
    const x = g.input(task.steps * size, task.input)
    const { output } = layers.forward(g, x, { batch: size })
    const answers = g.keep(head.forward(g, isNumber ? layers.last(g, output, { batch: size }) : output))
    const numbers = isNumber ? g.input(size, 1) : undefined
    const classes = g.indices(task.steps * size)
    const loss = g.keep(numbers ? g.meanSquaredError(answers, numbers) : g.crossEntropy(answers, classes))
    const targets = numbers ?? classes
    return { g, x, targets, answers, loss }
  }

  const random = new Random(seed).fork(task.name)
  const { g, x, targets, loss } = record(batch)
  for (let step = 0; step < steps; step++) {
    const { inputs, targets: wanted } = task.batch(batch, random)
    x.set(inputs)
    targets.set(wanted)
    if (step === 0) g.backward(loss, { wrt: parameters })
    else g.run()
    optimizer.update(rate)
  }

  const test = record(held)
  const { inputs, targets: wanted } = task.batch(held, new Random(seed).fork('held out'))
  test.x.set(inputs)
  test.targets.set(wanted)
  test.g.run()
  if (isNumber) return test.loss.value
  const answers = test.answers.read()
  let [right, asked] = [0, 0]
  wanted.forEach((target, i) => {
    if (target < 0) return
    const row = Array.from(answers.subarray(i * task.classes, (i + 1) * task.classes))
    asked++
    right += Number(row.indexOf(Math.max(...row)) === target)
  })
  return right / asked
}

console.log(`seed ${seed}, batches of ${batch}, Adam, gradients clipped at norm 1; on ${held} sequences held out\n`)
console.log(`| task | units | steps | ${Object.keys(cells).join(' | ')} |`)
console.log(`|---|---|---|${'---|'.repeat(Object.keys(cells).length)}`)
for (const setting of settings) {
  const { task, hidden, steps } = setting
  const shown = Object.values(cells).map((cell) => {
    const started = performance.now()
    const value = result(setting, cell())
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    return `${task.classes === 1 ? `error ${value.toFixed(4)}` : `${(100 * value).toFixed(1)} % right`} (${seconds} s)`
  })
  console.log(`| ${task.name} | ${hidden} | ${steps} | ${shown.join(' | ')} |`)
}
