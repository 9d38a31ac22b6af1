/**
 * What a gated memory is for: the adding problem, copying after a delay, and parity, for a plain RNN, a GRU and an LSTM. Without arguments it
 * takes seconds, on short sequences; `--full` takes T = 400 and a delay of 100, and some minutes. The plain RNN has the same number of steps, and
 * the best of several rates.
 */
import { adam, Graph, gru, initializers, Linear, lstm, Optimizer, Random, Recurrent, rnn, type Cell } from 'unrolled'
import { adding, copying, parity, type Task } from './shared/memory-tasks.js'
import { program, run, whole } from './shared/program.js'

const command = program('memory', 'shows what gates are for')
  .option('--full', 'long sequences')
  .option('--seed <number>', 'for the first weights and the data', whole, 1)
  .parse()
const { full, seed } = command.opts<{ full?: boolean; seed: number }>()
const [batch, tested, every] = [32, 512, 50]

interface Setting {
  /** The task, after shorter ones that lead to it. Each ends when it is solved, or after so many steps. */
  readonly stages: readonly Task[]
  readonly steps: number
  readonly hidden: number
  readonly rate: number
  /** Tried for the plain RNN. */
  readonly rates: readonly number[]
  /** How many steps the gates shall start out remembering; without, they start as usual. */
  readonly memory?: number
}

const settings: readonly Setting[] = full
  ? [
      { stages: [25, 50, 100, 200, 400].map(adding), steps: 1500, hidden: 64, rate: 0.003, rates: [0.0003, 0.001, 0.003] },
      { stages: [copying(1, 100)], steps: 1500, hidden: 64, rate: 0.003, rates: [0.0003, 0.001, 0.003], memory: 100 },
      { stages: [parity(50)], steps: 1500, hidden: 32, rate: 0.01, rates: [0.001, 0.003, 0.01] },
    ]
  : [
      { stages: [adding(20)], steps: 500, hidden: 24, rate: 0.01, rates: [0.01] },
      { stages: [copying(1, 10)], steps: 250, hidden: 24, rate: 0.01, rates: [0.01] },
      { stages: [parity(10)], steps: 250, hidden: 24, rate: 0.02, rates: [0.02] },
    ]

interface Result {
  /** A mean squared error, or the share of right answers, on sequences that were never seen. */
  readonly value: number
  readonly steps: number
  readonly isSolved: boolean
}

function train({ stages, steps, hidden, memory }: Setting, make: () => Cell, rate: number): Result {
  const cell = make()
  const gates = cell.name === 'lstm' || cell.name === 'gru' ? cell.name : undefined
  const initial = memory !== undefined && gates ? { b: initializers.chrono(gates, memory) } : undefined
  const [{ input, classes }] = stages
  const layers = new Recurrent(cell, { input, hidden, initial, random: seed })
  const head = new Linear(hidden, classes, { random: seed })
  const parameters = [...layers.parameters, ...head.parameters]
  const optimizer = new Optimizer(parameters, adam(), { clipNorm: 1 })
  const isNumber = classes === 1

  const record = (task: Task, size: number) => {
    const g = new Graph({ values: 'kept' })
    const x = g.input(task.steps * size, input)
    const { output } = layers.forward(g, x, { batch: size })
    const answers = g.keep(head.forward(g, isNumber ? layers.last(g, output, { batch: size }) : output))
    const numbers = isNumber ? g.input(size, 1) : undefined
    const labels = g.indices(task.steps * size)
    const loss = g.keep(numbers ? g.meanSquaredError(answers, numbers) : g.crossEntropy(answers, labels))
    return { g, x, targets: numbers ?? labels, answers, loss }
  }
  /** How well a task is solved, on sequences that a name stands for. */
  const tester = (task: Task, name: string): (() => number) => {
    const { g, x, targets, answers, loss } = record(task, tested)
    const { inputs, targets: wanted } = task.batch(tested, new Random(seed).fork(name))
    x.set(inputs)
    targets.set(wanted)
    return () => {
      g.run()
      return isNumber ? loss.value : shareRight(answers.read(), wanted, classes)
    }
  }
  const isGood = (value: number): boolean => (isNumber ? value < 0.002 : value > 0.999)

  const random = new Random(seed).fork('training')
  let [taken, isSolved] = [0, false]
  for (const task of stages) {
    const { g, x, targets, loss } = record(task, batch)
    const check = tester(task, 'whether to go on')
    isSolved = false
    for (let step = 0; step < steps && !isSolved; step++) {
      const { inputs, targets: wanted } = task.batch(batch, random)
      x.set(inputs)
      targets.set(wanted)
      if (step === 0) g.backward(loss, { wrt: parameters })
      else g.run()
      optimizer.update(rate)
      taken++
      isSolved = (step + 1) % every === 0 && isGood(check())
    }
  }
  return { value: tester(stages.at(-1)!, 'held out')(), steps: taken, isSolved }
}

function shareRight(answers: Float32Array | Float64Array, wanted: ArrayLike<number>, classes: number): number {
  let [right, asked] = [0, 0]
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] < 0) continue
    const row = Array.from(answers.subarray(i * classes, (i + 1) * classes))
    asked++
    right += Number(row.indexOf(Math.max(...row)) === wanted[i])
  }
  return right / asked
}

run(() => {
  console.log(`seed ${seed}, batches of ${batch}, Adam, gradients clipped at norm 1; on ${tested} sequences held out\n`)
  for (const setting of settings) {
    const { stages, hidden, rate, rates } = setting
    const { name, classes } = stages.at(-1)!
    console.log(`${name}, ${hidden} units`)
    const trials: [string, () => Cell, readonly number[]][] = [
      ['RNN', () => rnn(), rates],
      ['GRU', () => gru(), [rate]],
      // To remember for as long as a sequence is, a forget gate had better start open.
      ['LSTM', () => lstm({ forgetBias: full ? 3 : 1 }), [rate]],
    ]
    for (const [cell, make, tried] of trials) {
      for (const each of tried) {
        const started = performance.now()
        const { value, steps, isSolved } = train(setting, make, each)
        const shown = classes === 1 ? `error ${value.toFixed(4)}` : `${(100 * value).toFixed(1)} % right`
        const after = `${isSolved ? 'solved after' : 'not solved in'} ${steps.toLocaleString('en')} steps`
        const seconds = ((performance.now() - started) / 1000).toFixed(0)
        console.log(`  ${cell.padEnd(4)}  rate ${String(each).padEnd(6)}  ${shown.padStart(13)}  ${after} (${seconds} s)`)
      }
    }
  }
})
