/** Where the time of a step goes: within the kernels by kind of record, and outside them. */
import type { Engine } from 'unrolled'
import { GemmFlag, Opcode } from '../src/kernels/opcodes.js'
import type { Running } from './measure.js'
import { table } from './table.js'

/** What the wasm engine has besides what every engine has. */
interface Kernels extends Engine {
  readonly heap: { readonly words: Int32Array }
  execute(first: number, end: number): void
}

interface Cost {
  count: number
  time: number
  operations: number
}

const recordBytes = 64

/** Runs for a while with each call of the kernels timed, then for a while with each record run, and timed, by itself. */
export function profile(engine: Engine, running: Running, seconds: number): string {
  const kernels = engine as Kernels
  const execute = kernels.execute.bind(kernels)
  const steps = (): { count: number; time: number } => {
    let count = 0
    const start = performance.now()
    while (performance.now() - start < seconds * 500 || count < 2) {
      running.step()
      count++
    }
    return { count, time: performance.now() - start }
  }
  steps()

  let calls = 0
  let inside = 0
  kernels.execute = (first, end) => {
    const start = performance.now()
    execute(first, end)
    inside += performance.now() - start
    calls++
  }
  const whole = steps()

  const costs = new Map<string, Cost>()
  const empty = emptyCall(execute)
  kernels.execute = (first, end) => {
    for (let record = first; record < end; record += recordBytes) {
      const start = performance.now()
      execute(record, record + recordBytes)
      const time = performance.now() - start - empty
      const { name, operations } = described(kernels.heap.words, record >> 2)
      let cost = costs.get(name)
      if (!cost) costs.set(name, (cost = { count: 0, time: 0, operations: 0 }))
      cost.count++
      cost.time += time
      cost.operations += operations
    }
  }
  const single = steps()
  kernels.execute = execute

  const each = (time: number, { count }: { count: number }): number => time / count
  const sum = [...costs.values()].reduce((total, { time }) => total + time, 0)
  const micro = (milliseconds: number): string => (milliseconds * 1000).toFixed(1)
  const rows = [...costs].sort(([, a], [, b]) => b.time - a.time).map(([name, { count, time, operations }]) => [
    name,
    (count / single.count).toFixed(0),
    (time * 1000 / count).toFixed(2),
    micro(time / single.count),
    `${((100 * time) / sum).toFixed(1)} %`,
    operations ? (operations / time / 1e6).toFixed(1) : '',
  ])
  return [
    `a step: ${micro(each(whole.time, whole))} µs, of which ${micro(each(inside, whole))} in ${(calls / whole.count).toFixed(0)} calls of the kernels`,
    `(means; run record by record, the kernels take ${micro(each(sum, single))} µs)`,
    '',
    table(['records', 'a step', 'µs each', 'µs a step', 'share', 'GFLOP/s'], rows),
  ].join('\n')
}

/** What a measurement costs by itself. */
function emptyCall(execute: (first: number, end: number) => void): number {
  const times = Array.from({ length: 10_000 }, () => {
    const start = performance.now()
    execute(0, 0)
    return performance.now() - start
  })
  return times.slice(5000).reduce((a, b) => a + b) / 5000
}

function described(words: Int32Array, at: number): { name: string; operations: number } {
  const [opcode, a, b, c, instructions] = words.subarray(at, at + 5)
  if (opcode === Opcode.Gemm) {
    const flags = words[at + 12]
    const form = `${flags & GemmFlag.TransposeA ? 'T' : 'N'}${flags & GemmFlag.TransposeB ? 'T' : 'N'}`
    return { name: `Gemm ${flags & GemmFlag.PackedB ? 'packed' : form} ${a}×${b}×${c}`, operations: 2 * a * b * c }
  }
  const detail = opcode === Opcode.Elementwise ? `, ${instructions} instructions` : ''
  return { name: `${Opcode[opcode]} ${a}×${b}${detail}`, operations: 0 }
}
