/** Where the time of a step goes: within the kernels by kind of record, and outside them. */
import type { Engine } from 'unrolled'
import { GemmFlag, Opcode } from '../src/kernels/opcodes.js'
import { median, type Running } from './measure.js'
import { table } from './table.js'

/** What the wasm engine has besides what every engine has. */
interface Kernels extends Engine {
  readonly heap: { readonly words: Int32Array }
  /** @param native which of the records, by number, are for a native library */
  execute(first: number, end: number, native: readonly number[]): void
}

/** What the records of one kind take in a step. */
interface Cost {
  count: number
  operations: number
  /** By step, in milliseconds. */
  readonly times: number[]
}

const recordBytes = 64

/** Runs for a while with each call of the kernels timed, then for a while with each record run, and timed, by itself. */
export function profile(engine: Engine, running: Running, seconds: number): string {
  const kernels = engine as Kernels
  const execute = kernels.execute.bind(kernels)
  const steps = (share: number, after: (time: number) => void): void => {
    const end = performance.now() + share * seconds * 1000
    for (let count = 0; count < 3 || performance.now() < end; count++) {
      const start = performance.now()
      running.step()
      after(performance.now() - start)
    }
  }
  steps(0.2, () => {})

  let calls = 0
  let inside = 0
  kernels.execute = (first, end, native) => {
    const start = performance.now()
    execute(first, end, native)
    inside += performance.now() - start
    calls++
  }
  const whole: number[] = []
  const within: number[] = []
  const outside: number[] = []
  steps(0.4, (time) => {
    whole.push(time)
    within.push(inside)
    outside.push(time - inside)
    inside = 0
  })

  const costs = new Map<string, Cost>()
  let current = new Map<string, number>()
  const empty = emptyCall(execute)
  kernels.execute = (first, end, native) => {
    for (let record = first; record < end; record += recordBytes) {
      const isNative = native.includes((record - first) / recordBytes)
      const start = performance.now()
      execute(record, record + recordBytes, isNative ? [0] : [])
      const time = performance.now() - start - empty
      const { name, operations } = described(kernels.heap.words, record >> 2)
      let cost = costs.get(name)
      if (!cost) costs.set(name, (cost = { count: 0, operations, times: [] }))
      cost.count++
      current.set(name, (current.get(name) ?? 0) + time)
    }
  }
  steps(0.4, () => {
    for (const [name, time] of current) costs.get(name)!.times.push(time)
    current = new Map()
  })
  kernels.execute = execute

  const micro = (milliseconds: number): string => (milliseconds * 1000).toFixed(1)
  const kinds = [...costs].map(([name, { count, operations, times }]) => ({
    name,
    operations,
    count: count / times.length,
    time: median(times),
  }))
  const sum = kinds.reduce((total, { time }) => total + time, 0)
  const rows = kinds
    .sort((a, b) => b.time - a.time)
    .map(({ name, operations, count, time }) => [
      name,
      count.toFixed(0),
      ((time * 1000) / count).toFixed(2),
      micro(time),
      `${((100 * time) / sum).toFixed(1)} %`,
      operations ? ((operations * count) / time / 1e6).toFixed(1) : '',
    ])
  return [
    `a step: ${micro(median(whole))} µs; ${micro(median(within))} in ${(calls / whole.length).toFixed(0)} calls of the kernels, ${micro(median(outside))} outside them`,
    `(medians; run record by record, the kernels take ${micro(sum)} µs)`,
    '',
    table(['records', 'a step', 'µs each', 'µs a step', 'share', 'GFLOP/s'], rows),
  ].join('\n')
}

/** What a measurement costs by itself. */
function emptyCall(execute: Kernels['execute']): number {
  const times = Array.from({ length: 10_000 }, () => {
    const start = performance.now()
    execute(0, 0, [])
    return performance.now() - start
  })
  return times.slice(5000).reduce((a, b) => a + b) / 5000
}

function described(words: Int32Array, at: number): { name: string; operations: number } {
  const [opcode, a, b, c, instructions] = words.subarray(at, at + 5)
  if (opcode === Opcode.Gemm || opcode === Opcode.NativeGemm) {
    const flags = words[at + 12]
    const form = `${flags & GemmFlag.TransposeA ? 'T' : 'N'}${flags & GemmFlag.TransposeB ? 'T' : 'N'}`
    return { name: `Gemm ${flags & GemmFlag.PackedB ? 'packed' : form} ${a}×${b}×${c}`, operations: 2 * a * b * c }
  }
  const detail = opcode === Opcode.Elementwise ? `, ${instructions} instructions` : ''
  return { name: `${Opcode[opcode]} ${a}×${b}${detail}`, operations: 0 }
}
