/** How fast the matrix products are, alone, and how fast the same build could multiply and add if it had nothing to load. */
import { readFileSync } from 'node:fs'
import { Random, type ProductLibrary } from 'unrolled'
import { GemmFlag, Opcode } from '../src/kernels/opcodes.js'
import { usualSums } from '../src/run/sums.js'
import { median } from './measure.js'

export interface GemmReport {
  readonly task: 'gemm'
  readonly kernels: string
  /** GFLOP/s out of registers. */
  readonly peak: number
  readonly shapes: readonly { readonly shape: string; readonly gflops: { readonly best: number; readonly median: number } }[]
}

interface Product {
  readonly form: 'NN' | 'NT' | 'TN'
  readonly m: number
  readonly n: number
  readonly k: number
  /** Whether B has been packed before, as the lowering does for what every step of a loop of more than one row multiplies by. */
  readonly packed: boolean
}

const of = (form: Product['form'], m: number, n: number, k: number, packed = false): Product => ({ form, m, n, k, packed })

/** M × N × K, as the tasks multiply: forward and input products NN, gradients of inputs NT, of weights TN. */
const products: readonly Product[] = [
  of('NN', 1, 400, 100),
  of('NN', 4, 400, 100, true),
  of('NN', 16, 1024, 256, true),
  of('NN', 32, 1024, 256, true),
  of('NN', 50, 2048, 512, true),
  of('NN', 1, 1024, 256),
  of('NN', 1, 1024, 64),
  of('NN', 1, 65, 256),
  of('NN', 1, 2048, 512),
  of('NN', 1, 80, 20),
  of('NN', 25, 65, 100),
  of('NN', 20, 8000, 100),
  of('NN', 2048, 1024, 64),
  of('NN', 2048, 1024, 256),
  of('NN', 2048, 65, 256),
  of('NT', 1, 100, 100),
  of('NT', 1, 20, 80),
  of('NT', 32, 256, 1024, true),
  of('NT', 50, 512, 2048, true),
  of('NT', 20, 100, 8000),
  of('NT', 25, 100, 65),
  of('NT', 2048, 256, 1024),
  of('TN', 100, 100, 25),
  of('TN', 20, 80, 70),
  of('TN', 100, 8000, 20),
  of('TN', 64, 1024, 2048),
  of('TN', 256, 1024, 2048),
  of('TN', 512, 2048, 2500),
]

/** @param library what multiplies instead of the kernels; the peak is theirs all the same */
export async function measureGemm(
  kernels: string,
  vectors: number,
  seconds: number,
  library?: ProductLibrary,
): Promise<GemmReport> {
  const each = seconds / (products.length + 1)
  const build = kernels.startsWith('plain') ? 'plain' : 'relaxed'
  const multiply = multiplier(build, vectors, library)
  const works = products.map(multiply)
  const registers = await registerOnly(build, vectors)
  // V8 first compiles wasm in haste, and again, with care, in the background while that runs.
  for (const work of [registers, ...works]) during(0.1, work.run)
  during(0.9, registers.run)
  const peak = rates(registers, each).best
  const shapes = products.map((product, i) => ({ shape: nameOf(product), gflops: rates(works[i], each) }))
  return { task: 'gemm', kernels, peak, shapes }
}

const nameOf = ({ form, m, n, k }: Product): string => `${form} ${m}×${n}×${k}`

/** Work that can be timed, with how many floating-point operations it is. */
interface Work {
  readonly operations: number
  run(): void
}

/** GFLOP/s. What takes less than 50 µs is timed several runs at a time. */
function rates({ operations, run }: Work, seconds: number): { best: number; median: number } {
  const time = (count: number): number => {
    const start = performance.now()
    for (let i = 0; i < count; i++) run()
    return (performance.now() - start) / count
  }
  const count = Math.ceil(0.05 / Math.max(1e-4, time(1)))
  const times: number[] = []
  do during(seconds, () => times.push(time(count)))
  while (times.length < 3)
  const rate = (milliseconds: number): number => operations / milliseconds / 1e6
  return { best: rate(times.reduce((a, b) => Math.min(a, b))), median: rate(median(times)) }
}

function during(seconds: number, body: () => void): void {
  for (const start = performance.now(); performance.now() - start < seconds * 1000;) body()
}

/** The kernels, with nothing around them; what it returns prepares one product. */
function multiplier(kernels: string, vectors: number, library: ProductLibrary | undefined): (product: Product) => Work {
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 32768 })
  const bytes = readFileSync(new URL(`../kernels.${kernels}.wasm`, import.meta.url))
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  const { run, heapBase, keepSums } = instance.exports as unknown as {
    run(first: number, end: number): void
    heapBase(): number
    keepSums(count: number): void
  }
  keepSums(vectors === 256 ? 24 : usualSums)
  const random = new Random(1)
  const noise = Array.from({ length: 4093 }, () => random.uniform() - 0.5)
  let end = (heapBase() + 63) & ~63
  // On cache lines of its own, with room behind it to read a vector too far.
  const place = (words: number): number => {
    const address = end
    end += (words * 4 + 16 + 63) & ~63
    return address
  }
  return ({ form, m, n, k, packed }) => {
    const [record, a, b, c] = [32, m * k, k * n, m * n].map(place)
    const panels = packed ? place(Math.ceil(n / 8) * 8 * k) : 0
    const operands = new Float32Array(memory.buffer, a, (c - a) >> 2)
    for (let i = 0; i < operands.length; i++) operands[i] = noise[i % noise.length]
    const transposeA = form[0] === 'T'
    const transposeB = form[1] === 'T'
    const operations = 2 * m * n * k
    if (library) {
      const base = library.addressOf(memory.buffer)
      const [lda, ldb] = [transposeA ? m : k, transposeB ? k : n]
      const run = (): void => library.multiply(transposeA, transposeB, m, n, k, base + a, lda, base + b, ldb, false, base + c, n)
      return { operations, run }
    }
    const flags = (transposeA ? GemmFlag.TransposeA : 0) | (packed ? GemmFlag.PackedB : transposeB ? GemmFlag.TransposeB : 0)
    const strideB = (transposeB ? k : n) * 4
    const words = new Int32Array(memory.buffer, record)
    words.set([Opcode.Pack, n, k, b, strideB, Number(transposeB), panels])
    words.set(
      [Opcode.Gemm, m, n, k, a, (transposeA ? m : k) * 4, packed ? panels : b, packed ? 0 : strideB, c, n * 4, 0, 0, flags],
      16,
    )
    if (packed) run(record, record + 64)
    return { operations, run: () => run(record + 64, record + 128) }
  }
}

const accumulators = 12

/** Twelve independent sums hide the latency of one, and fit the registers with their two operands. Neighbours, stored side by side, can be paired. */
async function registerOnly(kernels: string, vectors: number): Promise<Work> {
  const { default: asc } = await import('assemblyscript/asc')
  const names = Array.from({ length: (accumulators * vectors) / 128 }, (_, i) => `s${i}`)
  const next = (sum: string): string =>
    kernels === 'relaxed' ? `f32x4.relaxed_madd(${sum}, a, b)` : `f32x4.add(f32x4.mul(${sum}, a), b)`
  const source = `const at = memory.data(${16 * (names.length + 1)}, 16)
  export function run(turns: i32, x: f32, y: f32): void {
    store<f32>(at, x)
    store<f32>(at, y, 4)
    const a = v128.load32_splat(at), b = v128.load32_splat(at, 4)
    let ${names.map((name, i) => `${name} = v128.load(at, ${16 * (i + 1)})`).join(', ')}
    do {
      ${names.map((name) => `${name} = ${next(name)}`).join('\n      ')}
    } while (--turns)
    ${names.map((name, i) => `v128.store(at, ${name}, ${16 * (i + 1)})`).join('\n    ')}
  }`
  const features = kernels === 'relaxed' ? ['simd', 'relaxed-simd'] : ['simd']
  const { error, binary, stderr } = await asc.compileString(source, { optimizeLevel: 3, runtime: 'stub', enable: features })
  if (error || !binary) throw new Error(`the register-only kernel does not compile: ${stderr.toString()}`)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>))
  const run = instance.exports.run as (turns: number, x: number, y: number) => void
  const turns = 10_000
  return { operations: turns * names.length * 8, run: () => run(turns, 0.5, 1) }
}
